"""All stages in one process: the same handlers, on a memory bus and a folder store."""

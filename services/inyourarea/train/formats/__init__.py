"""Labelled pictures as other tools write and read them; pure but for `files`."""

"""What a service runs on: bus, objects, worker loop, child process, video source, settings."""

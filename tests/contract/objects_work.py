"""What the contract of object stores has done in processes of their own."""

import resource
from pathlib import Path

from inyourarea.runtime.objects import Objects

CLAIMED = tuple(f"claimed/{number}" for number in range(20))


def claim(objects: Objects, content: bytes) -> list[bytes]:
    """Whose the names are now."""
    return [objects.put_once(name, content) for name in CLAIMED]


def put_and_grow(objects: Objects, file: Path) -> int:
    """Bytes by which the process grew while it put the file."""
    objects.put("first", b"what is loaded the first time")
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    objects.put("large", file)
    return (resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before) * 1024

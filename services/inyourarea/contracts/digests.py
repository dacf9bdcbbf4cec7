"""Digests of a step's inputs: the same inputs give the same object name, everywhere."""

import hashlib
from collections.abc import Iterable
from pathlib import Path

#: Hex digits of a key: 128 bits, so that no two inputs ever meet.
DIGITS = 32


def digest(parts: Iterable[str | bytes | int | float]) -> str:
    """The digest of a sequence of values; each is told apart from its neighbours and its type."""
    found = hashlib.sha256()
    for part in parts:
        raw = part if isinstance(part, bytes) else repr(part).encode()
        found.update(f"{type(part).__name__}:{len(raw)}:".encode())
        found.update(raw)
    return found.hexdigest()[:DIGITS]


def file_digest(path: Path) -> str:
    """The SHA-256 of the file, hex; raises `OSError` where it can not be read."""
    with path.open("rb") as opened:
        return hashlib.file_digest(opened, "sha256").hexdigest()

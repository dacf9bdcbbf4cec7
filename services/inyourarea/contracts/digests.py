"""Digests of a step's inputs: the same inputs give the same object name, everywhere."""

import hashlib
from collections.abc import Iterable

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

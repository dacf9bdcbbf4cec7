"""Whether a piece of an upload came as it was sent."""

import base64
import binascii
import hashlib

from inyourarea.gateway.problems import Problem

#: The tus protocol asks for SHA-1 at least.
ALGORITHMS = ("sha1", "sha256")


class Checksum:
    """What a piece should be, and what came of it so far."""

    def __init__(self, algorithm: str, digest: bytes) -> None:
        self._found = hashlib.new(algorithm, usedforsecurity=False)
        self._digest = digest

    @classmethod
    def read(cls, text: str) -> "Checksum":
        """From the header of a request.

        Raises:
            Problem: it can not be read.
        """
        algorithm, _, digest = text.partition(" ")
        if algorithm not in ALGORITHMS:
            known = ", ".join(ALGORITHMS)
            raise Problem(400, "checksum", f"{algorithm!r} is not known; known are {known}.")
        try:
            return cls(algorithm, base64.b64decode(digest, validate=True))
        except binascii.Error:
            raise Problem(400, "checksum", "The digest is no base64.") from None

    def update(self, content: bytes) -> None:
        """More has come."""
        self._found.update(content)

    def is_right(self) -> bool:
        """Whether all that came is what was sent."""
        return self._found.digest() == self._digest

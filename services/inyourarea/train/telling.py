"""What is told of a step: how much of it is done, and how long the rest may take."""

import time
from collections.abc import Callable
from typing import Protocol

Told = Callable[[int, int], None]
"""Told how much is done, and of how much."""


class Teller(Protocol):
    """Whoever waits for something that takes several steps."""

    def begin(self, step: str) -> Told:
        """A step has begun; what is returned is told how far it is."""
        ...

    def say(self, text: str) -> None:
        """Something that whoever asked should know."""
        ...


class Pace:
    """Of one step, from the first that is told of it."""

    def __init__(self) -> None:
        self._first: tuple[float, int] | None = None

    def left_s(self, done: int, total: int) -> float | None:
        """Seconds until all is done, now that so much is; none: that can not be told yet."""
        now = time.monotonic()
        self._first = self._first or (now, done)
        began, before = self._first
        if not before < done <= total:
            return None
        return (now - began) * (total - done) / (done - before)

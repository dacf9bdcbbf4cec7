"""By whose order work goes on in a child, and whether it was called off: asked now and then."""

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from contextvars import ContextVar

from inyourarea.runtime.objects import ObjectsAway

#: Seconds between two questions, and before the first: most units are done by then and ask none.
ASK_S = 3.0


class CalledOff(Exception):
    """Nobody wants the work any more: its run was cancelled, or its video deleted."""


class Order:
    """That a unit be done; ``ask`` says whether it was called off."""

    def __init__(self, ask: Callable[[], bool]) -> None:
        self._ask = ask
        self._asked_s = time.monotonic()
        self._is_called_off = False

    def is_called_off(self) -> bool:
        """It was; where nobody can be asked it was not."""
        if not self._is_called_off:
            with suppress(ObjectsAway):
                self._is_called_off = self._ask()
            self._asked_s = time.monotonic()
        return self._is_called_off

    def check(self) -> None:
        """It stands; nobody is asked again soon after the last question.

        Raises:
            CalledOff: it does not.
        """
        is_due = time.monotonic() - self._asked_s >= ASK_S
        if self._is_called_off or (is_due and self.is_called_off()):
            raise CalledOff


_ORDER: ContextVar[Order | None] = ContextVar("order", default=None)


def order_in_hand() -> Order | None:
    """By which order this thread works; by none, where somebody waits for the answer."""
    return _ORDER.get()


@contextmanager
def by_order(ask: Callable[[], bool]) -> Iterator[None]:
    """What a child is given within ends with `CalledOff` soon after ``ask`` says so."""
    token = _ORDER.set(Order(ask))
    try:
        yield
    finally:
        _ORDER.reset(token)

"""What work costs: the processor's seconds of a thread and of the children that it asks."""

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass

from inyourarea.runtime.objects import Objects

#: Less is not written down: to find that a unit is done already takes as much. In seconds.
LEAST_S = 0.02


@dataclass
class Meter:
    """Processor seconds, of the system on our behalf too."""

    seconds: float = 0.0


_METER: ContextVar[Meter | None] = ContextVar("meter", default=None)


def spend(seconds: float) -> None:
    """Another process has worked so long for whoever is metered on this thread."""
    meter = _METER.get()
    if meter is not None:
        meter.seconds += seconds


@contextmanager
def charged(
    objects: Objects, key: str, clock: Callable[[], float] = time.thread_time
) -> Iterator[None]:
    """What the work within costs is an object of that name, unless it raises.

    The first one stays: work that is done twice is charged once. ``clock`` counts the processor
    seconds of this process that are this work's.
    """
    meter, begun = Meter(), clock()
    token = _METER.set(meter)
    try:
        yield
    finally:
        _METER.reset(token)
    meter.seconds += clock() - begun
    if meter.seconds >= LEAST_S:
        objects.put_once(key, f"{meter.seconds:.3f}".encode())

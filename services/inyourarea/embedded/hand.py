"""The process in which one video is probed and drawn, begun before anything else is."""

from collections.abc import Iterator
from contextlib import closing, contextmanager

from inyourarea.runtime.child import Child

#: What it does first, in this order, and with it imports most of what it will ever need.
_FIRST = ("inyourarea.ingest.submit", "inyourarea.ingest.extract")


@contextmanager
def hand_at_work() -> Iterator[Child]:
    """A process that imports what it needs, while the command's own modules are imported."""
    with closing(Child()) as hand:
        for module in _FIRST:
            hand.warm_up(module)
        yield hand

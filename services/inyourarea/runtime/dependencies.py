"""What a service needs and whether it is there: each is asked again and again, beside the work."""

import logging
import threading
import time
from collections.abc import Callable, Mapping
from typing import Self

from inyourarea.runtime.worker import AWAY

log = logging.getLogger(__name__)

#: Asks whether something is there. Raises `BusAway`, `ObjectsAway` or `DependencyAway`.
Ask = Callable[[], None]

#: Seconds between two questions: an outage is told soon, and asking costs next to nothing.
_PAUSE_S = 3.0
#: Seconds until who is missing is asked again: a service is not ready before all have answered.
_AGAIN_S = 1.0
#: Seconds after which who has not answered is missing: frozen, or behind a broken network.
_ANSWER_S = 5.0


class Dependencies:
    """A context manager: inside, every dependency is asked on a thread of its own.

    Who has not answered yet is missing. A question to a frozen server may never end, and holds up
    nothing but its thread.
    """

    def __init__(self, asks: Mapping[str, Ask]) -> None:
        self._asks = asks
        self._stop = threading.Event()
        self._missing = dict.fromkeys(asks, "it has not answered yet")
        self._since: dict[str, float] = {}

    def __enter__(self) -> Self:
        for name in self._asks:
            keeper = threading.Thread(target=self._keep, args=(name,), name=f"asks {name}")
            keeper.daemon = True
            keeper.start()
        return self

    def __exit__(self, *trouble: object) -> None:
        self._stop.set()

    def missing(self) -> dict[str, str]:
        """What is missing now, by name, and what is known of it."""
        late = time.monotonic() - _ANSWER_S
        silent = [name for name, since in self._since.copy().items() if since < late]
        return self._missing.copy() | dict.fromkeys(silent, "it does not answer")

    def _keep(self, name: str) -> None:
        while not self._stop.is_set():
            self._since[name] = time.monotonic()
            try:
                self._asks[name]()
                self._missing.pop(name, None)
            except AWAY as away:
                self._missing[name] = str(away)
            except Exception as error:  # who asks must not die of an answer
                log.exception("%s was asked in vain", name)
                self._missing[name] = f"{type(error).__name__}: {error}"
            self._since.pop(name, None)
            self._stop.wait(_AGAIN_S if name in self._missing else _PAUSE_S)

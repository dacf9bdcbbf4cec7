"""How much one person or address may ask for: token buckets in memory."""

import threading
import time
from collections.abc import Callable
from dataclasses import dataclass

#: Buckets kept at a time; past them those that are full again are forgotten, or else all.
_MOST_BUCKETS = 20_000


@dataclass(frozen=True)
class Limit:
    """At most ``burst`` at once, and ``per_s`` a second in the long run."""

    burst: int
    per_s: float


#: Tries to sign in, and wrong tokens, of an address: ten a minute.
ATTEMPTS = Limit(10, 10 / 60)
#: Requests that change something, of a person: two a second are no longer made by hand.
CHANGES = Limit(120, 120 / 60)
#: All requests of a person but those for media, which a player makes as it needs them.
REQUESTS = Limit(200, 50.0)


class Limits:
    """What is left to everybody; ``clock`` counts seconds."""

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._lock = threading.Lock()
        self._left: dict[tuple[Limit, str], tuple[float, float]] = {}

    def take(self, limit: Limit, who: str) -> float:
        """One more request is counted, or, if there were too many: seconds to wait, else 0."""
        now = self._clock()
        with self._lock:
            left = self._now(limit, who, now)
            if left < 1:
                return (1 - left) / limit.per_s
            if len(self._left) >= _MOST_BUCKETS:
                self._forget(now)
            self._left[limit, who] = (left - 1, now)
            return 0.0

    def _now(self, limit: Limit, who: str, now: float) -> float:
        left, at = self._left.get((limit, who), (float(limit.burst), now))
        return min(limit.burst, left + (now - at) * limit.per_s)

    def _forget(self, now: float) -> None:
        full = [key for key in self._left if self._now(*key, now) >= key[0].burst]
        for key in full or list(self._left):
            del self._left[key]

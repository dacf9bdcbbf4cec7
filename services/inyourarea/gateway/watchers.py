"""Who waits to hear that something about a video has changed: open event streams."""

import asyncio
import threading
from collections import Counter, defaultdict
from contextlib import suppress


class Watchers:
    """Tells waiting coroutines, of any event loop, of changes that happen in other threads.

    A change has a number that only grows; a watcher that was slow is told once, not many times.
    """

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._changes: Counter[str] = Counter()
        self._waiting: dict[str, dict[asyncio.Event, asyncio.AbstractEventLoop]] = defaultdict(dict)

    def changed(self, video: str) -> None:
        """Something about the video is different; from any thread."""
        with self._lock:
            self._changes[video] += 1
            waiting = dict(self._waiting.get(video, {}))
        for loop in set(waiting.values()):
            with suppress(RuntimeError):  # it was closed just now
                loop.call_soon_threadsafe(
                    _set_all, [one for one in waiting if waiting[one] is loop]
                )

    async def wait(self, video: str, seen: int, timeout_s: float) -> int:
        """The number of the video's changes: at once if it is not ``seen``, or when time is up."""
        event = asyncio.Event()
        with self._lock:
            if self._changes[video] != seen:
                return self._changes[video]
            self._waiting[video][event] = asyncio.get_running_loop()
        try:
            async with asyncio.timeout(timeout_s):
                await event.wait()
        except TimeoutError:
            pass
        finally:
            with self._lock:
                self._waiting[video].pop(event, None)
                if not self._waiting[video]:
                    del self._waiting[video]
        return self._changes[video]


def _set_all(events: list[asyncio.Event]) -> None:
    for event in events:
        event.set()

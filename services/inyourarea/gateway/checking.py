"""Goes through files that came past the gateway: are they what was announced, and which digest."""

import hashlib
import logging
import threading

from inyourarea.gateway.arrival import Arrival, ArrivalNotes, Checked
from inyourarea.gateway.dock import Dock, ObjectChanged
from inyourarea.runtime.objects import ObjectsAway

log = logging.getLogger(__name__)

#: Bytes read at a time.
_BLOCK = 8 << 20


class Checking:
    """Each file is gone through once, on a thread, one after another: the store is the limit.

    Two copies of the gateway that are asked at once may both do it, and find the same.
    """

    def __init__(self, notes: ArrivalNotes, dock: Dock) -> None:
        self._notes = notes
        self._dock = dock
        self._lock = threading.Lock()
        self._under_way: dict[str, threading.Event] = {}
        self.turn = threading.Lock()

    def start(self, arrival: Arrival) -> threading.Event:
        """The file is being gone through, unless it was; the event tells when it is done."""
        with self._lock:
            if (ended := self._under_way.get(arrival.number)) is not None:
                return ended
            ended = threading.Event()
            if self._notes.checked(arrival) is not None:
                ended.set()
                return ended
            self._under_way[arrival.number] = ended
        threading.Thread(target=self._check, args=(arrival, ended), daemon=True).start()
        return ended

    def _check(self, arrival: Arrival, ended: threading.Event) -> None:
        try:
            with self.turn:
                self._notes.note_checked(arrival, self._checked(arrival))
        except ObjectsAway as away:  # whoever asks next begins again
            log.warning("an upload can not be gone through now: %s", away)
        finally:
            with self._lock:
                del self._under_way[arrival.number]
            ended.set()

    def _checked(self, arrival: Arrival) -> Checked:
        seen, found = self._notes.seen(arrival), hashlib.sha256()
        if seen is None or seen.size != arrival.length:
            came = 0 if seen is None else seen.size
            words = f"{came} bytes have arrived, {arrival.length} were announced; begin again."
            return Checked("", words)
        try:
            for start in range(0, seen.size, _BLOCK):
                found.update(self._dock.read(arrival.place, seen, start, _BLOCK))
        except ObjectChanged:
            return Checked("", f"{arrival.place} was written anew while it was read; ask again.")
        if arrival.sha256 not in ("", found.hexdigest()):
            words = "The bytes are others than were announced by their SHA-256; begin again."
            return Checked("", words)
        return Checked(found.hexdigest(), "")

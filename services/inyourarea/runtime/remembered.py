"""An object store that is not asked for the same bytes of a source again and again.

Whoever opens a video reads its index, for every segment anew; an hour's is larger than a segment.
"""

import threading
import uuid
from collections import OrderedDict
from collections.abc import Callable, Hashable

from inyourarea.contracts import keys
from inyourarea.runtime.counted import CountedObjects
from inyourarea.runtime.objects import Objects

#: What never changes, since its name is the digest of its bytes.
_SOURCES = keys.source("")
#: Bytes that a process keeps: the indexes of a video of four hours, or of four of one.
_MOST_BYTES = 16 << 20
#: Questions that it remembers to have asked; a segment takes about six.
_MOST_QUESTIONS = 1024


class Answers:
    """Answers by question, kept from the second time on that a question is asked.

    A segment's own bytes are asked for once, an index with every segment: so only those are kept.
    Threads share it.
    """

    def __init__(self, most_bytes: int, most_questions: int) -> None:
        self._most_bytes = most_bytes
        self._most_questions = most_questions
        self._lock = threading.Lock()
        self._asked: OrderedDict[Hashable, None] = OrderedDict()
        self._kept: OrderedDict[Hashable, bytes] = OrderedDict()
        self._bytes = 0

    def of(self, question: Hashable, ask: Callable[[], bytes]) -> bytes:
        """The answer, as it is kept or by asking."""
        with self._lock:
            if question in self._kept:
                self._kept.move_to_end(question)
                return self._kept[question]
            is_again = question in self._asked
            self._asked[question] = None
            self._asked.move_to_end(question)
            if len(self._asked) > self._most_questions:
                self._asked.popitem(last=False)
        answer = ask()
        if is_again:
            self._keep(question, answer)
        return answer

    def _keep(self, question: Hashable, answer: bytes) -> None:
        with self._lock:
            if question not in self._kept:
                self._kept[question] = answer
                self._bytes += len(answer)
            while self._bytes > self._most_bytes:
                _, oldest = self._kept.popitem(last=False)
                self._bytes -= len(oldest)


_ANSWERS = Answers(_MOST_BYTES, _MOST_QUESTIONS)


class RememberedObjects(CountedObjects):
    """See `CountedObjects`; only what the store was really asked for is counted.

    Pickled it leaves what is remembered behind: each process has its own.
    """

    def __init__(self, objects: Objects) -> None:
        super().__init__(objects)
        self._store = uuid.uuid4()

    def read(self, key: str, start: int, length: int) -> bytes:
        """See `Objects.read`."""
        if not key.startswith(_SOURCES):
            return super().read(key, start, length)
        question, ask = (self._store, key, start, length), super().read
        return _ANSWERS.of(question, lambda: ask(key, start, length))

"""A progress bar per stage, counted from the facts that the stages tell each other."""

from collections.abc import Sequence
from threading import Timer
from typing import Self

from google.protobuf.message import Message
from rich.console import Console
from rich.progress import BarColumn, Progress, ProgressColumn, Task, TaskID, TextColumn
from rich.text import Text

from inyourarea.contracts.v1 import facts_pb2 as facts
from inyourarea.core.reasons import told

_PER_SEGMENT = {
    facts.FramesExtracted: "reading frames",
    facts.SegmentDetected: "finding people",
    facts.SegmentRendered: "drawing fancams",
}
#: The steps of a run in their order, and those until it is known who is where.
WHOLE_RUN = ("reading frames", "finding people", "planning cameras", "drawing fancams", "joining")
TRACKING = WHOLE_RUN[:3]
#: Where nobody looks at a terminal, a line is written each time a stage has done so much more.
_QUIET_STEP_PERCENT = 25
#: Seconds that something may take before it is said.
_MOMENT_S = 1.0


class _TimeLeft(ProgressColumn):
    """How long the rest takes if it goes on as since the stage began; known from one unit on."""

    def render(self, task: Task) -> Text:
        """Minutes and seconds."""
        began = task.fields["began"]
        if not task.completed or not task.total or began is None:
            return Text("--:-- left")
        left_s = round((task.get_time() - began) * (task.total - task.completed) / task.completed)
        return Text(f"{left_s // 60:02}:{left_s % 60:02} left")


class RunProgress:
    """Shows how far each step is, on standard error; a context manager, fed with facts."""

    def __init__(self, console: Console, steps: Sequence[str] = WHOLE_RUN) -> None:
        self._console = console
        self._steps = steps
        self._bars = Progress(
            TextColumn("{task.description:<16}"),
            BarColumn(),
            TextColumn("{task.percentage:>3.0f}%"),
            _TimeLeft(),
            console=console,
            disable=not console.is_terminal,
        )
        self._tasks: dict[str, TaskID] = {}
        self._done: dict[str, set[int]] = {}
        self._told: dict[str, int] = {}
        self._total = 1
        self._waiting = Timer(_MOMENT_S, print)  # never begun

    def __enter__(self) -> Self:
        self._bars.start()
        self._say_soon("opening")
        return self

    def __exit__(self, *trouble: object) -> None:
        self._waiting.cancel()
        self._bars.stop()

    def _say_soon(self, reason: str) -> None:
        """That is said in a line of its own once it has taken longer than a moment."""
        self._waiting.cancel()
        self._waiting = Timer(_MOMENT_S, self._console.print, [f"{told(reason)} ..."])
        self._waiting.daemon = True
        self._waiting.start()

    def note(self, fact: Message) -> None:
        """Count the fact."""
        if isinstance(fact, facts.Source):
            if fact.decode_key != fact.key:
                self._say_soon("copying")
        elif isinstance(fact, facts.VideoAccepted):
            self._begin(fact)
        elif type(fact) in _PER_SEGMENT:
            self._step(_PER_SEGMENT[type(fact)], fact.segment.index)  # type: ignore[attr-defined]
        elif isinstance(fact, facts.TracksCompleted):
            self._step("planning cameras", 0)
        elif isinstance(fact, facts.FancamsPublished):
            self._step("joining", 0)

    def _begin(self, accepted: facts.VideoAccepted) -> None:
        self._waiting.cancel()
        self._total = len(accepted.segments)
        self._told.clear()
        for name in self._steps:
            total = self._total_of(name)
            self._done[name] = set()
            self._tasks[name] = self._bars.add_task(name, total=total, began=None)
        self._start(self._steps[0])

    def _start(self, name: str) -> None:
        self._bars.update(self._tasks[name], began=self._bars.get_time())

    def _total_of(self, name: str) -> int:
        return self._total if name in _PER_SEGMENT.values() else 1

    def _step(self, name: str, unit: int) -> None:
        if name not in self._steps:
            return
        self._done[name].add(unit)
        self._bars.update(self._tasks[name], completed=len(self._done[name]))
        if len(self._done[name]) == 1 and name != self._steps[-1]:
            # The next stage works on what this one gives, so its time begins here.
            self._start(self._steps[self._steps.index(name) + 1])
        self._tell(name, 100 * len(self._done[name]) // self._total_of(name))

    def count(self, name: str, done: int, total: int) -> None:
        """So much is done of a step that no fact tells of."""
        self._waiting.cancel()
        if name not in self._tasks:
            self._tasks[name] = self._bars.add_task(name, total=total, began=None)
            self._start(name)
        self._bars.update(self._tasks[name], completed=done)
        self._tell(name, 100 * done // total)

    def _tell(self, name: str, percent: int) -> None:
        step = percent // _QUIET_STEP_PERCENT
        if not self._console.is_terminal and step > self._told.get(name, 0):
            self._told[name] = step
            self._console.print(f"{name}: {percent} %")

"""Progress bars for what a server does, and for files on their way to and from it."""

from collections.abc import Callable
from typing import Self

from rich.console import Console
from rich.progress import BarColumn, Progress, TaskID, TextColumn

from inyourarea.client import Video

#: Where nobody looks at a terminal, a line is written each time something has gone on so far.
_QUIET_STEP_PERCENT = 25


class ServerProgress:
    """Shows how far things are, on standard error; a context manager."""

    def __init__(self, console: Console) -> None:
        self._console = console
        self._bars = Progress(
            TextColumn("{task.description:<16}", markup=False),
            BarColumn(),
            TextColumn("{task.percentage:>3.0f}%"),
            TextColumn("{task.fields[left]}", markup=False),
            console=console,
            disable=not console.is_terminal,
        )
        self._tasks: dict[str, TaskID] = {}
        self._told: dict[str, int] = {}

    def __enter__(self) -> Self:
        self._bars.start()
        return self

    def __exit__(self, *trouble: object) -> None:
        self._bars.stop()

    def counter(self, name: str) -> Callable[[int, int], None]:
        """What counts the bytes of one file."""
        return lambda done, total: self._show(name, done, total)

    def note(self, video: Video) -> None:
        """How far the video's stages are."""
        left = "" if video.left_s is None else f"{int(video.left_s) // 60:02}:"
        left += "" if video.left_s is None else f"{int(video.left_s) % 60:02} left"
        for stage in video.progress:
            self._show(stage.stage, stage.done, stage.total, left)

    def _show(self, name: str, done: int, total: int, left: str = "") -> None:
        if name not in self._tasks:
            self._tasks[name] = self._bars.add_task(name, total=None, left="")
        self._bars.update(self._tasks[name], completed=done, total=max(total, 1), left=left)
        percent = 100 * done // max(total, 1)
        step = percent // _QUIET_STEP_PERCENT
        if not self._console.is_terminal and step > self._told.get(name, 0):
            self._told[name] = step
            self._console.print(f"{name}: {percent} %", highlight=False, markup=False)

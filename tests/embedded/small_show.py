"""A small drawn show on disk, and the command line as a user types it."""

import csv
import signal
import subprocess
import sys
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path

from inyourarea.cli.__main__ import main
from inyourarea.stage_show import Show, ShowSpec, write_show

#: At half of it a face is 4 px high: the network takes one member for another, and of a fancam of
#: 30x54 nobody could see where its window is.
SIZE = (640, 360)


@dataclass(frozen=True)
class SmallShow:
    """A show on disk, and its members' true boxes as the old CSV."""

    folder: Path
    members: tuple[str, ...]

    @property
    def video(self) -> Path:
        return self.folder / "stage.mp4"

    @property
    def truth(self) -> Path:
        return self.folder / "truth.csv"

    @property
    def boxes(self) -> Path:
        return self.folder / "boxes.csv"


def inyourarea(*words: str | Path, check: bool = True) -> "subprocess.CompletedProcess[str]":
    """One command, as a user types it."""
    command = [sys.executable, "-m", "inyourarea.cli", *map(str, words)]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert not check or done.returncode == 0, done.stderr
    return done


def inyourarea_here(*words: str | Path) -> int:
    """The exit code of a command in this process: a second of CPU less than `inyourarea`."""
    handler = signal.getsignal(signal.SIGTERM)
    try:
        return main([*map(str, words)])
    finally:
        signal.signal(signal.SIGTERM, handler)


def draw_small_show(
    folder: Path, seconds: int = 5, size: tuple[int, int] = SIZE, setting: str = "easy"
) -> SmallShow:
    """Three members for so many seconds, and the boxes of their visible faces."""
    spec = ShowSpec(
        seed=4,
        members=3,
        seconds=Fraction(seconds),
        size=size,
        fps=Fraction(30000, 1001),
        setting=setting,
    )
    write_show(Show.plan(spec), folder, workers=2)
    with (folder / "truth.csv").open(newline="") as opened:
        rows = [row for row in csv.DictReader(opened) if row["role"] == "member"]
    members = tuple(sorted({row["name"] for row in rows}))
    lines = [_old_line(row, members, size) for row in rows if float(row["face_visible"]) >= 0.5]
    (folder / "boxes.csv").write_text("frame,class,x,y,w,h\n" + "".join(lines))
    return SmallShow(folder, members)


def _old_line(row: dict[str, str], members: tuple[str, ...], size: tuple[int, int]) -> str:
    x1, y1, x2, y2 = (float(row[side]) for side in ("x1", "y1", "x2", "y2"))
    width, height = size
    place = f"{(x1 + x2) / 2 / width:.6f},{(y1 + y2) / 2 / height:.6f}"
    sides = f"{(x2 - x1) / width:.6f},{(y2 - y1) / height:.6f}"
    return f"{int(row['frame']) + 1},{members.index(row['name'])},{place},{sides}\n"

"""Speed and memory: ours beside the original's way and beside the floors, on this machine, now.

``make bench`` draws one clip, runs every side as processes of its own one after the other, and
prints CPU and wall seconds, peak memory (all processes of a side together) and the ratios.
"""

import argparse
import json
import os
import shutil
import subprocess
import sys
import threading
import time
from collections.abc import Sequence
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path

from floors import FLOORS

from inyourarea.render.encode import X264

SIZES = ("200x630", "608x1080")
_PROGRAM = (sys.executable, "-m", "inyourarea.cli")
#: MiB that a run may take at its peak: 1.5 GB.
PEAK_MIB = 1.5e9 / 2**20
#: How often memory is looked at.
SAMPLE_S = 0.1


@dataclass(frozen=True)
class Cost:
    """What a side cost: seconds, and MiB at its peak."""

    cpu_s: float
    wall_s: float
    peak_mib: float

    def __str__(self) -> str:
        return f"{self.cpu_s:8.1f} s CPU {self.wall_s:8.1f} s wall {self.peak_mib:7.0f} MiB"


def measure(command: Sequence[str | Path]) -> Cost:
    """Run a command to its end; all its descendants count."""
    before = os.times()
    started = time.perf_counter()
    process = subprocess.Popen([str(word) for word in command], stdout=subprocess.DEVNULL)
    peak = _Peak(process.pid)
    peak.start()
    code = process.wait()
    wall_s = time.perf_counter() - started
    peak.join()
    if code:
        sys.exit(f"{command[0]} ... failed with code {code}")
    after = os.times()
    used = after.children_user + after.children_system
    return Cost(used - before.children_user - before.children_system, wall_s, peak.mib)


class _Peak(threading.Thread):
    """The largest sum of proportional set sizes of a process and its descendants."""

    def __init__(self, pid: int) -> None:
        super().__init__(daemon=True)
        self._pid = pid
        self.mib = 0.0

    def run(self) -> None:
        while Path(f"/proc/{self._pid}").is_dir():
            kib = sum(_pss_kib(pid) for pid in _family(self._pid))
            self.mib = max(self.mib, kib / 1024)
            time.sleep(SAMPLE_S)


def _family(pid: int) -> list[int]:
    try:
        tasks = Path(f"/proc/{pid}/task").iterdir()
        children = [int(c) for task in tasks for c in (task / "children").read_text().split()]
    except OSError:
        return [pid]
    return [pid, *(member for child in children for member in _family(child))]


def _pss_kib(pid: int) -> int:
    try:
        lines = Path(f"/proc/{pid}/smaps_rollup").read_text().splitlines()
    except OSError:
        return 0
    return next((int(line.split()[1]) for line in lines if line.startswith("Pss:")), 0)


def main() -> None:
    """Draw the clip, run all sides, print the table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--folder", type=Path, default=Path("build/bench"))
    parser.add_argument("--seconds", type=int, default=60)
    parser.add_argument("--train-python", default=sys.executable, help="one that has ultralytics")
    parser.add_argument("--weights", type=Path, default=Path("models/show/show.pt"))
    parser.add_argument("--model", type=Path, default=Path("models/show/3/model.onnx"))
    parser.add_argument("--skip-original", action="store_true")
    parser.add_argument("--long", action="store_true", help="also ten times as long")
    args = parser.parse_args()
    video = _clip(args.folder, args.seconds)
    for size in SIZES:
        _compare(args, video, size)
    if args.long:
        _ten_times(args, video)


def _clip(folder: Path, seconds: int) -> Path:
    show = folder / f"show-{seconds}"
    if not (show / "show.json").is_file():
        drawing = ("--seed", "7", "--members", "4", "--seconds", str(seconds), "--setting", "hard")
        drawn = measure([*_PROGRAM, "stage-show", "--out", show, *drawing])
        rate = seconds * 30000 / 1001 / drawn.wall_s
        print(f"stage-show          {drawn}: {rate:.1f} frames/s (target >= 15)", flush=True)
    return show / "stage.mp4"


def _run(video: Path, out: Path, size: str) -> list[str | Path]:
    shutil.rmtree(out, ignore_errors=True)
    return [*_PROGRAM, "run", video, "--group", "show", "--out", out, "--size", size]


def _compare(args: argparse.Namespace, video: Path, size: str) -> None:
    out = args.folder / f"ours-{size}"
    ours = measure(_run(video, out, size))
    print(f"{size}\n  ours              {ours}", flush=True)
    print(f"  peak memory       {ours.peak_mib:.0f} MiB (target <= {PEAK_MIB:.0f})")
    if size == SIZES[0]:
        print(f"  time / video      {ours.wall_s / args.seconds:.2f} (target <= 1)")
        look = measure([*_PROGRAM, "inspect", video, "--group", "show"])
        shares = f"{look.cpu_s / ours.cpu_s:.1%} of CPU, {look.wall_s / ours.wall_s:.1%} of time"
        print(f"  inspect           {look}: {shares} (target <= 10 %)", flush=True)
    floors = 0.0
    for name in FLOORS:
        command = [sys.executable, Path(__file__).with_name("floors.py"), name, video, out]
        told = subprocess.run(
            [*map(str, command), str(args.model)], stdout=subprocess.PIPE, check=True
        )
        cost = json.loads(told.stdout)
        floors += cost["cpu_s"]
        print(f"  floor: {name:18} {cost['cpu_s']:6.1f} s CPU", flush=True)
    print(f"  ours / floors     {ours.cpu_s / floors:.2f} in CPU seconds (target <= 1.15)")
    if args.skip_original:
        return
    theirs = measure(
        [
            args.train_python,
            Path(__file__).with_name("original_way.py"),
            video,
            args.weights,
            args.folder / f"original-{size}",
            "--size",
            size,
            "--x264",
            json.dumps({**X264, "threads": "0"}),
        ]
    )
    target = 3.5 if size == SIZES[0] else 1.9
    print(f"  the original way  {theirs}")
    print(
        f"  original / ours   {theirs.wall_s / ours.wall_s:.2f} in wall time (target >= {target}), "
        f"{theirs.cpu_s / ours.cpu_s:.2f} in CPU seconds"
    )


def _ten_times(args: argparse.Namespace, video: Path) -> None:
    """The clip ten times over: cost per frame and peak memory must hardly grow."""
    long = video.with_name("ten.mp4")
    if not long.is_file():
        _repeat(video, long, 10)
    once = measure(_run(video, args.folder / "once", SIZES[0]))
    tenfold = measure(_run(long, args.folder / "tenfold", SIZES[0]))
    per_frame = tenfold.cpu_s / 10 / once.cpu_s
    print(f"once              {once}\nten times as long {tenfold}")
    print(f"per frame {per_frame:.3f} (target <= 1.05), peak memory "
          f"{tenfold.peak_mib / once.peak_mib:.3f} (target <= 1.1)")  # fmt: skip


def _repeat(video: Path, target: Path, times: int) -> None:
    """The same packets, of picture and sound, again and again, without encoding."""
    import av  # noqa: PLC0415

    with av.open(str(target), "w") as written:
        into: dict[int, av.stream.Stream] = {}
        ends: dict[int, int] = {}
        length_s = Fraction(0)
        for _ in range(times):
            with av.open(str(video)) as opened:
                for source in opened.streams:
                    if source.index not in into:
                        into[source.index] = written.add_stream_from_template(source)
                for packet in opened.demux():
                    if packet.dts is None:
                        continue
                    number, shift = packet.stream.index, round(length_s / packet.time_base)
                    packet.pts, packet.dts = packet.pts + shift, packet.dts + shift
                    if packet.dts <= ends.get(number, packet.dts - 1):
                        continue  # sound that reaches into the next round
                    ends[number] = packet.dts
                    packet.stream = into[number]
                    written.mux(packet)
                picture = opened.streams.video[0]
                length_s += picture.duration * picture.time_base


if __name__ == "__main__":
    main()

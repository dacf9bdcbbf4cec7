"""From nothing to a model: how many clicks and minutes a group's own model costs, what it brings.

``make bench-train`` draws the second group of the stage show, which no model knows, in hard shows:
three to collect and label from, others that nobody learns from. The editor is played by code that
sees the truth and does one thing: it names tracklets, one click each. Then unseen shows are run
with the group's model and without. Stop it at any moment; the same command goes on.
"""

import argparse
import csv
import hashlib
import json
import os
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from exam import inyourarea

from inyourarea.cli.score import score_files
from inyourarea.contracts.group import group_from_toml
from inyourarea.core.boxes import iou
from inyourarea.core.errors import RunUnreadable
from inyourarea.runtime.datasets import Dataset
from inyourarea.runtime.folder_objects import FolderObjects
from inyourarea.stage_show import GROUPS

NAMES = GROUPS["second"]
CLICKS, MINUTES = 40, 90.0
"""What may be spent."""

ACCURACY, MAP50, MAP50_95 = 0.98, 0.97, 0.70
"""What must be reached: identity on unseen shows, and the model on the dataset's unseen shots."""

NOBODY_EVERY = 4
"""Each so many clicks, one says of the longest tracklet left of a stranger that it is no member."""

SAME_FROM = 0.5
"""Overlap (IoU) of a box with a true face from which on it is hers."""

LEAST_VISIBLE = 0.5
"""Share of a face in sight from which on she is asked for, as everywhere in this project."""

Truth = Mapping[int, list[tuple[str, tuple[float, ...]]]]
"""By pts: everybody drawn, a member's name or nothing, and the face's box."""


@dataclass(frozen=True)
class Show:
    """A drawn show, and the folder of its runs."""

    folder: Path
    seed: int
    members: int
    seconds: int

    @property
    def video(self) -> Path:
        """The stage."""
        return self.folder / "show" / "stage.mp4"

    @property
    def truth(self) -> Path:
        """What was drawn."""
        return self.folder / "show" / "truth.csv"


def main() -> int:
    """Take all steps and print the figures; 0 when all targets are met."""
    args = _arguments()
    bench = Bench(args.folder)
    learned = [Show(args.folder / f"train-{n}", n, len(NAMES), args.seconds) for n in args.train]
    unseen = [
        Show(args.folder / f"unseen-{n}", n, 4 + 3 * (n % 2), args.exam_seconds)
        for n in args.unseen
    ]
    for show in (*learned, *unseen):
        draw(show, args.size)
    dataset, group = args.folder / "dataset", args.folder / "second.toml"
    members = [word for name in NAMES for word in ("--member", name)]
    videos = [show.video for show in learned]
    smart = ("--smart", str(args.pictures))
    bench.step(
        "collect", lambda: inyourarea("collect", *videos, "--dataset", dataset, *smart, *members)
    )
    bench.step("label", lambda: label(dataset, learned, args.clicks))
    options = [*args.train_options, "--models", args.folder / "models"]
    bench.step(
        "train", lambda: inyourarea("train", "--dataset", dataset, "--group", group, *options)
    )
    print(bench.table(), flush=True)
    accuracy = list(judge(unseen, group, args.folder / "models"))
    return report(bench, group, accuracy)


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--folder", type=Path, default=Path("build/bench-train"))
    parser.add_argument("--train", type=int, nargs="*", default=[3001, 3002, 3003], help="seeds")
    parser.add_argument("--unseen", type=int, nargs="*", default=[3101, 3102, 3103, 3104])
    parser.add_argument("--seconds", type=int, default=60)
    parser.add_argument("--exam-seconds", type=int, default=20)
    parser.add_argument("--size", default="1920x1080")
    parser.add_argument("--pictures", type=int, default=1200)
    parser.add_argument("--clicks", type=int, default=CLICKS)
    parser.add_argument("train_options", nargs="*", help="further options of `inyourarea train`")
    return parser.parse_args()


class Bench:
    """What each step took by the clock, kept in ``times.json``.

    A step that was done is not done again; one that was stopped counts all its tries.
    """

    def __init__(self, folder: Path) -> None:
        folder.mkdir(parents=True, exist_ok=True)
        self._file = folder / "times.json"
        self.times: dict[str, dict[str, float]] = {}
        if self._file.is_file():
            self.times = json.loads(self._file.read_text())

    def step(self, name: str, act: Callable[[], object]) -> None:
        """The step is done, and what it took is written down."""
        told = self.times.setdefault(name, {"minutes": 0.0, "is_done": 0.0})
        if told["is_done"]:
            return
        began = time.monotonic()
        try:
            found = act()
            told |= {"is_done": 1.0, **(found if isinstance(found, dict) else {})}
        finally:
            told["minutes"] += (time.monotonic() - began) / 60
            self._file.write_text(json.dumps(self.times, indent=1))

    @property
    def minutes(self) -> float:
        """All steps together."""
        return sum(told["minutes"] for told in self.times.values())

    def table(self) -> str:
        """A line a step."""
        lines = [f"  {name:8} {told['minutes']:6.1f} min" for name, told in self.times.items()]
        return "\n".join([*lines, f"  {'all':8} {self.minutes:6.1f} min"])


def draw(show: Show, size: str) -> None:
    """The show is on disk."""
    if not (show.folder / "show" / "show.json").is_file():
        who = ("--group", "second", "--seed", str(show.seed), "--members", str(show.members))
        what = ("--seconds", str(show.seconds), "--setting", "hard", "--size", size)
        inyourarea("stage-show", "--out", show.folder / "show", *who, *what)


def label(folder: Path, shows: list[Show], clicks: int) -> dict[str, float]:
    """Name tracklets as an editor would who knows everybody; how many clicks, boxes, mistakes.

    The longest tracklet is named first of who has the fewest boxes; now and then a stranger's is
    said to be nobody's. ``impure`` is the share of the boxes that got a name which is not theirs:
    a tracklet may hold two people, and a click names it whole.
    """
    dataset = Dataset(FolderObjects(folder))
    truths = {_sha256_of(show.video)[:16]: _read_truth(show.truth) for show in shows}
    owners: dict[str, Counter[str]] = {}
    for picture, labels in dataset.everything():
        video, _, pts = picture.rpartition("-")
        for box in labels.boxes:
            if box.tracklet:
                who = _whose(box.box, truths[video].get(int(pts), []))
                owners.setdefault(box.tracklet, Counter())[who] += 1
    free = {
        name: sorted(_of(owners, name), key=lambda one: owners[one].total())
        for name in ("", *NAMES)
    }
    boxes: Counter[str] = Counter(dict.fromkeys(NAMES, 0))
    wrong = done = 0
    while done < clicks and any(free.values()):
        wanting = sorted((name for name in NAMES if free[name]), key=lambda name: boxes[name])
        is_strangers_turn = done % NOBODY_EVERY == NOBODY_EVERY - 1 and free[""]
        name = "" if is_strangers_turn or not wanting else wanting[0]
        if not free[name]:
            break
        tracklet = free[name].pop()
        given = dataset.name_tracklet(tracklet, name, "editor")
        boxes[name] += given
        wrong += owners[tracklet].total() - owners[tracklet][name]
        done += 1
    named = boxes.total()
    return {"clicks": done, "boxes": named, "impure": wrong / max(named, 1)} | {
        f"boxes of {name}": boxes[name] for name in NAMES
    }


def _of(owners: Mapping[str, Counter[str]], name: str) -> Iterator[str]:
    """The tracklets that are mostly this member's."""
    return (one for one, who in owners.items() if who.most_common(1)[0][0] == name)


def _whose(box: tuple[float, ...], people: list[tuple[str, tuple[float, ...]]]) -> str:
    if not people:
        return ""
    overlap = iou(np.array([box]), np.array([face for _, face in people]))[0]
    return people[int(overlap.argmax())][0] if overlap.max() >= SAME_FROM else ""


def _read_truth(file: Path) -> Truth:
    found: dict[int, list[tuple[str, tuple[float, ...]]]] = {}
    for row in _rows(file):
        # On the wall it is the same face: a detector may know it.
        name = row["name"] if row["name"] in NAMES else ""
        found.setdefault(int(row["pts"]), []).append((name, _box(row)))
    return found


def _sha256_of(file: Path) -> str:
    return hashlib.sha256(file.read_bytes()).hexdigest()


@dataclass(frozen=True)
class Judged:
    """One unseen show, with the group's model and with `faces`: shares over its members."""

    seed: int
    right: tuple[float, float]
    correct: tuple[float, float]


def judge(shows: list[Show], group: Path, models: Path) -> Iterator[Judged]:
    """Run and score each show both ways."""
    for show in shows:
        pairs = []
        for name, options in (("model", ("--group", group)), ("faces", ())):
            out = show.folder / name
            small = ("--out", out, "--size", "200x630")
            _run_with(models if options else None, "run", show.video, *small, *options)
            pairs.append(_marks(out, show.truth))
        (right, correct), (faces_right, faces_correct) = pairs
        judged = Judged(show.seed, (right, faces_right), (correct, faces_correct))
        print(
            f"seed {judged.seed}: identity right {right:.4f} (faces {faces_right:.4f}), "
            f"correct {correct:.4f} (faces {faces_correct:.4f})",
            flush=True,
        )
        yield judged


def _marks(out: Path, truth: Path) -> tuple[float, float]:
    """Identity accuracy, and the mean share of frames in which a member's track is on her.

    Accuracy: of all true faces of members at least half in sight that some track's box is on, the
    share of those whose track it is. Without a model each track is whose it mostly is, and nobody
    has two.
    """
    try:
        score, _ = score_files(out, truth, None)
    except RunUnreadable:  # nobody was found
        return 0.0, 0.0
    boxes: dict[int, list[tuple[str, tuple[float, ...]]]] = {}
    for row in _rows(out / "tracks.csv"):
        boxes.setdefault(int(row["frame"]), []).append((row["name"], _box(row)))
    asked = right = 0
    for row in _rows(truth):
        said = boxes.get(int(row["frame"]), [])
        if row["role"] == "member" and float(row["face_visible"]) >= LEAST_VISIBLE and said:
            overlap = iou(np.array([_box(row)]), np.array([box for _, box in said]))[0]
            if overlap.max() >= SAME_FROM:
                asked += 1
                right += said[int(overlap.argmax())][0] == score.matched[row["name"]]
    correct = [measures["correct"] for measures in score.tracks.values()]
    return right / max(asked, 1), float(np.nanmean(correct))


def _rows(file: Path) -> Iterator[dict[str, str]]:
    with file.open(newline="") as opened:
        yield from csv.DictReader(opened)


def _box(row: Mapping[str, str]) -> tuple[float, ...]:
    return tuple(float(row[side]) for side in ("x1", "y1", "x2", "y2"))


def _run_with(models: Path | None, *words: str | Path) -> None:
    """The command has run, with the models of that repository; without, with those there are."""
    command = [sys.executable, "-m", "inyourarea.cli", *map(str, words)]
    environment = {**os.environ, **({"INYOURAREA_MODELS": str(models)} if models else {})}
    subprocess.run(command, check=True, stdout=subprocess.DEVNULL, env=environment)


def report(bench: Bench, group: Path, judged: list[Judged]) -> int:
    """Print every figure beside its target; 0 when all are met."""
    known = group_from_toml(group.read_text())
    card = json.loads(
        (group.parent / "models" / known.model / str(known.version) / "card.json").read_text()
    )
    right, faces = np.mean([one.right for one in judged], axis=0)
    rows = (
        ("clicks", bench.times["label"]["clicks"], CLICKS, False),
        ("minutes", bench.minutes, MINUTES, False),
        ("identity accuracy on unseen shows", right, ACCURACY, True),
        (f"mAP50 ({card['judged_on']} shots)", card["test"]["map50"], MAP50, True),
        (f"mAP50-95 ({card['judged_on']} shots)", card["test"]["map50_95"], MAP50_95, True),
    )
    met = True
    for name, value, target, is_least in rows:
        is_met = value >= target if is_least else value <= target
        met = met and bool(is_met)
        print(f"{name:36} {value:8.4f}  target {target:g}  {'met' if is_met else 'MISSED'}")
    print(
        f"{'faces alone on the same shows':36} {faces:8.4f}  by {100 * (right - faces):.1f} points"
    )
    return 0 if met else 1


if __name__ == "__main__":
    sys.exit(main())

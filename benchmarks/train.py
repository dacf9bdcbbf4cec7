"""From nothing to a model: how many clicks and minutes a group's own model costs, what it brings.

``make bench-train`` draws the second group of the stage show, which no model knows, in hard shows:
three to collect and label from, others that nobody learns from. The editor is played by code that
sees the truth and does one thing: it names tracklets, one click each. Then unseen shows are run
with the group's model and without, and the model's file is asked about their pictures. Stop it at
any moment; the same command goes on.
"""

import argparse
import csv
import json
import os
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

import av
import numpy as np
from exam import inyourarea
from numpy.typing import NDArray

from inyourarea.cli.score import score_files
from inyourarea.contracts.digests import file_digest
from inyourarea.contracts.group import group_from_toml
from inyourarea.contracts.model import ModelInfo
from inyourarea.core.boxes import iou
from inyourarea.core.errors import RunUnreadable
from inyourarea.runtime.datasets import Dataset
from inyourarea.runtime.folder_objects import FolderObjects
from inyourarea.stage_show import GROUPS
from inyourarea.train.answers import Seen, against, look_at, open_model
from inyourarea.train.measure import Answers, precision_and_recall, precision_table
from inyourarea.train.show_pictures import Drawn

NAMES = GROUPS["second"]
CLICKS, MINUTES, CORES = 40, 90.0, 2
"""What may be spent; minutes of CPU, those of child processes included, are told for the cores, as
other work on the machine takes none of them."""

ACCURACY, MAP50, MAP50_95 = 0.98, 0.97, 0.70
"""What must be reached on unseen shows: by whole runs, and by the model alone."""

SAME_FROM = 0.5
"""Overlap (IoU) of a box with a true face from which on it is hers."""

SEEN_FROM = 0.2
"""Overlap from which on an editor sees in a strip whose face it is: boxes of small ones shake."""

ASK_EVERY = 10
"""Of the unseen shows' frames, each so many is asked of the model alone."""

LEAST_VISIBLE = 0.5
"""Share of a face in sight from which on she is asked for, as everywhere in this project."""

LEAST_HEIGHT_PX = 12.0
"""Height in 1080p from which on a face is no speck on the wall, as the show's own model has it."""

Truth = Mapping[int, list[tuple[str, tuple[float, ...]]]]
"""By pts: everybody drawn, by name, and the face's box."""


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
    model = _model_of(group)
    alone = ask(unseen, model)
    print(f"unseen shows, open faces: {alone[0]}", flush=True)
    print(f"unseen shows, turned heads as well: {alone[1]}", flush=True)
    accuracy = list(judge(unseen, group, args.folder / "models"))
    return report(bench, model, alone, accuracy)


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
    """What each step took, by the clock and of CPU, kept in ``times.json``.

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
        told = self.times.setdefault(name, {"minutes": 0.0, "cpu": 0.0, "is_done": 0.0})
        if told["is_done"]:
            return
        began, spent = time.monotonic(), _cpu_minutes()
        try:
            found = act()
            told |= {"is_done": 1.0, **(found if isinstance(found, dict) else {})}
        finally:
            told["minutes"] += (time.monotonic() - began) / 60
            told["cpu"] += _cpu_minutes() - spent
            self._file.write_text(json.dumps(self.times, indent=1))

    @property
    def cpu(self) -> float:
        """Minutes of CPU that all steps took together."""
        return sum(told["cpu"] for told in self.times.values())

    def table(self) -> str:
        """A line a step."""
        return "\n".join(
            f"  {name:8} {told['cpu']:6.1f} min of CPU, {told['minutes']:6.1f} min by the clock"
            for name, told in self.times.items()
        )


def _cpu_minutes() -> float:
    """What this process and those that it waited for have spent."""
    used = os.times()
    return (used.user + used.system + used.children_user + used.children_system) / 60


def draw(show: Show, size: str) -> None:
    """The show is on disk."""
    if not (show.folder / "show" / "show.json").is_file():
        who = ("--group", "second", "--seed", str(show.seed), "--members", str(show.members))
        what = ("--seconds", str(show.seconds), "--setting", "hard", "--size", size)
        inyourarea("stage-show", "--out", show.folder / "show", *who, *what)


def label(folder: Path, shows: list[Show], clicks: int) -> dict[str, float]:
    """Name tracklets as an editor would who knows everybody; how many clicks, boxes, mistakes.

    She names each performer once in each video, in whatever tracklet is longest, strangers too:
    they are nobody's. Then once more, as long as there are clicks. ``impure`` is the share of the
    boxes that got a name which is not theirs: a tracklet may hold two people, and a click names it
    whole.
    """
    dataset = Dataset(FolderObjects(folder))
    truths = {file_digest(show.video)[:16]: _read_truth(show.truth) for show in shows}
    owners: dict[tuple[str, str], Counter[str]] = {}
    for picture, labels in dataset.everything():
        video, _, pts = picture.rpartition("-")
        for box in labels.boxes:
            if box.tracklet:
                who = _whose(box.box, truths[video].get(int(pts), []))
                owners.setdefault((video, box.tracklet), Counter())[who] += 1
    longest = sorted(owners, key=lambda one: -owners[one].total())
    seen: Counter[tuple[str, str]] = Counter()
    turn = {}
    for video, tracklet in longest:
        who = owners[video, tracklet].most_common(1)[0][0]
        if who:
            turn[video, tracklet] = (seen[video, who], who)
            seen[video, who] += 1
    boxes: Counter[str] = Counter(dict.fromkeys(NAMES, 0))
    wrong = 0
    chosen = sorted(turn, key=lambda one: turn[one][0])[:clicks]
    for video, tracklet in chosen:
        who = turn[video, tracklet][1]
        name = who if who in NAMES else ""
        boxes[name] += dataset.name_tracklet(tracklet, name, "editor")
        wrong += owners[video, tracklet].total() - owners[video, tracklet][who]
    named = boxes.total()
    return {"clicks": len(chosen), "boxes": named, "impure": wrong / max(named, 1)} | {
        f"boxes of {name}": boxes[name] for name in NAMES
    }


def _whose(box: tuple[float, ...], people: list[tuple[str, tuple[float, ...]]]) -> str:
    if not people:
        return ""
    overlap = iou(np.array([box]), np.array([face for _, face in people]))[0]
    return people[int(overlap.argmax())][0] if overlap.max() >= SEEN_FROM else ""


def _read_truth(file: Path) -> Truth:
    found: dict[int, list[tuple[str, tuple[float, ...]]]] = {}
    for row in _rows(file):
        # On the wall it is the same face: a detector may know it.
        found.setdefault(int(row["pts"]), []).append((row["name"], _box(row)))
    return found


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


@dataclass(frozen=True)
class Alone:
    """What a model's file reaches by itself, on the mean of the members."""

    map50: float
    map50_95: float
    precision: float
    recall: float

    def __str__(self) -> str:
        return (
            f"mAP50 {self.map50:.4f}, mAP50-95 {self.map50_95:.4f}, precision "
            f"{self.precision:.4f}, recall {self.recall:.4f}"
        )


def ask(shows: list[Show], model: Path) -> tuple[Alone, Alone]:
    """The model alone on frames of unseen shows: open faces, and whoever's head is in sight.

    Open faces are what the rules of labelling ask for; who is turned away is then neither right nor
    wrong, as is who is hidden by more than half, and a speck. On the wall it is the same face.
    """
    session, info = open_model(model.read_bytes())
    seen = []
    for show in shows:
        people: dict[int, list[Drawn]] = {}
        for row in _rows(show.truth):
            x1, y1, x2, y2 = _box(row)
            sight = float(row["face_visible"]), float(row["head_visible"])
            drawn = Drawn(row["name"], row["role"], x1, y1, x2, y2, *sight)
            people.setdefault(int(row["pts"]), []).append(drawn)
        fading = _fading(show)
        with av.open(show.video) as video:
            for number, frame in enumerate(video.decode(video=0)):
                if number % ASK_EVERY == 0 and number not in fading:
                    look = look_at(session, info, _pixels(frame))
                    seen.append(Seen(tuple(people.get(frame.pts or 0, ())), *look))
    return (
        _marks_of(against(seen, info.classes, _is_open), info),
        _marks_of(against(seen, info.classes, _is_there), info),
    )


def _marks_of(answers: list[Answers], info: ModelInfo) -> Alone:
    table = np.array(list(precision_table(answers, info.classes).values()))
    numbers = range(len(info.classes))
    both = [precision_and_recall(answers, number, info.confidence) for number in numbers]
    return Alone(*np.nanmean(table, axis=0).tolist(), *np.nanmean(both, axis=0).tolist())


def _is_open(drawn: Drawn) -> bool:
    return _is_there(drawn) and drawn.face_visible >= LEAST_VISIBLE


def _is_there(drawn: Drawn) -> bool:
    return drawn.head_visible >= LEAST_VISIBLE and drawn.y2 - drawn.y1 >= LEAST_HEIGHT_PX


def _pixels(frame: av.VideoFrame) -> NDArray[np.uint8]:
    return np.asarray(frame.to_ndarray(format="rgb24"), np.uint8)


def _fading(show: Show) -> set[int]:
    """Frames in which two shots are seen at once."""
    shots = json.loads((show.folder / "show" / "show.json").read_text())["shots"]
    return {
        shot["first_frame"] + frame
        for shot in shots
        for frame in range(-shot["transition_frames"], shot["transition_frames"])
    }


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


def _model_of(group: Path) -> Path:
    known = group_from_toml(group.read_text())
    return group.parent / "models" / known.model / str(known.version) / "model.onnx"


def report(bench: Bench, model: Path, alone: tuple[Alone, Alone], judged: list[Judged]) -> int:
    """Print every figure beside its target; 0 when all are met."""
    card = json.loads((model.parent / "card.json").read_text())
    right, faces = np.mean([one.right for one in judged], axis=0)
    rows = (
        ("clicks", bench.times["label"]["clicks"], CLICKS, False),
        (f"minutes of {CORES} cores", bench.cpu / CORES, MINUTES, False),
        ("identity accuracy on unseen shows", right, ACCURACY, True),
        ("mAP50 on unseen shows", alone[0].map50, MAP50, True),
        ("mAP50-95 on unseen shows", alone[0].map50_95, MAP50_95, True),
    )
    met = True
    for name, value, target, is_least in rows:
        is_met = value >= target if is_least else value <= target
        met = met and bool(is_met)
        print(f"{name:36} {value:8.4f}  target {target:g}  {'met' if is_met else 'MISSED'}")
    print(f"unseen shows, open faces: {alone[0]}")
    print(f"unseen shows, turned heads as well: {alone[1]}")
    print(
        f"by its card, against what clicks named in `{card['judged_on']}`: "
        f"mAP50 {card['test']['map50']:.4f}, mAP50-95 {card['test']['map50_95']:.4f}"
    )
    print(
        f"{'faces alone on the same shows':36} {faces:8.4f}  by {100 * (right - faces):.1f} points"
    )
    return 0 if met else 1


if __name__ == "__main__":
    sys.exit(main())

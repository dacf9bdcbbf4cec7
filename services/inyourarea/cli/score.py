"""``inyourarea score``: a finished run against the truth of its video, targets beside it."""

import argparse
import json
import math
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path
from textwrap import fill
from typing import Any

import numpy as np

from inyourarea.core.camera_measures import Composition
from inyourarea.core.errors import RunUnreadable
from inyourarea.core.framing import FRAMINGS
from inyourarea.core.measures import (
    CAMERA_TARGETS,
    SHOT_TARGETS,
    TRACK_TARGETS,
    Camera,
    Measures,
    Score,
    Target,
    lay_beside,
    missed_targets,
    score_run,
)
from inyourarea.core.run_files import SHOT_COLUMNS, read_camera, read_shots, read_tracks
from inyourarea.core.shots import Shot
from inyourarea.core.text_lines import text_lines
from inyourarea.core.timeline import Timeline
from inyourarea.core.truth import ROLES, TRUTH_COLUMNS, read_truth
from inyourarea.runtime.disk import whole

#: Decimals of the figures in ``report.json``: enough to see one frame of an hour.
DECIMALS = 6
#: Columns of the help.
_WIDTH = 98
_REST = f"""\
IDF1 is over all members, as TrackEval has it. A - is what could not be judged, a ! what misses.

truth.csv begins with the line
  {",".join(TRUTH_COLUMNS)}
and has a row for everybody who is in a frame's picture, every column filled:
  frame, pts      the frame from 0, and its time stamp in the video's time base
  shot            the shot from 0, as in shots.csv
  name, role      who, as one of {", ".join(ROLES)} (on an LED wall or a poster); members are
                  measured
  x1 to y2        the face, cut at the picture's edges, in pixels of the upright video, x2 and y2
                  just outside; of whoever is turned away, where it would be
  ..._visible     shares 0 to 1 in sight; the face of whoever is turned away has 0
  body_...        head to toe, likewise
shots.csv, with the line {",".join(SHOT_COLUMNS)}, says which begin with a cut and
which with a dissolve (or wipe); without it each begins with a cut."""


@dataclass(frozen=True)
class RunFacts:
    """What ``report.json`` tells about the run: needed to read the other files."""

    size: tuple[int, int]
    time_base: Fraction
    framing: str
    aspects: Mapping[str, Fraction]


def add_parser(subparsers: "argparse._SubParsersAction[argparse.ArgumentParser]") -> None:
    """Add ``score DIR --truth FILE [--truth-shots FILE]``."""
    parser = subparsers.add_parser(
        "score",
        help="measure a finished run against the truth",
        description="Measure a finished run against the truth of its video: a table, and `truth` "
        "in the run's report.json.",
        epilog="\n".join(_epilog()),
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("run", metavar="DIR", type=Path, help="the folder that run wrote")
    parser.add_argument(
        "--truth", type=Path, required=True, metavar="FILE", help="the truth.csv of the video"
    )
    parser.add_argument(
        "--truth-shots",
        type=Path,
        metavar="FILE",
        help="the true shots.csv (default: the one beside the truth, where there is one)",
    )


def _epilog() -> Iterator[str]:
    """What is measured and what it has to reach, and what the truth is made of."""
    for title, targets in (
        ("of the tracks, each member", TRACK_TARGETS),
        ("of the camera, each member (no frames of shots without her)", CAMERA_TARGETS),
        ("of the shots", SHOT_TARGETS),
    ):
        yield f"{title}:"
        for target in targets:
            text = f"{target.words} {target.bound}: {target.meaning}"
            yield fill(text, _WIDTH, initial_indent="  ", subsequent_indent="      ")
    yield _REST


def main(args: argparse.Namespace) -> int:
    """Print every measure, write the ``truth`` block of ``report.json``; 0 when it was scored."""
    score, report = score_files(args.run, args.truth, args.truth_shots)
    report["truth"] = truth_block(score)
    with whole(args.run / "report.json") as pending:
        text = json.dumps(report, indent=2, ensure_ascii=False)
        pending.write_text(text + "\n", encoding="utf-8")
    print("\n".join(score_lines(score)))
    return 0


def score_files(run: Path, truth: Path, truth_shots: Path | None) -> tuple[Score, dict[str, Any]]:
    """The score of a run's folder, and its report as it was.

    Raises:
        RunUnreadable: a file is missing or damaged, or belongs to another video.
    """
    report = _read_report(run / "report.json")
    facts = _facts(report)
    with _lines(truth) as lines:
        show = read_truth(lines, truth.name)
    shots_file = truth_shots or _beside(truth, run)
    shots = _read_shots(shots_file) if shots_file else ()
    timeline, cameras = _read_cameras(run, facts)
    found = _read_shots(run / "shots.csv")
    if not found or found[-1].last_frame != len(timeline) - 1:
        raise RunUnreadable(f"{run}: shots.csv and the camera differ in frames; run again.")
    with _lines(run / "tracks.csv") as lines:
        tracks = read_tracks(lines, timeline, facts.size, found)
    return score_run(tracks, cameras, lay_beside(show, shots, timeline)), report


def truth_block(score: Score) -> dict[str, Any]:
    """The score as JSON keeps it; what could not be judged is null."""
    return {
        "members": {
            name: {"track": score.matched[name] or None, **_rounded(measures)}
            for name, measures in score.tracks.items()
        },
        "pictures": {
            picture: {name: _rounded(measures) for name, measures in members.items()}
            for picture, members in score.cameras.items()
        },
        "shots": {
            "f1": round(score.shots.f1, DECIMALS),
            "true": score.shots.true_boundaries,
            "found": score.shots.found_boundaries,
            "missed": list(score.shots.missed),
            "extra": list(score.shots.extra),
        },
        "idf1": None if math.isnan(score.idf1) else round(score.idf1, DECIMALS),
        "missed_targets": missed_targets(score),
    }


def score_lines(score: Score) -> Iterator[str]:
    """The score as a table: a row per measure, a column per member, the target behind."""
    names = list(score.tracks)
    yield from _table("tracks", names, score.tracks, TRACK_TARGETS)
    yield f"  IDF1 {_figure(score.idf1)}"
    for name, track in score.matched.items():
        if track != name:
            yield f"  {name} is {track!r}" if track else f"  nobody in the run is {name}"
    for picture, members in score.cameras.items():
        yield from _table(f"camera {picture}", list(members), members, CAMERA_TARGETS)
    found = {"shots": {"f1": score.shots.f1, "extra": float(len(score.shots.extra))}}
    yield from _table("shots", ["shots"], found, SHOT_TARGETS)
    missed = missed_targets(score)
    yield f"{len(missed)} targets missed" if missed else "every target is met"


def _table(
    title: str, names: list[str], members: Mapping[str, Measures], targets: tuple[Target, ...]
) -> Iterator[str]:
    width = max([9, *(len(name) for name in names)]) + 1
    yield f"{title:28}" + "".join(f"{name:>{width}}" for name in names) + "  target"
    for target in targets:
        values = [members[name][target.measure] for name in names]
        cells = (
            f"{_figure(value) + (' ' if target.is_met(value) else '!'):>{width}}"
            for value in values
        )
        yield f"  {target.words:26}" + "".join(cells) + f"  {target.bound}"


def _figure(value: float) -> str:
    if math.isnan(value):
        return "-"
    return f"{value:.0f}" if value == int(value) and value > 1 else f"{value:.4f}"


def _rounded(measures: Measures) -> dict[str, float | None]:
    return {
        name: None if math.isnan(value) else round(value, DECIMALS)
        for name, value in measures.items()
    }


@contextmanager
def _lines(path: Path) -> Iterator[Iterator[str]]:
    if not path.is_file():
        raise RunUnreadable(f"{path} is missing; give the folder and the truth of a finished run.")
    with path.open("rb") as stream:
        yield text_lines(stream, RunUnreadable)


def _read_shots(path: Path) -> tuple[Shot, ...]:
    with _lines(path) as lines:
        return read_shots(lines, path.name)


def _read_cameras(run: Path, facts: RunFacts) -> tuple[Timeline, dict[str, Camera]]:
    """The run's frames, and the cameras of every picture."""
    cameras: dict[str, Camera] = {}
    pts = np.zeros(0, dtype=np.int64)
    for label, aspect in facts.aspects.items():
        file = run / ("camera.csv" if len(facts.aspects) == 1 else f"camera-{label}.csv")
        with _lines(file) as lines:
            pts, paths = read_camera(lines, file.name)
        asked = Composition(FRAMINGS[facts.framing], facts.size, aspect)
        cameras[label] = Camera(asked, {path.name: path for path in paths})
    if not pts.size:
        raise RunUnreadable(f"{run} has no camera, so nobody was found there: nothing to score.")
    return Timeline(pts, facts.time_base), cameras


def _read_report(path: Path) -> dict[str, Any]:
    if not path.is_file():
        raise RunUnreadable(f"{path} is missing; give the folder of a finished run.")
    try:
        report = json.loads(path.read_text(encoding="utf-8"))
    except ValueError as error:
        raise RunUnreadable(f"{path} is no JSON ({error}); run the video again.") from None
    if not isinstance(report, dict):
        raise RunUnreadable(f"{path} is no report; run the video again.")
    return report


def _facts(report: Mapping[str, Any]) -> RunFacts:
    try:
        video = report["video"]
        return RunFacts(
            size=(int(video["width"]), int(video["height"])),
            time_base=Fraction(video["time_base"]),
            framing=FRAMINGS[report["framing"]].name,
            aspects={
                picture["label"]: Fraction(*(int(side) for side in picture["aspect"].split(":")))
                for picture in report["pictures"]
            },
        )
    except (KeyError, TypeError, ValueError, ZeroDivisionError, AttributeError) as error:
        raise RunUnreadable(
            f"report.json does not tell of the video and its pictures ({error!r}); "
            "run the video again."
        ) from None


def _beside(truth: Path, run: Path) -> Path | None:
    """The show's own shots, never those that the run found."""
    shots = truth.with_name("shots.csv")
    is_shows = shots.is_file() and truth.parent.resolve() != run.resolve()
    return shots if is_shows else None

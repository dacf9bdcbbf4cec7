"""What ``inyourarea run`` does with its words: the run, and what is said of it."""

import argparse
import json
from pathlib import Path

from rich.console import Console

from inyourarea.cli.progress import RunProgress
from inyourarea.core.errors import PinRejected, Refused
from inyourarea.core.picture import Picture, parse_aspect
from inyourarea.core.pin_files import read_pins
from inyourarea.core.pins import Pin
from inyourarea.core.text_lines import text_lines
from inyourarea.embedded.run import Request, Result, run_video
from inyourarea.runtime.child import Child


def run_and_tell(args: argparse.Namespace, hand: Child) -> None:
    """The video went through all stages, and what came of it is told."""
    console = Console(stderr=True)
    request = Request(
        video=args.video,
        out=args.out,
        pictures=_pictures(args),
        framing=args.framing,
        start=args.start,
        end=args.end,
        group=args.group,
        people=args.people,
        pins=_pins(args.pins),
        boxes=args.boxes,
        members=tuple(args.member),
        confidence=args.confidence,
        smooth=args.smooth,
    )
    with RunProgress(console) as progress:
        result = run_video(request, progress.note, hand)
    if args.json:
        print(json.dumps(_as_json(result), ensure_ascii=False))
    else:
        _tell(console, result, args.out)


def _pictures(args: argparse.Namespace) -> tuple[Picture, ...]:
    if args.size:
        return (args.size,)
    return tuple(dict.fromkeys(args.aspect or [parse_aspect("9:16")]))


def _pins(path: Path | None) -> tuple[Pin, ...]:
    if path is None:
        return ()
    try:
        with path.open("rb") as opened:
            return read_pins(text_lines(opened, PinRejected))
    except OSError as error:
        raise Refused(f"the pins file {path} can not be read: {error.strerror}") from error


def _as_json(result: Result) -> dict[str, object]:
    return {
        "people": list(result.people),
        "missing": list(result.missing),
        "warnings": list(result.warnings),
        "fancams": [str(path) for path in result.fancams],
        "removed": [str(path) for path in result.removed],
        "timings": result.timings,
    }


def _tell(console: Console, result: Result, out: Path) -> None:
    for sentence in result.warnings:
        console.print(sentence, highlight=False, markup=False)
    if result.removed:
        gone = ", ".join(path.name for path in result.removed)
        console.print(f"of earlier runs, gone: {gone}", highlight=False, markup=False)
    if not result.people:
        console.print(
            "Nobody was found: no face is large and clear enough in this video. No fancam was "
            f"written; what was looked at is in {out}."
        )
        return
    for path in result.fancams:
        console.print(str(path), highlight=False, markup=False, soft_wrap=True)
    if result.missing:
        names = ", ".join(result.missing)
        console.print(
            f"not seen, or too briefly for a fancam: {names}", highlight=False, markup=False
        )
    made = "1 fancam" if len(result.fancams) == 1 else f"{len(result.fancams)} fancams"
    console.print(
        f"{made}; how good: {out / 'report.json'}", highlight=False, markup=False, soft_wrap=True
    )

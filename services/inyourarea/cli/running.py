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
        _tell(console, result, request)


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


def _tell(console: Console, result: Result, request: Request) -> None:
    for sentence in result.warnings:
        console.print(sentence, highlight=False, markup=False)
    if result.removed:
        gone = ", ".join(path.name for path in result.removed)
        console.print(f"of earlier runs, gone: {gone}", highlight=False, markup=False)
    if not result.people:
        console.print(
            f"Nobody was found: {why_nobody(request)}. No fancam was written; what was looked at "
            f"is in {request.out}.",
            highlight=False,
            markup=False,
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
        f"{made}; how good: {request.out / 'report.json'}",
        highlight=False,
        markup=False,
        soft_wrap=True,
    )


def why_nobody(request: Request) -> str:
    """Why a run finds nobody, and what to ask for instead."""
    if request.confidence is not None:
        return f"nobody is as sure as --confidence {request.confidence:g} asks; give a lower one"
    if request.boxes is not None:
        return f"{request.boxes} shows nobody for long enough in these frames; give other boxes"
    if request.group is not None:
        return f"no member of {request.group} is seen well enough; without --group, anybody counts"
    return "no face is large and clear enough in this video; give one that is closer or sharper"

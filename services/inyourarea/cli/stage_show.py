"""``inyourarea stage-show``: draws a group performance with exact truth into a folder."""

import argparse
import sys
from fractions import Fraction
from pathlib import Path
from typing import TYPE_CHECKING

from inyourarea.runtime.disk import words_for
from inyourarea.stage_show import GROUPS, SETTINGS, Show, ShowRefused, ShowSpec, write_show

if TYPE_CHECKING:
    Subparsers = argparse._SubParsersAction[argparse.ArgumentParser]

WORKERS = 2


def add_parser(subparsers: "Subparsers") -> None:
    """Add the command and its options."""
    parser = subparsers.add_parser(
        "stage-show",
        help="draw a group's stage show with exact truth: for demo, tests and benchmarks",
    )
    parser.add_argument(
        "--out", type=Path, required=True, help="folder for stage.mp4 and its truth"
    )
    parser.add_argument("--seed", type=int, default=1, help="the same seed gives the same bytes")
    parser.add_argument("--members", type=int, default=4, help="3 to 9 of the show's group")
    parser.add_argument(
        "--seconds", type=_positive, default=Fraction(20), help="length of the video"
    )
    parser.add_argument("--size", type=_size, default=(1920, 1080), help="WIDTHxHEIGHT, even")
    parser.add_argument(
        "--fps", type=_positive, default=Fraction(30000, 1001), help="such as 30000/1001"
    )
    parser.add_argument("--setting", choices=SETTINGS, default="hard", help="how hard it is")
    parser.add_argument(
        "--group", choices=GROUPS, default="show", help="second: one that no model knows, 3 to 7"
    )
    parser.set_defaults(main=main)


def main(args: argparse.Namespace) -> int:
    """Write the show; 0 when all files are there, 2 when it can not be drawn as asked."""
    try:
        spec = ShowSpec(
            args.seed, args.members, args.seconds, args.size, args.fps, args.setting, args.group
        )
        show = Show.plan(spec)
        write_show(show, args.out, WORKERS, _Progress(spec.frames))
    except ShowRefused as refusal:
        print(f"stage-show: {refusal}", file=sys.stderr)
        return 2
    except OSError as error:
        print(f"stage-show: can not write to {args.out}: {words_for(error)}", file=sys.stderr)
        return 1
    print(f"{args.out}: {spec.frames} frames of {', '.join(show.members)}")
    return 0


class _Progress:
    """Says on a terminal how many frames are drawn."""

    def __init__(self, frames: int) -> None:
        self.frames = frames

    def __call__(self, done: int) -> None:
        if sys.stderr.isatty():
            end = "\n" if done == self.frames else ""
            print(f"\rdrawing {done}/{self.frames}", end=end, file=sys.stderr, flush=True)


def _positive(text: str) -> Fraction:
    try:
        value = Fraction(text)
    except (ValueError, ZeroDivisionError) as error:
        raise argparse.ArgumentTypeError(
            f"{text!r} is no number such as 20 or 30000/1001"
        ) from error
    if value <= 0:
        raise argparse.ArgumentTypeError(f"{text!r} is not more than 0")
    return value


def _size(text: str) -> tuple[int, int]:
    try:
        width, height = (int(part) for part in text.lower().split("x"))
    except ValueError as error:
        raise argparse.ArgumentTypeError(f"{text!r} is no size such as 1920x1080") from error
    return width, height

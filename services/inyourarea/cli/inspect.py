"""``inyourarea inspect``: what to expect of a video, before it is run."""

import argparse
import tempfile
from collections.abc import Iterator
from pathlib import Path

from inyourarea.cli.arguments import count
from inyourarea.core.picture import parse_aspect
from inyourarea.embedded.inspect import Inspection, inspect_video
from inyourarea.embedded.run import Request


def add_parser(subparsers: "argparse._SubParsersAction[argparse.ArgumentParser]") -> None:
    """Teach the command line this command."""
    parser = subparsers.add_parser(
        "inspect",
        help="look at a few seconds of a video and say what to expect",
        description="From a sample of frames: shots per minute, who is there, how often and how "
        "large, and the size that fancams would have. Takes about a tenth of a run's time.",
    )
    parser.add_argument("video", type=Path, metavar="VIDEO")
    parser.add_argument("--group", metavar="NAME|FILE", help="use the model of a group")
    parser.add_argument("--people", type=count, default=0, metavar="N", help="how many there are")


def main(args: argparse.Namespace) -> int:
    """Print what the sample tells; 0 when there was something to look at."""
    with tempfile.TemporaryDirectory(prefix="inyourarea-") as folder:
        request = Request(
            video=args.video,
            out=Path(folder),
            pictures=(parse_aspect("9:16"),),
            group=args.group,
            people=args.people,
        )
        print("\n".join(lines_of(inspect_video(request))))
    return 0


def lines_of(found: Inspection) -> Iterator[str]:
    """What is told of the sample, a line each."""
    width, height = found.size
    yield f"{width}x{height}, {found.seconds:.1f} s; looked at {found.sampled_s:.1f} s of it"
    yield _cuts(found)
    for one in found.people:
        size = f"{one.output[0]}x{one.output[1]}"
        yield (
            f"{one.name:16} on screen {one.share:4.0%}, face {one.face_px:3.0f} px, fancam {size}"
        )
    yield found.verdict


def _cuts(found: Inspection) -> str:
    if found.most_cuts_per_minute is None:
        return f"about {found.cuts_per_minute:.0f} cuts per minute"
    seen = {0: "no cut", 1: "1 cut"}.get(found.cuts, f"{found.cuts} cuts")
    return (
        f"{seen} in what was looked at: about {found.cuts_per_minute:.0f} cuts per minute, "
        f"hardly more than {found.most_cuts_per_minute:.0f}"
    )

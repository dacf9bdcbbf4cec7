"""``inyourarea collect``: pictures out of videos, with labels proposed, for a group's own model."""

import argparse
import json
from collections import Counter
from functools import partial
from pathlib import Path

from rich.console import Console

from inyourarea.cli.arguments import moment
from inyourarea.cli.dataset import MIN_HEIGHT
from inyourarea.cli.operating import place_on_cluster
from inyourarea.cli.progress import TRACKING, RunProgress
from inyourarea.contracts.datasets import SPLITS
from inyourarea.core.errors import Refused
from inyourarea.embedded.collect import Collected, Wanted, Watching, collect_videos
from inyourarea.runtime.collecting import pick_every, pick_smart

_EXAMPLES = """\
examples:
  inyourarea collect stage.mp4 --dataset tour/ --out out/
      every 15th frame of a video that `inyourarea run stage.mp4 --out out/ --pins pins.csv`
      has seen; whom the pins name is labelled wherever she was detected
  inyourarea collect a.mp4 b.mp4 --dataset tour/ --smart 300 --member Aria --member Bella
      the 300 frames of both that teach most; videos that were never run are run first
  inyourarea collect stage.mp4 --dataset tour/ --group show
      who is who as the group's model says

Everything is a proposal until somebody confirms it. Asked again nothing is taken twice, and what
somebody has labelled stays. Stop it at any moment: the same command goes on from there."""


def add_parser(subparsers: "argparse._SubParsersAction[argparse.ArgumentParser]") -> None:
    """Teach the command line this command."""
    parser = subparsers.add_parser(
        "collect",
        help="take pictures out of videos, to label and to train a group's own model on",
        description="Take pictures out of videos into a dataset, with boxes proposed from their "
        "runs.",
        epilog=_EXAMPLES,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument(
        "videos", type=Path, nargs="+", metavar="VIDEO", help="mp4, mov, mkv, webm, ts or gif"
    )
    parser.add_argument(
        "--dataset",
        type=Path,
        required=True,
        metavar="DIR",
        help="where the pictures go; where INYOURAREA_S3_* name a cluster, the name of a dataset",
    )
    parser.add_argument(
        "--from",
        dest="start",
        type=moment,
        metavar="T",
        help="only what is from here on (seconds, m:ss or h:mm:ss); that part is run by itself",
    )
    parser.add_argument("--to", dest="end", type=moment, metavar="T", help="only what is before")
    which = parser.add_mutually_exclusive_group()
    which.add_argument(
        "--every",
        type=_number,
        default=15,
        metavar="N",
        help="every N-th frame (default 15), or the next one to it that was looked at",
    )
    which.add_argument(
        "--smart",
        type=_number,
        metavar="N",
        help="instead the N frames, of all videos together, that teach most: where the program "
        "was unsure, sizes, views and lights not covered yet, no near-duplicates",
    )
    parser.add_argument(
        "--out",
        type=Path,
        metavar="DIR",
        help="where the videos were run (--out of `run`, --data of `serve`), or shall be "
        "(default: in the dataset's folder)",
    )
    parser.add_argument("--group", metavar="NAME|FILE", help="use the model of a group")
    parser.add_argument(
        "--member",
        action="append",
        default=[],
        metavar="NAME",
        help="a member, in the order of the classes; for a new dataset, or to add one",
    )
    parser.add_argument(
        "--min-height",
        type=_number,
        default=MIN_HEIGHT,
        metavar="PIXELS",
        help=f"warn of videos that are less high ({MIN_HEIGHT})",
    )
    parser.add_argument("--json", action="store_true", help="print the result as JSON")


def main(args: argparse.Namespace) -> int:
    """Collect; 0 when the pictures are there."""
    console = Console(stderr=True)
    place = place_on_cluster(args.dataset)
    if place and not args.out:
        raise Refused(f"--out DIR is needed, where videos are run: {args.dataset} has no folder")
    wanted = Wanted(
        videos=tuple(args.videos),
        dataset=args.dataset,
        out=args.out or args.dataset,
        choose=pick_smart if args.smart else pick_every,
        number=args.smart or args.every,
        group=args.group,
        members=tuple(args.member),
        least_height=args.min_height,
        start=args.start,
        end=args.end,
        place=place,
    )
    with RunProgress(console, TRACKING) as progress:
        watching = Watching(progress.note, partial(progress.count, "taking pictures"))
        collected = collect_videos(wanted, watching)
    if args.json:
        print(json.dumps([_as_json(one) for one in collected], ensure_ascii=False))
    else:
        _tell(console, collected)
        picked = sum(one.picked for one in collected)
        if args.smart and picked < args.smart:
            _say(console, f"only {picked} frames show somebody and are no near-duplicates")
    return 0


def _as_json(one: Collected) -> dict[str, object]:
    return {
        "video": str(one.video),
        "picked": one.picked,
        "added": len(one.added),
        "renewed": one.renewed,
        "lost": one.lost,
        "warnings": list(one.warnings),
    }


def _tell(console: Console, collected: list[Collected]) -> None:
    for one in collected:
        for sentence in one.warnings:
            _say(console, f"{one.video.name}: {sentence}")
        parts = Counter(labels.split for labels in one.added)
        boxes = [box for labels in one.added for box in labels.boxes]
        named = sum(bool(box.member) for box in boxes)
        split = ", ".join(f"{parts[part]} {part}" for part in SPLITS)
        _say(console, f"{one.video.name}: {len(one.added)} new pictures ({split})")
        if one.added:
            _say(console, f"  {len(boxes)} boxes proposed, {named} of them with a member's name")
        if was_there := one.picked - len(one.added) - one.lost:
            _say(console, f"  {was_there} were there already; of {one.renewed} proposals changed")


def _say(console: Console, sentence: str) -> None:
    console.print(sentence, highlight=False, markup=False, soft_wrap=True)


def _number(text: str) -> int:
    if not text.isdecimal() or not 0 < int(text) <= 1_000_000:
        raise argparse.ArgumentTypeError(f"{text!r} is no whole number from 1 to 1000000")
    return int(text)

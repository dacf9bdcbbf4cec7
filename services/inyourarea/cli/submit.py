"""``inyourarea submit``: a video to a server, which makes the fancams."""

import argparse
import json
from pathlib import Path

from rich.console import Console

from inyourarea.cli.arguments import count, label, moment, shape
from inyourarea.cli.server import (
    add_chosen,
    add_server,
    fetch_fancams,
    open_client,
    say,
    wait_for,
)
from inyourarea.cli.server_progress import ServerProgress
from inyourarea.client import Wishes
from inyourarea.core.framing import FRAMINGS
from inyourarea.core.picture import Picture, parse_aspect

_EXAMPLES = """\
examples:
  inyourarea submit stage.mp4 --server http://127.0.0.1:8000
      uploads it, prints the video's id, and leaves the work to the server
  inyourarea submit stage.mp4 --server https://fancams.example --out fancams/
      waits until the fancams are there, and fetches them
  inyourarea submit stage.mp4 --server URL --group show --from 1:02 --to 1:32 \\
      --external-id broadcast-2031 --label show=Inkigayo --json
      for programs: find it again by `inyourarea status --external-id broadcast-2031`

Stopped or broken off at any moment, the same command goes on from where the upload was. The same
file and wishes again are the same video: nothing is made twice."""


def add_parser(subparsers: "argparse._SubParsersAction[argparse.ArgumentParser]") -> None:
    """Teach the command line this command."""
    parser = subparsers.add_parser(
        "submit",
        help="send a video to a server, and have its fancams made there",
        description="Send a video to a server that `inyourarea serve` runs; it makes the fancams.",
        epilog=_EXAMPLES,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("video", type=Path, metavar="VIDEO", help="mp4, mov, mkv, webm, ts or gif")
    add_server(parser)
    _add_wishes(parser)
    after = parser.add_argument_group("when it is there")
    after.add_argument("--wait", action="store_true", help="wait until the fancams are finished")
    after.add_argument(
        "--out", type=Path, metavar="DIR", help="wait, and fetch the fancams into this folder"
    )
    add_chosen(parser)


def _add_wishes(parser: argparse.ArgumentParser) -> None:
    wishes = parser.add_argument_group("what to make of it")
    wishes.add_argument(
        "--from",
        dest="start",
        type=moment,
        metavar="T",
        help="begin here: seconds, m:ss or h:mm:ss",
    )
    wishes.add_argument("--to", dest="end", type=moment, metavar="T", help="end here")
    wishes.add_argument("--group", metavar="NAME", help="use this group's own model")
    wishes.add_argument(
        "--people",
        type=count,
        default=0,
        metavar="N",
        help="how many are on stage (default: found)",
    )
    wishes.add_argument(
        "--framing", choices=sorted(FRAMINGS), default="full", help="full (default): head to toe"
    )
    wishes.add_argument(
        "--aspect",
        action="append",
        type=shape,
        metavar="A:B",
        help="9:16 (default), 4:5, 1:1, or a size, such as 200x630; may be given several times",
    )
    wishes.add_argument("--title", default="", help="how it is called (default: the file's name)")
    wishes.add_argument("--external-id", metavar="ID", help="how you call it")
    wishes.add_argument(
        "--label",
        action="append",
        default=[],
        type=label,
        metavar="NAME=VALUE",
        help="something to find it by; may be given several times",
    )


def main(args: argparse.Namespace) -> int:
    """Send the video; 0 when it is accepted, or with --wait or --out finished."""
    console = Console(stderr=True)
    fancams: list[Path] = []
    with open_client(args) as client, ServerProgress(console) as progress:
        video = client.submit(args.video, _wishes(args), progress.counter("sending"))
        if args.wait or args.out:
            video = wait_for(client, video, progress)
        if args.out:
            fancams = fetch_fancams(client, args, video.id, progress)
    if args.json:
        found = {**video.model_dump(mode="json"), "fancams": [str(path) for path in fancams]}
        print(json.dumps(found, ensure_ascii=False))
        return 0
    if video.source.warning:
        say(console, video.source.warning)
    for path in fancams:
        say(console, str(path))
    print(video.id)
    return 0


def _wishes(args: argparse.Namespace) -> Wishes:
    return Wishes(
        title=args.title,
        from_s=None if args.start is None else float(args.start),
        to_s=None if args.end is None else float(args.end),
        group=args.group,
        people=args.people,
        framing=args.framing,
        aspects=tuple(dict.fromkeys(map(_written, args.aspect or [parse_aspect("9:16")]))),
        external_id=args.external_id,
        labels=dict(args.label),
    )


def _written(picture: Picture) -> str:
    """The shape as the API takes it."""
    return picture.label if picture.size else picture.label.replace("x", ":")

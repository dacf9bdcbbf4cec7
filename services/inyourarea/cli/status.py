"""``inyourarea status``: what a server has, and how far it is."""

import argparse
import itertools
import json

from rich.console import Console

from inyourarea.cli.arguments import count, label
from inyourarea.cli.server import add_server, open_client, say
from inyourarea.client import Client, Person, Search, Video

_EXAMPLES = """\
examples:
  inyourarea status --server http://127.0.0.1:8000
      the newest videos, one per line
  inyourarea status --server URL --find "music bank" --label show=Inkigayo
      those that match
  inyourarea status 9f2c6d0e4a1b8c3d5e7f90a1b2c3d4e5 --server URL
      one video: how far each stage is, who is in it, and what should be looked at"""


def add_parser(subparsers: "argparse._SubParsersAction[argparse.ArgumentParser]") -> None:
    """Teach the command line this command."""
    parser = subparsers.add_parser(
        "status",
        help="tell what a server has, and how far it is",
        description="Tell which videos a server has, or how far one of them is.",
        epilog=_EXAMPLES,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("video", nargs="?", metavar="VIDEO_ID", help="only this one, in detail")
    add_server(parser)
    finding = parser.add_argument_group("which videos to list")
    finding.add_argument("--find", default="", metavar="WORDS", help="words of title or names")
    finding.add_argument("--external-id", metavar="ID", help="as it was given to `submit`")
    finding.add_argument(
        "--label", action="append", default=[], type=label, metavar="NAME=VALUE", help="likewise"
    )
    finding.add_argument(
        "--most", type=count, default=50, metavar="N", help="list so many at most (50)"
    )


def main(args: argparse.Namespace) -> int:
    """Tell it; 0 when the server answers."""
    console = Console()
    with open_client(args) as client:
        if args.video:
            _tell_one(console, client, args)
        else:
            _tell_all(console, client, args)
    return 0


def _tell_all(console: Console, client: Client, args: argparse.Namespace) -> None:
    search = Search(query=args.find, labels=dict(args.label), external_id=args.external_id)
    found = list(itertools.islice(client.videos(search), args.most))
    if args.json:
        print(json.dumps([video.model_dump(mode="json") for video in found], ensure_ascii=False))
        return
    for video in found:
        say(console, f"{video.id}  {_state(video):<10} {video.title}")
    if not found:
        say(console, "no video here matches")


def _tell_one(console: Console, client: Client, args: argparse.Namespace) -> None:
    video = client.video(args.video)
    people = client.people(video.id) if video.shown_run_id else ()
    if args.json:
        found = {
            **video.model_dump(mode="json"),
            "people": [somebody.model_dump(mode="json") for somebody in people],
        }
        print(json.dumps(found, ensure_ascii=False))
        return
    say(console, f"{video.title}: {_state(video)}")
    if video.failure:
        say(console, video.failure)
    if not video.is_settled:
        for stage in video.progress:
            say(console, f"  {stage.stage}: {stage.done} of {stage.total}")
    for somebody in people:
        say(console, f"  {_of(somebody)}")
    if video.shown_run_id and not people:
        say(console, "  nobody was found in it")


def _state(video: Video) -> str:
    if video.is_settled:
        return video.state
    done, total = (sum(getattr(one, name) for one in video.progress) for name in ("done", "total"))
    return f"{100 * done // max(total, 1)} %"


def _of(somebody: Person) -> str:
    finished = [fancam.aspect for fancam in somebody.fancams if fancam.url]
    unseen = sum(not span.confirmed for span in somebody.spans)
    fancams = f"fancams {', '.join(finished)}" if finished else "no fancam yet"
    look = f"; look at {unseen} spans" if unseen else ""
    return f"{somebody.name} ({somebody.id}): {fancams}; {somebody.publication.state}{look}"

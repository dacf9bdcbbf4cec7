"""``inyourarea fetch``: finished fancams from a server."""

import argparse
import json
from pathlib import Path

from rich.console import Console

from inyourarea.cli.arguments import shape
from inyourarea.cli.server import (
    add_chosen,
    add_server,
    fetch_fancams,
    open_client,
    say,
)
from inyourarea.cli.server_progress import ServerProgress

_EXAMPLES = """\
examples:
  inyourarea fetch 9f2c6d0e4a1b8c3d5e7f90a1b2c3d4e5 --server http://127.0.0.1:8000 --out fancams/
      everybody's fancams
  inyourarea fetch ID --server URL --out fancams/ --member Aria --aspect 9:16
      hers, in one shape

Stopped at any moment, the same command goes on from there; what is there already and is still the
same on the server is not fetched again."""


def add_parser(subparsers: "argparse._SubParsersAction[argparse.ArgumentParser]") -> None:
    """Teach the command line this command."""
    parser = subparsers.add_parser(
        "fetch",
        help="fetch finished fancams from a server",
        description="Fetch the fancams of a video that a server has made.",
        epilog=_EXAMPLES,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("video", metavar="VIDEO_ID", help="as `inyourarea submit` prints it")
    add_server(parser)
    parser.add_argument("--out", type=Path, required=True, metavar="DIR", help="where files go")
    add_chosen(parser)
    parser.add_argument(
        "--aspect",
        action="append",
        type=shape,
        metavar="A:B",
        help="only this shape; may be given several times",
    )


def main(args: argparse.Namespace) -> int:
    """Fetch the fancams; 0 when all that are finished are there."""
    console = Console(stderr=True)
    with open_client(args) as client, ServerProgress(console) as progress:
        fancams = fetch_fancams(client, args, args.video, progress)
    if args.json:
        print(json.dumps({"fancams": [str(path) for path in fancams]}, ensure_ascii=False))
        return 0
    for path in fancams:
        say(console, str(path))
    return 0

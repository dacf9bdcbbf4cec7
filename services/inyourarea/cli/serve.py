"""``inyourarea serve``: the site, on this machine."""

import argparse
import socket
from pathlib import Path

import uvicorn
from rich.console import Console

from inyourarea.core.errors import Refused
from inyourarea.embedded.serving import add_video, open_site
from inyourarea.gateway.settings import GatewaySettings

_EXAMPLES = """\
examples:
  inyourarea serve
      upload, watch and correct at http://127.0.0.1:8000; everything is kept in ./inyourarea-data
  inyourarea serve --data out/ stage.mp4
      with a video to begin with; nothing is made again that `inyourarea run stage.mp4 --out out/`
      has made"""


def add_parser(subparsers: "argparse._SubParsersAction[argparse.ArgumentParser]") -> None:
    """Teach the command line this command."""
    parser = subparsers.add_parser(
        "serve",
        help="open the site: upload, watch, correct, publish",
        description="Serve the web page and the API on this machine, with all stages at work.",
        epilog=_EXAMPLES,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument(
        "videos", nargs="*", type=Path, metavar="VIDEO", help="videos to add, as if uploaded"
    )
    parser.add_argument("--group", metavar="NAME", help="the group that is in those videos")
    folder = Path("inyourarea-data")
    parser.add_argument(
        "--data", type=Path, default=folder, metavar="DIR", help=f"where all is kept ({folder})"
    )
    parser.add_argument("--port", type=int, default=8000, help="0: any that is free")


def main(args: argparse.Namespace) -> int:
    """Serve until somebody stops it."""
    settings = GatewaySettings(trusts_everybody=True)
    try:
        args.data.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise Refused(f"{args.data} can not be made: {error.strerror}") from error
    listening = _listen("127.0.0.1", args.port)
    console = Console(stderr=True)
    with open_site(args.data, settings) as site:
        address = f"http://127.0.0.1:{listening.getsockname()[1]}"
        for video in args.videos:
            added = add_video(site, video, args.group)
            console.print(f"{video}: {address}/watch/{added}", highlight=False, soft_wrap=True)
        console.print(f"InYourArea is at {address} (Ctrl-C ends it)", highlight=False)
        config = uvicorn.Config(
            site.app, log_level="warning", timeout_graceful_shutdown=3, server_header=False
        )
        uvicorn.Server(config).run(sockets=[listening])
    return 0


def _listen(host: str, port: int) -> socket.socket:
    listening = socket.socket()
    listening.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        listening.bind((host, port))
    except (OSError, OverflowError) as error:
        raise Refused(
            f"nothing can listen at {host}:{port}: {error}; choose another --port"
        ) from error
    return listening

"""``inyourarea serve``: the site, on this machine."""

import argparse
import os
import socket
from dataclasses import replace
from pathlib import Path

import uvicorn
from rich.console import Console

from inyourarea.core.errors import Refused
from inyourarea.embedded.serving import open_site
from inyourarea.gateway.settings import read_settings

_EXAMPLES = """\
examples:
  inyourarea serve
      upload, watch and correct at http://127.0.0.1:8000; everything is kept in ./inyourarea-data
  inyourarea serve --data out/ --port 9000
      beside what `inyourarea run --out out/` has made: nothing of it is made again"""


def add_parser(subparsers: "argparse._SubParsersAction[argparse.ArgumentParser]") -> None:
    """Teach the command line this command."""
    parser = subparsers.add_parser(
        "serve",
        help="open the site: upload, watch, correct, publish",
        description="Serve the web page and the API on this machine, with all stages at work.",
        epilog=_EXAMPLES,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    folder = Path("inyourarea-data")
    parser.add_argument(
        "--data", type=Path, default=folder, metavar="DIR", help=f"where all is kept ({folder})"
    )
    parser.add_argument("--port", type=int, default=8000, help="0: any that is free")


def main(args: argparse.Namespace) -> int:
    """Serve until somebody stops it."""
    settings = replace(read_settings(os.environ), trusts_everybody=True)
    try:
        args.data.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise Refused(f"{args.data} can not be made: {error.strerror}") from error
    listening = _listen("127.0.0.1", args.port)
    console = Console(stderr=True)
    with open_site(args.data, settings) as site:
        address = f"http://127.0.0.1:{listening.getsockname()[1]}"
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

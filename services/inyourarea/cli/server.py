"""What all commands that speak to a server share: its address, the token, and plain text."""

import argparse
import os
from pathlib import Path

from rich.console import Console

from inyourarea.cli.server_progress import ServerProgress
from inyourarea.client import Client, Video
from inyourarea.core.errors import Refused

#: The environment's name for the token, so that it is in no list of processes.
TOKEN = "INYOURAREA_TOKEN"
#: Bytes of a token file that are read at most; a wrong file must not fill memory.
_MOST_TOKEN = 4096


def add_server(parser: argparse.ArgumentParser) -> None:
    """Teach a command which server it speaks to, and as whom."""
    group = parser.add_argument_group("the server")
    group.add_argument(
        "--server", required=True, metavar="URL", help="such as http://127.0.0.1:8000"
    )
    group.add_argument(
        "--token-file",
        type=Path,
        metavar="FILE",
        help=f"holds your token; else {TOKEN} is read from the environment",
    )
    parser.add_argument("--json", action="store_true", help="print the result as JSON")


def add_chosen(parser: argparse.ArgumentParser) -> None:
    """Teach a command whose fancams it fetches, and in which shapes."""
    parser.add_argument(
        "--member",
        action="append",
        default=[],
        metavar="NAME",
        help="only this person, by name or id; may be given several times",
    )


def open_client(args: argparse.Namespace) -> Client:
    """A client for the server that was named.

    Raises:
        Refused: the address or the token can not be used.
    """
    return Client(args.server, _token(args.token_file))


def _token(file: Path | None) -> str | None:
    if file is None:
        text = os.environ.get(TOKEN, "")
    else:
        try:
            with file.open("rb") as opened:
                text = opened.read(_MOST_TOKEN).decode("ascii", errors="replace")
        except OSError as error:
            raise Refused(f"the token file {file} can not be read: {error.strerror}") from error
    token = text.strip()
    if not (token.isascii() and token.isprintable()) or (file is not None and not token):
        raise Refused(f"there is no token in {file or TOKEN}; it is one line of ASCII")
    return token or None


def plain(text: str) -> str:
    """Text of somebody else without signs that a terminal would obey."""
    return "".join(sign if sign.isprintable() else "\N{REPLACEMENT CHARACTER}" for sign in text)


def say(console: Console, text: str) -> None:
    """A line of text, as it is."""
    console.print(plain(text), highlight=False, markup=False, soft_wrap=True)


def wait_for(client: Client, video: Video, progress: ServerProgress) -> Video:
    """The video, when it is ready.

    Raises:
        Refused: it failed, or was cancelled.
    """
    ended = client.wait(video.id, progress.note)
    if ended.state == "failed":
        raise Refused(plain(ended.failure or "the video failed, and the server does not say why"))
    if ended.state == "cancelled":
        raise Refused(f"somebody has cancelled {ended.id}; `inyourarea status` tells of others")
    return ended


def fetch_fancams(
    client: Client, args: argparse.Namespace, video: str, progress: ServerProgress
) -> list[Path]:
    """The video's fancams lie in ``args.out``: those of ``args.member`` and ``args.aspect``.

    Raises:
        Refused: there is none, or they can not be written.
    """
    shapes = [picture.label for picture in args.aspect or ()]
    wanted = client.wanted(client.watch(video), args.member, shapes)
    if not wanted:
        raise Refused(
            "no fancam of these is finished; `inyourarea status` tells how far the video is"
        )
    return [client.fetch(one, args.out, progress.counter(one.file)) for one in wanted]

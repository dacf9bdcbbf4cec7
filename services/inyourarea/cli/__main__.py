"""The entry point of ``inyourarea``: finds the command, and turns trouble into one clear line."""

import argparse
import importlib
import logging
import os
import signal
import sys
import threading
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from types import ModuleType
from typing import NoReturn

from inyourarea.core.errors import DependencyAway, Refused
from inyourarea.runtime.bus import BusAway
from inyourarea.runtime.disk import words_for
from inyourarea.runtime.objects import ObjectsAway

#: One module each; the order is that of the help.
COMMANDS = (
    *("run", "serve", "token", "inspect", "score", "stage_show", "models", "train_show"),
    *("collect", "dataset", "train"),
    *("submit", "status", "fetch", "pin", "store", "topics", "catalog"),
    *("runs", "dead_letters", "gc", "usage"),
)

#: What of `pip install 'inyourarea[...]'` brings packages that a command needs only for some ends.
_EXTRAS_OF_PACKAGES = {
    "kafka": "cluster",
    "minio": "cluster",
    "grpc": "grpc",
    "tritonclient": "triton",
}
#: What brings the other packages that a command needs; of others it is `laptop`.
_EXTRAS = {
    "score": "track",
    "train": "train",
    "train_show": "train",
    **dict.fromkeys(("submit", "status", "fetch", "pin"), "client"),
}

#: What does not begin anew when it was stopped and is asked again.
_GO_ON = {"run", "serve", "collect", "train", "train_show", "submit", "fetch"}
_INTERRUPTED = 130
#: EX_TEMPFAIL of sysexits.h.
_AWAY = 75


def build_parser(commands: Sequence[str] = COMMANDS) -> argparse.ArgumentParser:
    """The command line of these commands; each is imported, so name few to start fast.

    Of one that can not be imported there is only what it needs.
    """
    parser = argparse.ArgumentParser(
        prog="inyourarea",
        description="One video of a group on stage in, one steady vertical fancam per member out.",
        epilog="`inyourarea COMMAND --help` explains a command, with examples.",
    )
    parser.add_argument("--verbose", action="store_true", help="log what the stages do")
    subparsers = parser.add_subparsers(
        title="commands", dest="command", metavar="COMMAND", required=True
    )
    for name in commands:
        try:
            _module(name).add_parser(subparsers)
        except Refused as refused:
            subparsers.add_parser(name.replace("_", "-"), help=str(refused))
    return parser


def main(argv: list[str] | None = None) -> int:
    """Run one command; 0 when it did what was asked, 1 on trouble, 2 on wrong usage.

    75 where the store, Kafka or the database is away: the same command may do it later.
    """
    words = sys.argv[1:] if argv is None else argv
    named = [word.replace("-", "_") for word in words]
    wanted = [name for name in named[:2] if name in COMMANDS][:1]
    signal.signal(signal.SIGTERM, _interrupt)
    try:
        for name in wanted:  # one that can not be imported is refused before its words are read
            _module(name)
        args = _parsed(build_parser(wanted or COMMANDS), words)
        logging.basicConfig(level=logging.INFO if args.verbose else logging.CRITICAL)
        with _what_is_missing_named(args.command):
            return int(_module(args.command).main(args))
    except KeyboardInterrupt:
        goes_on = not _GO_ON.isdisjoint(wanted)
        print("stopped" + "; the same command goes on from here" * goes_on, file=sys.stderr)
        return _INTERRUPTED
    except BrokenPipeError:
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 1
    except (Refused, ObjectsAway, BusAway, DependencyAway) as trouble:
        print(f"inyourarea: {_in_one_line(str(trouble))}", file=sys.stderr)
        return 1 if isinstance(trouble, Refused) else _AWAY
    except OSError as trouble:
        logging.getLogger(__name__).info("what failed", exc_info=True)
        place = f"{trouble.filename}: " if trouble.filename else ""
        print(f"inyourarea: {_in_one_line(place)}{words_for(trouble)}", file=sys.stderr)
        return 1


def entry() -> NoReturn:
    """What ``inyourarea`` calls: the process ends with the code of `main`.

    A stage that did not end in time is in some library's machine code, and an interpreter that ends
    would end its thread there: C++ answers that by aborting the process.
    """
    code = main()
    sys.stdout.flush()
    sys.stderr.flush()
    if code and any(thread.daemon for thread in threading.enumerate()):
        os._exit(code)
    sys.exit(code)


def _in_one_line(text: str) -> str:
    """A sentence about a file is one line, whatever the file is called."""
    return "".join(letter if letter.isprintable() else repr(letter)[1:-1] for letter in text)


def _parsed(parser: argparse.ArgumentParser, words: Sequence[str]) -> argparse.Namespace:
    args, left = parser.parse_known_args(words)
    if left:
        hint = ""
        if not left[0].startswith("-"):
            hint = "; name an option before each of its values: --aspect 9:16 --aspect 1:1"
        parser.error(f"unrecognized arguments: {' '.join(left)}{hint}")
    return args


def _module(name: str) -> ModuleType:
    with _what_is_missing_named(name):
        return importlib.import_module(f"inyourarea.cli.{name.replace('-', '_')}")


@contextmanager
def _what_is_missing_named(command: str) -> Iterator[None]:
    try:
        yield
    except ModuleNotFoundError as missing:
        package = (missing.name or "").partition(".")[0]
        if package in ("", "inyourarea"):
            raise
        of_command = _EXTRAS.get(command.replace("-", "_"), "laptop")
        extra = _EXTRAS_OF_PACKAGES.get(package, of_command)
        raise Refused(
            f"{command.replace('_', '-')} needs {package}, which is not installed: "
            f"pip install 'inyourarea[{extra}]'"
        ) from missing


def _interrupt(number: int, frame: object) -> None:  # noqa: ARG001 - as signal calls it
    raise KeyboardInterrupt


if __name__ == "__main__":
    entry()

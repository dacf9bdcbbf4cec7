"""``inyourarea pin``: says who is who in a server's video, and what that changes."""

import argparse
import itertools
import json
from collections.abc import Sequence
from fractions import Fraction
from pathlib import Path

from rich.console import Console

from inyourarea.cli.server import add_server, open_client, say
from inyourarea.client import Client, Pins, PinsPreview, Watch
from inyourarea.client import Pin as AskedPin
from inyourarea.core.errors import PinRejected, Refused
from inyourarea.core.pin_files import read_pins
from inyourarea.core.pins import NOBODY, Pin
from inyourarea.core.text_lines import text_lines

_EXAMPLES = """\
examples:
  inyourarea pin ID --server http://127.0.0.1:8000 --pins pins.csv --preview
      only tells what would change
  inyourarea pin ID --server URL --pins pins.csv
      tells it, then has the fancams drawn again where they change
  inyourarea pin ID --server URL --pins pins.csv --replace
      takes back the pins that the file does not have

A line of the file is from,to,x,y,w,h,name: `12.5,,640,210,,,Lisa` says that whoever is at
(640, 210) 12.5 s into the video is Lisa; `!Lisa` says that it is not her, `nobody` that it is
no member."""

_WORDS = {"seen": "seen", "unseen": "nowhere", "elsewhere": "somewhere else"}


def add_parser(subparsers: "argparse._SubParsersAction[argparse.ArgumentParser]") -> None:
    """Teach the command line this command."""
    parser = subparsers.add_parser(
        "pin",
        help="say who is who in a video on a server",
        description="Add the pins of a file to a video on a server, and tell what they change.",
        epilog=_EXAMPLES,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("video", metavar="VIDEO_ID", help="as `inyourarea submit` prints it")
    add_server(parser)
    parser.add_argument(
        "--pins", type=Path, required=True, metavar="FILE", help="CSV of from,to,x,y,w,h,name"
    )
    parser.add_argument("--preview", action="store_true", help="change nothing, only tell")
    parser.add_argument(
        "--replace", action="store_true", help="the file is all pins: others are taken back"
    )


def main(args: argparse.Namespace) -> int:
    """Tell what the pins change, and apply them; 0 when they can be followed."""
    console = Console()
    pins = _read(args.pins)
    with open_client(args) as client:
        there = client.pins(args.video)
        kept = () if args.replace else there.pins
        asked = Pins(revision=there.revision, pins=tuple(dict.fromkeys((*kept, *pins))))
        preview = client.preview_pins(args.video, asked)
        if not args.json:
            _tell(console, client, args.video, preview)
        video = None if args.preview else client.set_pins(args.video, asked)
    if args.json:
        found = {
            **preview.model_dump(mode="json"),
            "video": video.model_dump(mode="json") if video else None,
        }
        print(json.dumps(found, ensure_ascii=False))
    elif video:
        say(console, f"applied; `inyourarea fetch {video.id}` when `inyourarea status` says ready")
    return 0


def _read(path: Path) -> list[AskedPin]:
    try:
        with path.open("rb") as opened:
            return [_asked(pin) for pin in read_pins(text_lines(opened, PinRejected))]
    except OSError as error:
        raise Refused(f"the pins file {path} can not be read: {error.strerror}") from error


def _asked(pin: Pin) -> AskedPin:
    return AskedPin(
        from_s=float(pin.start),
        to_s=None if pin.end is None else float(pin.end),
        x=pin.x,
        y=pin.y,
        w=pin.width,
        h=pin.height,
        person=None if pin.name == NOBODY else pin.name,
        nobody=pin.name == NOBODY,
        denies=pin.is_denial,
    )


def _tell(console: Console, client: Client, video: str, preview: PinsPreview) -> None:
    if preview.changes:
        seconds = _seconds(client.watch(video))
        for change in preview.changes:
            span = f"{_stamp(seconds, change.from_frame)} to {_stamp(seconds, change.to_frame)}"
            places = f"was {_WORDS[change.was]}, becomes {_WORDS[change.becomes]}"
            say(console, f"{change.name}, {span}: {places}")
    segments = preview.segments
    say(console, f"{segments.changed} of {segments.total} segments are drawn again")


def _seconds(watch: Watch) -> list[Fraction]:
    """When each frame is shown."""
    base = Fraction(watch.times.time_base)
    return [pts * base for pts in itertools.accumulate(watch.times.pts)]


def _stamp(seconds: Sequence[Fraction], frame: int) -> str:
    """A frame's time as m:ss.s; the last one's where the preview knows more frames."""
    at = float(seconds[min(frame, len(seconds) - 1)])
    return f"{int(at // 60)}:{at % 60:04.1f}"

"""``inyourarea run``: a video in, one fancam per person out."""

import argparse
from pathlib import Path

from inyourarea.cli.arguments import aspect, count, moment
from inyourarea.core.errors import Refused
from inyourarea.core.framing import FRAMINGS
from inyourarea.core.picture import Picture, parse_size
from inyourarea.embedded.hand import hand_at_work

_EXAMPLES = """\
examples:
  inyourarea run stage.mp4 --out out/
      finds the people and writes out/fancams/person-1.mp4, person-2.mp4, ...
  inyourarea run stage.mp4 --out out/ --group show --member Aria
      with a group's own model: only Aria's fancam
  inyourarea run stage.mp4 --out out/ --aspect 9:16 --aspect 1:1
      another shape for the same people; nothing is detected again
  inyourarea run stage.mp4 --out out/ --from 1:02 --to 1:32 --framing upper
      half a minute, head to waist

Asked again with the same --out it goes on where it was stopped and does nothing twice."""


def add_parser(subparsers: "argparse._SubParsersAction[argparse.ArgumentParser]") -> None:
    """Teach the command line this command."""
    parser = subparsers.add_parser(
        "run",
        help="make a fancam of everybody in a video",
        description="Follow everybody in a video of a group on stage, and write a vertical "
        "video of each.",
        epilog=_EXAMPLES,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("video", type=Path, metavar="VIDEO", help="mp4, mov, mkv, webm, ts or gif")
    parser.add_argument("--out", type=Path, required=True, metavar="DIR", help="where files go")
    _add_what_to_see(parser)
    _add_what_to_show(parser)
    parser.add_argument("--json", action="store_true", help="print the result as JSON")


def _add_what_to_see(parser: argparse.ArgumentParser) -> None:
    seeing = parser.add_argument_group("what to look at, and who is who")
    seeing.add_argument(
        "--from",
        dest="start",
        type=moment,
        metavar="T",
        help="begin here: seconds, m:ss or h:mm:ss",
    )
    seeing.add_argument("--to", dest="end", type=moment, metavar="T", help="end here")
    seeing.add_argument(
        "--group", metavar="NAME|FILE", help="use the model of a group that was trained for it"
    )
    seeing.add_argument(
        "--people",
        type=count,
        default=0,
        metavar="N",
        help="how many there are on stage (default: found)",
    )
    seeing.add_argument(
        "--pins",
        type=Path,
        metavar="FILE",
        help="CSV of from,to,x,y,w,h,name: who is who, also by names that an earlier run printed; "
        "times count from --from",
    )
    seeing.add_argument(
        "--boxes",
        type=Path,
        metavar="FILE",
        help="boxes to use instead of a detector's; frames count from 1 over the whole video, "
        "those that can not be decoded too",
    )
    seeing.add_argument(
        "--confidence",
        type=_share,
        metavar="P",
        help="believe boxes from this score on, 0..1 (default: the model's own)",
    )
    seeing.add_argument(
        "--smooth",
        type=count,
        default=0,
        metavar="N",
        help="average boxes over N frames (default: not)",
    )


def _add_what_to_show(parser: argparse.ArgumentParser) -> None:
    showing = parser.add_argument_group("what the fancams show")
    showing.add_argument(
        "--framing", choices=sorted(FRAMINGS), default="full", help="full (default): head to toe"
    )
    shape = showing.add_mutually_exclusive_group()
    shape.add_argument(
        "--aspect",
        action="append",
        type=aspect,
        metavar="A:B",
        help="9:16 (default), 4:5, 1:1, 16:9, ...; may be given several times",
    )
    shape.add_argument("--size", type=_size, metavar="WxH", help="exact size, such as 200x630")
    showing.add_argument(
        "--member",
        action="append",
        default=[],
        metavar="NAME",
        help="only this person; may be given several times",
    )


def main(args: argparse.Namespace) -> int:
    """Run the video through all stages; 0 when the fancams are there."""
    with hand_at_work() as hand:
        # Imported beside what the other process imports: most of a second each.
        from inyourarea.cli.running import run_and_tell  # noqa: PLC0415

        run_and_tell(args, hand)
    return 0


def _size(text: str) -> Picture:
    try:
        return parse_size(text)
    except Refused as error:
        raise argparse.ArgumentTypeError(str(error)) from error


def _share(text: str) -> float:
    try:
        value = float(text)
    except ValueError:
        value = -1.0
    if not 0 < value < 1:
        raise argparse.ArgumentTypeError(f"{text!r} is no share between 0 and 1")
    return value

"""``inyourarea usage``: who has used how much."""

import argparse
import json
from datetime import UTC, datetime

from rich.console import Console
from rich.table import Table

from inyourarea.cli.operating import WHERE, add_place, open_objects
from inyourarea.cli.server import plain
from inyourarea.gateway.usage import Books, Usage

_EXAMPLES = f"""\
examples:
  inyourarea usage --by owner --since 2026-11-01
      video that was submitted and processor seconds by stage since then, bytes that are stored now
  inyourarea usage --by owner --data inyourarea-data --json

Who owns a run is who asked for it first, by the name of her token; what nobody asked a site for is
this machine's. What a model server (Triton) computes is nobody's: where people are found by one,
detect's seconds are what is left beside it. A site refuses what is more than
INYOURAREA_GATEWAY_QUOTA_HOURS of video a month.

{WHERE}"""


def add_parser(subparsers: "argparse._SubParsersAction[argparse.ArgumentParser]") -> None:
    """Teach the command line this command."""
    parser = subparsers.add_parser(
        "usage",
        help="tell who has used how much",
        description="Video, processor seconds and bytes, by whoever asked for them.",
        epilog=_EXAMPLES,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("--by", choices=("owner",), default="owner", help="(owner)")
    parser.add_argument(
        "--since", type=_day, metavar="YYYY-MM-DD", help="the first day that counts"
    )
    add_place(parser)
    parser.add_argument("--json", action="store_true", help="print the result as JSON")


def main(args: argparse.Namespace) -> int:
    """Tell it."""
    found = Books(open_objects(args.data)).usage(args.since or 0.0)
    if args.json:
        print(json.dumps([vars(one) for one in found], ensure_ascii=False))
        return 0
    stages = sorted({stage for one in found for stage in one.cpu_s})
    heads = ("Owner", "Videos", "Hours of video", *(f"CPU s, {stage}" for stage in stages), "MB")
    table = Table(*heads, box=None, pad_edge=False)
    for one in found:
        table.add_row(*_row(one, stages))
    Console(highlight=False, markup=False).print(table)
    return 0


def _row(one: Usage, stages: list[str]) -> list[str]:
    cpu = [f"{one.cpu_s.get(stage, 0.0):,.1f}" for stage in stages]
    owner = plain(one.owner) or "this machine"
    size = f"{one.stored_bytes / 1e6:,.1f}"
    return [owner, str(one.videos), f"{one.video_s / 3600:.3f}", *cpu, size]


def _day(text: str) -> float:
    try:
        return datetime.strptime(text, "%Y-%m-%d").replace(tzinfo=UTC).timestamp()
    except ValueError as error:
        raise argparse.ArgumentTypeError(f"{text[:40]!r} is no day; write 2026-11-01") from error

"""``inyourarea gc``: takes out of the store what no run needs any more."""

import argparse
import time

from rich.console import Console
from rich.table import Table

from inyourarea.cli.operating import WHERE, add_place, open_objects
from inyourarea.core.errors import Refused
from inyourarea.gateway.collecting import (
    GRACE_H,
    LEAST_GRACE_S,
    Times,
    by_class,
    find_garbage,
    sweep_garbage,
)

_EXAMPLES = f"""\
examples:
  inyourarea gc --dry-run --data inyourarea-data
      what would go, and what is too young to tell
  inyourarea gc --apply
      it goes; runs may be under way meanwhile, and people at work

Kept are the newest run of every video, the one that is shown, those of which somebody's fancams
are approved or published, those that were replaced within the grace, and all of a source of which
a run is under way.

{WHERE}"""


def add_parser(subparsers: "argparse._SubParsersAction[argparse.ArgumentParser]") -> None:
    """Teach the command line this command."""
    parser = subparsers.add_parser(
        "gc",
        help="take out of the store what no run needs any more",
        description="Take out of the object store what no run needs any more.",
        epilog=_EXAMPLES,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    how = parser.add_mutually_exclusive_group(required=True)
    how.add_argument("--dry-run", action="store_true", help="only tell what would go")
    how.add_argument("--apply", action="store_true", help="it goes")
    parser.add_argument(
        "--grace-hours",
        type=float,
        default=GRACE_H,
        metavar="HOURS",
        help=f"what is younger stays ({GRACE_H}; 1 at least)",
    )
    add_place(parser)


def main(args: argparse.Namespace) -> int:
    """What no run needs is gone, or told."""
    times = Times(time.time(), 3600 * args.grace_hours)
    if times.grace_s < LEAST_GRACE_S:
        raise Refused("--grace-hours must be 1 or more: a unit under way may take that long")
    objects = open_objects(args.data)
    garbage = find_garbage(objects, times)
    removed = by_class(sweep_garbage(objects, garbage, times) if args.apply else garbage.old)
    young, needed = by_class(garbage.young), by_class(garbage.needed)
    heads = ("Gone" if args.apply else "Would go", "Too young", "Needed")
    table = Table("Objects", *heads, box=None, pad_edge=False)
    for name in sorted({*removed, *young, *needed}):
        table.add_row(name, *(_told(found.get(name)) for found in (removed, young, needed)))
    table.add_row("all", *(_told(_sum(found)) for found in (removed, young, needed)))
    Console(highlight=False, markup=False).print(table)
    return 0


def _sum(found: dict[str, tuple[int, int]]) -> tuple[int, int]:
    return sum(count for count, _ in found.values()), sum(size for _, size in found.values())


def _told(found: tuple[int, int] | None) -> str:
    if not found or not found[0]:
        return "-"
    return f"{found[0]} ({found[1] / 1e6:,.1f} MB)"

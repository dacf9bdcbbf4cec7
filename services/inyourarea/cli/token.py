"""``inyourarea token``: who may use the site from elsewhere."""

import argparse
import os
from contextlib import closing
from datetime import UTC, datetime
from pathlib import Path

from rich.console import Console
from rich.table import Table

from inyourarea.core.errors import Refused
from inyourarea.gateway.access import Role
from inyourarea.gateway.catalog import Catalog, Row
from inyourarea.gateway.tokens import TokenAsked, Tokens
from inyourarea.runtime.settings import PREFIX

_EXAMPLES = """\
examples:
  inyourarea token create --role operator --name laptop
      a token that may do everything, until it is revoked; it is told once
  inyourarea token create --role editor --name Mina --days 30 --label tour:2026
      adds and corrects videos that are labelled tour:2026, for 30 days
  inyourarea token list
  inyourarea token revoke 4be0643f1d98"""
_ROLES = ("viewer", "editor", "operator")
_FOLDER = Path("inyourarea-data")
#: A cluster's gateway is told so where its catalog is.
_DATABASE = f"{PREFIX}CATALOG_URL"


def add_parser(subparsers: "argparse._SubParsersAction[argparse.ArgumentParser]") -> None:
    """Teach the command line this command."""
    parser = subparsers.add_parser(
        "token",
        help="make, list and revoke tokens for the site",
        description="Who may use the site from elsewhere, and as what.",
        epilog=_EXAMPLES,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    verbs = parser.add_subparsers(dest="verb", metavar="VERB", required=True)
    create = verbs.add_parser("create", help="a new token; it is told once")
    create.add_argument("--role", choices=_ROLES, required=True)
    create.add_argument("--name", required=True, help="of whoever holds it, for the records")
    create.add_argument("--days", type=float, help="how long it lives (until it is revoked)")
    create.add_argument(
        "--label",
        action="append",
        metavar="NAME:VALUE",
        help="only videos that carry this label, or one of several (all videos)",
    )
    every = verbs.add_parser("list", help="all tokens, without their secrets")
    revoke = verbs.add_parser("revoke", help="a token opens nothing any more")
    revoke.add_argument("id", metavar="ID", help="as `token list` tells it")
    for verb in (create, every, revoke):
        verb.add_argument(
            "--data",
            type=Path,
            metavar="DIR",
            help=f"of the site (the database of {_DATABASE}, else {_FOLDER})",
        )


def main(args: argparse.Namespace) -> int:
    """Do one thing with tokens; a site that is being served heeds it at once."""
    with closing(_open(args.data)) as catalog:
        _do(args, Tokens(catalog))
    return 0


def _do(args: argparse.Namespace, tokens: Tokens) -> None:
    if args.verb == "create":
        labels = None if args.label is None else tuple(args.label)
        asked = TokenAsked(args.name, Role[args.role.upper()], labels, args.days)
        print(tokens.create(asked)[0])
    elif args.verb == "list":
        _print(tokens.all())
    elif not tokens.revoke(args.id):
        raise Refused(f"there is no token {args.id}; `inyourarea token list` tells all")


def _open(folder: Path | None) -> Catalog:
    """The catalog of a cluster where its database is named, and no folder; else of a folder."""
    if folder is None and (url := os.environ.get(_DATABASE)):
        return Catalog(url)
    from inyourarea.embedded.serving import open_catalog  # noqa: PLC0415 - a gateway has no stages

    return open_catalog(folder or _FOLDER)


def _print(rows: list[Row]) -> None:
    table = Table("ID", "Name", "Role", "Videos", "Made", "Ends", box=None, pad_edge=False)
    for row in rows:
        ends = f"revoked {_day(row['revoked_ns'])}" if row["revoked_ns"] else None
        ends = ends or (_day(row["expires_ns"]) if row["expires_ns"] else "when revoked")
        videos = ", ".join(row["labels"] or ["all"])
        table.add_row(row["id"], row["name"], row["role"], videos, _day(row["created_ns"]), ends)
    Console(highlight=False, markup=False).print(table)


def _day(at_ns: int) -> str:
    return datetime.fromtimestamp(at_ns / 1e9, UTC).strftime("%Y-%m-%d")

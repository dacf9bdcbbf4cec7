"""``inyourarea catalog``: the database in which a cluster's gateway looks things up."""

import argparse
import os
from contextlib import closing

from inyourarea.runtime.settings import Environment

_EXAMPLES = """\
examples:
  inyourarea catalog apply
      the tables are those of this version; again: nothing to do

The database is that of INYOURAREA_CATALOG_URL."""


def add_parser(subparsers: "argparse._SubParsersAction[argparse.ArgumentParser]") -> None:
    """Teach the command line this command."""
    parser = subparsers.add_parser(
        "catalog",
        help="make the tables of a cluster's database",
        description="The database in which a cluster's gateway looks things up.",
        epilog=_EXAMPLES,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    verbs = parser.add_subparsers(dest="verb", metavar="VERB", required=True)
    verbs.add_parser("apply", help="bring the tables up to this version")


def main(_: argparse.Namespace) -> int:
    """The tables are those of this version, or what is in the way is told."""
    from inyourarea.gateway.catalog import Catalog  # noqa: PLC0415 - not every image has it

    asked = Environment(os.environ)
    url = asked.needed("CATALOG_URL", str, "such as postgresql+psycopg://host/catalog")
    asked.check()
    with closing(Catalog(url)) as catalog:
        catalog.open()
    print("the tables are those of this version")
    return 0

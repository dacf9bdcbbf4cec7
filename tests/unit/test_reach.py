"""The table of who reaches what knows every name that is made."""

import inspect
import re
from pathlib import Path

from inyourarea.contracts import keys
from inyourarea.contracts.reach import REACH, SERVICES, reached


def test_every_name_that_is_made_is_in_the_table_and_no_other() -> None:
    made = set(re.findall(r'return f"([a-z]+/)', inspect.getsource(keys)))
    assert made == set(REACH)


def test_nobody_reaches_what_nobody_needs() -> None:
    for prefix, reach in REACH.items():
        assert {*reach.reads, *reach.writes, *reach.deletes} <= set(SERVICES)
        assert reach.reads
        assert reach.writes
        assert bool(reach.deletes) == (prefix != "usage/")
    reads, writes, deletes = reached("detect")
    assert writes == ("attempts/", "detections/", "usage/")
    assert deletes == ("attempts/", "frames/")
    assert "sources/" not in reads
    owned = ("attempts/", "datasets/")
    assert reached("train") == ((*owned, "models/"), (*owned, "models/"), owned)


def test_a_backup_leaves_out_only_what_is_on_its_way() -> None:
    """What an earlier run made nobody makes again."""
    on_its_way = "frames/ uploads/ arrivals/ previews/ deletions/ attempts/ swept/"
    text = (Path(__file__).parents[2] / "docs" / "restore.md").read_text(encoding="utf-8")
    named = re.search(r"Of the bucket everything but `([^`]+)`", text)
    assert named
    assert set(named[1].split()) <= set(REACH) & set(on_its_way.split())

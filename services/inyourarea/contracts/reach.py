"""Which service reaches which objects: the one table that a store's permissions are made from."""

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType

SERVICES = ("ingest", "detect", "track", "render", "gateway", "train")


@dataclass(frozen=True)
class Reach:
    """The services that read objects, list and look for them; that write them; that delete them."""

    reads: tuple[str, ...]
    writes: tuple[str, ...]
    deletes: tuple[str, ...]


def _reach(reads: str, writes: str, deletes: str) -> Reach:
    return Reach(tuple(reads.split()), tuple(writes.split()), tuple(deletes.split()))


_ALL = " ".join(SERVICES)
#: Those whose units of work are of runs.
_OF_RUNS = _ALL.removesuffix(" train")

#: By what the objects' names begin with. Whoever writes where the first writer wins reads too, and
#: the gateway deletes what belongs to a video with it, which takes a look; it surveys everything to
#: tell who uses how much, and so do operators with its key who collect garbage.
REACH: Mapping[str, Reach] = MappingProxyType(
    {
        # What came from outside.
        "uploads/": _reach("gateway", "gateway", "gateway"),
        "arrivals/": _reach("gateway", "gateway", "gateway"),
        "sources/": _reach("ingest render gateway", "gateway", "gateway"),
        "boxes/": _reach("detect gateway", "gateway", "gateway"),
        # What the stages make of it, in the order the data takes.
        "probes/": _reach("ingest gateway", "ingest", "gateway"),
        "mezzanines/": _reach("ingest render gateway", "ingest", "gateway"),
        "runs/": _reach(_OF_RUNS, "ingest render gateway", "ingest gateway"),
        "audio/": _reach("ingest render gateway", "ingest render", "gateway"),
        "frames/": _reach("ingest detect gateway", "ingest", "detect gateway"),
        "signals/": _reach("ingest track gateway", "ingest", "gateway"),
        "detections/": _reach("ingest detect track gateway", "detect", "gateway"),
        "people/": _reach("ingest track gateway", "track", "gateway"),
        "tracks/": _reach("ingest track render gateway", "track", "gateway"),
        "windows/": _reach("track render gateway", "track", "gateway"),
        "pieces/": _reach("render gateway", "render", "gateway"),
        "stages/": _reach("ingest render gateway", "render gateway", "ingest gateway"),
        "faces/": _reach("render gateway", "render", "gateway"),
        # What people did, and what became of it.
        "journal/": _reach("gateway", "gateway", "gateway"),
        "datasets/": _reach("gateway train", "gateway train", "gateway train"),
        "previews/": _reach("gateway", "gateway", "gateway"),
        "swept/": _reach("gateway", "gateway", "gateway"),
        "deletions/": _reach("gateway", "gateway", "gateway"),
        "cancelled/": _reach(_OF_RUNS, "gateway", "ingest gateway"),
        "deleted/": _reach(_OF_RUNS, "gateway", "ingest"),
        "attempts/": _reach(_ALL, _ALL, _ALL),
        # Groups' models, which trainings publish, and operators with the gateway's key.
        "models/": _reach("detect gateway train", "gateway train", "gateway"),
        # What it has cost, and whom: kept for the books, which nobody takes from.
        "usage/": _reach(_OF_RUNS, _OF_RUNS, ""),
    }
)


def reached(service: str) -> tuple[tuple[str, ...], tuple[str, ...], tuple[str, ...]]:
    """What the names begin with that a service reads, writes and deletes, each in order."""
    rows = sorted(REACH.items())
    return (
        tuple(prefix for prefix, reach in rows if service in reach.reads),
        tuple(prefix for prefix, reach in rows if service in reach.writes),
        tuple(prefix for prefix, reach in rows if service in reach.deletes),
    )

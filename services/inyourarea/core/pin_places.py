"""Where pins point: the box that one of them means among those of its frame."""

import numpy as np
from numpy.typing import NDArray

from inyourarea.core.boxes import iou
from inyourarea.core.pins import Pin

Floats = NDArray[np.float64]

#: A box given with a pin is one that is there already when it overlaps it this much.
SAME_BOX_IOU = 0.5


def box_of(pin: Pin) -> Floats | None:
    """The box that the pin gives, xyxy (4,), if it gives one."""
    if pin.width is None or pin.height is None:
        return None
    return np.array([pin.x, pin.y, pin.x + pin.width, pin.y + pin.height])


def hit_box(pin: Pin, boxes: Floats) -> int | None:
    """Which of the boxes (n, 4) the pin means: the one that it gives, or what is at its point."""
    box = box_of(pin)
    if box is not None and len(boxes):
        overlap = iou(box[None], boxes)[0]
        if overlap.max() >= SAME_BOX_IOU:
            return int(np.argmax(overlap))
    centre = (pin.x, pin.y) if box is None else ((box[0] + box[2]) / 2, (box[1] + box[3]) / 2)
    return smallest_box_at(float(centre[0]), float(centre[1]), boxes)


def smallest_box_at(x: float, y: float, boxes: Floats) -> int | None:
    """The smallest box (n, 4) around the point, else the nearest within one face width of it."""
    if not len(boxes):
        return None
    sides = boxes[:, 2:] - boxes[:, :2]
    point = np.array([x, y])
    outside = np.maximum(np.maximum(boxes[:, :2] - point, point - boxes[:, 2:]), 0)
    away = np.sqrt((outside**2).sum(axis=1))
    inside = np.flatnonzero(away == 0)
    if inside.size:
        return int(inside[np.argmin(sides[inside].prod(axis=1))])
    nearest = int(np.argmin(away))
    return nearest if away[nearest] <= sides[nearest, 0] else None

"""Arithmetic of boxes: xyxy float (n, 4) in pixels, x2 and y2 exclusive."""

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.floating]


def area(boxes: Floats) -> Floats:
    """The area of each box, (n,) square pixels; 0 where a box is turned inside out."""
    sides = np.clip(boxes[..., 2:] - boxes[..., :2], 0, None)
    return np.asarray(sides[..., 0] * sides[..., 1])


def centre(boxes: Floats) -> Floats:
    """The centre of each box, (n, 2) as x, y."""
    return np.asarray((boxes[..., :2] + boxes[..., 2:]) / 2)


def size(boxes: Floats) -> Floats:
    """Width and height of each box, (n, 2)."""
    return np.asarray(boxes[..., 2:] - boxes[..., :2])


def intersection(ours: Floats, theirs: Floats) -> Floats:
    """The shared area of every pair, (n, m)."""
    low = np.maximum(ours[:, None, :2], theirs[None, :, :2])
    high = np.minimum(ours[:, None, 2:], theirs[None, :, 2:])
    sides = np.clip(high - low, 0, None)
    return np.asarray(sides[..., 0] * sides[..., 1])


def iou(ours: Floats, theirs: Floats) -> Floats:
    """Intersection over union of every pair, (n, m) in 0..1; 0 where both are empty."""
    shared = intersection(ours, theirs)
    union = area(ours)[:, None] + area(theirs)[None, :] - shared
    return np.asarray(np.where(union > 0, shared / np.where(union > 0, union, 1), 0.0))


def paired_iou(ours: Floats, theirs: Floats) -> Floats:
    """Intersection over union row by row, (n,); NaN boxes give 0."""
    low = np.maximum(ours[..., :2], theirs[..., :2])
    high = np.minimum(ours[..., 2:], theirs[..., 2:])
    sides = np.clip(np.nan_to_num(high - low), 0, None)
    shared = sides[..., 0] * sides[..., 1]
    union = np.nan_to_num(area(ours)) + np.nan_to_num(area(theirs)) - shared
    return np.asarray(np.where(union > 0, shared / np.where(union > 0, union, 1), 0.0))


def clip(boxes: Floats, width: int, height: int) -> Floats:
    """The part of each box inside a frame of that size."""
    return np.asarray(np.clip(boxes, 0, np.array([width, height, width, height])))


def to_centre(boxes: Floats) -> Floats:
    """Boxes xyxy as centre and size, (n, 4)."""
    return np.concatenate([centre(boxes), size(boxes)], axis=-1)

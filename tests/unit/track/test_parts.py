"""Looks that vary within one head say little, looks that differ between heads say much."""

import numpy as np

from inyourarea.core.detections import APPEARANCE_PARTS, PORTRAIT_LENGTH
from inyourarea.track.looks import likeness
from inyourarea.track.parts import telling_parts
from inyourarea.track.tracklets import Sightings, Tracklets, tracklets_from_labels

FRAMES = 20


def heads(usual: np.ndarray, flicker: np.ndarray) -> tuple[Sightings, Tracklets]:
    """One tracklet per row of ``usual`` portraits, each flickering by ``flicker`` steps."""
    count = len(usual)
    chance = np.random.default_rng(4)
    portrait = np.tile(usual, (FRAMES, 1))
    portrait += chance.normal(0, 1, portrait.shape) * flicker
    frame = np.repeat(np.arange(FRAMES), count).astype(np.int32)
    n = len(frame)
    sightings = Sightings(
        row=np.arange(n, dtype=np.int32),
        frame=frame,
        shot=np.zeros(n, np.int32),
        seconds=frame / 10,
        xyxy=np.tile([0.0, 0.0, 30.0, 40.0], (n, 1)),
        confidence=np.ones(n),
        scores=np.zeros((n, 0)),
        appearance=np.zeros((n, APPEARANCE_PARTS * 3)),
        portrait=np.clip(portrait, 1, 255).astype(np.uint8),
    )
    return sightings, tracklets_from_labels(np.tile(np.arange(count), FRAMES).astype(np.int32))


def test_what_flickers_within_a_head_tells_nobody_apart() -> None:
    flicker = np.where(np.arange(PORTRAIT_LENGTH) % 3 == 2, 30.0, 1.0)
    usual = np.full((4, PORTRAIT_LENGTH), 120.0)
    usual[[0, 1], 2::3] += 20  # only the flickering lightness
    usual[[0, 2], 0::3] += 20  # a steady colour
    parts = telling_parts(*heads(usual, flicker)).values
    alike = likeness(parts, parts)
    assert alike[0, 2] > alike[0, 1] + 0.5
    assert alike[1, 3] > alike[1, 0] + 0.5


def test_where_nobody_differs_everybody_is_alike() -> None:
    usual = np.full((3, PORTRAIT_LENGTH), 120.0)
    parts = telling_parts(*heads(usual, np.full(PORTRAIT_LENGTH, 4.0))).values
    assert likeness(parts, parts).min() > 0.5


def test_clothes_do_not_last() -> None:
    sightings, tracklets = heads(np.full((2, PORTRAIT_LENGTH), 120.0), np.ones(PORTRAIT_LENGTH))
    parts = telling_parts(sightings, tracklets)
    assert parts.lasting == parts.values.shape[1] - 2

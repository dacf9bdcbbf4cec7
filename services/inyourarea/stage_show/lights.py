"""Light on the stage: washes of colour, dimming, flashes on the beat, a strobe.

What multiplies the drawn picture.
"""

from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from inyourarea.stage_show.camera import Points
from inyourarea.stage_show.spec import ShowSpec

STROBE_HZ = 8.0
FLASH_DECAY = (1.0, 0.55, 0.25)
"""A flash's strength in its first frames; the first coincides with the sound's onset."""
FLASH_ADD = 52.0
"""Grey levels that a full flash adds to every pixel."""
_GAIN_UNIT = 128.0
_FADE_S = 0.35

DARKEST_GAIN = 0.40
"""Dimmed and between two strobe flashes at once, a face is still to be seen."""

# Gains of blue, green, red; none below .46, so that a face stays a face.
_WASHES = {
    "white": (1.05, 1.05, 1.05),
    "warm": (0.70, 0.92, 1.15),
    "blue": (1.25, 0.66, 0.55),
    "magenta": (1.12, 0.55, 1.08),
    "teal": (1.00, 1.02, 0.55),
    "red": (0.52, 0.50, 1.20),
    "violet": (1.25, 0.58, 0.82),
    "dim": (0.56, 0.52, 0.50),
}


@dataclass(frozen=True)
class Lights:
    """A show's lights: wash gains (F, 3) blue-green-red; flash strength (F,).

    Strobe on or off (F,); flash frames.
    """

    wash: Points
    flash: Points
    strobe: Points
    flash_frames: tuple[int, ...]
    strobe_spans: tuple[tuple[int, int], ...]
    wash_names: tuple[str, ...]


def plan_lights(spec: ShowSpec, beat: float, rng: np.random.Generator) -> Lights:
    """Light the whole show; ``beat`` in frames.

    A flash falls on every second beat, the strobe between flashes.
    """
    fps = float(spec.fps)
    names = ["white"]
    wash_every = (3.2 if spec.setting != "easy" else 8.0) * fps
    colours = [name for name in _WASHES if name != "white"]
    if spec.setting == "easy":
        colours = ["warm", "white"]
    order = [str(name) for name in rng.permutation(colours)]
    names += [order[k % len(order)] for k in range(int(spec.frames / wash_every) + 1)]
    levels = np.array([_WASHES[name] for name in names])
    place = np.arange(spec.frames) / wash_every
    index = np.minimum(place.astype(np.int64), len(names) - 1)
    share = np.clip((place - index) / (_FADE_S * fps / wash_every), 0.0, 1.0)[:, None]
    gains = levels[np.maximum(index - 1, 0)] * (1 - share) + levels[index] * share
    flashes = [round(k * beat) for k in range(1, int(spec.frames / beat) + 1, 2)]
    flashes = [frame for frame in flashes if frame < spec.frames]
    flash = np.zeros(spec.frames)
    for first in flashes:
        for i, strength in enumerate(FLASH_DECAY):
            if first + i < spec.frames:
                flash[first + i] = strength
    strobe, spans = _strobe(spec, rng)
    return Lights(gains, flash, strobe, tuple(flashes), spans, tuple(names))


def _strobe(spec: ShowSpec, rng: np.random.Generator) -> tuple[Points, tuple[tuple[int, int], ...]]:
    """Give the strobe's gain (F,), and the spans (first, last frame) where it runs.

    About 1.3 s in every 12 s.
    """
    gain = np.ones(spec.frames)
    if spec.setting == "easy":
        return gain, ()
    fps = float(spec.fps)
    spans = []
    for k in range(max(1, int(spec.frames / (12 * fps)))):
        low, high = (12 * k + 3.0) * fps, (12 * k + 9.0) * fps
        first = int(
            rng.uniform(min(low, spec.frames * 0.4), max(1.0, min(high, spec.frames * 0.8)))
        )
        last = min(spec.frames - 1, first + round(1.3 * fps))
        frames = np.arange(first, last + 1)
        lit = ((frames - first) / fps * STROBE_HZ) % 1.0 < 0.5
        gain[first : last + 1] = np.where(lit, 1.22, 0.58)
        spans.append((first, last))
    return gain, tuple(spans)


def light(picture: NDArray[np.uint8], lights: Lights, frame: int) -> NDArray[np.uint8]:
    """Give the picture (H, W, 3) as the lights of this frame show it."""
    height, width = picture.shape[:2]
    gain = np.maximum(lights.wash[frame] * lights.strobe[frame], DARKEST_GAIN)
    rows, columns = 18, 32
    x = np.linspace(-1, 1, columns)[None, :]
    y = np.linspace(-1, 1, rows)[:, None]
    sweep = 0.6 * np.sin(frame * 0.045)
    spot = 0.88 + 0.22 * np.exp(-((x - sweep) ** 2 * 2.2 + (y - 0.15) ** 2 * 1.2))
    small = np.clip(spot[..., None] * gain * _GAIN_UNIT, 0, 255).astype(np.uint8)
    gains = cv2.resize(small, (width, height), interpolation=cv2.INTER_LINEAR)
    lit = cv2.multiply(picture, gains, scale=1 / _GAIN_UNIT)
    add = FLASH_ADD * float(lights.flash[frame])
    if add > 0:
        lit = cv2.add(lit, np.full_like(gains, round(add)))
    return np.asarray(lit, dtype=np.uint8)

"""The show's sound.

A kick that begins exactly when each flash is drawn, over a quiet chord without onsets.
"""

import numpy as np
from numpy.typing import NDArray

from inyourarea.stage_show.plan import Show

SAMPLE_RATE = 48_000
KICK_S = 0.18
_CHORD_HZ = (110.0, 164.81, 220.0, 277.18)


def onset_samples(show: Show) -> NDArray[np.int64]:
    """Give the first sample of each kick: the moment its flash's first frame is presented."""
    frames = np.array(show.lights.flash_frames, dtype=np.float64)
    return np.rint(frames / float(show.spec.fps) * SAMPLE_RATE).astype(np.int64)


def sound(show: Show, first: int, count: int) -> NDArray[np.float64]:
    """Give samples ``first`` to ``first + count`` of the sound, -1 to 1, 48 kHz mono."""
    index = np.arange(first, first + count)
    seconds = index / SAMPLE_RATE
    chord = sum(np.sin(2 * np.pi * hz * seconds + k) for k, hz in enumerate(_CHORD_HZ)) / len(
        _CHORD_HZ
    )
    mixed = 0.05 * np.asarray(chord)
    length = round(KICK_S * SAMPLE_RATE)
    for onset in onset_samples(show):
        if onset + length <= first or onset >= first + count:
            continue
        since = (index - onset) / SAMPLE_RATE
        sounding = (since >= 0) & (since < KICK_S)
        decay = np.exp(-since * 26.0)
        kick = np.sin(2 * np.pi * 62.0 * since) + 0.55 * np.cos(
            2 * np.pi * 1900.0 * since
        ) * np.exp(-since * 90.0)
        mixed = mixed + np.where(sounding, 0.62 * decay * kick, 0.0)
    return np.clip(mixed, -1.0, 1.0)

"""The table of tones gives the scaler's colours, at any size."""

import av
import numpy as np
import pytest
from numpy.typing import NDArray

from inyourarea.runtime.colour import Converter, Look
from inyourarea.runtime.source import pixels_of
from inyourarea.runtime.tones import tone_table

#: Luma pixels of a patch's side: chroma filters reach less far than to its middle.
PATCH = 16
ACROSS, DOWN = 40, 25

Planes = tuple[NDArray[np.uint16], NDArray[np.uint16], NDArray[np.uint16]]


def patches(seed: int) -> Planes:
    """Patches of random colours that exist: red, green and blue of BT.2020 as 10-bit 4:2:0."""
    red, green, blue = np.random.default_rng(seed).uniform(0, 1, (3, DOWN, ACROSS))
    luma = 0.2627 * red + 0.678 * green + 0.0593 * blue
    y = 64 + 876 * luma
    u, v = (512 + 896 * (c - luma) / d for c, d in ((blue, 1.8814), (red, 1.4746)))
    scaled = zip((y, u, v), (PATCH, PATCH // 2, PATCH // 2), strict=True)
    y, u, v = (np.kron(np.round(plane), np.ones((side, side))) for plane, side in scaled)
    return y.astype(np.uint16), u.astype(np.uint16), v.astype(np.uint16)


def by_the_scaler(look: Look, planes: Planes) -> list[NDArray[np.uint8]]:
    frame = av.VideoFrame(look.width, look.height, "yuv420p10le")
    frame.colorspace, frame.color_range, frame.pts = look.matrix, look.span, 0
    for plane, values in zip(frame.planes, planes, strict=True):
        rows = np.zeros((plane.height, plane.line_size // 2), np.uint16)
        rows[:, : values.shape[1]] = values
        plane.update(rows.tobytes())
    (made,) = Converter(look, frame, (look.width, look.height)).push(frame)
    return [pixels_of(plane) for plane in made.planes]


@pytest.mark.slow
@pytest.mark.parametrize("transfer", [16, 18], ids=["PQ", "HLG"])
def test_a_colour_is_the_scalers_within_three_steps(transfer: int) -> None:
    width, height = ACROSS * PATCH, DOWN * PATCH
    look = Look(width, height, "yuv420p10le", matrix=9, primaries=9, transfer=transfer, span=1)
    planes = patches(seed=transfer)
    ours, exact = tone_table(look).apply(*planes), by_the_scaler(look, planes)
    for made, wanted, side in zip(ours, exact, (PATCH, PATCH // 2, PATCH // 2), strict=True):
        middle = slice(side // 2, None, side)
        off = np.abs(made[middle, middle].astype(int) - wanted[middle, middle])
        assert off.mean() <= 0.6
        assert (off > 3).mean() <= 0.002  # at the gamut's edges, of which this has many
        assert off.max() <= 8


@pytest.mark.slow
def test_a_picture_of_odd_sides_keeps_them_and_its_colours() -> None:
    look = Look(0, 0, "yuv420p10le", matrix=9, primaries=9, transfer=16, span=1)
    y, u, v = patches(seed=1)
    whole = tone_table(look).apply(y, u, v)
    odd = tone_table(look).apply(y[:33, :47], u[:17, :24], v[:17, :24])
    assert [plane.shape for plane in odd] == [(33, 47), (17, 24), (17, 24)]
    for part, plane in zip(odd, whole, strict=True):
        rows, columns = (side - 2 for side in part.shape)  # the very edge has no neighbour
        assert np.array_equal(part[:rows, :columns], plane[:rows, :columns])

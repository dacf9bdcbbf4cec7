"""Bytes of the render stage change only together with its revision."""

import hashlib
import platform
from fractions import Fraction
from pathlib import Path

import numpy as np
import pytest

from inyourarea.contracts import keys
from inyourarea.core.tracks import State
from inyourarea.render.drawing import SegmentPlan, View, draw_pieces
from inyourarea.render.join import Part, Reel, join
from inyourarea.runtime.folder_objects import FolderObjects
from inyourarea.runtime.source import Planes

#: Digest of a piece and of the film made of it, per revision. Whoever changes a byte on purpose
#: raises `keys.RENDER_REVISION` and adds a line.
GOLDEN = {
    1: ("b0928c57ecbfa89b", "e9cd7c39ab0f796c"),
    2: ("b0928c57ecbfa89b", "e9cd7c39ab0f796c"),  # only high dynamic range changed
}


def noise(rank: int) -> Planes:
    """Blocks of random light that move; whole numbers only, so that it is the same everywhere."""
    coarse = np.random.Generator(np.random.PCG64(7)).integers(30, 220, (3, 20, 40), np.uint8)
    y, u, v = (np.roll(np.kron(plane, np.ones((6, 6), np.uint8)), rank, 1) for plane in coarse)
    return Planes(rank, y, u[:60, :120].copy(), v[:60, :120].copy())


@pytest.mark.skipif(
    platform.machine().lower() not in {"x86_64", "amd64"},
    reason="the digests are those of x86-64; the encoder decides otherwise elsewhere",
)
def test_the_bytes_are_those_of_the_revision(tmp_path: Path) -> None:
    plan = SegmentPlan("source", 0, 30, tuple(range(30)), Fraction(1, 30), 30)
    states = np.full(30, State.OBSERVED, np.uint8)
    states[20:] = State.ABSENT
    windows = np.array([101, 33, 901, 1833]) + np.arange(30)[:, None] * np.array([13, 1, 13, 1])
    (piece,) = draw_pieces(map(noise, range(30)), plan, [View((56, 126), windows, states)])
    objects = FolderObjects(tmp_path / "store")
    objects.put("pieces/0.mp4", piece)
    join(objects, Reel([Part("pieces/0.mp4", 0)], Fraction(1, 30)), tmp_path / "film.mp4")
    film = (tmp_path / "film.mp4").read_bytes()
    found = tuple(hashlib.sha256(content).hexdigest()[:16] for content in (piece, film))
    assert found == GOLDEN[keys.RENDER_REVISION]

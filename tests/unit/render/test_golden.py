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
from inyourarea.render.encode import PieceFormat
from inyourarea.render.film import Part, Pieces
from inyourarea.render.join import Reel, join
from inyourarea.render.pictures import Grid, assemble
from inyourarea.render.rungs import LOWER_CRF
from inyourarea.render.stage import StageTask, draw_rungs
from inyourarea.render.stream import Cuts, stream_film
from inyourarea.runtime.folder_objects import FolderObjects
from inyourarea.runtime.source import Planes

#: Digest of a piece and of the film made of it, per revision. Whoever changes a byte on purpose
#: raises `keys.RENDER_REVISION` and adds a line.
GOLDEN = {
    1: ("b0928c57ecbfa89b", "e9cd7c39ab0f796c"),
    2: ("b0928c57ecbfa89b", "e9cd7c39ab0f796c"),  # only high dynamic range changed
    3: ("b0928c57ecbfa89b", "e9cd7c39ab0f796c"),  # only stages that are made very small
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
    join(objects, Reel(Pieces([Part("pieces/0.mp4", 0)], Fraction(1, 30))), tmp_path / "film.mp4")
    film = (tmp_path / "film.mp4").read_bytes()
    found = tuple(hashlib.sha256(content).hexdigest()[:16] for content in (piece, film))
    assert found == GOLDEN[keys.RENDER_REVISION]


#: Digests of what a browser gets of the stage: the piece of a lower rung, what is streamed of it,
#: and the sprite. Whoever changes a byte on purpose raises `keys.BROWSER_REVISION`, adds a line.
GOLDEN_BROWSER = {
    1: ("2ca8967342b72cb9", "b823c8e58fa942a7", "494e72ad32c761f6"),
    2: ("3e3a3836ba53faad", "60c2eab819dca983", "c47b28cd945e92a3"),
}


@pytest.mark.skipif(
    platform.machine().lower() not in {"x86_64", "amd64"},
    reason="the digests are those of x86-64; the encoder decides otherwise elsewhere",
)
def test_the_bytes_for_browsers_are_those_of_the_revision(tmp_path: Path) -> None:
    form = PieceFormat((120, 60), Fraction(1, 30), 30, LOWER_CRF)
    task = StageTask("source", 0, 30, (form,), (40, 20), (0, 15))
    drawn = draw_rungs(map(noise, range(30)), task)
    objects = FolderObjects(tmp_path / "store")
    objects.put("pieces/0.mp4", drawn.pieces[0])
    film = Pieces([Part("pieces/0.mp4", 0)], form.time_base)
    cuts = Cuts((Fraction(0),), Fraction(1))
    stream_film(objects, film, cuts, tmp_path / "film.mp4")
    sprite = assemble([tile.jpeg for tile in drawn.tiles], Grid(2, 1, (40, 20)))
    contents = (drawn.pieces[0], (tmp_path / "film.mp4").read_bytes(), sprite)
    found = tuple(hashlib.sha256(content).hexdigest()[:16] for content in contents)
    assert found == GOLDEN_BROWSER[keys.BROWSER_REVISION]

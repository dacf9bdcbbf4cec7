"""Pieces joined are one film: every frame at its time, the sound where it was, ready to stream."""

import io
import itertools
from collections.abc import Sequence
from fractions import Fraction
from pathlib import Path
from typing import Any

import av
import numpy as np
import pytest

from footage import boxes_of, decoded, ssim, stage, stamps
from inyourarea.render.encode import PieceEncoder, PieceFormat, announced_rate
from inyourarea.render.film import Part, Pieces
from inyourarea.render.join import Reel, join
from inyourarea.runtime.folder_objects import FolderObjects
from inyourarea.runtime.objects import ObjectNotFound

SIZE = (64, 48)


@pytest.fixture
def objects(tmp_path: Path) -> FolderObjects:
    return FolderObjects(tmp_path / "store")


def store_pieces(
    objects: FolderObjects, segments: Sequence[tuple[int, Sequence[int], int]], form: PieceFormat
) -> list[Part]:
    """A piece per segment (start, pts, end); the picture tells the frame's rank in the film."""
    parts, rank = [], 0
    for number, (start, pts, end) in enumerate(segments):
        encoder = PieceEncoder(form, start)
        for stamp, following in zip(pts, [*pts[1:], end], strict=True):
            picture = stage(form.size, shift=7.0 * rank)
            encoder.canvas.y[:] = picture.y
            encoder.canvas.u[:], encoder.canvas.v[:] = picture.u, picture.v
            encoder.add(stamp, following - stamp)
            rank += 1
        parts.append(Part(f"pieces/{number}.mp4", start))
        objects.put(parts[-1].key, encoder.finish())
    return parts


def in_segments(pts: Sequence[int], end: int, cuts: Sequence[int]) -> list[Any]:
    """The row of pts cut at those ranks."""
    bounds = [0, *cuts, len(pts)]
    starts = [*pts, end]
    return [(starts[low], pts[low:high], starts[high]) for low, high in itertools.pairwise(bounds)]


def steps(start: int, counts: Sequence[tuple[int, int]]) -> tuple[list[int], int]:
    """Stamps with so many frames of such a duration, and the end."""
    durations = [duration for count, duration in counts for _ in range(count)]
    places = np.cumsum([start, *durations]).tolist()
    return places[:-1], places[-1]


@pytest.mark.parametrize(
    ("time_base", "start", "counts", "cuts"),
    [
        # 30, then 8, then 30 frames a second, joined in the midst and at the changes
        (Fraction(1, 90000), 0, [(20, 3000), (9, 11250), (20, 3000)], [20, 25, 29]),
        (Fraction(1, 1000), 41, [(20, 33), (9, 125), (20, 33)], [7, 20, 29]),
        (Fraction(1, 30000), 0, [(45, 1001)], [15, 30]),
        (Fraction(1001, 30000), 3, [(45, 1)], [15, 30]),
        (Fraction(1, 100), 0, [(5, 7), (3, 2), (1, 40), (6, 10)], [1, 6, 9]),
        (Fraction(1, 60), 0, [(60, 1)], [10, 50]),
        (Fraction(1, 15360), 126000, [(30, 256)], [29]),
        (Fraction(1, 1000), -50, [(8, 16), (8, 17)], [8]),
        (Fraction(1, 25), 10, [(1, 5)], []),
    ],
)
def test_joined_frames_keep_their_times_and_pictures(
    objects: FolderObjects,
    tmp_path: Path,
    time_base: Fraction,
    start: int,
    counts: list[tuple[int, int]],
    cuts: list[int],
) -> None:
    pts, end = steps(start, counts)
    form = PieceFormat(SIZE, time_base, 30)
    parts = store_pieces(objects, in_segments(pts, end, cuts), form)
    join(objects, Reel(Pieces(parts, time_base)), tmp_path / "film.mp4")
    assert stamps(tmp_path / "film.mp4") == [(at - start) * time_base for at in [*pts, end]]
    shown = decoded(tmp_path / "film.mp4")
    assert len(shown) == len(pts)
    for rank, frame in enumerate(shown):
        assert ssim(frame.y, stage(SIZE, shift=7.0 * rank).y) > 0.95


def test_joining_copies_the_encoded_pictures(objects: FolderObjects, tmp_path: Path) -> None:
    pts, end = steps(0, [(30, 1001)])
    parts = store_pieces(
        objects, in_segments(pts, end, [11]), PieceFormat(SIZE, Fraction(1, 30000), 30)
    )
    join(objects, Reel(Pieces(parts, Fraction(1, 30000))), tmp_path / "film.mp4")
    pieces = [packets_of(io.BytesIO(objects.get(part.key))) for part in parts]
    assert packets_of(str(tmp_path / "film.mp4")) == pieces[0] + pieces[1]


def packets_of(file: Any, kind: str = "video") -> list[bytes]:
    with av.open(file) as container:
        stream = container.streams.get({kind: 0})[0]
        return [bytes(packet) for packet in container.demux(stream) if packet.size]


def test_the_film_can_start_before_it_is_all_there(objects: FolderObjects, tmp_path: Path) -> None:
    pts, end = steps(0, [(30, 1)])
    parts = store_pieces(
        objects, in_segments(pts, end, [10]), PieceFormat(SIZE, Fraction(1, 30), 30)
    )
    audio = store_sound(objects, 0)
    join(objects, Reel(Pieces(parts, Fraction(1, 30)), audio), tmp_path / "film.mp4")
    names = boxes_of((tmp_path / "film.mp4").read_bytes())
    assert names.index("moov") < names.index("mdat")


def test_the_same_pieces_give_the_same_bytes(objects: FolderObjects, tmp_path: Path) -> None:
    pts, end = steps(0, [(30, 1)])
    parts = store_pieces(
        objects, in_segments(pts, end, [10]), PieceFormat(SIZE, Fraction(1, 30), 30)
    )
    reel = Reel(Pieces(parts, Fraction(1, 30)), store_sound(objects, 0))
    join(objects, reel, tmp_path / "once.mp4")
    join(objects, reel, tmp_path / "again.mp4")
    assert (tmp_path / "once.mp4").read_bytes() == (tmp_path / "again.mp4").read_bytes()


RATE = 48000


def store_sound(objects: FolderObjects, start: int, seconds: float = 2.0) -> str:
    """AAC whose first sample is heard at ``start`` samples of the source's clock."""
    file: Any = io.BytesIO()
    options = {"movie_timescale": str(RATE), "fflags": "+bitexact"}
    with av.open(file, "w", format="mp4", options=options) as container:
        stream = container.add_stream("aac", rate=RATE, layout="mono")
        heard = 0.3 * np.sin(np.arange(int(RATE * seconds)) * (2 * np.pi * 440 / RATE))
        for at in range(0, heard.size, 1024):
            part = heard[None, at : at + 1024].astype(np.float32)
            frame = av.AudioFrame.from_ndarray(part, format="fltp", layout="mono")
            frame.sample_rate, frame.pts, frame.time_base = RATE, start + at, Fraction(1, RATE)
            container.mux(stream.encode(frame))
        container.mux(stream.encode())
    objects.put("audio/sound.mp4", file.getvalue())
    return "audio/sound.mp4"


def sound_stamps(file: Any) -> list[Fraction]:
    with av.open(file) as container:
        stream = container.streams.audio[0]
        found = [packet for packet in container.demux(stream) if packet.pts is not None]
        return [packet.pts * stream.time_base for packet in found]


@pytest.mark.parametrize("sound_start", [0, 7, -300, -1500, 40000, 96001])
@pytest.mark.parametrize(
    ("time_base", "start"),
    [(Fraction(1, 90000), 126000), (Fraction(1, 90000), 0), (Fraction(1, 24000), 37037)],
)
def test_the_sound_lies_to_the_first_frame_as_it_lay(
    objects: FolderObjects, tmp_path: Path, sound_start: int, time_base: Fraction, start: int
) -> None:
    pts, end = steps(start, [(30, round(1 / 30 / time_base))])
    parts = store_pieces(objects, in_segments(pts, end, [10]), PieceFormat(SIZE, time_base, 30))
    audio = store_sound(objects, sound_start)
    join(objects, Reel(Pieces(parts, time_base), audio), tmp_path / "film.mp4")
    film = str(tmp_path / "film.mp4")
    assert sound_stamps(film) == sound_stamps(io.BytesIO(objects.get(audio)))
    assert packets_of(film, "audio") == packets_of(io.BytesIO(objects.get(audio)), "audio")
    assert stamps(tmp_path / "film.mp4")[0] == 0


def test_pieces_that_were_encoded_unlike_are_refused(
    objects: FolderObjects, tmp_path: Path
) -> None:
    here = store_pieces(objects, [(0, [0, 1], 2)], PieceFormat(SIZE, Fraction(1, 30), 30))
    kept = objects.get(here[0].key)
    store_pieces(objects, [(2, [2, 3], 4)], PieceFormat((128, 64), Fraction(1, 30), 30))
    objects.put("pieces/other.mp4", objects.get(here[0].key))
    objects.put(here[0].key, kept)
    with pytest.raises(ValueError, match="encoded unlike"):
        reel = Reel(Pieces([here[0], Part("pieces/other.mp4", 2)], Fraction(1, 30)))
        join(objects, reel, tmp_path / "film.mp4")


def test_a_missing_piece_is_said(objects: FolderObjects, tmp_path: Path) -> None:
    with pytest.raises(ObjectNotFound):
        join(
            objects,
            Reel(Pieces([Part("pieces/none.mp4", 0)], Fraction(1, 30))),
            tmp_path / "film.mp4",
        )


def test_no_pieces_make_no_film(objects: FolderObjects, tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="no pieces"):
        join(objects, Reel(Pieces([], Fraction(1, 30))), tmp_path / "film.mp4")


@pytest.mark.parametrize(
    ("average", "rate"),
    [("24000/1001", 30), ("30", 30), ("30000/1001", 30), ("50", 60), ("60", 60), ("240", 120)],
)
def test_the_announced_rate_is_one_of_few(average: str, rate: int) -> None:
    assert announced_rate(Fraction(average)) == rate

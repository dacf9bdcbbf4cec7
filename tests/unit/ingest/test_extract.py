"""A segment's pictures and signals are those of its frames."""

import hashlib
from collections.abc import Iterator
from pathlib import Path

import cv2
import numpy as np
import pytest

import media
from inyourarea.contracts import keys
from inyourarea.contracts.pack import read_pack
from inyourarea.contracts.tables import read_signals
from inyourarea.core.errors import VideoUnreadable
from inyourarea.core.letterbox import fit_letterbox
from inyourarea.core.signals import Signals
from inyourarea.ingest.extract import Extraction, draw_pack, extract_segment, shrink
from inyourarea.runtime.folder_objects import FolderObjects
from inyourarea.runtime.source import Planes
from media import Film, card, film


def frames(count: int, size: tuple[int, int] = (320, 192)) -> Iterator[Planes]:
    for number in range(count):
        yield Planes(100 + 10 * number, *card(number, size))


def test_every_frame_is_in_the_pack_at_its_pts() -> None:
    content, _, count = draw_pack(frames(5), (160, 96))
    index, pictures = read_pack(content)
    assert count == 5
    assert index.pts == index.pictured == (100, 110, 120, 130, 140)
    assert [pts for pts, _ in pictures] == [100, 110, 120, 130, 140]


def test_pictures_are_the_frames_without_bars() -> None:
    content, _, _ = draw_pack(frames(1, (320, 180)), (192, 192))
    index, pictures = read_pack(content)
    assert index.letterbox == fit_letterbox((320, 180), (192, 192))
    assert (index.width, index.height) == (192, 192)
    (_, jpeg) = next(pictures)
    assert _decoded(jpeg).shape == (108, 192, 3)


def test_colours_are_those_of_high_definition() -> None:
    content, _, _ = draw_pack(frames(1), (160, 96))
    picture = _decoded(next(read_pack(content)[1])[1])
    # Y 50, U 110, V 160 by BT.709: R 97, G 26, B 2; the other half has the reverse tint.
    left, right = picture[80:90, 5:60].mean(axis=(0, 1)), picture[80:90, 100:155].mean(axis=(0, 1))
    assert np.allclose(left, [1.6, 26.4, 97.0], atol=4)
    assert np.allclose(right, [107.2, 42.3, 7.3], atol=4)


def test_a_small_video_is_enlarged_to_the_detectors_size() -> None:
    content, _, _ = draw_pack(frames(1, (64, 36)), (160, 96))
    assert _decoded(next(read_pack(content)[1])[1]).shape == (90, 160, 3)


@pytest.mark.parametrize("width", [256, 128])
def test_a_line_one_sample_wide_is_seen_wherever_it_is(width: int) -> None:
    grey = np.full((96, 192), 128, np.uint8)
    for column in range(180, 186):
        y = np.full((192, 384), 20, np.uint8)
        y[:, column] = 220
        small = shrink(Planes(0, y, grey, grey), (width, width // 2)).y.astype(float) - 20
        assert small[width // 4].sum() * 384 / width == pytest.approx(200, rel=0.3)


def test_equal_frames_give_equal_bytes() -> None:
    assert draw_pack(frames(4), (160, 96)) == draw_pack(frames(4), (160, 96))


def test_signals_are_one_row_per_frame() -> None:
    measured = _signals(list(frames(6)))
    assert measured.pts.tolist() == [100, 110, 120, 130, 140, 150]
    planes = measured.histogram.reshape(6, 3, 16).sum(axis=2)
    assert np.allclose(planes, 1, atol=1e-5)
    thumbnail = measured.thumbnail[0].astype(int)
    assert abs(thumbnail[2, 2] - media.CORNER) <= 2
    assert abs(thumbnail[34, 2] - media.GROUND) <= 2


def test_the_histogram_tells_the_share_of_each_brightness() -> None:
    y = np.full((180, 320), 20, np.uint8)
    y[:, 80:] = 200
    grey = np.full((90, 160), 128, np.uint8)
    histogram = _signals([Planes(0, y, grey, grey)]).histogram[0]
    assert np.allclose(histogram[[1, 12]], [0.25, 0.75], atol=0.01)
    assert histogram[16 + 8] == histogram[32 + 8] == 1


def test_no_frames_give_an_empty_pack_and_empty_signals() -> None:
    pack, signals, count = draw_pack(iter(()), (160, 96))
    assert (count, read_pack(pack)[0].pts, len(read_signals(signals))) == (0, (), 0)


@pytest.fixture(scope="module")
def stage() -> np.ndarray:
    """A picture larger than the view, with detail at all scales, luma (720, 1280)."""
    noise = np.random.default_rng(5)
    picture = np.full((720, 1280), 90.0)
    for scale in (4, 12, 40, 120):
        rough = noise.normal(0, 22, (720 // scale + 2, 1280 // scale + 2)).astype(np.float32)
        picture += cv2.resize(rough, (1280, 720), interpolation=cv2.INTER_CUBIC)
    return np.clip(picture, 0, 255)


def view(stage: np.ndarray, x: float, y: float, zoom: float = 1.0) -> Planes:
    """What a camera of 640x360 sees around that point of the stage."""
    turn = np.array([[zoom, 0, 320 - zoom * x], [0, zoom, 180 - zoom * y]])
    luma = cv2.warpAffine(stage.astype(np.float32), turn, (640, 360), flags=cv2.INTER_CUBIC)
    grey = np.full((180, 320), 128, np.uint8)
    return Planes(round(x * 1000), np.clip(luma, 0, 255).astype(np.uint8), grey, grey)


def test_a_pan_is_where_the_content_went(stage: np.ndarray) -> None:
    path = [view(stage, 600 + 4.5 * step, 360 - 1.5 * step) for step in range(6)]
    motion = _signals(path).motion
    assert (motion[0] == 0).all()
    assert np.allclose(motion[1:, 0], -4.5, atol=0.15)
    assert np.allclose(motion[1:, 1], 1.5, atol=0.15)
    assert np.allclose(motion[1:, 2], 0, atol=0.001)
    assert (motion[1:, 3] > 0.8).all()


def test_a_zoom_is_told_from_a_pan(stage: np.ndarray) -> None:
    path = [view(stage, 640, 360, 1.02**step) for step in range(6)]
    motion = _signals(path).motion[1:]
    assert np.allclose(motion[:, :2], 0, atol=0.2)
    assert np.allclose(motion[:, 2], np.log(1.02), atol=0.002)


def test_dancers_do_not_move_the_camera(stage: np.ndarray) -> None:
    path = []
    for step in range(6):
        frame = view(stage, 600 + 3 * step, 360)
        luma = frame.y.copy()
        for dancer in range(5):
            left = 40 + 115 * dancer + round(9 * np.sin(step + dancer))
            luma[90:340, left : left + 70] = view(stage, 300 + 90 * dancer, 300).y[90:340, :70]
        path.append(Planes(step, luma, frame.u, frame.v))
    motion = _signals(path).motion[1:]
    assert np.allclose(motion[:, 0], -3, atol=0.3)
    assert np.allclose(motion[:, 1], 0, atol=0.3)


def test_motion_is_in_source_pixels(stage: np.ndarray) -> None:
    large = [_doubled(view(stage, 600 + 5 * step, 360)) for step in range(3)]
    assert np.allclose(_signals(large).motion[1:, 0], -10, atol=0.4)


def test_a_cut_moves_hardly_anything_together(stage: np.ndarray) -> None:
    other = np.ascontiguousarray(stage[::-1, ::-1])
    motion = _signals([view(stage, 600, 360), view(other, 500, 330)]).motion
    assert motion[1, 3] < 0.3


def test_darkness_has_no_motion() -> None:
    black = Planes(0, np.full((180, 320), 16, np.uint8), *(np.full((90, 160), 128, np.uint8),) * 2)
    assert (_signals([black, black]).motion == 0).all()


def test_a_segment_is_stored_under_its_names(tmp_path: Path) -> None:
    objects = FolderObjects(tmp_path)
    objects.put("sources/x", film(Film(keys=(0, 10, 20))))
    extraction = Extraction("sources/x", 512 * 10, 512 * 20, 160, 96, "frames/a", "signals/a")
    assert extract_segment(objects, extraction) == 10
    index, _ = read_pack(objects.get("frames/a"))
    assert index.pts == tuple(range(512 * 10, 512 * 20, 512))
    assert read_signals(objects.get("signals/a")).pts.tolist() == list(index.pts)


def test_a_segment_of_which_no_frame_decodes_is_refused(tmp_path: Path) -> None:
    objects = FolderObjects(tmp_path)
    objects.put("sources/x", film(Film()))
    beyond = Extraction("sources/x", 512 * 40, 512 * 50, 160, 96, "frames/a", "signals/a")
    with pytest.raises(VideoUnreadable, match="can not be decoded; export it again"):
        extract_segment(objects, beyond)
    assert list(objects.list("")) == ["sources/x"]


def _signals(path: list[Planes]) -> Signals:
    return read_signals(draw_pack(iter(path), (640, 384))[1])


def _doubled(frame: Planes) -> Planes:
    y = cv2.resize(frame.y, (1280, 720), interpolation=cv2.INTER_CUBIC)
    grey = np.full((360, 640), 128, np.uint8)
    return Planes(frame.pts, y, grey, grey)


def _decoded(jpeg: bytes) -> np.ndarray:
    return cv2.imdecode(np.frombuffer(jpeg, np.uint8), cv2.IMREAD_COLOR)


#: Raise `keys.EXTRACTION_REVISION` when these change, or old packs are taken for new ones.
GOLDEN = (4, "c79ed2bf4afb8275")


def test_the_bytes_of_a_revision_do_not_change() -> None:
    seen = hashlib.sha256()
    for picture in ((160, 96), (224, 160)):
        pack, signals, _ = draw_pack(frames(4), picture)
        measured = read_signals(signals)
        moved = np.round(measured.motion, 1) + 0.0
        seen.update(pack + measured.thumbnail.tobytes() + moved.tobytes())
    assert (keys.EXTRACTION_REVISION, seen.hexdigest()[:16]) == GOLDEN

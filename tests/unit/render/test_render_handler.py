"""Facts in, pieces and fancams in the store; asked again, the same bytes and nothing drawn anew."""

import io
from pathlib import Path

import av
import pytest

from footage import as_bytes, boxes_of, decoded, ideal_crop, ssim, stamps
from inyourarea.contracts import keys
from inyourarea.contracts.v1 import facts_pb2 as facts
from inyourarea.contracts.v1 import stored_pb2 as stored
from inyourarea.render.handler import RenderHandler
from inyourarea.runtime.child import Child
from inyourarea.runtime.folder_objects import FolderObjects
from inyourarea.runtime.runs import OtherVersion
from render_run import (
    CUT,
    FRAMES,
    PEOPLE,
    SIZES,
    STEP,
    TIME_BASE,
    Run,
    drawn,
    sound,
    video_file,
    window_of,
)

BULK, URGENT = facts.LANE_BULK, facts.LANE_URGENT


@pytest.fixture(scope="module")
def video() -> bytes:
    return video_file()


@pytest.fixture
def objects(tmp_path: Path) -> FolderObjects:
    return FolderObjects(tmp_path / "store")


@pytest.fixture
def run(objects: FolderObjects, video: bytes) -> Run:
    return Run(objects, video)


def test_everybody_gets_a_fancam_per_picture_with_every_frame(run: Run) -> None:
    run.draw(0)
    run.draw(1)
    (published,) = run.publish()
    told = [(fancam.name, fancam.picture) for fancam in published.fancams]
    assert told == [(name, label) for label in ("5x9", "40x40") for name in PEOPLE]
    assert len({fancam.key for fancam in published.fancams}) == 6
    for fancam in published.fancams:
        content = run.objects.get(fancam.key)
        assert stamps(content) == [rank * STEP * TIME_BASE for rank in range(FRAMES + 1)]
        names = boxes_of(content)
        assert names.index("moov") < names.index("mdat")


def test_a_piece_that_is_gone_when_all_are_joined_is_drawn_again(run: Run) -> None:
    run.draw(0)
    named = stored.SegmentPieces.FromString(run.objects.get(run.draw(1).pieces_key))
    (whole,) = run.publish()
    fancams = [run.objects.get(fancam.key) for fancam in whole.fancams]
    for key in (keys.published(run.run_id), *(fancam.key for fancam in whole.fancams)):
        run.objects.delete(key)
    run.objects.delete(named.pieces[1].key)
    (again,) = run.publish()
    assert isinstance(again, facts.CameraPlanned)
    assert (again.segment.index, again.windows_key) == (1, keys.windows(run.accepted.spec, 1))
    run.draw(again.segment.index)
    (published,) = run.publish()
    assert [run.objects.get(fancam.key) for fancam in published.fancams] == fancams


def test_a_segment_that_is_drawn_lets_the_next_of_its_row_be_drawn(run: Run) -> None:
    rendered, following = run.handler.on_camera_planned(run.planned(0, stride=1, lane=BULK))
    assert isinstance(rendered, facts.SegmentRendered)
    assert following == run.planned(1, stride=1, lane=BULK)
    assert len(run.handler.on_camera_planned(following)) == 1  # it is the last one
    again = run.handler.on_camera_planned(run.planned(0, stride=1, lane=BULK))
    assert again == [rendered, following]
    assert len(run.handler.on_camera_planned(run.planned(0, stride=2, lane=BULK))) == 1


def test_a_row_of_which_enough_had_to_be_drawn_goes_on_in_bulk(run: Run) -> None:
    one, two = ({"stride": 1, "lane": URGENT, "urgent": urgent} for urgent in (1, 2))
    _, following = run.handler.on_camera_planned(run.planned(0, **one))
    assert following == run.planned(1, stride=1, lane=BULK)
    for found in (one, two):  # as it is, by now
        _, following = run.handler.on_camera_planned(run.planned(0, **found))
        assert following == run.planned(1, **found)
    run.objects.delete(keys.segment_pieces(run.run_id, 0))  # another run's, of the same pieces
    _, following = run.handler.on_camera_planned(run.planned(0, **one))
    assert following == run.planned(1, **one)


def test_a_fancam_shows_its_window_of_every_frame(run: Run) -> None:
    run.draw(1)
    run.draw(0)
    (published,) = run.publish()
    for fancam in published.fancams:
        person, size = PEOPLE.index(fancam.name), SIZES[fancam.picture == "40x40"]
        shown = decoded(run.objects.get(fancam.key))
        for rank in range(0, CUT if fancam.name == "three" else FRAMES, 3):
            ideal = ideal_crop(drawn(rank), window_of(person, rank, size), size)
            assert ssim(shown[rank].y, as_bytes(ideal[0])) >= 0.97


def test_nothing_is_published_before_the_last_segment(run: Run) -> None:
    run.draw(1)
    assert run.publish() == []
    run.draw(0)
    assert len(run.publish()) == 1


def test_handled_twice_the_store_is_the_same_and_nothing_is_drawn_again(run: Run) -> None:
    first = [run.draw(0), run.draw(1), run.publish()]
    before, calls = run.everything(), list(run.child.calls)
    assert [run.draw(0), run.draw(1), run.publish()] == first
    assert run.everything() == before
    assert run.child.calls == calls


def test_a_lost_piece_is_drawn_again_with_the_same_bytes(run: Run) -> None:
    run.draw(0)
    before = run.everything()
    lost = list(run.objects.list("pieces/"))[2]
    run.objects.delete(lost)
    run.objects.delete(keys.segment_pieces(run.run_id, 0))
    run.draw(0)
    assert run.everything() == before


def test_a_run_is_drawn_by_the_version_that_began_it_alone(
    run: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    run.draw(0)
    before = run.everything()
    with monkeypatch.context() as newer:
        newer.setattr(keys, "RENDER_REVISION", keys.RENDER_REVISION + 1)
        with pytest.raises(OtherVersion):
            run.draw(1)
        with pytest.raises(OtherVersion):
            run.publish()
        assert run.everything() == before
    run.draw(1)
    (published,) = run.publish()
    monkeypatch.setattr(keys, "RENDER_REVISION", keys.RENDER_REVISION + 1)
    assert run.publish() == [published]


def test_another_store_gets_the_same_bytes(run: Run, video: bytes, tmp_path: Path) -> None:
    other = Run(FolderObjects(tmp_path / "other"), video)
    for one in (run, other):
        one.draw(0)
        one.draw(1)
        one.publish()
    assert run.everything() == other.everything()


def test_only_changed_windows_are_drawn_again(run: Run) -> None:
    run.draw(0)
    before = set(run.objects.list("pieces/"))
    key = keys.windows(run.accepted.spec, 0)
    windows = stored.SegmentWindows.FromString(run.objects.get(key))
    windows.views[1].windows[0] += 1
    run.objects.put(key, windows.SerializeToString())
    run.objects.delete(keys.segment_pieces(run.run_id, 0))
    run.draw(0)
    assert len(set(run.objects.list("pieces/")) - before) == 1


def test_only_the_members_asked_for_get_a_fancam(objects: FolderObjects, video: bytes) -> None:
    run = Run(objects, video, members=["TWO"])
    run.draw(0)
    run.draw(1)
    (published,) = run.publish()
    assert [fancam.name for fancam in published.fancams] == ["two", "two"]


def test_a_member_who_is_never_seen_gets_none(objects: FolderObjects, video: bytes) -> None:
    model = facts.Model(members=["one", "two", "three", "four"])
    run = Run(objects, video, members=["four"], model=model)
    run.draw(0)
    run.draw(1)
    (published,) = run.publish()
    assert not published.fancams


def sounds(content: bytes) -> int:
    with av.open(io.BytesIO(content)) as container:
        return len(container.streams.audio)


def test_a_film_with_sound_waits_for_it(objects: FolderObjects, video: bytes) -> None:
    run = Run(objects, video, has_audio=True)
    run.draw(0)
    run.draw(1)
    assert run.publish() == []
    objects.put(keys.audio("video"), sound())
    (published,) = run.hear(keys.audio("video"))
    assert [sounds(objects.get(fancam.key)) for fancam in published.fancams] == [1] * 6


def test_the_sound_may_come_first(objects: FolderObjects, video: bytes) -> None:
    run = Run(objects, video, has_audio=True)
    objects.put(keys.audio("video"), sound())
    assert run.hear(keys.audio("video")) == []
    run.draw(0)
    run.draw(1)
    (published,) = run.publish()
    assert sounds(objects.get(published.fancams[0].key)) == 1


def test_a_part_without_sound_is_published_silent(objects: FolderObjects, video: bytes) -> None:
    run = Run(objects, video, has_audio=True)
    run.draw(0)
    run.draw(1)
    (published,) = run.hear("")
    assert [sounds(objects.get(fancam.key)) for fancam in published.fancams] == [0] * 6


def test_a_child_of_its_own_draws_the_same_bytes(run: Run, video: bytes, tmp_path: Path) -> None:
    other = Run(FolderObjects(tmp_path / "other"), video)
    child = Child()
    try:
        other.handler = RenderHandler(other.objects, child)
        for one in (run, other):
            one.draw(0)
            one.draw(1)
            one.publish()
    finally:
        child.close()
    assert run.everything() == other.everything()

"""Fancams are streamed in two rungs, which show what the published ones show, at the same times."""

import logging
from fractions import Fraction
from pathlib import Path

import pytest

from browsers import Player, shown_s
from footage import as_bytes, decoded, ideal_crop, ssim
from inyourarea.contracts import keys
from inyourarea.contracts.v1 import facts_pb2 as facts
from inyourarea.contracts.v1 import stored_pb2 as stored
from inyourarea.render.streams_handler import StreamsHandler
from inyourarea.runtime.folder_objects import FolderObjects
from render_run import (
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
from steps import read_step

#: The narrow picture is 200x360 then, and its half large enough; the square's half is not.
SCALE = 4


@pytest.fixture(scope="module")
def video() -> bytes:
    return video_file()


@pytest.fixture
def objects(tmp_path: Path) -> FolderObjects:
    return FolderObjects(tmp_path / "store")


@pytest.fixture
def run(objects: FolderObjects, video: bytes) -> Run:
    return Run(objects, video, for_browsers=True, scale=SCALE)


def streams(run: Run) -> StreamsHandler:
    return StreamsHandler(run.objects, run.child)  # type: ignore[arg-type]


def finish(run: Run) -> facts.StreamsReady:
    handler = streams(run)
    for index in (0, 1):
        assert handler.on_segment_rendered(run.draw(index)) == []
    (published,) = run.publish()
    (ready,) = handler.on_published(published)
    assert isinstance(ready, facts.StreamsReady)
    return ready


def test_every_fancam_has_a_master_playlist_with_its_rungs(run: Run) -> None:
    ready = finish(run)
    told = [(stream.person, stream.picture, stream.master) for stream in ready.streams]
    assert told == [
        (f"id-{name}", label, f"{place:03}-{label}.m3u8")
        for label in ("5x9", "40x40")
        for place, name in enumerate(PEOPLE)
    ]
    player = Player(run.objects, ready.streams_key)
    for stream in ready.streams:
        sizes = [variant.info.resolution for variant in player.variants(stream.master)]
        assert sizes == ([(160, 160)] if stream.picture == "40x40" else [(100, 180), (200, 360)])


def test_both_rungs_show_the_window_of_every_frame_at_its_time(run: Run) -> None:
    ready = finish(run)
    player = Player(run.objects, ready.streams_key)
    for person in (0, 1):
        for variant in player.variants(ready.streams[person].master):
            assert shown_s(variant.content) == [rank * STEP * TIME_BASE for rank in range(FRAMES)]
            assert len(variant.segments) == 2
            shown = decoded(variant.content)
            for rank in range(0, FRAMES, 5):
                window, size = window_of(person, rank, SIZES[0]), variant.info.resolution
                ideal = ideal_crop(drawn(rank), window, size)
                assert ssim(shown[rank].y, as_bytes(ideal[0])) >= 0.97


def test_lower_rungs_are_logged_when_they_were_drawn(
    run: Run, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.INFO)
    finish(run)
    streams(run).on_segment_rendered(run.draw(0))
    lines = [{"text": text, "video_id": "video", "segment": 0} for text in caplog.messages]
    drawn_here = ("video", "0", "drew frames for lower rungs")
    assert list(map(read_step, lines)).count(drawn_here) == 2  # one of each segment


def test_a_player_goes_by_names_that_say_whose_they_are(run: Run) -> None:
    ready = finish(run)
    files = stored.StreamFiles.FromString(run.objects.get(ready.streams_key))
    assert len({file.name for file in files.files}) == len(files.files)
    for file in files.files:
        place = int(file.name[:3])
        assert file.person == f"id-{PEOPLE[place]}"
        assert file.name.startswith(f"{place:03}-{file.picture}")
        assert run.objects.size(file.key)


def test_the_sound_is_shared_and_nobodys(objects: FolderObjects, video: bytes) -> None:
    run = Run(objects, video, has_audio=True, for_browsers=True, scale=SCALE)
    objects.put(keys.audio("video"), sound())
    ready = finish(run)
    player = Player(objects, ready.streams_key)
    assert all(player.sound(stream.master).segments for stream in ready.streams)
    files = stored.StreamFiles.FromString(objects.get(ready.streams_key))
    assert [file.name for file in files.files if not file.person] == ["audio.mp4", "audio.m3u8"]


def test_whichever_comes_last_finds_the_other(run: Run) -> None:
    handler = streams(run)
    rendered = [run.draw(0), run.draw(1)]
    (published,) = run.publish()
    assert handler.on_published(published) == []
    assert handler.on_segment_rendered(rendered[1]) == []
    assert len(handler.on_segment_rendered(rendered[0])) == 1


def test_handled_twice_nothing_is_done_over(run: Run) -> None:
    first = finish(run)
    before, calls = run.everything(), list(run.child.calls)
    handler = streams(run)
    assert handler.on_segment_rendered(run.draw(0)) == [first]
    assert run.everything() == before
    assert run.child.calls == calls


def test_only_changed_pieces_are_halved_again(run: Run) -> None:
    finish(run)
    before = set(run.objects.list("pieces/"))
    key = keys.windows(run.accepted.spec, 0)
    windows = stored.SegmentWindows.FromString(run.objects.get(key))
    windows.views[1].windows[0] += 1
    run.objects.put(key, windows.SerializeToString())
    run.objects.delete(keys.segment_pieces(run.run_id, 0))
    streams(run).on_segment_rendered(run.draw(0))
    assert len(set(run.objects.list("pieces/")) - before) == 2  # the piece and its half


def test_a_run_that_is_not_for_browsers_costs_nothing(objects: FolderObjects, video: bytes) -> None:
    run = Run(objects, video, scale=SCALE)
    rendered = [run.draw(0), run.draw(1)]
    (published,) = run.publish()
    before, calls = run.everything(), list(run.child.calls)
    assert streams(run).on_segment_rendered(rendered[0]) == []
    assert streams(run).on_published(published) == []
    assert run.everything() == before
    assert run.child.calls == calls


def test_the_rates_are_those_of_the_source(run: Run) -> None:
    ready = finish(run)
    (variant, _) = Player(run.objects, ready.streams_key).variants(ready.streams[0].master)
    assert variant.info.frame_rate == pytest.approx(float(Fraction(30000, 1001)), abs=1e-3)
    assert sum(variant.durations) == pytest.approx(float(FRAMES * STEP * TIME_BASE), abs=1e-5)

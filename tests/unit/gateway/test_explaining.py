"""What a run waits for is told from its objects alone."""

import json
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from inyourarea.cli.__main__ import main
from inyourarea.contracts import keys
from inyourarea.contracts.runs import units_of
from inyourarea.contracts.starts import Start, starts_of, write_start
from inyourarea.contracts.topics import DEAD_LETTERS
from inyourarea.contracts.v1 import facts_pb2 as facts
from inyourarea.gateway.explaining import Explanation, explain, list_runs, look_at_run
from inyourarea.runtime.bus import Record
from inyourarea.runtime.folder_objects import FolderObjects
from inyourarea.runtime.memory_bus import MemoryBroker, MemoryBus
from rehearsal_house import RehearsedSite
from watched import spans


@pytest.fixture
def site(tmp_path: Path) -> Iterator[RehearsedSite]:
    """Of a video of several segments."""
    site = RehearsedSite(tmp_path, seconds=20)
    yield site
    site.close()


def told(site: RehearsedSite, run: str, later_s: float = 0.0) -> Explanation:
    return explain(look_at_run(site.objects, run), time.time() + later_s)


def begin(site: RehearsedSite, stage: str, record: tuple[str, str], start: Start, at: int) -> None:
    site.objects.put(f"{starts_of(stage, *record)}{at:04}", write_start(start))


def test_a_run_that_was_just_accepted_waits_for_somebody_to_read_frames(
    site: RehearsedSite,
) -> None:
    run = site.submit()["run_id"]
    now = told(site, run, later_s=100)
    segments = len(now.run.segments)
    assert segments > 1
    assert now.ending == "working"
    assert now.count("reading frames", "waiting") == segments
    assert now.count("finding people", "held back") == segments
    assert now.sentence == (
        "It waits for a worker of ingest to take taking out the sound; so for 1 min 40 s."
    )


def test_a_run_that_nobody_has_begun_yet_tells_the_trace_of_who_asked_for_it(
    site: RehearsedSite,
) -> None:
    with spans() as kept:
        run = site.submit()["run_id"]
    asked = [one for one in kept.get_finished_spans() if one.name == "POST /api/v1/videos"]
    assert [f"{one.context.trace_id:032x}" for one in asked] == [told(site, run).trace_id]


def test_the_oldest_unit_that_nobody_takes_is_named(site: RehearsedSite) -> None:
    run = site.submit()["run_id"]
    accepted = site.house.showing.accepted(run)
    spec = accepted.spec
    site.objects.put(keys.audio(accepted.video_id), b"")
    for segment in accepted.segments:
        at = (spec.video_id, spec.model, segment.index)
        site.objects.put(keys.signals(*at), b"")
        site.objects.put(keys.pack(*at), b"")
    site.objects.put(keys.detections(spec.video_id, spec.model, 0), b"")
    now = told(site, run, later_s=75)
    rest = len(accepted.segments) - 1
    assert now.count("reading frames", "done") == rest + 1
    assert now.count("finding people", "done") == 1
    assert now.count("finding people", "waiting") == rest
    assert now.count("planning cameras", "held back") == 1
    assert now.oldest is not None
    assert (now.oldest.unit.stage, now.oldest.unit.segment) == ("detect", 1)
    assert now.sentence.startswith("It waits for a worker of detect to take finding people")


def test_who_is_at_it_and_what_went_wrong_is_told(site: RehearsedSite) -> None:
    run = site.submit()["run_id"]
    accepted = site.house.showing.accepted(run)
    site.objects.put(keys.audio(accepted.video_id), b"")
    cut = next(
        one for one in units_of(accepted) if (one.work, one.segment) == ("reading frames", 1)
    )
    begun = time.time_ns()
    first = Start("ingest a", begun - 60 * 10**9, run, 1, "", "")
    second = Start("ingest b", begun - 30 * 10**9, run, 1, "0af7", "waits: the store is full")
    begin(site, "ingest", cut.records[0], first, 0)
    begin(site, "ingest", cut.records[1], second, 1)
    begin(site, "ingest", cut.records[0], Start("ingest c", begun, "another run", 1), 2)
    now = told(site, run)
    (unit,) = [one for one in now.units if one.state == "at work"]
    assert (unit.unit.segment, unit.starts) == (1, 2)
    assert unit.start == second
    assert (now.trouble, now.trace_id) == ("waits: the store is full", "0af7")
    assert now.sentence == (
        "It waits for ingest b to end reading frames of segment 1, begun 30 s ago and 1 times "
        "before, without an end; waits: the store is full"
    )


def test_a_run_that_has_ended_says_how(site: RehearsedSite) -> None:
    video = site.ready()
    run = video["run_id"]
    accepted = site.house.showing.accepted(run)
    assert told(site, run).ending == "working"  # rehearsed is but a part for browsers
    for one in units_of(accepted):
        for key in one.results[0]:
            site.objects.put_once(key, b"")
    assert told(site, run).ending == "finished"
    assert told(site, run).sentence.startswith("It is finished")
    site.http.delete(f"/videos/{video['id']}")
    other = site.submit(b"another")
    site.objects.put(keys.failed(other["run_id"]), b"the sky fell")
    assert told(site, other["run_id"]).sentence == (
        "It has failed, and waits for somebody to try it again: the sky fell"
    )
    site.objects.put(keys.cancelled(other["run_id"]), b"")
    assert told(site, other["run_id"]).ending == "cancelled"


def test_what_browsers_wait_for_in_vain_is_told_with_its_reason(site: RehearsedSite) -> None:
    video = site.ready()
    run, accepted = video["run_id"], site.house.showing.accepted(video["run_id"])
    for one in units_of(accepted):
        for key in one.results[0] if one.stage != "rendition" else ():
            site.objects.put_once(key, b"")
    assert told(site, run).sentence.startswith("It waits for a worker of rendition")
    site.objects.put(keys.stage_failed(video["id"]), b"the sky fell")
    now = told(site, run)
    assert (now.ending, now.trouble) == ("working", "the sky fell")
    assert now.sentence == (
        "What browsers are given has failed, and waits for somebody to try again: the sky fell"
    )


def test_all_units_of_a_run_that_went_through_are_done(tmp_path: Path) -> None:
    """By a run of the laptop; what the units say is what the stages do."""
    site = RehearsedSite(tmp_path)
    run = site.ready()["run_id"]
    now = told(site, run)
    left = {one.unit.work for one in now.units if one.state != "done"}
    # The rehearsal draws one segment of the stage, and reads no sound.
    assert left <= {"drawing small fancams"}
    site.close()


def test_the_command_tells_it_in_words_and_as_json(
    site: RehearsedSite, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    run = site.submit()["run_id"]
    (tmp_path / "data").mkdir()
    (tmp_path / "store").rename(tmp_path / "data" / ".inyourarea")
    data = str(tmp_path / "data")
    assert main(["runs", "list", "--data", data]) == 0
    assert run in capsys.readouterr().out
    assert main(["runs", "explain", run, "--data", data]) == 0
    assert "It waits for a worker of ingest" in capsys.readouterr().out
    assert main(["runs", "explain", run, "--data", data, "--json"]) == 0
    found = json.loads(capsys.readouterr().out)
    assert found["state"] == "working"
    assert found["oldest_waiting"]["stage"] == "ingest"
    assert found["stages"][1]["work"] == "reading frames"
    assert main(["runs", "explain", "ab" * 16, "--data", data]) == 1
    assert "runs list" in capsys.readouterr().err


def test_on_a_cluster_the_command_tells_why_a_run_was_given_up(
    site: RehearsedSite,
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    video = site.submit()
    run, broker = video["run_id"], MemoryBroker()
    objects, bus = FolderObjects(tmp_path / "store"), broker.join("anybody", ())

    @contextmanager
    def opened() -> Iterator[tuple[MemoryBroker, MemoryBus]]:
        yield broker, bus

    monkeypatch.setattr("inyourarea.cli.runs.open_objects", lambda _: objects)
    monkeypatch.setattr("inyourarea.cli.runs.open_bus", opened)
    trace = "0af7651916cd43dd8448eb211c80319c"
    about = {"origin": b"audio.ready/0/0", "stage": b"render", "attempts": b"3"}
    traced = {**about, "traceparent": f"00-{trace}-b7ad6b7169203331-01".encode()}
    mine = facts.AudioReady(video_id=video["id"], run_id=run).SerializeToString()
    other = facts.AudioReady(video_id=video["id"], run_id="another").SerializeToString()
    for key, value, reason in (
        (video["id"], mine, b"the disk is odd"),
        (video["id"], other, b"of another run"),
        (video["id"], b"\xff no fact", b"it can not be read"),
        ("another", b"\xff no fact", b"of another video"),
    ):
        bus.publish(Record(DEAD_LETTERS, key, value, {**traced, "reason": reason}))
    assert main(["runs", "explain", run]) == 0
    said = capsys.readouterr().out
    assert ": render, 3 tries: the disk is odd" in said
    assert "it can not be read" in said
    assert "of another" not in said
    assert f"trace: {trace}" in said
    assert main(["runs", "explain", run, "--json"]) == 0
    found = json.loads(capsys.readouterr().out)
    assert found["trace_id"] == trace
    assert len(found["dead_letters"]) == 2


def test_runs_are_listed_the_newest_first(tmp_path: Path) -> None:
    objects = FolderObjects(tmp_path)
    for number in range(2):
        run = facts.VideoAccepted(run_id=f"{number:032x}", video_id="v")
        run.segments.add(index=0)
        objects.put(keys.accepted(run.run_id), run.SerializeToString())
        time.sleep(0.01)
    objects.put(keys.segment_pieces(f"{0:032x}", 0), b"")
    objects.put(keys.published(f"{0:032x}"), b"")
    newest, oldest = list_runs(objects)
    assert (newest.run_id, newest.ending, newest.drawn) == (f"{1:032x}", "working", 0)
    assert (oldest.ending, oldest.drawn, oldest.segments) == ("finished", 1, 1)

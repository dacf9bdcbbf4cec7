"""What an operator asks of real runs: are they finished, what have they cost, what may go."""

import json
import os
import threading
import time
from pathlib import Path

import pytest

from inyourarea.cli.__main__ import main
from inyourarea.contracts import keys
from inyourarea.contracts.v1 import facts_pb2 as facts
from inyourarea.contracts.v1 import ingest_pb2
from inyourarea.embedded.line import Line
from inyourarea.embedded.store import open_store
from inyourarea.gateway.collecting import LEAST_GRACE_S, Times, find_garbage, sweep_garbage
from inyourarea.runtime.folder_objects import FolderObjects


def accepted_in(objects: FolderObjects) -> facts.VideoAccepted:
    (key,) = [name for name in objects.list("runs/") if name.endswith("/accepted.binpb")]
    return facts.VideoAccepted.FromString(objects.get(key))


def test_a_finished_run_says_so_and_what_it_has_cost(
    finished: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    run = accepted_in(FolderObjects(finished / ".inyourarea")).run_id
    assert main(["runs", "explain", run, "--out", str(finished), "--json"]) == 0
    told = json.loads(capsys.readouterr().out)
    assert told["state"] == "finished"
    assert told["at_work"] == []
    assert {stage["waiting"] + stage["held_back"] for stage in told["stages"]} == {0}
    assert main(["usage", "--by", "owner", "--out", str(finished), "--json"]) == 0
    (mine,) = json.loads(capsys.readouterr().out)
    assert {"ingest", "detect", "track", "render"} <= set(mine["cpu_s"])
    assert sum(mine["cpu_s"].values()) > 0.5
    assert mine["stored_bytes"] > 500_000


def test_of_a_finished_run_nothing_is_garbage(finished: Path) -> None:
    objects = FolderObjects(finished / ".inyourarea")
    garbage = find_garbage(objects, Times(time.time() + 30 * 24 * 3600, LEAST_GRACE_S))
    assert (garbage.old, garbage.young) == ([], [])


def test_a_run_that_proceeds_while_garbage_is_collected_ends_with_the_right_bytes(
    finished: Path, tmp_path: Path
) -> None:
    home = FolderObjects(finished / ".inyourarea")
    before = accepted_in(home)
    store = tmp_path / "out" / ".inyourarea"
    objects = FolderObjects(store)
    for source in (before.source.key, before.spec.model.boxes_key):
        objects.put(source, home.get(source))
    # Pieces that somebody drew long ago, and nobody names: the run may find them, or not.
    long_ago = time.time() - 2 * LEAST_GRACE_S
    pieces = list(home.list("pieces/"))
    for piece in pieces:
        objects.put(piece, home.get(piece))
        os.utime(store / piece, (long_ago, long_ago))
    gone, stop = set[str](), threading.Event()

    def collect() -> None:
        while not stop.is_set():
            times = Times(time.time(), LEAST_GRACE_S)
            gone.update(
                one.key for one in sweep_garbage(objects, find_garbage(objects, times), times)
            )
            stop.wait(0.05)

    asked = ingest_pb2.SubmitVideoRequest(
        source_key=before.source.key, sha256=before.source.sha256, spec=before.spec
    )
    with open_store(store), Line(objects, None) as line:
        watcher = line.watch()
        accepted = line.submit(asked)
        collector = threading.Thread(target=collect)
        collector.start()
        told = list(watcher.facts(accepted.run_id))
        stop.set()
        collector.join()
    published = told[-1]
    assert isinstance(published, facts.FancamsPublished)
    assert len(published.fancams) == 3
    for fancam in published.fancams:
        assert objects.get(fancam.key) == home.get(fancam.key)
    assert gone
    assert gone <= set(pieces)
    assert keys.published(accepted.run_id) in set(objects.list("runs/"))

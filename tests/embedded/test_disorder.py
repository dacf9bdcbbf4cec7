"""Each message twice and in any order: the same bytes, and nothing is made a second time."""

import time
from collections import Counter
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from disorderly_bus import DisorderlyBroker
from inyourarea.contracts import keys
from inyourarea.contracts.reach import REACH
from inyourarea.contracts.v1 import facts_pb2 as facts
from inyourarea.contracts.v1 import ingest_pb2
from inyourarea.embedded.line import Line
from inyourarea.runtime.child import Child, prepare
from inyourarea.runtime.folder_objects import FolderObjects
from small_show import draw_small_show, inyourarea

SEEDS = (1, 2, 3)


@pytest.fixture
def made(monkeypatch: pytest.MonkeyPatch) -> Counter[str]:
    """What was decoded, drawn and joined, how often."""
    counted: Counter[str] = Counter()
    call = Child.call

    def count(child: Child, function: Callable[..., Any], *args: Any, timeout_s: float) -> Any:
        counted[function.__name__] += function is not prepare
        return call(child, function, *args, timeout_s=timeout_s)

    monkeypatch.setattr(Child, "call", count)
    return counted


@pytest.mark.slow
def test_each_message_twice_and_in_any_order_makes_the_same_bytes_once(
    made: Counter[str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("INYOURAREA_TRACK_WINDOW", "1")  # each segment waits for the one before it
    show = draw_small_show(tmp_path / "show", seconds=12, size=(320, 180))
    inyourarea("run", show.video, "--boxes", show.boxes, "--out", tmp_path / "out")
    before = FolderObjects(tmp_path / "out" / ".inyourarea")
    (key,) = [key for key in before.list("runs/") if key.endswith("/accepted.binpb")]
    accepted = facts.VideoAccepted.FromString(before.get(key))
    parts = len(accepted.segments)
    assert parts == 3
    for seed in SEEDS:
        objects = FolderObjects(tmp_path / f"seed-{seed}")
        for name in (accepted.source.key, accepted.spec.model.boxes_key):
            objects.put(name, before.get(name))
        made.clear()
        run(objects, accepted, seed)
        assert made.pop("probe_video") == 1
        drawn = {"extract_segment": parts, "draw_segment": parts, "store_audio": 1, "join": 3}
        assert +made == drawn, f"seed {seed}"
        # All that the stages write, but for what it cost and which segment's fact came last.
        same = [name for name in before.list("") if f"{name.split('/')[0]}/" in REACH]
        same = [name for name in same if not name.startswith("usage/")]
        same.remove(keys.teller(accepted.spec, accepted.run_id))
        assert [name for name in same if objects.get(name) != before.get(name)] == []


def run(objects: FolderObjects, accepted: facts.VideoAccepted, seed: int) -> None:
    """The run is published, and nothing is left to do."""
    broker = DisorderlyBroker(seed)
    line = Line(objects, pytest.fail)
    line._broker = broker  # type: ignore[assignment]
    with line:
        request = ingest_pb2.SubmitVideoRequest(
            source_key=accepted.source.key, sha256=accepted.source.sha256, spec=accepted.spec
        )
        line.submit(request)
        while not broker.is_at_rest():
            line.check()
            time.sleep(0.1)

"""A run's video is probed and drawn in one process beside its own."""

import os
import subprocess
import sys
from contextlib import suppress
from pathlib import Path

import pytest
from google.protobuf.message import Message

from inyourarea.contracts.v1 import facts_pb2 as facts
from inyourarea.core.picture import parse_aspect
from inyourarea.embedded.hand import hand_at_work
from inyourarea.embedded.run import Request, run_video
from small_show import SmallShow
from tree import digests


@pytest.mark.skipif(sys.platform != "linux", reason="processes are counted in /proc")
def test_one_process_does_everything_and_then_is_gone(
    small_show: SmallShow, finished: Path, tmp_path: Path
) -> None:
    out = tmp_path / "out"
    asked = Request(small_show.video, out, (parse_aspect("9:16"),), boxes=small_show.boxes)
    others = children()
    seen = set()

    def look(fact: Message) -> None:
        seen.update(children() - others)
        if isinstance(fact, facts.SegmentRendered):
            assert hand.call(os.getpid, timeout_s=60) in seen

    with hand_at_work() as hand:
        run_video(asked, look, hand)
    assert len(seen) == 1
    assert children() == others
    assert digests(out) == digests(finished)


def test_what_is_needed_late_is_imported_late() -> None:
    program = "import sys, inyourarea.embedded.run; sys.exit('scipy' in sys.modules)"
    subprocess.run([sys.executable, "-c", program], check=True)


def children() -> set[int]:
    """The processes that this one has begun and that live."""
    found = set()
    for task in Path("/proc/self/task").iterdir():
        with suppress(OSError):  # a thread that has just ended
            found.update(map(int, (task / "children").read_text().split()))
    return found

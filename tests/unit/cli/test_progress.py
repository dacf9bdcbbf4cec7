"""The progress bars count facts, and tell the time left from the first unit on."""

import io
import time

import pytest
from rich.console import Console

from inyourarea.cli import progress as bars
from inyourarea.cli.progress import RunProgress
from inyourarea.contracts.v1 import facts_pb2 as facts
from waiting import until


def shown(is_terminal: bool) -> str:
    """What is on standard error when one of three segments was read."""
    written = io.StringIO()
    console = Console(file=written, force_terminal=is_terminal, width=80, color_system=None)
    segments = [facts.Segment(index=number) for number in range(3)]
    with RunProgress(console) as progress:
        progress.note(facts.VideoAccepted(segments=segments))
        progress.note(facts.FramesExtracted(segment=segments[1]))
    return written.getvalue()


def test_a_terminal_has_a_bar_per_stage_and_the_time_left() -> None:
    lines = shown(is_terminal=True).splitlines()[-6:-1]
    assert [" 33%" in line for line in lines] == [True, False, False, False, False]
    assert "00:00 left" in lines[0]
    assert all("--:-- left" in line for line in lines[1:])


def test_elsewhere_a_line_is_written() -> None:
    assert shown(is_terminal=False) == "reading frames: 33 %\n"


@pytest.mark.parametrize("is_terminal", [True, False])
def test_what_comes_before_the_stages_is_said_once_it_takes_a_while(
    is_terminal: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(bars, "_MOMENT_S", 0.1)
    written = io.StringIO()
    console = Console(file=written, force_terminal=is_terminal, width=80, color_system=None)
    with RunProgress(console) as progress:
        until(lambda: "opening the video ..." in written.getvalue())
        progress.note(facts.Source(key="video", decode_key="copy"))
        until(lambda: "copying the video with more key frames ..." in written.getvalue())


def test_nothing_is_said_of_what_takes_a_moment(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(bars, "_MOMENT_S", 0.2)
    written = io.StringIO()
    with RunProgress(Console(file=written, width=80)) as progress:
        progress.note(facts.Source(key="video", decode_key="copy"))
        progress.note(facts.VideoAccepted())
        time.sleep(0.4)
    assert written.getvalue() == ""

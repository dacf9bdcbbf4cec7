"""The progress bars count facts, and tell the time left from the first unit on."""

import io

from rich.console import Console

from inyourarea.cli.progress import RunProgress
from inyourarea.contracts.v1 import facts_pb2 as facts


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

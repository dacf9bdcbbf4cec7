"""What the command line says of pictures that were collected."""

from pathlib import Path

import pytest
from rich.console import Console

from inyourarea.cli.collect import _tell
from inyourarea.contracts.datasets import LabelledPicture
from inyourarea.embedded.collect import Collected


def test_frames_that_do_not_decode_were_not_there_already(
    capsys: pytest.CaptureFixture[str],
) -> None:
    new = (LabelledPicture((9, 9)),) * 2
    _tell(Console(), [Collected(Path("a.mp4"), 7, new, renewed=1, lost=2, warnings=())])
    assert "3 were there already; of 1 proposals changed" in capsys.readouterr().out
    _tell(Console(), [Collected(Path("a.mp4"), 4, new, renewed=0, lost=2, warnings=())])
    assert "already" not in capsys.readouterr().out

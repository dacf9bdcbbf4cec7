"""Drawn pictures: a member plainly there is a label, a dancer never; the truth comes back."""

import os
import signal
import subprocess
import sys
from contextlib import suppress
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from inyourarea.contracts.group import group_from_toml
from inyourarea.train.answers import Seen, against
from inyourarea.train.show_model import COLOURS, group_toml
from inyourarea.train.show_pictures import (
    MEMBERS,
    Drawn,
    Split,
    draw_split,
    is_labelled,
    read_truth,
    show_of,
)
from waiting import lives, until

LIVE = Drawn(MEMBERS[0], "member", 10, 10, 20, 22, face_visible=1.0, head_visible=1.0)


def test_a_member_plainly_there_is_a_label() -> None:
    assert is_labelled(LIVE)
    assert is_labelled(replace(LIVE, role="screen"))
    assert is_labelled(replace(LIVE, face_visible=0.0)), "a head turned away is one too"


def test_dancers_specks_and_hidden_heads_are_none() -> None:
    assert not is_labelled(replace(LIVE, name="dancer-1", role="dancer"))
    assert not is_labelled(replace(LIVE, y2=14))
    assert not is_labelled(replace(LIVE, head_visible=0.3))


def test_training_shows_have_every_setting_and_number_of_members() -> None:
    specs = [show_of(seed) for seed in range(1000, 1120)]
    assert {spec.setting for spec in specs} == {"hard", "handheld", "easy"}
    assert {spec.members for spec in specs} == set(range(3, 10))
    assert show_of(1000) == show_of(1000)


@pytest.mark.slow
def test_drawn_pictures_have_labels_and_truth(tmp_path: Path) -> None:
    split = Split("few", range(1000, 1001), 2)
    draw_split(tmp_path, split, workers=1)
    pictures = sorted(file.stem for file in (tmp_path / "images" / "few").iterdir())
    truth = read_truth(tmp_path, "few")
    assert pictures
    assert sorted(truth) == pictures
    for stem in pictures:
        lines = (tmp_path / "labels" / "few" / f"{stem}.txt").read_text().splitlines()
        wanted = [MEMBERS.index(drawn.name) for drawn in truth[stem] if is_labelled(drawn)]
        assert [int(line.split()[0]) for line in lines] == wanted


DRAWING = """
import multiprocessing, sys, threading, time
from pathlib import Path
from inyourarea.train.show_pictures import Split, draw_split
if __name__ == "__main__":
    work = Path(sys.argv[1]), Split("few", range(1000, 1002), 1), 1
    drawing = threading.Thread(target=draw_split, args=work, daemon=True)
    drawing.start()
    while drawing.is_alive() and not list(work[0].rglob("*.jpg")):
        time.sleep(0.05)
    print(multiprocessing.active_children()[0].pid, flush=True)
    time.sleep(60)
"""


@pytest.mark.slow
def test_who_draws_ends_with_whoever_asked_even_when_that_is_killed(tmp_path: Path) -> None:
    script = tmp_path / "drawing.py"
    script.write_text(DRAWING)
    path = {**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)}
    words = [sys.executable, script, tmp_path / "data"]
    with subprocess.Popen(words, stdout=subprocess.PIPE, env=path) as asking:
        assert asking.stdout
        drawing = int(asking.stdout.readline())
        assert lives(drawing)
        asking.kill()
    try:
        until(lambda: not lives(drawing))
    finally:
        with suppress(ProcessLookupError):
            os.kill(drawing, signal.SIGKILL)


def test_a_model_of_one_class_is_asked_for_everybody() -> None:
    nothing = Seen((LIVE, replace(LIVE, name="dancer-1")), np.zeros((0, 4)), np.zeros((0, 1)))
    (one,) = against([nothing], ("face",), lambda _: True)
    assert one.truth_class.tolist() == [0, 0]


def test_the_group_file_is_readable_and_names_the_nine() -> None:
    group = group_from_toml(group_toml())
    assert group.members == MEMBERS
    assert group.colours == COLOURS

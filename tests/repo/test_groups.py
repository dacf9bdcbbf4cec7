"""Tests of one group run in one process, however many there are (`make test` has two)."""

import subprocess
import sys
from pathlib import Path

_GROUPED = """
import os
import pytest

pytestmark = pytest.mark.xdist_group("one")

@pytest.mark.parametrize("number", range(6))
def test_it(number):
    with open("ran_in", "a") as file:
        print(os.environ["PYTEST_XDIST_WORKER"], file=file)
"""


def test_tests_of_one_group_run_in_one_process(tmp_path: Path) -> None:
    (tmp_path / "test_grouped.py").write_text(_GROUPED)
    words = [sys.executable, "-m", "pytest", "-q", "-n", "2", "--dist", "loadgroup"]
    done = subprocess.run(words, cwd=tmp_path, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout
    ran_in = (tmp_path / "ran_in").read_text().split()
    assert len(ran_in) == 6
    assert len(set(ran_in)) == 1

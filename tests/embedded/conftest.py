"""The small show and a finished run of it, made once for all tests of a worker."""

from pathlib import Path

import pytest

from small_show import SmallShow, draw_small_show, inyourarea


@pytest.fixture(scope="session")
def small_show(tmp_path_factory: pytest.TempPathFactory) -> SmallShow:
    return draw_small_show(tmp_path_factory.mktemp("show"))


@pytest.fixture(scope="session")
def finished(small_show: SmallShow, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A finished run on the true boxes."""
    out = tmp_path_factory.mktemp("run") / "out"
    inyourarea("run", small_show.video, "--boxes", small_show.boxes, "--out", out)
    return out

"""A site of one's own, and one that has a finished video."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from rehearsal_house import RehearsedSite


@pytest.fixture
def site(tmp_path: Path) -> Iterator[RehearsedSite]:
    site = RehearsedSite(tmp_path)
    yield site
    site.close()

"""A site of one's own, and one that has a finished video."""

import hashlib
import pickle
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from inyourarea.track import handler
from rehearsal_house import RehearsedSite


def _remembered(function: Callable[..., Any]) -> Callable[..., Any]:
    """The function, asked once for each answer."""
    known: dict[bytes, bytes] = {}

    def answer(*told: Any, **more: Any) -> Any:
        question = hashlib.sha256(pickle.dumps((told, more))).digest()
        if question not in known:
            known[question] = pickle.dumps(function(*told, **more))
        return pickle.loads(known[question])

    return answer


_SOLVING = {
    name: _remembered(getattr(handler, name))
    for name in ("departure_evidence", "find_shots", "solve_tracks", "plan_cameras")
}


@pytest.fixture(scope="module", autouse=True)
def solved_before() -> Iterator[None]:
    """Nearly all sites show the same six seconds, and half a second would go into solving them."""
    with pytest.MonkeyPatch.context() as patch:
        for name, answer in _SOLVING.items():
            patch.setattr(handler, name, answer)
        yield


@pytest.fixture
def site(tmp_path: Path) -> Iterator[RehearsedSite]:
    site = RehearsedSite(tmp_path)
    yield site
    site.close()

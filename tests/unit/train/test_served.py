"""By which of its names a server is asked for a model."""

from typing import Any

import numpy as np
import pytest

from inyourarea.core.errors import Refused
from inyourarea.train import served as asking

FRAMES = np.zeros((1, 32, 32, 3), np.uint8)


class Server:
    """A Triton that has version 3 of some models; its answer to one is as long as its name."""

    names: tuple[str, ...] = ()

    def __init__(self, address: str) -> None:
        self.address = address

    def is_model_ready(self, name: str, version: str) -> bool:
        return name in self.names and version == "3"

    def infer(self, name: str, given: Any, model_version: str) -> "Server":
        self.shape = (len(name),)
        return self

    def as_numpy(self, output: str) -> np.ndarray:
        return np.zeros(self.shape)


@pytest.fixture(autouse=True)
def server(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(asking, "InferenceServerClient", Server)


@pytest.mark.parametrize(
    ("known", "asked"), [(("tri-0123456789ab", "tri"), "tri-0123456789ab"), (("tri",), "tri")]
)
def test_a_published_model_is_asked_by_its_published_name(
    known: tuple[str, ...], asked: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(Server, "names", known)
    look = asking.served("127.0.0.1:8001", ("tri-0123456789ab", "tri"), 3)
    assert look(FRAMES).scores.shape == (len(asked),)


def test_a_server_without_it_is_named_with_what_it_lacks() -> None:
    with pytest.raises(Refused, match=r"127\.0\.0\.1:8001 has no version 3 of tri-0 or tri; let"):
        asking.served("127.0.0.1:8001", ("tri-0", "tri"), 3)

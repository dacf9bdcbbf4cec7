"""Who lacks the extra `train` is told so, and nobody else is."""

import os
import sys
from pathlib import Path
from threading import Event

import pytest
from google.protobuf.message import Message

from inyourarea.contracts.topics import topic_of
from inyourarea.contracts.v1 import facts_pb2 as facts
from inyourarea.core.errors import Refused
from inyourarea.runtime.folder_objects import FolderObjects
from inyourarea.runtime.memory_bus import MemoryBroker
from inyourarea.runtime.worker import Worker, to_record
from inyourarea.train import group_steps
from inyourarea.train.installed import torch_within


@pytest.fixture(autouse=True)
def _own_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(os, "environ", dict(os.environ))


@pytest.mark.parametrize("name", ["torch", "ultralytics.nn", "cloudpickle", "sympy"])
def test_what_the_extra_brings_is_named_with_it(name: str, tmp_path: Path) -> None:
    told = rf"{name} is not installed; .*pip install \.\[train\]"
    with pytest.raises(Refused, match=told), torch_within(tmp_path):
        raise ModuleNotFoundError(name=name)


@pytest.mark.parametrize("name", ["inyourarea.train.nothing", None])
def test_what_it_does_not_bring_is_told_as_it_is(name: str | None, tmp_path: Path) -> None:
    with pytest.raises(ModuleNotFoundError), torch_within(tmp_path):
        raise ModuleNotFoundError(name=name)


def test_a_training_that_lacks_something_fails_at_once_and_says_what(tmp_path: Path) -> None:
    def train(_: facts.TrainingWanted) -> list[Message]:
        with torch_within(tmp_path):
            raise ModuleNotFoundError(name="sympy")

    broker, wanted = MemoryBroker(), facts.TrainingWanted(dataset="tour", number=1)
    channel = topic_of(facts.TrainingWanted).channel_of(wanted)
    bus, objects = broker.join("train", (channel,)), FolderObjects(tmp_path / "store")
    Worker("train", bus, objects, {facts.TrainingWanted: train}).work(to_record(wanted), Event())
    told = broker.join("watcher", (topic_of(facts.StageFailed).name,)).consume(0)
    assert told
    failed = facts.StageFailed.FromString(told.value)
    assert failed.reason.startswith("sympy is not installed; ")
    assert failed.attempts == 1


def test_a_server_that_can_not_be_asked_is_told_before_anything_is_learned(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setitem(sys.modules, "tritonclient.grpc", None)
    monkeypatch.delitem(sys.modules, "inyourarea.train.served", raising=False)
    with pytest.raises(Refused, match=r"pip install 'inyourarea\[triton\]'"):
        group_steps._triton_of("127.0.0.1:8001")

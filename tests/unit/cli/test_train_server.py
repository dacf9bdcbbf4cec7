"""What `inyourarea train --server` says while the site trains."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import pytest

from inyourarea.cli import train_server
from inyourarea.cli.__main__ import main
from inyourarea.client import Training, TrainingWishes

Told = dict[str, Any]

_NEW = {"number": 3, "state": "waiting", "group": "tour", "model": "yolov5n"}
#: The moment in which somebody presses Ctrl-C.
STOPPED: Told = {}
_DONE = {"state": "done", "version": 2, "is_used": True, "judged_on": "test"}


class Site:
    """A site that tells of a training, each time that it is asked, what comes next."""

    def __init__(self, *told: Told) -> None:
        self._coming = iter(told)
        self.asked: list[TrainingWishes] = []

    def train(self, dataset: str, wishes: TrainingWishes) -> Training:
        self.asked.append(wishes)
        return self.training(dataset)

    def cancel_training(self, dataset: str) -> Training:
        return Training(**_NEW | {"state": "cancelled", "cancelled_by": "kim"})

    def training(self, dataset: str) -> Training:
        told = next(self._coming)
        if told is STOPPED:
            raise KeyboardInterrupt
        return Training(**_NEW | told)


def train(monkeypatch: pytest.MonkeyPatch, site: Site, *words: str) -> int:
    @contextmanager
    def opened(_: object) -> Iterator[Site]:
        yield site

    monkeypatch.setattr(train_server, "open_client", opened)
    monkeypatch.setattr(train_server, "_POLL_S", 0)
    return main(["train", "--dataset", "tour", "--server", "http://127.0.0.1:9", *words])


def test_that_it_waits_is_said_once(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    working = {"state": "working", "step": "learning", "done": 1, "total": 9}
    assert train(monkeypatch, Site({}, {}, {}, working, _DONE)) == 0
    out, err = capsys.readouterr()
    assert err.splitlines() == ["training 3 of tour waits until the site has room for it"]
    assert "its runs use it from now on" in out


def test_of_a_training_that_does_not_wait_nothing_is_said(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    site = Site({"state": "working", "step": "learning", "epochs": 40}, _DONE)
    assert train(monkeypatch, site, "--epochs", "40") == 0
    assert capsys.readouterr().err == ""


@pytest.mark.parametrize("group", ["ive.2024", "groups/ive.2024.toml"])
def test_a_group_is_asked_for_by_its_whole_name(
    group: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    site = Site(_DONE)
    assert train(monkeypatch, site, "--group", group) == 0
    assert [wishes.group for wishes in site.asked] == ["ive.2024"]


@pytest.mark.parametrize(
    ("words", "under_way", "named"),
    [
        ((), {"model": "yolov5s"}, "yolov5s for tour"),
        (("--group", "ive"), {}, "yolov5n for tour"),
        (
            ("--imgsz", "640"),
            {"imgsz": 1280, "epochs": 9},
            "yolov5n, 1280 pixels, 9 epochs for tour",
        ),
    ],
)
def test_a_training_that_was_asked_for_otherwise_is_told(
    words: tuple[str, ...],
    under_way: Told,
    named: str,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    site = Site(under_way | {"state": "working", "step": "pictures"}, _DONE)
    assert train(monkeypatch, site, *words) == 0
    assert capsys.readouterr().err.splitlines() == [
        f"training 3 of tour was under way already, asked for as {named}; this follows that one"
    ]


def test_whoever_stops_the_command_is_told_that_it_goes_on_and_how_to_end_it(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    site = Site({"state": "working", "step": "learning"}, STOPPED)
    assert train(monkeypatch, site) == 130
    assert (
        "training 3 of tour goes on there; `inyourarea train --dataset tour --server "
        "http://127.0.0.1:9 --cancel` ends it"
    ) in capsys.readouterr().err


def test_a_training_is_cancelled_and_whoever_follows_it_is_told_by_whom(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    assert train(monkeypatch, Site(), "--cancel") == 0
    assert capsys.readouterr().out == "training 3 of tour is cancelled\n"
    site = Site({"state": "working"}, {"state": "cancelled", "cancelled_by": "kim"})
    assert train(monkeypatch, site) == 1
    assert "kim has cancelled it" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("words", "named"),
    [
        (("--only-named",), "--only-named:"),
        (("--from", "own.pt", "--device", "0"), "--device, --from:"),
    ],
)
def test_what_only_this_machine_can_be_told_is_refused(
    words: tuple[str, ...],
    named: str,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    site = Site(_DONE)
    assert train(monkeypatch, site, *words) == 1
    assert f"{named} how it trains is the server's own to know" in capsys.readouterr().err
    assert not site.asked

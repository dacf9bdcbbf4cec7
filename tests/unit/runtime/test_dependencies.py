"""What is missing is told by name: who says no, and who says nothing."""

import threading

import pytest

from inyourarea.runtime import dependencies
from inyourarea.runtime.bus import BusAway
from inyourarea.runtime.dependencies import Dependencies
from waiting import until


@pytest.fixture(autouse=True)
def _quick(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(dependencies, "_PAUSE_S", 0.01)
    monkeypatch.setattr(dependencies, "_AGAIN_S", 0.01)
    monkeypatch.setattr(dependencies, "_ANSWER_S", 0.1)


def test_who_says_no_is_missing_until_it_says_yes() -> None:
    is_away = threading.Event()

    def ask() -> None:
        if is_away.is_set():
            raise BusAway("nobody listens there")

    with Dependencies({"kafka": ask, "store": lambda: None}) as needed:
        until(lambda: needed.missing() == {})
        is_away.set()
        until(lambda: needed.missing() == {"kafka": "nobody listens there"})
        is_away.clear()
        until(lambda: needed.missing() == {})


def test_who_says_nothing_is_missing_and_holds_up_nobody() -> None:
    go_on = threading.Event()
    with Dependencies({"catalog": go_on.wait, "store": lambda: None}) as needed:  # type: ignore[dict-item]
        until(lambda: needed.missing() == {"catalog": "it does not answer"})
        go_on.set()
        until(lambda: needed.missing() == {})


def test_who_has_not_answered_yet_is_missing() -> None:
    go_on = threading.Event()
    with Dependencies({"kafka": go_on.wait}) as needed:  # type: ignore[dict-item]
        assert set(needed.missing()) == {"kafka"}
        go_on.set()
        until(lambda: needed.missing() == {})


def test_whoever_asks_survives_any_answer() -> None:
    def ask() -> None:
        raise ValueError("what is this")

    with Dependencies({"triton": ask}) as needed:
        until(lambda: needed.missing() == {"triton": "ValueError: what is this"})

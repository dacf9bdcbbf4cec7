"""The knobs are read once, and all problems are told together."""

from pathlib import Path

import pytest

from inyourarea.detect.settings import DEFAULT_THREADS, read_settings
from inyourarea.runtime.settings import SettingsRejected


def test_nothing_said_gives_the_defaults() -> None:
    settings = read_settings({})
    assert settings.threads == DEFAULT_THREADS
    assert settings.model_repository == Path("models")


def test_all_problems_are_told_at_once() -> None:
    wrong = {"INYOURAREA_DETECT_THREADS": "many", "INYOURAREA_MODELS": ""}
    with pytest.raises(SettingsRejected, match=r"THREADS.*MODELS"):
        read_settings(wrong)

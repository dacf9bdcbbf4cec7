"""Every stage reads its knobs from the environment, and tells all problems together."""

from pathlib import Path

import pytest

from inyourarea.ingest import settings as ingest
from inyourarea.render import settings as render
from inyourarea.runtime.settings import SettingsRejected
from inyourarea.track import settings as track


def test_nothing_said_gives_the_defaults() -> None:
    assert ingest.read_settings({}) == ingest.IngestSettings()
    assert track.read_settings({}) == track.TrackSettings()
    assert render.read_settings({}) == render.RenderSettings()


def test_what_is_said_is_taken(tmp_path: Path) -> None:
    said = {"INYOURAREA_INGEST_WINDOW": "3", "INYOURAREA_SCRATCH": str(tmp_path)}
    said["INYOURAREA_RENDER_FRAME_TIMEOUT_S"] = "2.5"
    said["INYOURAREA_TRACK_WINDOW"] = "5"
    assert ingest.read_settings(said).window == 3
    assert ingest.read_settings(said).scratch == tmp_path
    assert track.read_settings(said).window == 5
    assert render.read_settings(said).frame_timeout_s == 2.5


def test_all_problems_are_told_at_once(tmp_path: Path) -> None:
    wrong = {"INYOURAREA_INGEST_WINDOW": "0", "INYOURAREA_SCRATCH": str(tmp_path / "none")}
    wrong["INYOURAREA_INGEST_SEGMENT_TIMEOUT_S"] = "soon"
    with pytest.raises(SettingsRejected) as told:
        ingest.read_settings(wrong)
    assert all(name in str(told.value) for name in wrong)

"""What every service is told, by the environment."""

import pytest

from inyourarea.runtime.service import read_settings
from inyourarea.runtime.settings import SettingsRejected

TOLD = {
    "INYOURAREA_S3_ENDPOINT": "http://127.0.0.1:9000",
    "INYOURAREA_S3_ACCESS_KEY": "key",
    "INYOURAREA_S3_SECRET_KEY": "secret",
}


def test_metrics_are_told_nowhere_unless_a_place_is_named() -> None:
    assert read_settings(TOLD).metrics == ""
    assert read_settings({**TOLD, "INYOURAREA_METRICS": "[::]:9100"}).metrics == "[::]:9100"


def test_all_problems_are_told_together() -> None:
    wrong = {"INYOURAREA_METRICS": "9100", "INYOURAREA_LISTEN": "here"}
    with pytest.raises(SettingsRejected) as rejected:
        read_settings(wrong)
    for name in ("METRICS", "LISTEN", "S3_ENDPOINT"):
        assert f"INYOURAREA_{name}" in str(rejected.value)

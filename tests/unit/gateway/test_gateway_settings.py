"""The gateway's knobs, read from the environment."""

import ipaddress

import pytest

from inyourarea.gateway.settings import read_settings
from inyourarea.runtime.settings import SettingsRejected


def test_names_and_proxies_stand_between_commas() -> None:
    found = read_settings(
        {
            "INYOURAREA_GATEWAY_HOSTS": "fans.example, Stage.local",
            "INYOURAREA_GATEWAY_PROXIES": "10.0.0.0/8,::1",
        }
    )
    assert found.hosts == ("localhost", "127.0.0.1", "[::1]", "fans.example", "stage.local")
    assert found.proxies == (ipaddress.ip_network("10.0.0.0/8"), ipaddress.ip_network("::1"))


def test_all_that_is_wrong_is_told_together() -> None:
    wrong = {
        "INYOURAREA_GATEWAY_HOSTS": "fans.example:443, http://fans.example",
        "INYOURAREA_GATEWAY_PROXIES": "10.0.0.1/8",
        "INYOURAREA_GATEWAY_MOST_UPLOAD_GIB": "0",
        "INYOURAREA_GATEWAY_EXPORT_NAME": "{member}",
        "INYOURAREA_SCRATCH": "/nowhere",
    }
    with pytest.raises(SettingsRejected) as refused:
        read_settings(wrong)
    for part in (
        "fans.example:443",
        "http://fans.example",
        "10.0.0.1/8",
        "'0'",
        "{member}",
        "/nowhere",
    ):
        assert part in str(refused.value)

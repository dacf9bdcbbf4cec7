"""The gateway's knobs, read from the environment."""

import ipaddress
from pathlib import Path

import pytest

from certificates import Authority
from inyourarea.gateway.dock import Place
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


def test_where_programs_ask_and_videos_may_lie_is_read(tmp_path: Path) -> None:
    certificate, key = Authority(tmp_path / "authority").issue("site")
    found = read_settings(
        {
            "INYOURAREA_GATEWAY_GRPC": "0.0.0.0:9000",
            "INYOURAREA_GATEWAY_GRPC_CERT_FILE": str(certificate),
            "INYOURAREA_GATEWAY_GRPC_KEY_FILE": str(key),
            "INYOURAREA_GATEWAY_S3_SOURCES": "s3://stages/2026/, s3://more",
            "INYOURAREA_GATEWAY_S3_ADDRESS": "https://files.example/",
        }
    )
    assert found.grpc == "0.0.0.0:9000"
    assert found.grpc_tls is not None
    assert found.grpc_tls.certificate == certificate.read_bytes()
    assert found.s3_sources == (Place("stages", "2026/"), Place("more", ""))
    assert found.s3_address == "https://files.example"


def test_all_that_is_wrong_is_told_together() -> None:
    wrong = {
        "INYOURAREA_GATEWAY_HOSTS": "fans.example:443, http://fans.example",
        "INYOURAREA_GATEWAY_PROXIES": "10.0.0.1/8",
        "INYOURAREA_GATEWAY_MOST_UPLOAD_GIB": "0",
        "INYOURAREA_GATEWAY_EXPORT_NAME": "{member}",
        "INYOURAREA_SCRATCH": "/nowhere",
        "INYOURAREA_GATEWAY_GRPC": "9000",
        "INYOURAREA_GATEWAY_GRPC_CERT_FILE": "/no/certificate",
        "INYOURAREA_GATEWAY_S3_SOURCES": "s3://Stages",
        "INYOURAREA_GATEWAY_S3_ADDRESS": "files.example",
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
        "GRPC must be HOST:PORT, not '9000'",
        "/no/certificate",
        "INYOURAREA_GATEWAY_GRPC_KEY_FILE",
        "s3://Stages",
        "'files.example'",
    ):
        assert part in str(refused.value)

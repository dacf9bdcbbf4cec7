"""The knobs are read once, and all problems are told together."""

from pathlib import Path

import pytest

from inyourarea.detect.settings import DEFAULT_DEADLINE_S, DEFAULT_THREADS, Tls, read_settings
from inyourarea.runtime.settings import SettingsRejected


def test_nothing_said_gives_the_defaults() -> None:
    settings = read_settings({})
    assert settings.threads == DEFAULT_THREADS
    assert settings.model_repository == Path("models")
    assert settings.triton is None


def test_all_problems_are_told_at_once() -> None:
    wrong = {"INYOURAREA_DETECT_THREADS": "many", "INYOURAREA_MODELS": ""}
    with pytest.raises(SettingsRejected, match=r"THREADS.*MODELS"):
        read_settings(wrong)


def test_a_server_is_used_where_one_is_named(tmp_path: Path) -> None:
    settings = read_settings({"INYOURAREA_TRITON_ADDRESS": "triton.models:8001"}).triton
    assert settings is not None
    assert settings.address == "triton.models:8001"
    assert settings.deadline_s == DEFAULT_DEADLINE_S
    assert settings.tls is None
    ca, own = tmp_path / "ca.pem", tmp_path / "own.pem"
    ca.touch()
    own.touch()
    values = {
        "INYOURAREA_TRITON_ADDRESS": "[::1]:8001",
        "INYOURAREA_TRITON_DEADLINE_S": "1/2",
        "INYOURAREA_TRITON_TLS_CA": str(ca),
    }
    settings = read_settings(values).triton
    assert settings is not None
    assert settings.tls == Tls(ca, None, None)
    values |= {f"INYOURAREA_TRITON_TLS_{name}": str(own) for name in ("CERTIFICATE", "KEY")}
    settings = read_settings(values).triton
    assert settings is not None
    assert settings.tls == Tls(ca, own, own)


@pytest.mark.parametrize(
    "address", ["", "triton", ":8001", "triton:0", "triton:65536", "http://triton:8001", "a:b"]
)
def test_an_address_has_a_host_and_a_port(address: str) -> None:
    with pytest.raises(SettingsRejected, match="TRITON_ADDRESS must be host:port"):
        read_settings({"INYOURAREA_TRITON_ADDRESS": address})


def test_all_problems_of_a_server_are_told_at_once(tmp_path: Path) -> None:
    (tmp_path / "own.pem").touch()
    wrong = {
        "INYOURAREA_TRITON_ADDRESS": "triton",
        "INYOURAREA_TRITON_DEADLINE_S": "0",
        "INYOURAREA_TRITON_TLS_CA": str(tmp_path / "missing.pem"),
        "INYOURAREA_TRITON_TLS_CERTIFICATE": str(tmp_path / "own.pem"),
    }
    sentence = "ADDRESS.*DEADLINE_S.*TLS_CA.*TLS_CERTIFICATE must be .* given with .*TLS_KEY"
    with pytest.raises(SettingsRejected, match=sentence):
        read_settings(wrong)

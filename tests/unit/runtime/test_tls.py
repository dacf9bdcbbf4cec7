"""What services prove to each other, from settings; and what is wrong with it, all at once."""

from pathlib import Path

import pytest

from certificates import Authority
from inyourarea.runtime import service
from inyourarea.runtime.settings import SettingsRejected
from inyourarea.runtime.tls import Tls, read_settings


@pytest.fixture(scope="module")
def authority(tmp_path_factory: pytest.TempPathFactory) -> Authority:
    return Authority(tmp_path_factory.mktemp("authority"))


def environment(authority: Authority, certificate: Path, key: Path) -> dict[str, str]:
    files = {"CERT": certificate, "KEY": key, "CA": authority.certificate}
    return {f"INYOURAREA_TLS_{name}_FILE": str(file) for name, file in files.items()}


def test_without_settings_nothing_is_encrypted() -> None:
    assert read_settings({}) is None


def test_the_files_are_read_and_the_key_is_not_shown(authority: Authority) -> None:
    certificate, key = authority.issue("ingest")
    found = read_settings(environment(authority, certificate, key))
    assert found == Tls(
        certificate.read_bytes(), key.read_bytes(), authority.certificate.read_bytes()
    )
    assert "PRIVATE" not in repr(found)


def test_some_without_the_others_is_refused(authority: Authority) -> None:
    certificate, key = authority.issue("track")
    full = environment(authority, certificate, key)
    for missing in full:
        with pytest.raises(SettingsRejected, match=missing):
            read_settings({name: text for name, text in full.items() if name != missing})


def test_all_that_does_not_fit_is_told_together(authority: Authority, tmp_path: Path) -> None:
    certificate, _ = authority.issue("detect")
    _, other_key = authority.issue("render")
    text = tmp_path / "text"
    text.write_text("no certificate")
    wrong = environment(authority, certificate, other_key)
    with pytest.raises(SettingsRejected, match="key of INYOURAREA_TLS_CERT_FILE"):
        read_settings(wrong)
    names = ("INYOURAREA_TLS_CERT_FILE", "INYOURAREA_TLS_CA_FILE")
    with pytest.raises(SettingsRejected) as refused:
        read_settings(wrong | dict.fromkeys(names, str(text)))
    assert all(name in str(refused.value) for name in names)


def test_a_service_tells_it_with_all_other_problems(tmp_path: Path) -> None:
    with pytest.raises(SettingsRejected) as refused:
        service.read_settings({"INYOURAREA_TLS_CERT_FILE": "/none", "INYOURAREA_LISTEN": "x"})
    for name in ("TLS_CERT_FILE", "TLS_KEY_FILE", "TLS_CA_FILE", "LISTEN", "S3_ENDPOINT"):
        assert f"INYOURAREA_{name}" in str(refused.value)

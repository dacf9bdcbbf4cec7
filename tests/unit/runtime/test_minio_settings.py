"""Which bucket a service uses, and as whom, from the environment."""

from pathlib import Path

import pytest

from certificates import Authority
from inyourarea.runtime.minio_settings import MinioSettings, read_settings
from inyourarea.runtime.settings import SettingsRejected

PLAIN = {
    "INYOURAREA_S3_ENDPOINT": "http://127.0.0.1:9000",
    "INYOURAREA_S3_ACCESS_KEY": "detect",
    "INYOURAREA_S3_SECRET_KEY": "most secret",
}


def test_what_is_not_set_has_its_default() -> None:
    wanted = MinioSettings("http://127.0.0.1:9000", "detect", "most secret")
    assert read_settings(PLAIN) == wanted
    assert (wanted.host, wanted.has_tls, wanted.is_in_path) == ("127.0.0.1:9000", False, True)


def test_everything_can_be_set_and_keys_can_lie_in_files(tmp_path: Path) -> None:
    certificate = str(Authority(tmp_path).certificate)
    for name in ("access", "secret"):
        (tmp_path / name).write_text(f"{name} itself\n")
    found = read_settings(
        {
            "INYOURAREA_S3_ENDPOINT": "https://s3.eu-central-1.amazonaws.com/",
            "INYOURAREA_S3_ACCESS_KEY_FILE": str(tmp_path / "access"),
            "INYOURAREA_S3_SECRET_KEY_FILE": str(tmp_path / "secret"),
            "INYOURAREA_S3_CA_FILE": certificate,
            "INYOURAREA_S3_BUCKET": "stage-videos",
            "INYOURAREA_S3_REGION": "eu-central-1",
            "INYOURAREA_S3_PATH_STYLE": "no",
            "INYOURAREA_S3_TIMEOUT_S": "5/2",
        }
    )
    assert found == MinioSettings(
        endpoint="https://s3.eu-central-1.amazonaws.com",
        access_key="access itself",
        secret_key="secret itself",
        bucket="stage-videos",
        region="eu-central-1",
        ca_file=certificate,
        is_in_path=False,
        timeout_s=2.5,
    )


def test_all_problems_are_told_together_and_no_secret_is() -> None:
    with pytest.raises(SettingsRejected) as told:
        read_settings(
            {
                "INYOURAREA_S3_ENDPOINT": "minio:9000",
                "INYOURAREA_S3_SECRET_KEY": "most secret",
                "INYOURAREA_S3_SECRET_KEY_FILE": "/run/secret",
                "INYOURAREA_S3_BUCKET": "ab",
                "INYOURAREA_S3_REGION": "Frankfurt am Main",
                "INYOURAREA_S3_CA_FILE": "/missing",
                "INYOURAREA_S3_PATH_STYLE": "perhaps",
                "INYOURAREA_S3_TIMEOUT_S": "0",
            }
        )
    problems = str(told.value).split("; ")
    names = [
        "CA_FILE",
        "ENDPOINT",
        "ACCESS_KEY",
        "SECRET_KEY",
        "BUCKET",
        "REGION",
        "PATH_STYLE",
        "TIMEOUT_S",
    ]
    assert len(problems) == len(names)
    for name in names:
        assert any(f"INYOURAREA_S3_{name} " in problem for problem in problems), name
    assert "most secret" not in str(told.value)


@pytest.mark.parametrize("endpoint", ["http://a/b", "ftp://a", "http://u:p@a", "http://a:x", ""])
def test_an_endpoint_is_a_scheme_and_a_host(endpoint: str) -> None:
    with pytest.raises(SettingsRejected, match="INYOURAREA_S3_ENDPOINT must be an address"):
        read_settings({**PLAIN, "INYOURAREA_S3_ENDPOINT": endpoint})


def test_an_empty_file_holds_no_secret(tmp_path: Path) -> None:
    (tmp_path / "secret").write_text("\n")
    asked = {**PLAIN, "INYOURAREA_S3_SECRET_KEY_FILE": str(tmp_path / "secret")}
    del asked["INYOURAREA_S3_SECRET_KEY"]
    with pytest.raises(SettingsRejected, match="SECRET_KEY_FILE must be a file that can be read"):
        read_settings(asked)


def test_a_file_without_certificates_is_told(tmp_path: Path) -> None:
    (tmp_path / "ca").write_text("none")
    with pytest.raises(SettingsRejected, match="S3_CA_FILE must be a file of certificates"):
        read_settings({**PLAIN, "INYOURAREA_S3_CA_FILE": str(tmp_path / "ca")})


def test_what_is_printed_of_it_holds_no_secret() -> None:
    assert "most secret" not in repr(read_settings(PLAIN))

"""Where Kafka is and who we are there is read once, and all problems are told together."""

from pathlib import Path

import pytest

from certificates import Authority
from inyourarea.contracts.topics import LANE_PARTITIONS
from inyourarea.runtime.kafka_settings import read_settings
from inyourarea.runtime.settings import SettingsRejected


def test_nothing_said_is_a_kafka_on_this_machine_under_this_host_s_name() -> None:
    settings = read_settings({})
    assert settings.client_options() == {
        "bootstrap_servers": ["127.0.0.1:9092"],
        "security_protocol": "PLAINTEXT",
    }
    assert settings.member
    assert settings.lane_partitions == LANE_PARTITIONS


def test_a_password_comes_from_a_file_and_is_not_told(tmp_path: Path) -> None:
    (tmp_path / "password").write_text("open sesame\n")
    certificate = str(Authority(tmp_path).certificate)
    said = {
        "INYOURAREA_KAFKA_SERVERS": "one:9093, two:9093",
        "INYOURAREA_KAFKA_PROTOCOL": "SASL_SSL",
        "INYOURAREA_KAFKA_USER": "detect",
        "INYOURAREA_KAFKA_PASSWORD_FILE": str(tmp_path / "password"),
        "INYOURAREA_KAFKA_CA_FILE": certificate,
    }
    settings = read_settings(said)
    assert settings.client_options() == {
        "bootstrap_servers": ["one:9093", "two:9093"],
        "security_protocol": "SASL_SSL",
        "sasl_mechanism": "SCRAM-SHA-512",
        "sasl_plain_username": "detect",
        "sasl_plain_password": "open sesame",
        "ssl_cafile": certificate,
    }
    assert "sesame" not in repr(settings)


def test_all_problems_are_told_at_once(tmp_path: Path) -> None:
    (tmp_path / "text").write_bytes(b"no certificate, and no text: \xff")
    wrong = {
        "INYOURAREA_KAFKA_SERVERS": "kafka",
        "INYOURAREA_KAFKA_PROTOCOL": "SASL_SSL",
        "INYOURAREA_KAFKA_MECHANISM": "MAGIC",
        "INYOURAREA_KAFKA_PASSWORD_FILE": str(tmp_path / "text"),
        "INYOURAREA_KAFKA_CA_FILE": str(tmp_path / "text"),
        "INYOURAREA_KAFKA_LANE_PARTITIONS": "0",
    }
    with pytest.raises(SettingsRejected) as told:
        read_settings(wrong)
    missing = ("INYOURAREA_KAFKA_USER", *wrong.keys() - {"INYOURAREA_KAFKA_PROTOCOL"})
    assert [name for name in missing if f"{name} must be" not in str(told.value)] == []


def test_a_password_that_can_not_be_read_is_told(tmp_path: Path) -> None:
    said = {
        "INYOURAREA_KAFKA_PROTOCOL": "SASL_SSL",
        "INYOURAREA_KAFKA_USER": "detect",
        "INYOURAREA_KAFKA_PASSWORD_FILE": str(tmp_path / ("x" * 300)),
    }
    with pytest.raises(SettingsRejected, match="PASSWORD_FILE must be a file that can be read"):
        read_settings(said)
    del said["INYOURAREA_KAFKA_PASSWORD_FILE"]
    with pytest.raises(SettingsRejected, match="PASSWORD_FILE must be a file that can be read"):
        read_settings(said)

"""How a service reaches Kafka: addresses, and who it is there."""

import platform
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from inyourarea.contracts.topics import LANE_PARTITIONS
from inyourarea.runtime.settings import Environment, parse_address
from inyourarea.runtime.tls import certificate_file

PROTOCOLS = ("PLAINTEXT", "SASL_SSL")
MECHANISMS = ("SCRAM-SHA-512", "SCRAM-SHA-256", "PLAIN")


@dataclass(frozen=True)
class KafkaSettings:
    """Where Kafka is and how this process proves who it is.

    ``member`` is this process's name in its consumer groups: a process that starts again under the
    same name takes up its own partitions at once. Two living ones of a group must not share it.
    """

    servers: tuple[str, ...] = ("127.0.0.1:9092",)
    protocol: str = "PLAINTEXT"
    mechanism: str = MECHANISMS[0]
    user: str = ""
    password: str = field(default="", repr=False)
    #: Certificates that the brokers' are signed with; none: those the system trusts.
    ca_file: str = ""
    member: str = ""
    #: Partitions of each lane, as topics are made: no more copies of a stage than that have work.
    lane_partitions: int = LANE_PARTITIONS

    def client_options(self) -> dict[str, Any]:
        """What every client of kafka-python takes."""
        plain: dict[str, Any] = {
            "bootstrap_servers": list(self.servers),
            "security_protocol": self.protocol,
        }
        if self.protocol == "PLAINTEXT":
            return plain
        return plain | {
            "sasl_mechanism": self.mechanism,
            "sasl_plain_username": self.user,
            "sasl_plain_password": self.password,
            "ssl_cafile": self.ca_file or None,
        }


def read_settings(environment: Mapping[str, str]) -> KafkaSettings:
    """Settings from the environment.

    Names behind ``INYOURAREA_KAFKA_``: ``SERVERS`` (with commas between), ``PROTOCOL``,
    ``MECHANISM``, ``USER``, ``PASSWORD_FILE``, ``CA_FILE``, ``MEMBER`` (else the host's name) and
    ``LANE_PARTITIONS``.

    Raises:
        SettingsRejected: a value can not be used; all problems are told together.
    """
    asked, plain = Environment(environment), KafkaSettings()
    servers = asked.several("KAFKA_SERVERS", parse_address, "addresses such as kafka:9092")
    protocol = asked.read("KAFKA_PROTOCOL", plain.protocol, _one_of(PROTOCOLS), _or(PROTOCOLS))
    mechanism = asked.read("KAFKA_MECHANISM", plain.mechanism, _one_of(MECHANISMS), _or(MECHANISMS))
    user = password = ""
    if protocol == "SASL_SSL":
        user = asked.text("KAFKA_USER", "", "the name to sign in with, since SASL_SSL is used")
        password = asked.secret_file("KAFKA_PASSWORD_FILE")
    ca_file = asked.read("KAFKA_CA_FILE", "", certificate_file, "a file of certificates in PEM")
    member = asked.text("KAFKA_MEMBER", platform.node(), "this process's name in its groups")
    lane_partitions = asked.whole("KAFKA_LANE_PARTITIONS", plain.lane_partitions, 1, 10_000)
    asked.check()
    return KafkaSettings(
        servers or plain.servers,
        protocol,
        mechanism,
        user,
        password,
        ca_file,
        member,
        lane_partitions,
    )


def _or(choices: tuple[str, ...]) -> str:
    return " or ".join(choices)


def _one_of(choices: tuple[str, ...]) -> Any:
    def read(text: str) -> str:
        if text not in choices:
            raise ValueError(text)
        return text

    return read

"""A Kafka of one's own: one node on loopback, in a folder that goes away, stopped by its pid."""

import base64
import shutil
import socket
import subprocess
import tempfile
import time
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from own_servers import OneProcess, ServerNotHad, free_ports

_HERE = Path(__file__).parent
_POM = _HERE / "kafka.pom.xml"
#: Where the jars are kept between runs, by the content of the pom.
_CACHE = _HERE.parents[1] / "build" / "servers"
_START_S = 60
#: A small, quickly started JVM: a test's server lives for a minute.
_JVM = ("-Xmx384m", "-Xms128m", "-XX:+UseSerialGC", "-XX:TieredStopAtLevel=1", "-Xshare:auto")
_QUIET = "-Dorg.slf4j.simpleLogger.defaultLogLevel=warn"


class KafkaServer(OneProcess):
    """One Kafka node in a folder; ``address`` stays the same when it is started again."""

    def __init__(self, folder: Path) -> None:
        super().__init__()
        self._folder = folder
        self._port, self._controller, self._inside = free_ports(3)
        self.address = f"127.0.0.1:{self._port}"
        self.properties = self._plain()
        self._jars = jars()

    def secure(self, key_and_certificate: Path) -> None:
        """Clients come by SASL_SSL, with names and passwords that `format` is given."""
        addresses = f"SASL_SSL://{self.address},INSIDE://127.0.0.1:{self._inside}"
        kinds = "SASL_SSL:SASL_SSL,INSIDE:PLAINTEXT,CONTROLLER:PLAINTEXT"
        self.properties |= {
            "listeners": f"{addresses},CONTROLLER://127.0.0.1:{self._controller}",
            "advertised.listeners": addresses,
            "listener.security.protocol.map": kinds,
            "inter.broker.listener.name": "INSIDE",
            "ssl.keystore.type": "PEM",
            "ssl.keystore.location": str(key_and_certificate),
            "sasl.enabled.mechanisms": "SCRAM-SHA-512",
            "listener.name.sasl_ssl.scram-sha-512.sasl.jaas.config": (
                "org.apache.kafka.common.security.scram.ScramLoginModule required;"
            ),
        }

    def format(self, *options: str) -> None:
        """Its storage is empty."""
        shutil.rmtree(self._folder / "data", ignore_errors=True)
        lines = [f"{name}={value}" for name, value in self.properties.items()]
        self._config.write_text("\n".join(lines))
        identity = base64.urlsafe_b64encode(uuid.uuid4().bytes).rstrip(b"=").decode()
        words = [
            "kafka.tools.StorageTool",
            "format",
            f"--cluster-id={identity}",
            "-c",
            str(self._config),
        ]
        done = subprocess.run(
            [*self._java(), *words, *options], capture_output=True, text=True, check=False
        )
        if done.returncode:
            raise ServerNotHad(f"Kafka's storage was not made: {done.stdout}{done.stderr}")

    def start(self) -> None:
        """It answers at its address."""
        log = self._folder / "log"
        with log.open("ab") as out:
            self._process = subprocess.Popen(
                [*self._java(), "kafka.Kafka", str(self._config)], stdout=out, stderr=out
            )
        end = time.monotonic() + _START_S
        while time.monotonic() < end and self._process.poll() is None:
            try:
                socket.create_connection(("127.0.0.1", self._port), timeout=1).close()
            except OSError:
                time.sleep(0.1)
            else:
                return
        raise ServerNotHad(f"Kafka did not start: {log.read_text()[-2000:]}")

    @property
    def _config(self) -> Path:
        return self._folder / "server.properties"

    def _java(self) -> list[str]:
        return ["java", *_JVM, _QUIET, "-cp", f"{self._jars}/*"]

    def _plain(self) -> dict[str, str]:
        outside, inside = (
            f"PLAINTEXT://{self.address}",
            f"CONTROLLER://127.0.0.1:{self._controller}",
        )
        return {
            "process.roles": "broker,controller",
            "node.id": "1",
            "controller.quorum.voters": f"1@127.0.0.1:{self._controller}",
            "listeners": f"{outside},{inside}",
            "advertised.listeners": outside,
            "controller.listener.names": "CONTROLLER",
            "listener.security.protocol.map": "PLAINTEXT:PLAINTEXT,CONTROLLER:PLAINTEXT",
            "log.dirs": str(self._folder / "data"),
            "offsets.topic.replication.factor": "1",
            "offsets.topic.num.partitions": "4",
            "transaction.state.log.replication.factor": "1",
            "transaction.state.log.min.isr": "1",
            "auto.create.topics.enable": "false",
            "group.initial.rebalance.delay.ms": "0",
        }


@contextmanager
def kafka() -> Iterator[KafkaServer]:
    """A server that is up.

    Raises:
        ServerNotHad: none can be started here.
    """
    folder = Path(tempfile.mkdtemp(prefix="inyourarea-kafka-"))
    try:
        server = KafkaServer(folder)
        server.format()
        try:
            server.start()
            yield server
        finally:
            server.stop()
    finally:
        shutil.rmtree(folder)


def jars() -> Path:
    """The folder of the server's jars; Maven brings them the first time (54 MB, 10 to 20 s)."""
    if not shutil.which("java"):
        raise ServerNotHad("there is no Java here: apt-get install default-jre-headless maven")
    kept = _CACHE / f"kafka-{uuid.uuid5(uuid.NAMESPACE_URL, _POM.read_text())}"
    if kept.is_dir():
        return kept
    if not shutil.which("mvn"):
        raise ServerNotHad("there is no Maven here: apt-get install maven")
    _CACHE.mkdir(parents=True, exist_ok=True)
    coming = Path(tempfile.mkdtemp(dir=_CACHE))
    words = ["mvn", "-q", "-B", "-f", str(_POM), "dependency:copy-dependencies"]
    done = subprocess.run(
        [*words, f"-DoutputDirectory={coming}"], capture_output=True, text=True, check=False
    )
    if done.returncode:
        shutil.rmtree(coming)
        raise ServerNotHad(f"Maven could not bring Kafka: {done.stdout}{done.stderr}")
    try:
        coming.rename(kept)
    except OSError:  # another process was faster
        shutil.rmtree(coming)
    return kept

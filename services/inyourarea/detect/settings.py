"""The knobs of the detect stage, read once from the environment."""

from collections.abc import Mapping
from dataclasses import dataclass
from fractions import Fraction
from functools import partial
from pathlib import Path

from inyourarea.runtime.settings import PREFIX, Environment, parse_address


@dataclass(frozen=True, slots=True)
class Tls:
    """Files in PEM: who may speak for the server, and who we are where it wants to know."""

    ca: Path
    certificate: Path | None
    key: Path | None


@dataclass(frozen=True, slots=True)
class TritonSettings:
    """A Triton server's gRPC address, how long a call may take, and TLS, or none."""

    address: str
    deadline_s: Fraction
    tls: Tls | None


@dataclass(frozen=True, slots=True)
class DetectSettings:
    """The folder with ``<model>/1/model.onnx`` and the threads of each detector, or a server."""

    model_repository: Path
    threads: int
    triton: TritonSettings | None


#: Both cores of the smallest machine.
DEFAULT_THREADS = 2
MOST_THREADS = 64
#: Eight pictures take two cores half a second; the rest is for those who stand before us in line.
DEFAULT_DEADLINE_S = Fraction(30)
LONGEST_DEADLINE_S = 600


def read_settings(environment: Mapping[str, str]) -> DetectSettings:
    """Settings from the environment.

    Names behind ``INYOURAREA_``: ``MODELS``, ``DETECT_THREADS``, and for a server
    ``TRITON_ADDRESS`` (without one the models run in this process), ``TRITON_DEADLINE_S``,
    ``TRITON_TLS_CA``, ``TRITON_TLS_CERTIFICATE`` and ``TRITON_TLS_KEY``.

    Raises:
        SettingsRejected: a value can not be used; all problems are reported together.
    """
    asked = Environment(environment)
    threads = asked.whole("DETECT_THREADS", DEFAULT_THREADS, 1, MOST_THREADS)
    repository = asked.text("MODELS", "models", "the folder with the models")
    triton = _triton(asked, environment)
    asked.check()
    return DetectSettings(Path(repository), threads, triton)


def _triton(asked: Environment, environment: Mapping[str, str]) -> TritonSettings | None:
    address = asked.read("TRITON_ADDRESS", "", _address, "host:port of Triton's gRPC")
    deadline_s = asked.seconds("TRITON_DEADLINE_S", DEFAULT_DEADLINE_S, LONGEST_DEADLINE_S)
    tls = _tls(asked, environment)
    return TritonSettings(address, deadline_s, tls) if address else None


def _tls(asked: Environment, environment: Mapping[str, str]) -> Tls | None:
    pem, names = "TRITON_TLS_", ("CA", "CERTIFICATE", "KEY")
    given = {name for name in names if PREFIX + pem + name in environment}
    needs = {"CA": set(), "CERTIFICATE": {"CA", "KEY"}, "KEY": {"CA", "CERTIFICATE"}}
    files = {}
    for name in names:
        beside = "".join(f", given with {PREFIX}{pem}{one}" for one in sorted(needs[name]))
        read = partial(_file, given >= needs[name])
        files[name] = asked.read(pem + name, None, read, f"a file that exists{beside}")
    ca = files["CA"]
    return Tls(ca, files["CERTIFICATE"], files["KEY"]) if ca else None


def _file(is_complete: bool, text: str) -> Path:
    if not is_complete or not Path(text).is_file():
        raise ValueError(text)
    return Path(text)


def _address(text: str) -> str:
    if "/" in text:
        raise ValueError(text)
    return parse_address(text)

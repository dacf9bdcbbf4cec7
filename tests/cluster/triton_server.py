"""A Triton of one's own: on loopback, in a folder that goes away, stopped by its pid.

NVIDIA's wheel for PyTriton carries a whole server with the python backend. It is unpacked once,
with what its models import, into a cache folder; run as a program this does only that.
"""

import fcntl
import json
import os
import shutil
import signal
import subprocess
import sys
import sysconfig
import tempfile
import time
import urllib.request
import venv
from collections.abc import Iterator, Sequence
from contextlib import AbstractContextManager, contextmanager
from importlib.metadata import version
from pathlib import Path

from own_servers import ServerNotHad, free_ports, skipped_where_not_had

#: The server inside is Triton 2.51. Its python backend was built for numpy 1: with numpy 2 every
#: answer of a model is empty, and nothing says so. onnxruntime is the one of this environment, so
#: that both compute the same.
_WHEEL = "nvidia-pytriton==0.7.0"
_BESIDE = ("numpy==1.26.4", f"onnxruntime=={version('onnxruntime')}")
_INSTALL_S = 480
_START_S = 60
_STOP_S = 60


class Triton:
    """A server of some models of a repository, which can be stopped, killed and started again.

    ``tls`` is a folder with ``ca.pem``, ``server.pem`` and ``server.key``; who calls must then show
    a certificate too.
    """

    def __init__(self, repository: Path, models: Sequence[str], tls: Path | None = None) -> None:
        self._home = installed()
        self._folder = Path(tempfile.mkdtemp(prefix="inyourarea-triton-"))
        self._grpc, self._http, self._metrics = free_ports(3)
        self._server: subprocess.Popen[bytes] | None = None
        words = {
            "model-repository": repository,
            "backend-directory": self._home / "pytriton" / "tritonserver" / "backends",
            "model-control-mode": "explicit",
            "grpc-address": "127.0.0.1",
            "grpc-port": self._grpc,
            "http-address": "127.0.0.1",
            "http-port": self._http,
            "metrics-port": self._metrics,
            "metrics-address": "127.0.0.1",
            "backend-config": f"python,shm-region-prefix-name={self._folder.name}-",
        }
        if tls:
            words |= {"grpc-use-ssl": 1, "grpc-use-ssl-mutual": 1}
            words |= {"grpc-root-cert": tls / "ca.pem", "grpc-server-cert": tls / "server.pem"}
            words |= {"grpc-server-key": tls / "server.key"}
        self._words = [f"--{name}={value}" for name, value in words.items()]
        self._words += [f"--load-model={name}" for name in models]
        self.log = self._folder / "log"

    @property
    def address(self) -> str:
        """Where it answers gRPC."""
        return f"127.0.0.1:{self._grpc}"

    @property
    def pid(self) -> int:
        assert self._server is not None
        return self._server.pid

    def start(self) -> None:
        """The server is ready, its models loaded.

        Raises:
            ServerNotHad: it did not start.
        """
        program = self._home / "pytriton" / "tritonserver" / "bin" / "tritonserver"
        with self.log.open("ab") as log:
            self._server = subprocess.Popen(
                [str(program), *self._words],
                stdout=log,
                stderr=log,
                env=self._environment(),
                start_new_session=True,  # a group of its own, for `kill`
            )
        end = time.monotonic() + _START_S
        while not self._is_ready():
            if time.monotonic() > end or self._server.poll() is not None:
                raise ServerNotHad(f"Triton did not start: {self.log.read_text()[-3000:]}")
            time.sleep(0.05)

    def stop(self) -> int:
        """Asked to end, it has finished what it was doing; its exit status."""
        assert self._server is not None
        self._server.send_signal(signal.SIGTERM)
        return self._server.wait(_STOP_S)

    def kill(self) -> None:
        """It is gone as after a power cut, with its models' processes.

        Without their server they end by themselves, but some wait for ever for a lock that it held.
        """
        os.killpg(self.pid, signal.SIGKILL)
        assert self._server is not None
        self._server.wait(_STOP_S)

    def pause(self) -> None:
        """It answers nothing, and its connections stay open."""
        os.kill(self.pid, signal.SIGSTOP)

    def go_on(self) -> None:
        os.kill(self.pid, signal.SIGCONT)

    def load(self, model: str) -> None:
        """The model is loaded anew from the repository."""
        self._post(f"/v2/repository/models/{model}/load")

    def unload(self, model: str) -> None:
        """The model is not served any more."""
        self._post(f"/v2/repository/models/{model}/unload")

    def statistics(self, model: str) -> dict[str, object]:
        """What it counted for the model's first version."""
        with urllib.request.urlopen(f"{self._url}/v2/models/{model}/stats") as answer:
            return json.load(answer)["model_stats"][0]

    def close(self) -> None:
        """Nothing of it is left."""
        if self._server is not None and self._server.poll() is None:
            self.stop()
        shutil.rmtree(self._folder)
        for left in Path("/dev/shm").glob(f"{self._folder.name}-*"):  # by a server that was killed
            left.unlink()

    @property
    def _url(self) -> str:
        return f"http://127.0.0.1:{self._http}"

    def _post(self, path: str) -> None:
        urllib.request.urlopen(urllib.request.Request(self._url + path, b"{}")).close()

    def _is_ready(self) -> bool:
        try:
            with urllib.request.urlopen(f"{self._url}/v2/health/ready", timeout=1) as answer:
                return bool(answer.status == 200)
        except OSError:
            return False

    def _environment(self) -> dict[str, str]:
        # The backend's Python heeds no PYTHONPATH, but is that of the first `python3` in the path.
        libraries = [self._home / "nvidia_pytriton.libs", sysconfig.get_config_var("LIBDIR")]
        return {
            "PATH": f"{self._home / 'venv' / 'bin'}:{os.environ['PATH']}",
            "LD_LIBRARY_PATH": ":".join(map(str, libraries)),
        }


@contextmanager
def triton(repository: Path, models: Sequence[str], tls: Path | None = None) -> Iterator[Triton]:
    """A running server.

    Raises:
        ServerNotHad: none can be started here.
    """
    server = Triton(repository, models, tls)
    try:
        server.start()
        yield server
    finally:
        server.close()


@contextmanager
def had(server: AbstractContextManager[Triton]) -> Iterator[Triton]:
    """The server; where there can be none the test is skipped, and in CI it fails."""
    with skipped_where_not_had(), server as running:
        yield running


def installed() -> Path:
    """The folder with the server, made where it is not there yet: 60 MB fetched, 330 MB kept.

    Raises:
        ServerNotHad: it can not be fetched, or does not run here.
    """
    python = "{}.{}".format(*sys.version_info)
    name = "-".join(("triton", python, *_BESIDE, _WHEEL)).replace("==", "-")
    cache = Path(os.environ.get("XDG_CACHE_HOME", Path.home() / ".cache")) / "inyourarea"
    home = cache / name
    cache.mkdir(parents=True, exist_ok=True)
    with (cache / f"{name}.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)  # of several test processes one installs
        if not (home / "done").exists():
            _install(home, python)
            (home / "done").touch()
    return home


def _install(home: Path, python: str) -> None:
    shutil.rmtree(home, ignore_errors=True)
    venv.create(home / "venv", with_pip=False)
    pip = [sys.executable, "-m", "pip", "--disable-pip-version-check", "--retries=1"]
    quiet = ["install", "--quiet", "--only-binary=:all:"]
    _run([*pip, *quiet, "--no-deps", f"--target={home}", _WHEEL])
    _run([*pip, f"--python={home / 'venv' / 'bin' / 'python'}", *quiet, *_BESIDE])
    server = home / "pytriton" / "tritonserver"
    stub = server / "python_backend_stubs" / python / "triton_python_backend_stub"
    if not stub.exists():
        raise ServerNotHad(f"{_WHEEL} has no python backend for Python {python}")
    shutil.copy(stub, server / "backends" / "python")
    for program in (server / "bin" / "tritonserver", server / "backends" / "python" / stub.name):
        program.chmod(0o755)


def _run(words: list[str]) -> None:
    try:
        subprocess.run(words, check=True, capture_output=True, text=True, timeout=_INSTALL_S)
    except subprocess.TimeoutExpired as error:
        raise ServerNotHad(f"pip took more than {_INSTALL_S} s for Triton") from error
    except subprocess.CalledProcessError as error:
        raise ServerNotHad(f"pip could not fetch Triton: {error.stderr[-2000:]}") from error


if __name__ == "__main__":
    installed()

"""MinIO keeps the objects' contract, and says clearly what is wrong with it."""

import os
import pickle
import signal
import socket
import subprocess
import tempfile
import threading
import uuid
from collections import Counter
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing, contextmanager
from dataclasses import replace
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest

from inyourarea.cli.__main__ import main
from inyourarea.runtime.child import Child, ChildDied
from inyourarea.runtime.minio_bucket import apply_bucket
from inyourarea.runtime.minio_objects import MinioObjects, client_of
from inyourarea.runtime.minio_settings import MinioSettings
from inyourarea.runtime.objects import ObjectNotFound, ObjectsAway, holds
from minio_server import MinioServer, minio
from own_servers import skipped_where_not_had
from servers import Wire
from test_objects import ObjectsContract


@pytest.fixture(scope="module")
def server() -> Iterator[MinioServer]:
    """A MinIO; where none can be had these tests are skipped, and in CI they fail."""
    with skipped_where_not_had(), minio() as server:
        yield server


@pytest.fixture
def settings(server: MinioServer) -> MinioSettings:
    """A new bucket's."""
    settings = server.settings(f"test-{uuid.uuid4().hex[:12]}")
    apply_bucket(settings)
    return settings


class TestMinioObjects(ObjectsContract):
    @pytest.fixture
    def objects(self, settings: MinioSettings) -> MinioObjects:
        return MinioObjects(settings)


def test_keys_travel_to_the_child_through_its_pipe_alone(
    settings: MinioSettings, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("INYOURAREA_S3_SECRET_KEY", settings.secret_key)
    objects = MinioObjects(settings)
    with closing(Child()) as child:
        child.call(MinioObjects.put, objects, "a", b"from the child", timeout_s=30)
        process = child._process
        assert process is not None
        seen = [Path(f"/proc/{process.pid}/{file}").read_bytes() for file in ("environ", "cmdline")]
    assert objects.get("a") == b"from the child"
    assert not any(settings.secret_key.encode() in content for content in seen)
    assert settings.secret_key not in repr(objects)


def test_all_of_one_process_share_the_connections(settings: MinioSettings) -> None:
    copies = [MinioObjects(settings), pickle.loads(pickle.dumps(MinioObjects(settings)))]
    for turn in range(10):
        copies[turn % 2].put("a", b"content")
        assert copies[turn % 2].get("a") == b"content"
        assert copies[turn % 2].put_once("a", b"x") == b"content"
        assert copies[turn % 2].read("a", 7, 1) == b""
        assert list(copies[turn % 2].list("")) == ["a"]
    host, port = settings.host.split(":")
    pool = client_of(settings)._http.connection_from_host(host, int(port), "http")
    assert pool.num_connections == 1
    assert pool.num_requests > 50


def test_a_bucket_is_made_once_and_its_frames_go_by_themselves(settings: MinioSettings) -> None:
    apply_bucket(settings, frames_days=3)
    rules = client_of(settings).get_bucket_lifecycle(settings.bucket)
    assert rules is not None
    (rule,) = [rule for rule in rules.rules if rule.expiration]
    assert rule.rule_filter is not None
    assert rule.expiration is not None
    assert (rule.rule_filter.prefix, rule.expiration.days) == ("frames/", 3)


def test_the_command_makes_the_bucket_that_the_environment_names(
    server: MinioServer, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    settings = server.settings("made-by-command")
    for name in ("endpoint", "bucket", "access_key", "secret_key"):
        monkeypatch.setenv(f"INYOURAREA_S3_{name.upper()}", getattr(settings, name))
    assert main(["store", "apply", "--frames-days", "5"]) == 0
    assert "the bucket made-by-command is there; frames go after 5 days" in capsys.readouterr().out
    MinioObjects(settings).put("a", b"")
    monkeypatch.setenv("INYOURAREA_S3_SECRET_KEY", "wrong")
    assert main(["store", "apply"]) == 75
    assert "the object store at http" in capsys.readouterr().err
    assert main(["store", "policies", "--service", "detect", "--bucket", "b-b"]) == 0
    assert '"arn:aws:s3:::b-b/frames/*"' in capsys.readouterr().out


class TestTrouble:
    """What goes wrong is said in a sentence, and nothing half is left."""

    def test_a_wrong_key(self, settings: MinioSettings) -> None:
        for wrong in (
            replace(settings, secret_key="wrong"),
            replace(settings, access_key="nobody"),
        ):
            with pytest.raises(ObjectsAway, match=r"does not know the access key .* or its secret"):
                MinioObjects(wrong).get("a")
            with pytest.raises(ObjectsAway, match=r"refuses 'a' to the access key|does not know"):
                MinioObjects(wrong).put_once("a", b"")

    def test_no_bucket(self, settings: MinioSettings) -> None:
        nowhere = MinioObjects(replace(settings, bucket="not-made-yet"))
        for ask in (
            lambda: nowhere.put("a", b""),
            lambda: nowhere.put_once("a", b""),
            lambda: nowhere.get("a"),
            lambda: list(nowhere.list("")),
        ):
            with pytest.raises(ObjectsAway, match=r"no bucket 'not-made-yet'; `inyourarea store"):
                ask()

    def test_nobody_is_there(self, settings: MinioSettings) -> None:
        with socket.socket() as nobody:  # bound, and not listened at
            nobody.bind(("127.0.0.1", 0))
            away = replace(settings, endpoint=f"http://127.0.0.1:{nobody.getsockname()[1]}")
            with pytest.raises(ObjectsAway, match=r"can not be reached: .*refused"):
                MinioObjects(away).get("a")

    def test_somebody_is_there_and_says_nothing(self, settings: MinioSettings) -> None:
        with socket.create_server(("127.0.0.1", 0)) as silent:
            endpoint = f"http://127.0.0.1:{silent.getsockname()[1]}"
            away = MinioObjects(replace(settings, endpoint=endpoint, timeout_s=0.1))
            with pytest.raises(ObjectsAway, match=r"can not be reached: .*timed out"):
                away.put("a", b"")

    def test_what_is_busy_is_asked_again_unless_that_could_do_harm(
        self, settings: MinioSettings
    ) -> None:
        asked: Counter[str] = Counter()
        with busy(asked) as endpoint:
            objects = MinioObjects(replace(settings, endpoint=endpoint))
            for ask in (
                lambda: objects.get("a"),
                lambda: objects.size("a"),
                lambda: objects.put("a", b""),
                lambda: objects.delete("a"),
            ):
                with pytest.raises(ObjectsAway):
                    ask()
        assert asked == {"GET": 3, "HEAD": 3, "PUT": 3, "DELETE": 1}

    def test_a_connection_that_breaks_is_made_again(
        self, settings: MinioSettings, tmp_path: Path
    ) -> None:
        content = os.urandom(40 << 20)
        (tmp_path / "large").write_bytes(content)
        up = Wire(settings.endpoint, up=25 << 20)
        MinioObjects(replace(settings, endpoint=up.url)).put("a", tmp_path / "large")
        down = Wire(settings.endpoint, down=25 << 20)
        assert MinioObjects(replace(settings, endpoint=down.url)).get("a") == content
        assert (up.breaks, down.breaks) == (1, 1)
        up.close()
        down.close()

    def test_a_file_that_gets_shorter_on_its_way_leaves_nothing(
        self, settings: MinioSettings, tmp_path: Path
    ) -> None:
        file = tmp_path / "large"
        file.write_bytes(bytes(40 << 20))
        objects = MinioObjects(settings)
        parts = client_of(settings)._upload_part

        def shorten(*args: object) -> str:
            os.truncate(file, 20 << 20)
            return parts(*args)  # type: ignore[arg-type]

        with pytest.MonkeyPatch.context() as patch:
            patch.setattr(client_of(settings), "_upload_part", shorten)
            with pytest.raises(ObjectsAway, match=r"not enough|not having enough"):
                objects.put("a", file)
        assert not holds(objects, "a")
        assert list(objects.list("")) == []

    def test_a_process_that_dies_half_way_leaves_nothing_and_blocks_nobody(
        self, settings: MinioSettings, tmp_path: Path
    ) -> None:
        (tmp_path / "large").write_bytes(bytes(64 << 20))
        wire = Wire(settings.endpoint)
        sent = (MinioObjects(replace(settings, endpoint=wire.url)), "a", tmp_path / "large")
        with closing(Child()) as child, ThreadPoolExecutor(1) as pool:
            going = pool.submit(child.call, MinioObjects.put, *sent, timeout_s=60)
            while wire.carried["up"] < 20 << 20:
                assert not going.done()
            child.close()
            assert isinstance(going.exception(), ChildDied)
        wire.close()
        objects = MinioObjects(settings)
        assert not holds(objects, "a")
        assert objects.put_once("a", b"whole") == b"whole"

    def test_what_was_put_outlives_the_server(
        self, tmp_path_factory: pytest.TempPathFactory
    ) -> None:
        with minio() as server:
            settings = server.settings()
            apply_bucket(settings)
            objects = MinioObjects(settings)
            assert objects.put_once("a", b"first") == b"first"
            server.stop(signal.SIGKILL)
            with pytest.raises(ObjectsAway, match=r"can not be reached"):
                objects.get("a")
            server.start()
            assert objects.put_once("a", b"second") == b"first"


@contextmanager
def busy(asked: "Counter[str]") -> Iterator[str]:
    """The address of a store that has no time for anybody; counts who asked."""

    class Busy(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def __getattr__(self, name: str) -> Callable[[], None]:
            if not name.startswith("do_"):
                raise AttributeError(name)
            return self.answer

        def answer(self) -> None:
            asked[self.command] += 1
            self.rfile.read(int(self.headers.get("content-length", 0)))
            self.send_response(503)
            self.send_header("content-length", "0")
            self.end_headers()

        def log_message(self, *words: object) -> None:
            pass

    store = ThreadingHTTPServer(("127.0.0.1", 0), Busy)
    store.daemon_threads = True
    thread = threading.Thread(target=store.serve_forever, args=(0.05,))
    thread.start()
    yield f"http://127.0.0.1:{store.server_port}"
    store.shutdown()
    thread.join()
    store.server_close()


def test_with_tls_the_store_must_prove_who_it_is(server: MinioServer) -> None:
    folder = Path(tempfile.mkdtemp(prefix="inyourarea-minio-"))
    certify(folder / "certs")
    with minio(folder) as safe:
        strange = safe.settings()
        known = replace(strange, ca_file=str(folder / "certs" / "public.crt"))
        assert strange.endpoint.startswith("https://")
        apply_bucket(known)
        objects = MinioObjects(known)
        objects.put("a", b"under seal")
        assert objects.put_once("a", b"other") == b"under seal"
        assert objects.read("a", 6, 4) == b"seal"
        with pytest.raises(ObjectNotFound):
            objects.get("b")
        with pytest.raises(ObjectsAway, match=r"prove who it is .*INYOURAREA_S3_CA_FILE"):
            MinioObjects(strange).get("a")


def certify(folder: Path) -> None:
    """The folder has a key and a certificate for this machine."""
    folder.mkdir()
    names = ["-subj", "/CN=store", "-addext", "subjectAltName=IP:127.0.0.1"]
    files = ["-keyout", str(folder / "private.key"), "-out", str(folder / "public.crt")]
    kind = ["-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes"]
    words = ["openssl", "req", *kind, "-days", "1", *names, *files]
    subprocess.run(words, check=True, capture_output=True)

"""Everything bad that a video, a file of boxes or pins, a model or a name can be: a row each.

Each is refused in one clear sentence, soon and in little memory, and a finished run in the same
folder is not harmed.
"""

import os
import shutil
import threading
import time
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path

import av
import onnx
import pytest

from child_work import CrashingObjects, HangingObjects, ShrinkingObjects
from inyourarea.contracts.v1 import facts_pb2 as facts
from inyourarea.contracts.v1.ingest_pb2 import SubmitVideoRequest
from inyourarea.core.errors import Refused
from inyourarea.embedded.run import store_source
from inyourarea.ingest.settings import IngestSettings
from inyourarea.ingest.submit import submit_video
from inyourarea.runtime.child import Child
from inyourarea.runtime.folder_objects import FolderObjects
from lying_media import (
    cut_short,
    huge_pictures,
    sound_alone,
    with_a_last_frame_of_days,
    with_a_life_of_years,
    with_a_million_frames,
    with_clock,
    with_many_tracks,
)
from media import Film, film
from own_servers import children_of
from small_show import SmallShow, inyourarea_here
from tiny_model import tiny_model
from tree import digests

#: Seconds in which every refusal must come, on a busy machine.
BOUND_S = 20.0
#: What a refusal may take, here and in a child process, MiB.
BOUND_MIB = 500
BOXES = "frame,class,x,y,w,h\n"
PINS = "from,to,x,y,w,h,name\n"


@dataclass(frozen=True)
class Scene:
    """A good show, a finished run of it on its true boxes, and a folder for what is bad."""

    show: SmallShow
    out: Path
    folder: Path
    capture: pytest.CaptureFixture[str]

    def run(self, *words: str | Path) -> str:
        """The one line that the command says when it refuses to run into the finished folder."""
        assert inyourarea_here("run", *words, "--out", self.out) == 1
        said = self.capture.readouterr().err.splitlines()
        told = [line for line in said if line.startswith("inyourarea: ")]
        assert len(told) == 1, said
        assert not any("Traceback" in line for line in said)
        return told[0]

    def write(self, name: str, content: str | bytes) -> Path:
        path = self.folder / name
        path.write_bytes(content.encode() if isinstance(content, str) else content)
        return path


Case = Callable[[Scene], str]


def video(content: str | bytes | Callable[[], bytes]) -> Case:
    """The command is given a file with that content, named as an mp4."""

    def run(scene: Scene) -> str:
        file = scene.write("film.mp4", content() if callable(content) else content)
        return scene.run(file, "--boxes", scene.show.boxes)

    return run


def script_of_another_file(scene: Scene) -> str:
    other = scene.write("secret.mp4", film(Film()))
    script = scene.write("film.mp4", f"ffconcat version 1.0\nfile '{other}'\n")
    return scene.run(script, "--boxes", scene.show.boxes)


def without_its_end() -> bytes:
    content = film(Film())
    return content[: len(content) * 2 // 3]


def submitted(store: type[FolderObjects]) -> Case:
    """A video is looked at in a store that plays the trouble; before and after it one is used."""

    def look(scene: Scene) -> str:
        settings = IngestSettings(probe_timeout_s=3.0)
        model = facts.Model(name="faces", width=160, height=96)
        asked = SubmitVideoRequest(
            source_key="sources/x", sha256="x", spec=facts.RunSpec(model=model)
        )
        child = Child()
        try:
            bad, good = store(scene.folder / "bad"), FolderObjects(scene.folder / "good")
            for objects in (bad, good):
                objects.put("sources/x", film(Film()))
            assert submit_video(asked, good, child).source.frames == 30
            with pytest.raises(Refused) as refused:
                submit_video(asked, bad, child, settings)
            assert submit_video(asked, good, child).source.frames == 30
        finally:
            child.close()
        return str(refused.value)

    return look


class Vanishing(FolderObjects):
    """The user's file is gone when it is to be copied."""

    def put(self, key: str, content: bytes | Path) -> None:
        assert isinstance(content, Path)
        content.unlink()
        super().put(key, content)


class Changing(FolderObjects):
    """The user's file is shorter when it is copied than it was when its digest was taken."""

    def put(self, key: str, content: bytes | Path) -> None:
        assert isinstance(content, Path)
        content.write_bytes(content.read_bytes()[:-1000])
        super().put(key, content)


def stored(store: type[FolderObjects]) -> Case:
    """The user's file is stored while something happens to it."""

    def put(scene: Scene) -> str:
        with pytest.raises(Refused) as refused:
            store_source(store(scene.folder / "store"), scene.write("film.mp4", film(Film())))
        assert not list(FolderObjects(scene.folder / "store").list("sources/"))
        return str(refused.value)

    return put


def boxes(rows: str | bytes) -> Case:
    """The show is run with those boxes."""
    return lambda scene: scene.run(scene.show.video, "--boxes", scene.write("boxes.csv", rows))


def pins(rows: str) -> Case:
    """The show is run with its true boxes and those pins."""

    def run(scene: Scene) -> str:
        file = scene.write("pins.csv", rows)
        return scene.run(scene.show.video, "--boxes", scene.show.boxes, "--pins", file)

    return run


def member(name: str) -> Case:
    """The show is run for that member."""

    def run(scene: Scene) -> str:
        return scene.run(scene.show.video, "--boxes", scene.show.boxes, "--member", name)

    return run


def model(content: bytes) -> Case:
    """A video is run with that file for the face detector; nothing is stored before it is read."""

    def run(scene: Scene) -> str:
        models = scene.folder / "models"
        (models / "faces" / "1").mkdir(parents=True)
        scene.write("models/faces/1/model.onnx", content)
        before = sorted(scene.out.rglob("*"))
        with pytest.MonkeyPatch.context() as environment:
            environment.setenv("INYOURAREA_MODELS", str(models))
            said = scene.run(scene.write("film.mp4", film(Film())))
        assert sorted(scene.out.rglob("*")) == before
        return said

    return run


def silent_graph() -> bytes:
    """A graph of the contract's tensors that does not say what it knows."""
    graph = onnx.load_from_string(tiny_model())
    del graph.metadata_props[:]
    return graph.SerializeToString()


HLS = "#EXTM3U\n#EXT-X-TARGETDURATION:5\n#EXTINF:5,\nhttp://127.0.0.1:9/a.ts\n#EXT-X-ENDLIST\n"

BAD: dict[str, tuple[Case, str]] = {
    "an empty file": (video(b""), "empty"),
    "a text": (video("Dear fans, the concert was wonderful.\n" * 200), "no known kind"),
    "noise": (video(bytes(range(256)) * 400), "can not be read"),
    "a script of another file": (script_of_another_file, "list of other files"),
    "an HLS playlist": (video(HLS), "list of other files"),
    "a DASH manifest": (video("<?xml version='1.0'?><MPD></MPD>"), "list of other files"),
    "an mp4 without its end": (video(without_its_end), "damaged"),
    "an mp4 whose header promises more": (video(cut_short), "cut short"),
    "pictures of a million squared": (
        video(lambda: huge_pictures(1_000_000)),
        "no size, or one over 8192x4320",
    ),
    "pictures of 16,000 squared": (video(lambda: huge_pictures(16_000)), "over 8192x4320"),
    "a life of years": (
        video(lambda: with_a_life_of_years(film(Film(mux={"use_editlist": "0"})))),
        "hours",
    ),
    "a last frame of days": (
        video(lambda: with_a_last_frame_of_days(film(Film(mux={"use_editlist": "0"})))),
        "hours",
    ),
    "a clock of three seconds": (
        video(lambda: with_clock(film(Film(container="matroska")), 3_000_000_000)),
        "in steps of 3 s",
    ),
    "more than a thousand frames in a moment": (
        video(lambda: film(Film(tuple(range(1001)), Fraction(1, 15360), size=(32, 32)))),
        "more than 1,000 frames in one second",
    ),
    "ten thousand tracks": (
        video(lambda: with_many_tracks(film(Film()), 10_000)),
        "more than 64 tracks",
    ),
    "sound only": (video(sound_alone), "no moving picture"),
    "a million frames in a tiny file": (
        video(lambda: with_a_million_frames(film(Film()))),
        "1,000,000 frames",
    ),
    "a picture of a few pixels": (
        video(lambda: film(Film(size=(8, 8), codec="libvpx-vp9", container="webm"))),
        "needs 16 pixels",
    ),
    "a file that shrinks while it is read": (submitted(ShrinkingObjects), "while it was being"),
    "a file that changes while it is copied": (stored(Changing), "changed while it was read"),
    "a file that vanishes": (stored(Vanishing), "vanished"),
    "a decoder that crashes": (submitted(CrashingObjects), "signal 11"),
    "a decoder that hangs": (submitted(HangingObjects), "more than 3 s"),
    "a file that is not there": (lambda scene: scene.run("none.mp4"), "none.mp4 is no file"),
    "a folder": (lambda scene: scene.run(scene.folder), "is no file"),
    "a name of 300 letters": (lambda scene: scene.run("n" * 300 + ".mp4"), "too long"),
    "a name with a line break": (
        lambda scene: scene.run("line\nbreak\x1b.mp4"),
        "line\\nbreak\\x1b.mp4 is no file",
    ),
    "boxes without a row": (boxes(""), "no box"),
    "boxes that are not a number": (boxes(BOXES + "1,0,nan,0.5,0.1,0.1\n"), "Line 2"),
    "boxes without end": (boxes(BOXES + "1,0,inf,0.5,0.1,0.1\n"), "Line 2"),
    "boxes wholly outside the frame": (boxes(BOXES + "1,0,5.0,0.5,0.1,0.1\n"), "outside"),
    "boxes of a negative width": (boxes(BOXES + "1,0,0.5,0.5,-0.1,0.1\n"), "Line 2"),
    "boxes with too few columns": (boxes(BOXES + "1,0,0.5\n"), "Line 2"),
    "boxes of frame nought": (boxes(BOXES + "0,0,0.5,0.5,0.1,0.1\n"), "frame"),
    "boxes after the last frame": (boxes(BOXES + "99999,0,0.5,0.5,0.1,0.1\n"), "99999"),
    "boxes of a class that the group has not": (
        lambda scene: scene.run(
            scene.show.video,
            "--group",
            "show",
            "--boxes",
            scene.write("boxes.csv", BOXES + "1,12,0.5,0.5,0.1,0.1\n"),
        ),
        "has the class 12, but the group's members are the classes 0 to 8",
    ),
    "boxes of another table": (boxes("a,b,c\n"), "columns"),
    "boxes that are no text": (boxes(b"\xff\xfe\x00\n"), "ine 1"),
    "a pin at no moment": (pins(PINS + "x,,1,1,,,Lisa\n"), "ine 2"),
    "a pin without a name": (pins(PINS + "1,,5,5,,,\n"), "ine 2"),
    "a pin that hits nobody": (pins(PINS + "1,,5,5,,,class-1\n"), "class-1"),
    "a member that nobody knows": (member("Nobody At All"), "class-0, class-1, class-2"),
    "a member with dots and slashes": (member("../../etc/passwd"), "class-0, class-1, class-2"),
    "a group that nobody knows": (
        lambda scene: scene.run(scene.show.video, "--group", "no such group"),
        "no such group",
    ),
    "a group of 300 letters": (
        lambda scene: scene.run(scene.show.video, "--group", "g" * 300),
        "There is no group",
    ),
    "a model that is no graph": (model(b"this is no graph"), "ONNX"),
    "a model that does not keep the contract": (model(silent_graph()), "lacks the metadata field"),
}


@pytest.fixture(scope="module")
def out(finished: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    return shutil.copytree(finished, tmp_path_factory.mktemp("bad") / "out")


@pytest.fixture
def scene(
    small_show: SmallShow, out: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> Scene:
    return Scene(small_show, out, tmp_path, capsys)


class Peaks:
    """MiB that this process has grown by while this was open, and the most a child of it held."""

    def __enter__(self) -> "Peaks":
        Path("/proc/self/clear_refs").write_text("5")  # its peak is what it holds now
        self._before, self.child = _peak_mib(os.getpid()), 0.0
        self._others = set(children_of(os.getpid()))
        self._end = threading.Event()
        self._watch = threading.Thread(target=self._see_children)
        self._watch.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._end.set()
        self._watch.join()
        self.here = _peak_mib(os.getpid()) - self._before

    def _see_children(self) -> None:
        while not self._end.wait(0.02):
            for child in set(children_of(os.getpid())) - self._others:
                with suppress(FileNotFoundError, ProcessLookupError, StopIteration):  # it has ended
                    if _words(child) != _words(os.getpid()):  # until then it is this one's copy
                        self.child = max(self.child, _peak_mib(child))


def _words(pid: int) -> bytes:
    return Path(f"/proc/{pid}/cmdline").read_bytes()


def _peak_mib(pid: int) -> float:
    status = Path(f"/proc/{pid}/status").read_text().splitlines()
    return int(next(line for line in status if line.startswith("VmHWM")).split()[1]) / 1024


@pytest.mark.parametrize("name", BAD)
def test_it_is_refused_in_one_sentence_and_nothing_else_is_harmed(
    name: str, scene: Scene, finished: Path
) -> None:
    case, reason = BAD[name]
    began = time.monotonic()
    with Peaks() as peaks:
        assert reason in case(scene)
    assert time.monotonic() - began < BOUND_S
    assert peaks.here < BOUND_MIB
    assert peaks.child < BOUND_MIB
    assert digests(scene.out) == digests(finished)
    assert not list(scene.out.rglob("*.part"))


def test_one_frame_is_a_valid_video(tmp_path: Path) -> None:
    (tmp_path / "film.mp4").write_bytes(film(Film(pts=(0,), size=(640, 360))))
    (tmp_path / "boxes.csv").write_text(BOXES + "1,0,0.5,0.4,0.06,0.12\n")
    words = ("--boxes", tmp_path / "boxes.csv", "--out", tmp_path / "out")
    assert inyourarea_here("run", tmp_path / "film.mp4", *words) == 0
    with av.open(tmp_path / "out" / "fancams" / "class-0.mp4") as container:
        assert len(list(container.decode(video=0))) == 1

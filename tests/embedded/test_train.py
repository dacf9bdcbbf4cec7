"""From labelled pictures to a run that names a group, as a user types it, in small."""

import csv
import json
import os
import resource
import signal
import subprocess
import sys
import time
from collections import Counter
from dataclasses import dataclass
from functools import partial
from pathlib import Path

import cv2
import numpy as np
import pytest

from extras import NEEDS_TRAIN
from inyourarea.contracts.cards import read_card
from inyourarea.contracts.datasets import TEST, TRAIN, read_labels, split_shots
from inyourarea.contracts.group import group_from_toml
from inyourarea.contracts.triton_config import CPU
from inyourarea.core.boxes import iou
from inyourarea.runtime.datasets import Dataset
from inyourarea.runtime.folder_objects import FolderObjects
from inyourarea.train.course import Course
from inyourarea.train.repository import describe_file, read_info
from inyourarea.train.triton_repository import write_repository
from small_group import FPS, LENGTH, NAMES, SHOTS, VIDEO, scenes, write_dataset, write_video
from triton_server import had, triton

MODELS = Path(__file__).resolve().parents[2] / "models"
#: Less than a checkpoint of yolov5n, which has 25 MB, and more than all other files.
LIMIT_BYTES = 15_000_000
WAIT_S = 600
pytestmark = [
    pytest.mark.slow,
    pytest.mark.xdist_group("train"),
    NEEDS_TRAIN,
]


@pytest.mark.parametrize("said", ["", "3"])
def test_a_cpu_learns_with_all_of_its_cores_unless_it_is_told_otherwise(said: str) -> None:
    script = "import inyourarea.train.training as training; print(training.THREADS)"
    own = {**os.environ, "OMP_NUM_THREADS": said}
    told = subprocess.run([sys.executable, "-c", script], env=own, capture_output=True, check=True)
    assert int(told.stdout) == int(said or os.cpu_count() or 1)


def test_what_is_asked_of_a_network_is_computed_in_float32() -> None:
    torch = pytest.importorskip("torch")
    from ultralytics.cfg import get_cfg  # noqa: PLC0415 - not there where nobody trains

    from inyourarea.train.training import Bfloat16Model  # noqa: PLC0415

    network = Bfloat16Model("yolov5n.yaml", nc=2, verbose=False)
    network.args = get_cfg()
    batch = {
        "img": torch.rand(1, 3, 288, 416, generator=torch.Generator().manual_seed(1)),
        "batch_idx": torch.zeros(1),
        "cls": torch.zeros(1, 1),
        "bboxes": torch.tensor([[396 / 416, 200 / 288, 13 / 416, 16 / 288]]),
    }
    answers = network(batch["img"])
    asked, _ = network.loss(batch, answers)
    exact, _ = network.init_criterion()(answers, batch)
    assert asked.dtype == torch.float32
    assert asked.tolist() == exact.tolist(), "a box at the right edge is compared to the last bit"


@pytest.mark.parametrize(("can", "number"), [("avx512_bf16", "bfloat16"), ("avx2", "float32")])
def test_a_cpu_computes_in_bfloat16_only_where_it_need_not_imitate_it(
    can: str, number: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    torch = pytest.importorskip("torch")
    from ultralytics.cfg import get_cfg  # noqa: PLC0415 - not there where nobody trains

    from inyourarea.train.training import Bfloat16Model  # noqa: PLC0415

    monkeypatch.setattr(torch.cpu, "get_capabilities", lambda: {"architecture": "x", can: True})
    network = Bfloat16Model("yolov5n.yaml", nc=2, verbose=False)
    network.args = get_cfg()
    seen = []
    network.model[0].register_forward_hook(lambda *told: seen.append(told[-1].dtype))
    boxes = {"batch_idx": torch.zeros(0), "cls": torch.zeros(0, 1), "bboxes": torch.zeros(0, 4)}
    network.loss({"img": torch.rand(1, 3, 64, 64), **boxes})
    assert seen == [getattr(torch, number)]


@dataclass(frozen=True)
class Studio:
    """A folder with a video, its labelled pictures, and what came of training on them."""

    folder: Path

    @property
    def group(self) -> Path:
        return self.folder / "tri.toml"

    def command(self, *words: str) -> list[str]:
        """Train, in seconds rather than hours; from the show's weights if nothing else is said."""
        fixed = ["--imgsz", "160", "--epochs", "10"]
        if "--model" not in words:
            fixed += ["--from", str(MODELS / "show" / "show.pt")]
        asked = ("--dataset", str(self.folder / "pictures"), "--group", str(self.group))
        return [sys.executable, "-m", "inyourarea.cli", "train", *asked, *fixed, *words]

    def train(
        self, *words: str, check: bool = True, on_gpu: bool = False
    ) -> "subprocess.CompletedProcess[str]":
        device = {"INYOURAREA_DETECT_DEVICE": "gpu" if on_gpu else "cpu"}
        done = self._run(self.command(*words), env={**self.environment, **device})
        assert not check or done.returncode == 0, done.stderr
        return done

    def train_with_little_disk(self) -> "subprocess.CompletedProcess[str]":
        limits = (LIMIT_BYTES, LIMIT_BYTES)
        return self._run(
            self.command(), preexec_fn=partial(resource.setrlimit, resource.RLIMIT_FSIZE, limits)
        )

    def train_and_kill(self) -> None:
        """Killed when it has learned for a while."""
        with subprocess.Popen(
            self.command(), env=self.environment, stderr=subprocess.DEVNULL
        ) as training:
            end = time.monotonic() + WAIT_S
            while not self.checkpoints and training.poll() is None:
                assert time.monotonic() < end
                time.sleep(0.05)
            training.send_signal(signal.SIGKILL)
        assert training.returncode == -signal.SIGKILL

    def run(self) -> "subprocess.CompletedProcess[str]":
        words = ("run", str(self.folder / "stage.mp4"), "--group", str(self.group))
        out = ("--out", str(self.folder / "out"))
        return self._run([sys.executable, "-m", "inyourarea.cli", *words, *out])

    @property
    def environment(self) -> dict[str, str]:
        return {**os.environ, "INYOURAREA_MODELS": str(self.folder / "models")}

    @property
    def checkpoints(self) -> list[Path]:
        return [*self.folder.glob("tri-training/*/run/weights/last.pt")]

    @property
    def work(self) -> Path:
        return next(self.folder.glob("tri-training/*/run")).parent

    def _run(self, command: list[str], **more: object) -> "subprocess.CompletedProcess[str]":
        return subprocess.run(
            command,
            **{"env": self.environment, **more},  # type: ignore[call-overload]
            capture_output=True,
            text=True,
            check=False,
        )


@pytest.fixture(scope="module")
def studio(tmp_path_factory: pytest.TempPathFactory) -> Studio:
    folder = tmp_path_factory.mktemp("studio")
    frames = scenes()
    write_video(frames, folder / "stage.mp4")
    write_dataset(frames, folder / "pictures", video=folder / "stage.mp4")
    return Studio(folder)


@pytest.fixture(scope="module")
def trained(studio: Studio) -> Studio:
    """Killed on the way, then out of disk, then to the end."""
    studio.train_and_kill()
    before = studio.checkpoints[0].read_bytes()
    full = studio.train_with_little_disk()
    assert full.returncode == 1
    assert "weights can not be written" in full.stderr
    assert "are kept" in full.stderr
    assert studio.checkpoints[0].read_bytes() == before
    assert not [*studio.folder.rglob("*.part")]
    assert not studio.group.exists()
    done = studio.train()
    assert "going on after round" in done.stderr
    assert "heads were made anew for these 3" in done.stderr
    return studio


def test_the_run_finds_every_member_where_she_is(trained: Studio) -> None:
    done = trained.run()
    assert done.returncode == 0, done.stderr
    shown = {path.stem for path in (trained.folder / "out" / "fancams").iterdir()}
    assert shown == set(NAMES.values())
    right: Counter[str] = Counter()
    truth = [scene.faces for scene in scenes()]
    with (trained.folder / "out" / "tracks.csv").open(newline="") as opened:
        for row in csv.DictReader(opened):
            face = truth[int(row["frame"])].get(row["name"])
            if face is not None:
                box = np.array([[float(row[side]) for side in ("x1", "y1", "x2", "y2")]])
                right[row["name"]] += bool(iou(box, np.array([face]))[0, 0] >= 0.5)
    for name in NAMES.values():
        there = sum(name in faces for faces in truth)
        assert right[name] >= 0.8 * there, (name, right[name], there)


def test_the_model_keeps_the_contract_at_the_size_it_learned_at(trained: Studio) -> None:
    group = group_from_toml(trained.group.read_text())
    assert group.members == tuple(NAMES.values())
    file = trained.folder / "models" / "tri" / str(group.version) / "model.onnx"
    info = read_info(file)
    assert (info.width, info.height) == (160, 96)
    assert (info.classes, info.confidence) == (group.members, group.confidence)
    course = json.loads((trained.work / "course.json").read_text())
    assert course["picture_size"] == [160, 96]
    half = read_info(trained.work / "model-fp16.onnx")
    assert half == info
    sizes = [
        (trained.work / f"model-{numbers}.onnx").stat().st_size
        for numbers in ("fp32", "fp16", "int8")
    ]
    assert sizes[1] < 0.6 * sizes[0]
    assert sizes[2] < 0.4 * sizes[0]


def test_the_card_tells_what_it_reaches_and_how_true_the_files_are(trained: Studio) -> None:
    content = (trained.folder / "models/tri/1/card.json").read_bytes()
    told = json.loads(content)
    assert {*read_card(content).members} == {*NAMES.values()}  # as `models publish` compares it
    assert told["judged_on"] == "test"
    for name in NAMES.values():
        assert told["test"]["members"][name]["map50"] >= 0.8  # of ten boxes, two may be another's
    runtimes = {row["name"]: row for row in told["runtimes"]}
    assert runtimes.pop("onnxruntime, 8 bits")["like"] == "torch"
    assert set(runtimes) == {"torch", "onnxruntime, float32", "onnxruntime, float16"}
    assert all(row["box_px"] <= 0.5 and row["score"] <= 0.01 for row in runtimes.values())
    card = (trained.work / "card.md").read_text()
    assert "1200 windows" in card
    assert all(f"| {name} |" in card for name in NAMES.values())


def test_the_card_tells_to_whom_a_run_gives_the_faces_of_the_unseen_shot(trained: Studio) -> None:
    told = json.loads((trained.folder / "models/tri/1/card.json").read_text())
    found = told["whole_run"]
    labels = Dataset(FolderObjects(trained.folder / "pictures")).everything()
    unseen = [box for _, one in labels if one.split == TEST for box in one.boxes]
    assert found["all"]["boxes"] == len(unseen) > 0
    assert found["members"].keys() == set(NAMES.values())
    assert found["all"]["right"] >= 0.8
    assert found["all"]["other"] <= 0.1
    assert (found["videos"], found["notes"]) == (1, [])
    assert found["seconds"] == pytest.approx(LENGTH * SHOTS / FPS, abs=0.1)
    assert found["words"] in (trained.work / "card.md").read_text()
    assert not (trained.work / "whole-run").exists()


def test_what_a_cpu_runs_is_in_8_bits_and_loses_no_more_than_it_may(trained: Studio) -> None:
    told = json.loads((trained.folder / "models/tri/1/card.json").read_text())
    plain, small = told["marks"]["float32"], told["marks"]["8 bits"]
    assert told["numbers"] == "8 bits"
    assert small[0] >= plain[0] - 0.005
    assert small[1] >= plain[1] - 0.015
    assert [told["test"]["map50"], told["test"]["map50_95"]] == small
    assert describe_file(trained.folder / "models/tri/1/model.onnx").is_quantised
    assert not describe_file(trained.work / "model-fp32.onnx").is_quantised
    assert "| 8 bits |" in (trained.work / "card.md").read_text()


def test_what_a_gpu_runs_is_the_same_network_in_float32(trained: Studio, tmp_path: Path) -> None:
    models, group = tmp_path / "models", tmp_path / "tri.toml"
    out = ("--out", str(trained.work.parent), "--models", str(models), "--group", str(group))
    try:
        trained.train(*out, on_gpu=True)
        assert not describe_file(models / "tri/1/model.onnx").is_quantised
        told = json.loads((models / "tri/1/card.json").read_text())
        assert told["numbers"] == "float32"
        assert set(told["marks"]) == {"float32"}
    finally:
        trained.train()  # as it was, for who comes after


def test_asked_again_it_learns_nothing_and_makes_no_other_version(trained: Studio) -> None:
    checkpoint, group = trained.checkpoints[0].read_bytes(), trained.group.read_text()
    done = trained.train()
    assert "learning" not in done.stderr
    assert trained.checkpoints[0].read_bytes() == checkpoint
    assert trained.group.read_text() == group
    assert [path.name for path in (trained.folder / "models/tri").glob("*/")] == ["1"]


def test_a_triton_answers_as_the_file_does(trained: Studio, tmp_path: Path) -> None:
    write_repository(trained.folder / "models", ["tri"], tmp_path, CPU)
    with had(triton(tmp_path, ["tri"])) as server:
        trained.train("--triton", server.address)
    told = json.loads((trained.work / "card.json").read_text())
    row = next(row for row in told["runtimes"] if row["name"] == "Triton")
    assert row["like"] == "onnxruntime, 8 bits"
    assert row["box_px"] <= 1e-3
    assert row["score"] <= 1e-5
    assert row["pictures"] == sum(told["pictures"].values())  # there are fewer than 200


def test_names_of_some_shots_spread_to_the_others(tmp_path: Path) -> None:
    learned = [shot for shot, part in split_shots(VIDEO, range(SHOTS)).items() if part == TRAIN]
    few = Studio(tmp_path)
    dataset = write_dataset(scenes(), tmp_path / "pictures", unsaid=learned[1:])
    before = dict(dataset.everything())
    done = few.train("--epochs", "6")
    assert "boxes that nobody has named are learned as well" in done.stderr
    assert dict(dataset.everything()) == before
    spread = json.loads((few.work / "spread.json").read_text())
    given = Counter(
        bool(box.tracklet.endswith(f":{box.member}"))
        for labels in map(str.encode, spread.values())
        for box in read_labels(labels).boxes
        if box.tracklet and box.member
    )
    unsaid = sum(box.is_unsaid for labels in before.values() for box in labels.boxes)
    assert given[True] >= 0.5 * unsaid
    assert given[True] >= 0.9 * given.total()
    told = json.loads((few.work / "card.json").read_text())
    assert told["spread"] >= given.total()
    card = (few.work / "card.md").read_text()
    assert f"{told['spread']} boxes have a name" in card
    judged = sum(one["boxes"] for one in told["test"]["members"].values())
    assert f"Of their {judged} boxes {told['placed']} were only named" in card
    assert f"{told['hidden']} places where somebody may" in card


def test_memory_too_small_for_a_batch_is_said_and_borne(studio: Studio, tmp_path: Path) -> None:
    out = ("--out", str(tmp_path), "--models", str(tmp_path / "models"))
    # A network of four levels, from nothing: its files must be true to it as well.
    command = studio.command(*out, "--model", "n6", "--imgsz", "192", "--epochs", "1")[3:]
    done = subprocess.run(
        [sys.executable, "-c", _LITTLE_MEMORY, *command, "--group", str(tmp_path / "tri.toml")],
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    info = read_info(tmp_path / "models" / "tri" / "1" / "model.onnx")
    assert (info.width, info.height) == (192, 128)
    told = json.loads((tmp_path / "models" / "tri" / "1" / "card.json").read_text())
    plain = [row for row in told["runtimes"] if not row["name"].endswith("8 bits")]
    assert len(plain) == 3
    assert all(row["box_px"] <= 0.5 and row["score"] <= 0.01 for row in plain)
    assert "The memory was full with 16 pictures at a time; going on with" in done.stderr
    assert "with 8" in done.stderr or "with 4" in done.stderr


_LITTLE_MEMORY = """
import sys
from pathlib import Path
from inyourarea.train.installed import torch_within

with torch_within(Path(sys.argv[sys.argv.index("--out") + 1])):
    from inyourarea.train import training
loss = training.Bfloat16Model.loss


def small(self, batch, preds=None):
    if len(batch["img"]) > 4:
        raise RuntimeError("CUDA out of memory. Tried to allocate 2.00 GiB")
    return loss(self, batch, preds)


training.Bfloat16Model.loss = small
from inyourarea.cli.__main__ import main

sys.exit(main(sys.argv[1:]))
"""


def test_processes_of_several_gpus_that_fail_are_told_in_words(tmp_path: Path) -> None:
    pytest.importorskip("torch")
    from inyourarea.train import training  # noqa: PLC0415 - not there where nobody trains

    course = Course(tmp_path, (192, 128), NAMES, tmp_path, seed=0, device="0,1")
    with (
        pytest.raises(training.TrainingStopped, match=r"GPUs 0,1 .* smaller --batch .* one GPU"),
        training._trouble_in_words(course),
    ):
        subprocess.run([sys.executable, "-c", "raise SystemExit(1)"], check=True)


def test_a_stopped_training_whose_folder_was_moved_goes_on_there(tmp_path: Path) -> None:
    pytest.importorskip("torch")
    from inyourarea.train import training  # noqa: PLC0415 - not there where nobody trains

    picture, labels = (tmp_path / "old" / kind / TRAIN for kind in ("images", "labels"))
    picture.mkdir(parents=True)
    labels.mkdir(parents=True)
    cv2.imwrite(str(picture / "a.jpg"), np.zeros((96, 160, 3), np.uint8))
    (labels / "a.txt").write_text("0 0.5 0.5 0.2 0.3\n")

    def course(work: Path) -> Course:
        small = {"rounds": 2, "windows_per_round": 2, "window": (96, 64), "batch": 2}
        return Course(work, (160, 96), ("Kim",), work, seed=0, **small)  # type: ignore[arg-type]

    def stop(done: int, *_: int) -> None:
        if done:
            raise InterruptedError

    old, new = course(tmp_path / "old"), course(tmp_path / "new")
    with pytest.raises(training.TrainingStopped):
        training.train_network(old, stop)
    assert training.read_rounds(old.checkpoint) == 1
    old.work.rename(new.work)
    assert training.read_rounds(training.train_network(new)) == 2
    assert not old.work.exists()


def test_weights_of_another_network_are_refused(studio: Studio) -> None:
    weights = str(MODELS / "show" / "show.pt")
    done = studio.train("--model", "yolov5s", "--from", weights, check=False)
    assert done.returncode == 1
    assert "is another network than yolov5s.yaml" in done.stderr


def test_weights_that_are_none_are_refused(studio: Studio, tmp_path: Path) -> None:
    file = tmp_path / "weights.pt"
    file.write_bytes(b"no weights")
    done = studio.train("--from", str(file), check=False)
    assert done.returncode == 1
    assert "holds no weights" in done.stderr


@pytest.mark.parametrize(
    ("there", "asked", "found"),
    [(0, "auto", "cpu"), (2, "auto", "0"), (2, "cpu", "cpu"), (2, "0,1", "0,1")],
)
def test_the_first_gpu_is_taken_where_there_is_one(
    there: int, asked: str, found: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    torch = pytest.importorskip("torch")
    from inyourarea.train.training import find_device  # noqa: PLC0415 - not there for all

    monkeypatch.setattr(torch.cuda, "is_available", lambda: there > 0)
    monkeypatch.setattr(torch.cuda, "device_count", lambda: there)
    assert find_device(asked) == found


def test_a_gpu_that_is_not_there_is_named(studio: Studio) -> None:
    done = studio.train("--device", "99", check=False)
    assert done.returncode == 1
    assert "not '99'" in done.stderr

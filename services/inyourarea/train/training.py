"""Train a YOLOv5 "u" network with ultralytics on windows of a data set: pictures in, weights out.

Made for a CPU. One that has bfloat16 arithmetic takes half the time of float32 in it (measured .12
against .22 CPU seconds per window of 640x384, in channels-last order); one that has to imitate it
seven times as long. GPUs are used as ultralytics does.
"""

import errno
import json
import pickle
import subprocess
import threading
from collections.abc import Callable
from contextlib import contextmanager
from copy import deepcopy
from pathlib import Path
from typing import Any

import numpy as np
import torch
from ultralytics import settings
from ultralytics.data.build import build_dataloader
from ultralytics.data.dataset import YOLODataset
from ultralytics.models.yolo.detect import DetectionTrainer
from ultralytics.nn.tasks import DetectionModel

from inyourarea.core.errors import Refused
from inyourarea.runtime.disk import words_for
from inyourarea.train import THREADS
from inyourarea.train.course import WINDOWS_PER_ROUND, Course, course_from_json
from inyourarea.train.repository import write_whole
from inyourarea.train.windows import (
    LabelledPicture,
    class_rarity,
    cut_window,
    in_random_order,
    mirrored,
    read_labels,
)

READERS = 8
"""Processes that cut windows for each GPU; a CPU cuts its own."""

FULL_MEMORY = ("out of memory", "can't allocate memory")
"""What torch says of a GPU, and of a CPU."""

AVERAGED = 8
"""Weights are the average over about the last eighth of all steps. Ultralytics' own would be over
the last two of the thousand that a group's model takes: it is made for courses of days."""

Tell = Callable[[int, int, int], None]
"""Told after every batch: the rounds that are done, those there are, and the pictures a batch."""


LOOK_S = 2.0
"""Seconds between two looks at how far the processes of several GPUs are."""


class TrainingStopped(Refused):
    """Training can not go on here; what was learned is kept, and the same command takes it up."""


class WindowDataset(torch.utils.data.Dataset):  # type: ignore[misc]  # torch is not there for mypy
    """Endless fresh windows; item ``i`` of a round is a window of a picture drawn by lot.

    Every process that reads from it draws lots of its own.
    """

    collate_fn = staticmethod(YOLODataset.collate_fn)

    def __init__(self, course: Course, seed: tuple[int, ...]) -> None:
        self.course = course
        self.seed = seed
        self.reader: int | None = None
        self.look_again()

    def look_again(self) -> None:
        """Begin a new pass over the pictures, those that were added since the last one included."""
        reader = torch.utils.data.get_worker_info()
        if self.reader is None or (reader and self.reader != reader.id + 1):
            self.reader = reader.id + 1 if reader else 0
            self.random = np.random.default_rng([*self.seed, self.reader])
        folder = self.course.pictures / "images" / "train"
        pictures = read_labels(folder, self.course.picture_size)
        self.rarity = class_rarity(pictures, len(self.course.classes))
        self.left: list[LabelledPicture] = in_random_order(self.random, pictures)
        # Ultralytics counts the boxes of a data set here, to see that a head has room for them.
        self.labels = [{"cls": one.classes[:, None]} for one in pictures]

    def __len__(self) -> int:
        return self.course.windows_per_round

    def __getitem__(self, index: int) -> dict[str, Any]:
        reader = torch.utils.data.get_worker_info()
        if not self.left or (reader and self.reader != reader.id + 1):
            self.look_again()
        chosen, window = self.left.pop(), self.course.window
        picture, boxes, classes = cut_window(
            self.random, chosen, window, self.rarity, self.course.can_redress
        )
        if self.course.can_mirror and self.random.random() < 0.5:
            picture, boxes = mirrored(picture, boxes)
        sides = np.asarray(window * 2, np.float32)
        boxes = boxes / sides
        middle, size = (boxes[:, :2] + boxes[:, 2:]) / 2, boxes[:, 2:] - boxes[:, :2]
        return {
            "img": torch.from_numpy(picture).permute(2, 0, 1),
            "cls": torch.from_numpy(classes[:, None].astype(np.float32)),
            "bboxes": torch.from_numpy(np.concatenate([middle, size], axis=1)),
            "batch_idx": torch.zeros(len(boxes)),
            "im_file": chosen.file.name,
        }


class Bfloat16Model(DetectionModel):  # type: ignore[misc]  # ultralytics has no type hints
    """The network, trained in bfloat16 where a CPU has it; ultralytics' switch refuses a CPU."""

    def loss(self, batch: dict[str, Any], preds: Any = None) -> Any:
        """Give the loss: on such a CPU answers are in bfloat16, what is asked of them in float32.

        Boxes are compared in cells of a grid, of which bfloat16 tells the 40th to a quarter: a
        face of 16 pixels would be asked to lie up to a pixel beside where it does.
        """
        device = batch["img"].device.type
        if preds is None:
            has_it = device == "cpu" and _has_bfloat16()
            with torch.autocast("cpu", torch.bfloat16, enabled=has_it):
                preds = self.forward(batch["img"])
        with torch.autocast(device, enabled=False):
            return super().loss(batch, _in_float32(preds))


def _has_bfloat16() -> bool:
    """Whether this machine's CPU multiplies in bfloat16 itself."""
    can = torch.cpu.get_capabilities()
    return any(can.get(name, False) for name in ("avx512_bf16", "amx_bf16", "bf16", "sve_bf16"))


def _in_float32(answers: Any) -> Any:
    if isinstance(answers, dict):
        return {name: _in_float32(answer) for name, answer in answers.items()}
    if isinstance(answers, list | tuple):
        return [_in_float32(answer) for answer in answers]
    return answers.float()


class WindowTrainer(DetectionTrainer):  # type: ignore[misc]  # ultralytics has no type hints
    """The ultralytics trainer, fed with windows; measuring is left to the exported file.

    Its ``data`` is the file of the course: ultralytics starts a process for each of several GPUs,
    which knows nothing else.
    """

    tell: Tell = staticmethod(lambda *_: None)

    @property
    def course(self) -> Course:
        """What it learns from."""
        return course_from_json(Path(self.args.data).read_text(encoding="utf-8"))

    def get_dataset(self) -> dict[str, Any]:
        """Describe the data set without ultralytics' own look at it, which would fetch a font."""
        course = self.course
        folder = course.pictures / "images"
        names = dict(enumerate(course.classes))
        return {
            "train": str(folder / "train"),
            "val": str(folder / "train"),
            "nc": len(names),
            "names": names,
            "channels": 3,
        }

    def get_dataloader(
        self, _dataset_path: str, batch_size: int = 16, rank: int = -1, **_: Any
    ) -> Any:
        """Give the loader of windows."""
        course = self.course
        # A run that is taken up again must not see the windows of its first rounds once more.
        before = read_rounds(course.checkpoint) if self.resume else 0
        data = WindowDataset(course, (course.seed, before, rank + 1))
        workers = 0 if self.device.type == "cpu" else READERS
        return build_dataloader(
            data, batch_size, workers=workers, shuffle=False, rank=rank, device=self.device
        )

    def get_model(
        self, cfg: Any = None, weights: torch.nn.Module | None = None, **_: Any
    ) -> torch.nn.Module:
        """Give the network in the memory order that is fast on a CPU."""
        network = Bfloat16Model(cfg, nc=self.data["nc"], ch=self.data["channels"], verbose=False)
        network.names = self.data["names"]
        if weights is not None:
            network.load(weights, verbose=False)
        return network.to(memory_format=torch.channels_last)

    def preprocess_batch(self, batch: dict[str, Any]) -> dict[str, Any]:
        """Give the pictures in that order too."""
        ready: dict[str, Any] = super().preprocess_batch(batch)
        ready["img"] = ready["img"].contiguous(memory_format=torch.channels_last)
        return ready

    def resume_training(self, ckpt: Any) -> None:
        """Begin, or go on; weights are averaged over more steps the more there were."""
        super().resume_training(ckpt)
        self.ema.decay = lambda steps: steps / (steps + AVERAGED)

    def optimizer_step(self) -> None:
        """Take a step, and tell how far it is."""
        super().optimizer_step()
        self.tell(self.epoch, self.epochs, self.batch_size)

    def save_model(self) -> bool:
        """Write the checkpoint so that a stop at any moment leaves this one or the last.

        Raises:
            TrainingStopped: the disk is full.
        """
        whole: Path = self.wdir / "last.pt"
        self.last = whole.with_suffix(".part")
        self.best_fitness = np.inf  # else it would write the same once more, as its best
        try:
            super().save_model()
            self.last.replace(whole)
        except OSError as error:
            self.last.unlink(missing_ok=True)
            raise TrainingStopped(
                f"The weights can not be written to {whole.parent}: {words_of(error)}. "
                f"Those of round {self.epoch} of {self.epochs} are kept."
            ) from error
        finally:
            self.last = whole
        self.stop |= self.course.stop.is_file()
        far = (self.epoch + 1, self.epochs, self.batch_size)
        if self.world_size > 1:  # the process that is looked at is another
            write_whole(self.course.progress, json.dumps(far).encode())
        self.tell(*far)
        return True

    def save_metrics(self, metrics: dict[str, float]) -> None:
        """Keep no table: nothing reads it."""

    def validate(self) -> tuple[dict[str, float], float]:
        """Measure nothing here; no round is better than the last one."""
        return {}, float(self.epoch)

    def final_eval(self) -> None:
        """Measure nothing here."""


def words_of(error: OSError) -> str:
    """What is wrong with the disk; a limit on the size of files is one of the ways to be full."""
    if error.errno == errno.EFBIG:
        return "a file may not be that large here (ulimit -f); allow it and ask again"
    return words_for(error)


def train_network(course: Course, tell: Tell | None = None) -> Path:
    """Train, or go on where a stopped run was, and return the checkpoint file.

    Raises:
        TrainingStopped: the disk is full, or a GPU's memory; or processes of several GPUs failed.
    """
    settings.update({"sync": False, "tensorboard": False})
    file = course.work / "course.json"
    write_whole(file, course.to_json().encode())
    options: dict[str, Any] = {
        "model": course.architecture,
        "data": str(file),
        "epochs": course.rounds,
        "time": course.hours,
        "imgsz": max(course.window),
        "batch": course.batch,
        "nbs": course.batch,
        "optimizer": "AdamW",
        "lr0": 0.002,
        "lrf": 0.01,
        "cos_lr": True,
        "warmup_epochs": 3.0,
        "warmup_bias_lr": 0.002,
        "weight_decay": 0.01,
        # Above ultralytics' .5: who it is matters more here than the last pixel of the box.
        "cls": 0.7,
        "amp": _number_type(course.device),
        "device": course.device,
        "workers": READERS,
        "val": False,
        "plots": False,
        "pretrained": str(course.start) if course.start else False,
        "deterministic": False,
        "close_mosaic": 0,
        "patience": 0,
        "seed": course.seed,
        "save_dir": str(course.work / "run"),  # a stopped run's too, wherever its folder is now
    }
    if course.checkpoint.is_file():
        if course.hours is None and read_rounds(course.checkpoint) >= course.rounds:
            return course.checkpoint
        # Of a resumed run ultralytics would count the hours from now and the rounds from the first,
        # and stop at once; so the rest of the rounds that were planned is run.
        checkpoint = str(course.checkpoint)
        options |= {"model": checkpoint, "resume": checkpoint, "time": None}
    is_apart = "," in course.device
    with _trouble_in_words(course), _told_from_outside(course, tell if is_apart else None):
        trainer = WindowTrainer(overrides=options)
        if tell:
            trainer.tell = tell
        torch.set_num_threads(THREADS)  # ultralytics leaves a core unused, of two a half
        trainer.train()
    return course.checkpoint


def _number_type(device: str) -> bool | str:
    """What ultralytics calls the numbers to compute in; its own float16 would fetch a network."""
    return "bf16" if device != "cpu" and torch.cuda.is_bf16_supported() else False


def find_device(device: str) -> str:
    """What is asked for, which is there; ``auto`` is the first GPU, without one the CPU.

    Raises:
        Refused: a GPU is not there.
    """
    there = torch.cuda.device_count() if torch.cuda.is_available() else 0
    if device == "auto":
        return "0" if there else "cpu"
    if device == "cpu":
        return device
    numbers = device.split(",")
    if not all(number.isdecimal() and int(number) < there for number in numbers):
        raise Refused(
            f"--device is auto, cpu, or GPUs by number such as 0 or 0,1; torch sees {there} here, "
            f"not {device!r}."
        )
    return device


@contextmanager
def _told_from_outside(course: Course, tell: Tell | None) -> Any:
    """While processes of their own train, tell what they write about how far they are.

    Where whoever is told raises something, they stop after their round.
    """
    course.progress.unlink(missing_ok=True)
    course.stop.unlink(missing_ok=True)
    is_over = threading.Event()
    refused: list[Exception] = []

    def look() -> None:
        while not is_over.wait(LOOK_S):
            if tell and course.progress.is_file():
                try:
                    tell(*json.loads(course.progress.read_text()))
                except Exception as error:  # whatever it is, it ends the training
                    refused.append(error)
                    course.stop.touch()
                    return

    thread = threading.Thread(target=look, name="progress", daemon=True)
    if tell:
        thread.start()
    try:
        yield
    finally:
        is_over.set()
    if refused:
        raise refused[0]


@contextmanager
def _trouble_in_words(course: Course) -> Any:
    try:
        yield
    except RuntimeError as error:
        if not any(words in str(error).lower() for words in FULL_MEMORY):
            raise
        raise TrainingStopped(
            f"The memory of device {course.device} is full. A batch ({course.batch}) is halved on "
            "one GPU alone, in its first round, up to three times; give a smaller --batch or "
            "--model."
        ) from error
    except subprocess.CalledProcessError as error:
        raise TrainingStopped(
            f"The processes of the GPUs {course.device} have failed; what they said is above. If "
            f"it was memory, give a smaller --batch than {course.batch}; if the disk, make room in "
            f"{course.work}; if they did not find each other, give one GPU, such as --device 0. "
            "What was learned is kept."
        ) from error
    except OSError as error:
        raise TrainingStopped(f"{course.work} can not be written: {words_of(error)}") from error


def read_network(checkpoint: Path) -> DetectionModel:
    """The network with the averaged weights of a checkpoint, in float32.

    The file is unpickled, which runs what is in it: take weights only from those whom you trust.

    Raises:
        Refused: it holds no network.
    """
    try:
        content = torch.load(checkpoint, map_location="cpu", weights_only=False)
        network = content["ema"] if content.get("ema") is not None else content["model"]
        return deepcopy(network).float().eval()
    except (
        *(pickle.UnpicklingError, EOFError, RuntimeError, ImportError),
        *(KeyError, AttributeError, TypeError, ValueError),
    ) as error:
        raise Refused(f"{checkpoint} holds no weights of a YOLOv5 of ultralytics.") from error


def write_starting_weights(network: DetectionModel, architecture: str, target: Path) -> None:
    """Write float16 weights that ``ultralytics.YOLO`` takes to train further, nothing else."""
    bare = deepcopy(network).half()
    bare.__class__ = DetectionModel  # what plain ultralytics can unpickle
    bare.criterion, bare.pt_path = None, None
    bare.args = {"task": "detect", "model": architecture}
    torch.save({"model": bare, "ema": None, "train_args": {"task": "detect"}}, target)


def read_rounds(checkpoint: Path) -> int:
    """How many rounds a checkpoint has seen."""
    return int(torch.load(checkpoint, map_location="cpu", weights_only=False)["epoch"]) + 1


def read_progress(checkpoint: Path) -> dict[str, int]:
    """How much a checkpoint of the show's model has seen: epochs and windows."""
    rounds = read_rounds(checkpoint)
    return {"epochs": rounds, "windows": rounds * WINDOWS_PER_ROUND}

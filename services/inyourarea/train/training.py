"""Train a YOLOv5 "u" network with ultralytics on windows of a data set: pictures in, weights out.

Meant for a CPU: bfloat16 arithmetic in channels-last order takes half the time of float32 (measured
.12 against .22 CPU seconds per window of 640x384), and the schedule fits a given number of hours.
"""

import os
from copy import deepcopy
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import torch
from ultralytics import settings
from ultralytics.data.build import build_dataloader
from ultralytics.data.dataset import YOLODataset
from ultralytics.models.yolo.detect import DetectionTrainer
from ultralytics.nn.tasks import DetectionModel

from inyourarea.train.windows import (
    LabelledPicture,
    class_rarity,
    cut_window,
    in_random_order,
    read_labels,
)

ARCHITECTURE = "yolov5n.yaml"
"""In today's ultralytics this is the anchor-free "u" variant with the split head."""

WINDOW = (416, 288)
"""Width and height of a training window, pixels: enough for the largest face, and small enough that
little of an empty stage is paid for."""

WINDOWS_PER_EPOCH = 480
"""An epoch is only what lies between two checkpoints and two steps of the learning rate."""

BATCH = 16


@dataclass(frozen=True, slots=True)
class Course:
    """What is learned from, and for how long."""

    pictures: Path
    picture_size: tuple[int, int]
    classes: tuple[str, ...]
    work: Path
    hours: float
    seed: int


class WindowDataset(torch.utils.data.Dataset):  # type: ignore[misc]  # torch is not there for mypy
    """Endless fresh windows; item ``i`` of an epoch is a window of a picture drawn by lot."""

    collate_fn = staticmethod(YOLODataset.collate_fn)

    def __init__(self, course: Course, seed: int) -> None:
        self.course = course
        self.random = np.random.default_rng(seed)
        self.left: list[LabelledPicture] = []
        self.labels: list[dict[str, Any]] = []
        self.look_again()

    def look_again(self) -> None:
        """Begin a new pass over the pictures, those that were added since the last one included."""
        folder = self.course.pictures / "images" / "train"
        pictures = read_labels(folder, self.course.picture_size)
        self.rarity = class_rarity(pictures, len(self.course.classes))
        self.left = in_random_order(self.random, pictures)
        # Ultralytics counts the boxes of a data set here, to see that a head has room for them.
        self.labels = [{"cls": one.classes[:, None]} for one in pictures]

    def __len__(self) -> int:
        return WINDOWS_PER_EPOCH

    def __getitem__(self, index: int) -> dict[str, Any]:
        if not self.left:
            self.look_again()
        chosen = self.left.pop()
        picture, boxes, classes = cut_window(self.random, chosen, WINDOW, self.rarity)
        sides = np.asarray(WINDOW * 2, np.float32)
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
    """The network, trained in bfloat16; ultralytics' own switch for that refuses a CPU."""

    def loss(self, batch: dict[str, Any], preds: Any = None) -> Any:
        """Give the loss, computed in bfloat16 where that is safe."""
        with torch.autocast("cpu", torch.bfloat16):
            return super().loss(batch, preds)


class WindowTrainer(DetectionTrainer):  # type: ignore[misc]  # ultralytics has no type hints
    """The ultralytics trainer, fed with windows; measuring is left to the exported file."""

    course: Course
    epochs_before: int

    def get_dataset(self) -> dict[str, Any]:
        """Describe the data set without ultralytics' own look at it, which would fetch a font."""
        folder = self.course.pictures / "images"
        names = dict(enumerate(self.course.classes))
        return {
            "train": str(folder / "train"),
            "val": str(folder / "train"),
            "nc": len(names),
            "names": names,
            "channels": 3,
        }

    def get_dataloader(self, _dataset_path: str, batch_size: int = BATCH, **_: Any) -> Any:
        """Give the loader of windows."""
        # A run that is taken up again must not see the windows of its first epochs once more.
        seed = self.course.seed + 1000 * self.epochs_before
        data = WindowDataset(self.course, seed)
        return build_dataloader(data, batch_size, workers=0, shuffle=False, device=self.device)

    def get_model(
        self, cfg: Any = None, weights: torch.nn.Module | None = None, **_: Any
    ) -> torch.nn.Module:
        """Give the network in the memory order that is fast on a CPU."""
        network = Bfloat16Model(cfg, nc=self.data["nc"], ch=self.data["channels"], verbose=False)
        network.names = self.data["names"]
        if weights is not None:
            network.load(weights)
        return network.to(memory_format=torch.channels_last)

    def preprocess_batch(self, batch: dict[str, Any]) -> dict[str, Any]:
        """Give the pictures in that order too."""
        ready: dict[str, Any] = super().preprocess_batch(batch)
        ready["img"] = ready["img"].contiguous(memory_format=torch.channels_last)
        return ready

    def validate(self) -> tuple[dict[str, float], float]:
        """Measure nothing here; no epoch is better than the last one."""
        return {}, float(self.epoch)

    def final_eval(self) -> None:
        """Measure nothing here."""


def train_network(course: Course) -> Path:
    """Train from scratch, or go on where a stopped run was, and return the checkpoint file."""
    settings.update({"sync": False, "tensorboard": False})
    checkpoint = course.work / "run" / "weights" / "last.pt"
    options: dict[str, Any] = {
        "model": ARCHITECTURE,
        "data": "windows",
        "epochs": 30,
        "time": course.hours,
        "imgsz": WINDOW[0],
        "batch": BATCH,
        "nbs": BATCH,
        "optimizer": "AdamW",
        "lr0": 0.002,
        "lrf": 0.01,
        "cos_lr": True,
        "warmup_epochs": 3.0,
        "warmup_bias_lr": 0.002,
        "weight_decay": 0.01,
        # Above ultralytics' .5: who it is matters more here than the last pixel of the box.
        "cls": 0.7,
        "amp": False,
        "device": "cpu",
        "workers": 0,
        "val": False,
        "plots": False,
        "pretrained": False,
        "deterministic": False,
        "close_mosaic": 0,
        "patience": 0,
        "seed": course.seed,
        "project": str(course.work),
        "name": "run",
        "exist_ok": True,
    }
    before = 0
    if checkpoint.is_file():
        # Of a resumed run ultralytics would count the hours from now and the epochs from the first,
        # and stop at once; so the rest of the epochs that were planned is run.
        options |= {"model": str(checkpoint), "resume": str(checkpoint), "time": None}
        before = read_progress(checkpoint)["epochs"]
    trainer = type("CourseTrainer", (WindowTrainer,), {"course": course, "epochs_before": before})(
        overrides=options
    )
    # Ultralytics leaves one core unused, which on a machine of two is half.
    torch.set_num_threads(os.cpu_count() or 1)
    trainer.train()
    return checkpoint


def read_network(checkpoint: Path) -> DetectionModel:
    """The network with the averaged weights of a checkpoint, in float32."""
    # Written by this module, so its pickled network is trusted.
    content = torch.load(checkpoint, map_location="cpu", weights_only=False)
    network = content["ema"] if content.get("ema") is not None else content["model"]
    return deepcopy(network).float().eval()


def write_starting_weights(network: DetectionModel, target: Path) -> None:
    """Write float16 weights that ``ultralytics.YOLO`` takes to train further, nothing else."""
    bare = deepcopy(network).half()
    bare.__class__ = DetectionModel  # what plain ultralytics can unpickle
    bare.criterion, bare.pt_path = None, None
    bare.args = {"task": "detect", "model": ARCHITECTURE}
    torch.save({"model": bare, "ema": None, "train_args": {"task": "detect"}}, target)


def read_progress(checkpoint: Path) -> dict[str, int]:
    """How much a checkpoint has seen: epochs and windows."""
    epochs = int(torch.load(checkpoint, map_location="cpu", weights_only=False)["epoch"]) + 1
    return {"epochs": epochs, "windows": epochs * WINDOWS_PER_EPOCH}

"""Learn a group's members and export what was learned: the steps that need torch."""

import json
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import asdict, replace
from itertools import count
from pathlib import Path

import numpy as np
import torch
from numpy.typing import NDArray
from ultralytics.nn.tasks import DetectionModel

from inyourarea.contracts.datasets import TEST, TRAIN, VAL
from inyourarea.contracts.model import BOXES_OUTPUT, FRAMES_INPUT, SCORES_OUTPUT, ModelInfo
from inyourarea.core.errors import Refused
from inyourarea.core.letterbox import BAR_GREY
from inyourarea.train.answers import open_model
from inyourarea.train.course import Course
from inyourarea.train.graph import model_bytes
from inyourarea.train.group_figures import EIGHT_BITS, FLOAT, HALF, TORCH, Runtime
from inyourarea.train.group_plan import Plan
from inyourarea.train.half_floats import in_half_floats
from inyourarea.train.int8 import in_eight_bits, to_calibrate_on
from inyourarea.train.octaves import LEAST_TOLD_PX, half_of, in_two_octaves
from inyourarea.train.parity import BOX_TOLERANCE_PX, Answer, Look, apart
from inyourarea.train.repository import write_whole
from inyourarea.train.training import (
    Tell,
    find_device,
    read_network,
    read_rounds,
    train_network,
    write_starting_weights,
)
from inyourarea.train.windows import LabelledPicture, read_picture
from inyourarea.train.yolo import ParityBroken, export_network, for_inference, own_answer

__all__ = [
    "compare_served",
    "describe_start",
    "export",
    "export_start",
    "export_teacher",
    "find_device",
    "learn",
    "rounds_done",
]

PARITY_PICTURES = 200
"""At most so many pictures are asked of every runtime."""

ONNXRUNTIME = "onnxruntime"
"""What runs files here, and in a Triton."""

LEAST_TAKEN_OVER = 0.5
"""Share of a network's tensors that weights must fit: another size's fit a tenth."""


def describe_start(course: Course) -> str:
    """What of the weights to start from fits, in words.

    Raises:
        Refused: they are no weights, or those of another network.
    """
    if course.start is None:
        return "nothing (random weights)"
    given = read_network(course.start)
    own = DetectionModel(course.architecture, nc=len(course.classes), verbose=False).state_dict()
    held = given.state_dict()
    fitting = [name for name in own if name in held and held[name].shape == own[name].shape]
    if len(fitting) < LEAST_TAKEN_OVER * len(own):
        raise Refused(
            f"{course.start} is another network than {course.architecture}: {len(fitting)} of "
            f"{len(own)} tensors fit. Give the --model that it was trained as."
        )
    text = f"`{course.start.name}`"
    known = tuple(str(name) for name in given.names.values())
    if known != course.classes:
        text += (
            f", which knows {len(known)} others; the heads were made anew for these "
            f"{len(course.classes)}, {len(fitting)} of {len(own)} tensors taken over"
        )
    return text


def rounds_done(course: Course) -> int:
    """How many rounds an earlier run has learned."""
    return read_rounds(course.checkpoint) if course.checkpoint.is_file() else 0


def learn(plan: Plan, tell: Tell) -> None:
    """The network has learned for all its rounds; a stopped run goes on.

    Raises:
        TrainingStopped: the disk or the memory is full.
    """
    train_network(plan.course, tell)


def export(plan: Plan, start: str, tell: Callable[[int, int], None]) -> None:
    """The files are written, and how true they are to the network; not again if they are there.

    Raises:
        ParityBroken: the float32 file does not answer as the network does.
    """
    if plan.exported.is_file() and plan.file(EIGHT_BITS).is_file():
        return
    network = read_network(plan.course.checkpoint)
    pictures, calibration = _compared(plan), to_calibrate_on(plan.labelled(TRAIN))
    looks = _looks(plan)
    step = _steps(tell, len(pictures) + len(looks) * len(calibration))
    plain = [export_network(network, look) for look in looks]
    small = [
        in_eight_bits(model, look, _frames(calibration, look, step))
        for model, look in zip(plain, looks, strict=True)
    ]
    each = {FLOAT: plain, HALF: [in_half_floats(model) for model in plain], EIGHT_BITS: small}
    for numbers, (full, half) in each.items():
        both = in_two_octaves(full, half, plan.info, plan.wish.multiple)
        write_whole(plan.file(numbers), model_bytes(both))
    sessions = {f"{ONNXRUNTIME}, {numbers}": _session(plan.file(numbers)) for numbers in each}
    own = _own(for_inference(network), looks)
    rows = _compare(pictures, {TORCH: own, **sessions}, plan.info.floor, step)
    worst = rows[1]
    if not worst.is_true:
        raise ParityBroken(
            f"The exported file differs from the network by {worst.box_px:.2f} px and "
            f"{worst.score:.4f} in score; please report this, with {plan.folder / 'course.json'}."
        )
    write_starting_weights(network, plan.wish.architecture, plan.weights)
    _write_exported(plan, rows, start)


def export_start(plan: Plan) -> None:
    """The weights that are started from are files to look with, also at pictures enlarged."""
    if plan.start and not (plan.start_model.is_file() and plan.enlarged_model.is_file()):
        network = read_network(plan.start)
        classes = tuple(map(str, network.names.values()))
        _write_looker(plan, network, replace(plan.look, classes=classes), plan.start_model)
        enlarged = export_network(network, replace(plan.enlarged, classes=classes))
        write_whole(plan.enlarged_model, model_bytes(enlarged))


def export_teacher(plan: Plan) -> None:
    """The file and the weights of a network that only spreads names are there."""
    if not plan.file(FLOAT).is_file():
        network = read_network(plan.course.checkpoint)
        write_starting_weights(network, plan.wish.architecture, plan.weights)
        _write_looker(plan, network, plan.look, plan.file(FLOAT))


def _write_looker(plan: Plan, network: DetectionModel, info: ModelInfo, file: Path) -> None:
    multiple = plan.wish.multiple
    full, half = (export_network(network, look) for look in (info, half_of(info, multiple)))
    write_whole(file, model_bytes(in_two_octaves(full, half, info, multiple)))


def compare_served(
    plan: Plan, numbers: str, name: str, look: Look, tell: Callable[[int, int], None]
) -> Runtime:
    """Another runtime that has the file in these numbers is in the table of those that were asked.

    It is compared with that file here.
    """
    told = json.loads(plan.exported.read_text())
    rows = [Runtime(**row) for row in told["runtimes"] if row["name"] != name]
    pictures = _compared(plan)
    here = {f"{ONNXRUNTIME}, {numbers}": _session(plan.file(numbers))}
    found = _compare(pictures, {**here, name: look}, plan.info.floor, _steps(tell, len(pictures)))[
        1
    ]
    found = replace(found, cpu_ms=None)  # what this process spends is not what the server does
    _write_exported(plan, [*rows, found], told["start"])
    return found


def _write_exported(plan: Plan, rows: Sequence[Runtime], start: str) -> None:
    told = {"runtimes": [asdict(row) for row in rows], "start": start}
    write_whole(plan.exported, json.dumps(told, ensure_ascii=False).encode())


def _looks(plan: Plan) -> tuple[ModelInfo, ModelInfo]:
    return plan.info, half_of(plan.info, plan.wish.multiple)


def _session(file: Path) -> Look:
    session, _ = open_model(file.read_bytes())

    def look(frames: NDArray[np.uint8]) -> Answer:
        return Answer(*session.run([BOXES_OUTPUT, SCORES_OUTPUT], {FRAMES_INPUT: frames}))

    return look


def _own(network: torch.nn.Module, looks: tuple[ModelInfo, ModelInfo]) -> Look:
    """How a network itself answers a frame that it looks at twice."""
    full, half = looks

    def look(frames: NDArray[np.uint8]) -> Answer:
        boxes, scores, _ = own_answer(network, frames)
        half_boxes, half_scores, _ = own_answer(network, _halved(frames, half))
        larger = np.clip(2 * half_boxes, 0, [full.width, full.height] * 2)
        is_tall = larger[..., 3] - larger[..., 1] >= LEAST_TOLD_PX + 2 * BOX_TOLERANCE_PX
        return Answer(
            np.concatenate([boxes, larger], 1),
            np.concatenate([scores, half_scores], 1),
            np.concatenate([np.ones(boxes.shape[:2], bool), is_tall], 1),
        )

    return look


def _halved(frames: NDArray[np.uint8], half: ModelInfo) -> NDArray[np.uint8]:
    """Means of 2x2 pixels, in frames of the second look."""
    count, height, width, _ = frames.shape
    means = frames.reshape(count, height // 2, 2, width // 2, 2, 3).mean(axis=(2, 4))
    small = np.full((count, half.height, half.width, 3), BAR_GREY, np.uint8)
    small[:, : height // 2, : width // 2] = np.round(means).astype(np.uint8)
    return small


def _frames(
    pictures: Sequence[LabelledPicture], look: ModelInfo, step: Callable[[], None]
) -> Iterator[NDArray[np.uint8]]:
    """The pictures as a look is given them; each is a step."""
    for one in pictures:
        frame = read_picture(one.file)
        is_whole = frame.shape[:2] == (look.height, look.width)
        yield frame if is_whole else _halved(frame[None], look)[0]
        step()


def _steps(tell: Callable[[int, int], None], total: int) -> Callable[[], None]:
    """Each call is one more step of so many."""
    done = count(1)
    return lambda: tell(next(done), total)


def _compared(plan: Plan) -> list[Path]:
    """The pictures that are judged on, and as many others as are lacking."""
    splits = dict.fromkeys((plan.judged_on, VAL, TEST, TRAIN))
    return [one.file for split in splits for one in plan.labelled(split)][:PARITY_PICTURES]


def _compare(
    pictures: Sequence[Path], asked: Mapping[str, Look], floor: float, step: Callable[[], None]
) -> list[Runtime]:
    """Ask all of them about each picture; the first one's row is first: what others are like."""
    like = next(iter(asked))
    spent = {name: np.zeros(2) for name in asked}
    worst = {name: np.zeros(2) for name in asked}
    for picture in pictures:
        frames = read_picture(picture)[None]
        answers = {}
        for name, look in asked.items():
            began = np.array([time.process_time(), time.perf_counter()])
            answers[name] = look(frames)
            spent[name] += [time.process_time(), time.perf_counter()] - began
            worst[name] = np.maximum(worst[name], apart(answers[like], answers[name], floor))
        step()
    return [
        Runtime(name, like, len(pictures), *worst[name].tolist(), *_ms(spent[name], len(pictures)))
        for name in asked
    ]


def _ms(seconds: NDArray[np.float64], pictures: int) -> list[float]:
    return list((1000 * seconds / pictures).tolist())

"""The model contract: what a detector file promises to whoever runs it, here or on Triton.

``train`` writes files that keep it, ``detect`` refuses files that do not. A model takes letterboxed
frames as they are stored (uint8 RGB, grey bars) and answers with boxes and their class scores; all
that lies between, suppression of doubles included, is part of the file.
"""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final, Literal, Protocol

from inyourarea.core.errors import ModelRejected
from inyourarea.core.letterbox import BAR_GREY

CONTRACT_VERSION: Final = 1
FRAMES_INPUT: Final = "frames"
BOXES_OUTPUT: Final = "boxes"
SCORES_OUTPUT: Final = "scores"

BOXES_PER_FRAME: Final = 100
"""Rows per frame; a stage with its dancers and its LED wall has some 30 people."""

LETTERBOX_GREY: Final = BAR_GREY
"""Value of the bars in all three channels."""

SIDE_MULTIPLE: Final = 32
"""Pixels; the coarsest stride of the detectors that are used here."""

METADATA_PREFIX: Final = "inyourarea."

ModelKind = Literal["faces", "group"]


class Tensor(Protocol):
    """One input or output as onnxruntime tells it: ``tensor(uint8)``, ``['N', 384, 640, 3]``."""

    @property
    def name(self) -> str:
        """Its name in the graph."""

    @property
    def type(self) -> str:
        """Its element type."""

    @property
    def shape(self) -> Sequence[int | str | None]:
        """Its dimensions; a free one is a name or nothing."""


@dataclass(frozen=True, slots=True)
class ModelInfo:
    """What a model file says of itself.

    ``height`` and ``width`` are the letterboxed frame's, in pixels. ``revision`` is raised whenever
    the file's answers change. ``confidence`` is the best class score from which on a box is
    believed; ``floor`` is the score below which the file reports nothing.
    """

    name: str
    kind: ModelKind
    classes: tuple[str, ...]
    height: int
    width: int
    revision: int
    confidence: float
    floor: float


def metadata_of(info: ModelInfo) -> dict[str, str]:
    """The key and value pairs that carry ``info`` inside an ONNX file."""
    fields = {
        "contract": str(CONTRACT_VERSION),
        "name": info.name,
        "kind": info.kind,
        "classes": json.dumps(list(info.classes), ensure_ascii=False),
        "height": str(info.height),
        "width": str(info.width),
        "revision": str(info.revision),
        "confidence": repr(info.confidence),
        "floor": repr(info.floor),
    }
    return {METADATA_PREFIX + key: value for key, value in fields.items()}


def info_from_metadata(metadata: Mapping[str, str]) -> ModelInfo:
    """Read back what ``metadata_of`` wrote.

    Raises:
        ModelRejected: a field is missing, unreadable or impossible; the message names it.
    """
    version = _field(metadata, "contract")
    if version != str(CONTRACT_VERSION):
        raise ModelRejected(
            f"The model file keeps version {version} of the model contract, this program reads "
            f"version {CONTRACT_VERSION}; export the model again."
        )
    kind = _field(metadata, "kind")
    if kind not in ("faces", "group"):
        raise ModelRejected(f"The model file is of kind {kind!r}; known are 'faces' and 'group'.")
    info = ModelInfo(
        name=_field(metadata, "name"),
        kind="faces" if kind == "faces" else "group",
        classes=_classes(_field(metadata, "classes")),
        height=_integer(metadata, "height"),
        width=_integer(metadata, "width"),
        revision=_integer(metadata, "revision"),
        confidence=_share(metadata, "confidence"),
        floor=_share(metadata, "floor"),
    )
    for side, value in (("height", info.height), ("width", info.width)):
        if value <= 0 or value % SIDE_MULTIPLE:
            raise ModelRejected(
                f"The model file gives a {side} of {value} pixels; it must be a positive "
                f"multiple of {SIDE_MULTIPLE}."
            )
    return info


def check_model(
    inputs: Sequence[Tensor], outputs: Sequence[Tensor], metadata: Mapping[str, str]
) -> ModelInfo:
    """Return what the file says of itself once its tensors are seen to agree with it.

    Raises:
        ModelRejected: with one sentence that tells what the file lacks.
    """
    info = info_from_metadata(metadata)
    if [tensor.name for tensor in inputs] != [FRAMES_INPUT]:
        names = ", ".join(tensor.name for tensor in inputs) or "none"
        raise ModelRejected(
            f"The model file must have one input called '{FRAMES_INPUT}', but has: {names}."
        )
    _check_tensor(inputs[0], "uint8", (info.height, info.width, 3))
    found = {tensor.name: tensor for tensor in outputs}
    for name, columns in ((BOXES_OUTPUT, 4), (SCORES_OUTPUT, len(info.classes))):
        if name not in found:
            names = ", ".join(found) or "none"
            raise ModelRejected(
                f"The model file lacks the output '{name}'; its outputs are: {names}."
            )
        _check_tensor(found[name], "float", (BOXES_PER_FRAME, columns))
    return info


def _check_tensor(tensor: Tensor, element: str, tail: tuple[int, ...]) -> None:
    """The first dimension, the number of frames, must be free; the others are ``tail``."""
    if tensor.type != f"tensor({element})":
        raise ModelRejected(
            f"'{tensor.name}' of the model file is a {tensor.type}, the contract wants "
            f"tensor({element})."
        )
    shape = tuple(tensor.shape)
    if not shape or isinstance(shape[0], int) or shape[1:] != tail:
        wanted = ", ".join(["N", *map(str, tail)])
        raise ModelRejected(
            f"'{tensor.name}' of the model file has the shape {list(shape)}, the contract wants "
            f"[{wanted}] with N free."
        )


def _field(metadata: Mapping[str, str], key: str) -> str:
    value = metadata.get(METADATA_PREFIX + key)
    if value is None:
        raise ModelRejected(
            f"The model file lacks the metadata field '{METADATA_PREFIX + key}'; it was not "
            "exported under the model contract."
        )
    return value


def _integer(metadata: Mapping[str, str], key: str) -> int:
    text = _field(metadata, key)
    try:
        return int(text)
    except ValueError as error:
        raise ModelRejected(
            f"The model file's {key} must be a whole number, not {text!r}."
        ) from error


def _share(metadata: Mapping[str, str], key: str) -> float:
    text = _field(metadata, key)
    try:
        value = float(text)
    except ValueError as error:
        raise ModelRejected(f"The model file's {key} must be a number, not {text!r}.") from error
    if not 0.0 <= value <= 1.0:
        raise ModelRejected(f"The model file's {key} must lie between 0 and 1, not at {text}.")
    return value


def _classes(text: str) -> tuple[str, ...]:
    try:
        names = json.loads(text)
    except ValueError as error:
        raise ModelRejected(f"The model file's classes are no JSON list: {text[:60]!r}.") from error
    readable = isinstance(names, list) and all(isinstance(name, str) and name for name in names)
    if not readable or not names or len(set(names)) != len(names):
        raise ModelRejected("The model file's classes must be a list of different names.")
    return tuple(names)

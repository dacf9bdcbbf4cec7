"""What Triton is told of a model, ``config.pbtxt``: one description, for a GPU and for a CPU."""

import json
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path

from inyourarea.contracts.model import (
    BOXES_OUTPUT,
    BOXES_PER_FRAME,
    FRAMES_INPUT,
    SCORES_OUTPUT,
    ModelInfo,
)
from inyourarea.contracts.served import ServedVersion, parameters_of

LARGEST_BATCH = 8
"""Frames; 8 letterboxed frames of 1280x736 are 23 MB, which one gRPC message still carries."""

QUEUE_DELAY_US = 2000
"""Microseconds a frame waits for company: a tenth of what the cheapest look costs on a CPU."""

CPU_THREADS = 2
"""Pictures at a time without a GPU: both cores of the smallest machine."""

ENGINES_FOLDER = "/tmp/inyourarea-engines"
"""Where TensorRT, in Triton's container, keeps what it compiled: minutes of work."""


@dataclass(frozen=True, slots=True)
class Description:
    """A model as it is served: its versions, ascending, all of the same name and shapes.

    ``is_quantised`` where the files compute in 8 bits, which TensorRT must be told. ``served_as``
    is the server's name for it where that is not the files' own.
    """

    versions: tuple[ServedVersion, ...]
    is_quantised: bool
    served_as: str = ""

    @property
    def name(self) -> str:
        """By which the server is asked for it."""
        return self.served_as or self.info.name

    @property
    def info(self) -> ModelInfo:
        """What the newest version says of itself."""
        return self.versions[-1].info


def gpu_config(model: Description) -> str:
    """For a GPU: Triton's onnxruntime backend, accelerated by TensorRT.

    It is ready when TensorRT has compiled for the smallest batch and for the largest.
    """
    accelerator = {
        # What TensorRT may round to; half floats would move a large face by a third of a pixel.
        "precision_mode": "INT8" if model.is_quantised else "FP32",
        "trt_engine_cache_enable": "1",
        "trt_engine_cache_path": ENGINES_FOLDER,
    }
    told = " ".join(_entry("parameters", *one) for one in accelerator.items())
    lines = [
        *_lines("onnxruntime", model, {}),
        "instance_group { kind: KIND_GPU count: 1 }",
        "optimization { execution_accelerators { gpu_execution_accelerator { "
        f'name: "tensorrt" {told} }} }} }}',
        *(_warmup(model.info, frames) for frames in (1, LARGEST_BATCH)),
    ]
    return "\n".join(lines) + "\n"


def cpu_config(model: Description) -> str:
    """For a CPU: Triton's python backend with ``triton_model.py``, the same graph."""
    lines = [
        *_lines("python", model, {"threads": str(CPU_THREADS)}),
        "instance_group { kind: KIND_CPU count: 1 }",
    ]
    return "\n".join(lines) + "\n"


def _lines(backend: str, model: Description, more: dict[str, str]) -> Iterator[str]:
    """All that does not depend on the machine, and the backend's own parameters."""
    yield f"name: {_quoted(model.name)}"
    yield f"backend: {_quoted(backend)}"
    yield f"max_batch_size: {LARGEST_BATCH}"
    yield _tensor("input", FRAMES_INPUT, "TYPE_UINT8", _picture(model.info))
    yield _tensor("output", BOXES_OUTPUT, "TYPE_FP32", (BOXES_PER_FRAME, 4))
    columns = len(model.info.classes)
    yield _tensor("output", SCORES_OUTPUT, "TYPE_FP32", (BOXES_PER_FRAME, columns))
    numbers = ", ".join(str(version.number) for version in model.versions)
    yield f"version_policy {{ specific {{ versions: [ {numbers} ] }} }}"
    # A caller whose deadline has passed is not worked for: its own time limit is heeded.
    policy = "default_queue_policy { timeout_action: REJECT allow_timeout_override: true }"
    yield f"dynamic_batching {{ max_queue_delay_microseconds: {QUEUE_DELAY_US} {policy} }}"
    for key, value in {**parameters_of(model.versions), **more}.items():
        yield _entry("parameters", key, value, "{{ string_value: {} }}")


def _picture(info: ModelInfo) -> tuple[int, int, int]:
    return info.height, info.width, 3


def _tensor(side: str, name: str, kind: str, dims: tuple[int, ...]) -> str:
    return f"{side} {{ name: {_quoted(name)} data_type: {kind} dims: {list(dims)} }}"


def _warmup(info: ModelInfo, frames: int) -> str:
    tensor = f"data_type: TYPE_UINT8 dims: {list(_picture(info))} zero_data: true"
    inputs = f"inputs {{ key: {_quoted(FRAMES_INPUT)} value {{ {tensor} }} }}"
    return f'model_warmup {{ name: "{frames}" batch_size: {frames} {inputs} }}'


def _entry(field: str, key: str, value: str, shape: str = "{}") -> str:
    told = shape.format(_quoted(value))
    return f"{field} {{ key: {_quoted(key)} value: {told} }}"


def _quoted(text: str) -> str:
    """A string as protobuf's text format wants it; JSON's escapes are among its own."""
    return json.dumps(text, ensure_ascii=False)


@dataclass(frozen=True)
class Machine:
    """What Triton needs there: a configuration, and files beside each ``model.onnx``."""

    config: Callable[[Description], str]
    beside: Mapping[str, Path] = field(default_factory=dict)


GPU = Machine(gpu_config)
CPU = Machine(cpu_config, {"model.py": Path(__file__).with_name("triton_model.py")})

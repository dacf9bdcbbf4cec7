"""Write a model's ``config.pbtxt``: what Triton is told, from the file's own description."""

from inyourarea.contracts.model import (
    BOXES_OUTPUT,
    BOXES_PER_FRAME,
    FRAMES_INPUT,
    SCORES_OUTPUT,
    ModelInfo,
)

LARGEST_BATCH = 8
"""Frames; 8 letterboxed frames of 1280x736 are 23 MB, which one gRPC message still carries."""

QUEUE_DELAY_US = 2000
"""Microseconds a frame waits for company: a tenth of what the cheapest look costs on a CPU."""


def config_pbtxt(info: ModelInfo) -> str:
    """The configuration for Triton's onnxruntime backend, with dynamic batching."""
    tensors: dict[str, list[tuple[str, str, tuple[int, ...]]]] = {
        "input": [(FRAMES_INPUT, "TYPE_UINT8", (info.height, info.width, 3))],
        "output": [
            (BOXES_OUTPUT, "TYPE_FP32", (BOXES_PER_FRAME, 4)),
            (SCORES_OUTPUT, "TYPE_FP32", (BOXES_PER_FRAME, len(info.classes))),
        ],
    }
    lines = [
        f'name: "{info.name}"',
        'backend: "onnxruntime"',
        f"max_batch_size: {LARGEST_BATCH}",
    ]
    for side, entries in tensors.items():
        for name, kind, dims in entries:
            shape = ", ".join(str(dim) for dim in dims)
            lines.append(f'{side} {{ name: "{name}" data_type: {kind} dims: [ {shape} ] }}')
    lines.append(f"dynamic_batching {{ max_queue_delay_microseconds: {QUEUE_DELAY_US} }}")
    return "\n".join(lines) + "\n"

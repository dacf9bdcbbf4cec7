"""Put a model into the repository that Triton mounts and the laptop reads: file, configuration."""

import os
import tempfile
from pathlib import Path

from inyourarea.contracts.model import ModelInfo
from inyourarea.train.triton_config import config_pbtxt


def model_file(repository: Path, info: ModelInfo) -> Path:
    """Where a model's file lies."""
    return repository / info.name / str(info.revision) / "model.onnx"


def write_model(repository: Path, info: ModelInfo, content: bytes) -> Path:
    """Write ``<name>/<revision>/model.onnx``, ``<name>/config.pbtxt``; return the model's file."""
    target = model_file(repository, info)
    write_whole(target, content)
    write_whole(repository / info.name / "config.pbtxt", config_pbtxt(info).encode())
    return target


def write_whole(target: Path, content: bytes) -> None:
    """Replace a file at once: a reader sees the old bytes or the new ones, never a part."""
    target.parent.mkdir(parents=True, exist_ok=True)
    handle, name = tempfile.mkstemp(dir=target.parent, prefix=f".{target.name}.")
    try:
        with os.fdopen(handle, "wb") as file:
            file.write(content)
        Path(name).chmod(0o644)
        Path(name).replace(target)
    except OSError:
        Path(name).unlink(missing_ok=True)
        raise

"""Put a model into the repository that Triton mounts and the laptop reads: file, configuration."""

import hashlib
from pathlib import Path

import onnxruntime
from onnxruntime.capi import onnxruntime_pybind11_state as trouble

from inyourarea.contracts.model import ModelInfo, check_model
from inyourarea.contracts.served import ServedVersion
from inyourarea.contracts.triton_config import Description, gpu_config
from inyourarea.core.errors import ModelRejected
from inyourarea.runtime.disk import whole
from inyourarea.runtime.onnx_session import UNLOADABLE, open_session, sentence

#: The operator by which a graph says that it computes in 8 bits.
_QUANTISED = b"QuantizeLinear"


def model_file(repository: Path, info: ModelInfo) -> Path:
    """Where a model's file lies."""
    return repository / info.name / str(info.revision) / "model.onnx"


def newest_revision(repository: Path, name: str) -> int:
    """The highest version of a model that is there; 0 where there is none."""
    files = (repository / name).glob("*/model.onnx")
    numbers = (int(file.parent.name) for file in files if file.parent.name.isdecimal())
    return max(numbers, default=0)


def write_model(repository: Path, info: ModelInfo, content: bytes) -> Path:
    """Write ``<name>/<revision>/model.onnx``, ``<name>/config.pbtxt``; return the model's file."""
    target = model_file(repository, info)
    write_whole(target, content)
    config = gpu_config(describe(repository, info.name))
    write_whole(repository / info.name / "config.pbtxt", config.encode())
    return target


def describe(repository: Path, name: str) -> Description:
    """The model as it is to be served: its newest version, and those before it that are alike.

    Alike are versions with the same picture size, as many classes and the same kind of numbers: a
    configuration holds for all of them.

    Raises:
        ModelRejected: there is no version, or one does not keep the contract.
    """
    files = sorted(
        (file for file in (repository / name).glob("*/model.onnx") if file.parent.name.isdecimal()),
        key=lambda file: int(file.parent.name),
    )
    if not files:
        raise ModelRejected(f"There is no model {name!r} in {repository}.")
    found = [_described(file) for file in files]
    newest = found[-1]
    alike = [one.versions[0] for one in found if _shape(one) == _shape(newest)]
    return Description(tuple(alike), newest.is_quantised)


def read_info(file: Path) -> ModelInfo:
    """What a model's file says of itself, once its tensors are seen to agree.

    Raises:
        ModelRejected: it can not be read, is no ONNX file, or does not keep the contract.
    """
    options = onnxruntime.SessionOptions()
    options.log_severity_level = 3  # errors alone: a foreign file causes pages of warnings
    # Nothing is computed, so nothing is to be made faster first.
    options.graph_optimization_level = onnxruntime.GraphOptimizationLevel.ORT_DISABLE_ALL
    try:
        session = open_session(file.read_bytes(), options)
    except OSError as error:
        raise ModelRejected(f"{file} can not be read: {error.strerror}") from error
    except trouble.InvalidProtobuf as error:
        raise ModelRejected(f"{file} is no ONNX file") from error
    except UNLOADABLE as error:
        raise ModelRejected(f"{file} can not be run: {sentence(error)}") from error
    metadata = session.get_modelmeta().custom_metadata_map
    return check_model(session.get_inputs(), session.get_outputs(), metadata)


def describe_file(file: Path) -> Description:
    """The same of one file, wherever it lies.

    Raises:
        ModelRejected: it can not be read, or does not keep the contract.
    """
    info, content = read_info(file), file.read_bytes()
    version = ServedVersion(info, hashlib.sha256(content).hexdigest())
    return Description((version,), _QUANTISED in content)


def _described(file: Path) -> Description:
    found = describe_file(file)
    info = found.info
    if (info.name, str(info.revision)) != (file.parents[1].name, file.parent.name):
        raise ModelRejected(
            f"{file} says that it is {info.name} {info.revision}; put it into the folder "
            f"{info.name}/{info.revision}."
        )
    return found


def _shape(model: Description) -> tuple[int, int, int, bool]:
    info = model.info
    return info.height, info.width, len(info.classes), model.is_quantised


def write_whole(target: Path, content: bytes) -> None:
    """Replace a file at once: a reader sees the old bytes or the new ones, never a part.

    Raises:
        OSError: it can not be written; ``filename`` says which.
    """
    target.parent.mkdir(parents=True, exist_ok=True)
    try:
        with whole(target) as pending:
            pending.write_bytes(content)
    except OSError as error:
        error.filename = str(target)
        raise

"""Write the model repository that a Triton server mounts, for the machine that it runs on."""

from collections.abc import Iterable
from pathlib import Path

from inyourarea.contracts.triton_config import Description, Machine
from inyourarea.train.repository import describe, write_whole


def write_repository(
    models: Path, names: Iterable[str], out: Path, machine: Machine
) -> list[Description]:
    """The models of these names are in ``out``; the same models give the same bytes.

    A configuration is written after the files that it tells of, and a file that is there already is
    not touched, so that a running Triton may look at any time.

    Raises:
        ModelRejected: a model is not there, or does not keep the contract.
    """
    described = [describe(models, name) for name in names]
    for model in described:
        name = model.info.name
        for version in model.versions:
            folder = Path(name, str(version.number))
            beside = {file: source.read_bytes() for file, source in machine.beside.items()}
            content = (models / folder / "model.onnx").read_bytes()
            for file, held in {"model.onnx": content, **beside}.items():
                _put(out / folder / file, held)
        _put(out / name / "config.pbtxt", machine.config(model).encode())
    return described


def _put(target: Path, content: bytes) -> None:
    if not target.is_file() or target.read_bytes() != content:
        write_whole(target, content)

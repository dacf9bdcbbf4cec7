"""``inyourarea models``: fetch the detector that needs no training, and look at what is there."""

import argparse
from pathlib import Path

from inyourarea.contracts.model import check_model
from inyourarea.core.errors import ModelRejected, Refused
from inyourarea.embedded.models import models_folder


def add_parser(subparsers: "argparse._SubParsersAction[argparse.ArgumentParser]") -> None:
    """Add ``models fetch`` and ``models check``."""
    parser = subparsers.add_parser("models", help="fetch or check detector models")
    actions = parser.add_subparsers(dest="action", required=True, metavar="ACTION")
    fetch = actions.add_parser("fetch", help="fetch the face detector for any video")
    fetch.add_argument("name", choices=["faces"])
    fetch.add_argument("--models", type=Path, help="the model repository to put it in")
    check = actions.add_parser("check", help="say whether a file keeps the model contract")
    check.add_argument("file", type=Path)
    parser.set_defaults(main=main)


def main(args: argparse.Namespace) -> int:
    """Run the chosen action; 0 when it succeeded."""
    if args.action == "fetch":
        return _fetch(args.models or models_folder())
    return _check(args.file)


def _fetch(repository: Path) -> int:
    # Imported here, so that no other command waits for onnx.
    from inyourarea.train.faces import (  # noqa: PLC0415
        fetch_faces,
        is_present,
    )

    if is_present(repository):
        print(f"faces is there already, in {repository}")
        return 0
    try:
        target = fetch_faces(repository)
    except OSError as error:
        raise Refused(f"{repository} can not be written: {error.strerror}") from error
    print(f"faces is in {target}")
    return 0


def _check(file: Path) -> int:
    import onnxruntime  # noqa: PLC0415  (as above)

    options = onnxruntime.SessionOptions()
    options.log_severity_level = 3  # errors alone: a foreign file causes pages of warnings
    try:
        session = onnxruntime.InferenceSession(
            file.read_bytes(), options, providers=["CPUExecutionProvider"]
        )
    except OSError as error:
        raise ModelRejected(f"{file} can not be read: {error.strerror}") from error
    except onnxruntime.capi.onnxruntime_pybind11_state.InvalidProtobuf as error:
        raise ModelRejected(f"{file} is no ONNX file") from error
    metadata = session.get_modelmeta().custom_metadata_map
    info = check_model(session.get_inputs(), session.get_outputs(), metadata)
    size = f"{info.width}x{info.height}"
    print(f"{info.name} {info.revision} ({info.kind}, {size}): {', '.join(info.classes)}")
    return 0

"""``inyourarea models``: fetch the detector that needs no training, and look at what is there."""

import argparse
import sys
from pathlib import Path

from inyourarea.contracts.model import ModelRejected, check_model

REPOSITORY = Path(__file__).resolve().parents[3] / "models"
"""The model repository of a checkout; elsewhere ``--models`` names one."""


def add_parser(subparsers: "argparse._SubParsersAction[argparse.ArgumentParser]") -> None:
    """Add ``models fetch`` and ``models check``."""
    parser = subparsers.add_parser("models", help="fetch or check detector models")
    actions = parser.add_subparsers(dest="action", required=True, metavar="ACTION")
    fetch = actions.add_parser("fetch", help="fetch the face detector for any video")
    fetch.add_argument("name", choices=["faces"])
    fetch.add_argument("--models", type=Path, default=REPOSITORY, help="the model repository")
    check = actions.add_parser("check", help="say whether a file keeps the model contract")
    check.add_argument("file", type=Path)


def main(args: argparse.Namespace) -> int:
    """Run the chosen action; 0 when it succeeded."""
    if args.action == "fetch":
        return _fetch(args.models)
    return _check(args.file)


def _fetch(repository: Path) -> int:
    # Imported here, so that no other command waits for onnx.
    from inyourarea.train.faces import (  # noqa: PLC0415
        FacesUnavailable,
        fetch_faces,
        is_present,
    )

    if is_present(repository):
        print(f"faces is there already, in {repository}")
        return 0
    try:
        target = fetch_faces(repository)
    except (FacesUnavailable, OSError) as error:
        print(f"inyourarea: {error}", file=sys.stderr)
        return 1
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
        metadata = session.get_modelmeta().custom_metadata_map
        info = check_model(session.get_inputs(), session.get_outputs(), metadata)
    except OSError as error:
        print(f"inyourarea: {file} can not be read: {error.strerror}", file=sys.stderr)
    except ModelRejected as error:
        print(f"inyourarea: {file}: {error}", file=sys.stderr)
    except onnxruntime.capi.onnxruntime_pybind11_state.InvalidProtobuf:
        print(f"inyourarea: {file} is no ONNX file.", file=sys.stderr)
    else:
        size = f"{info.width}x{info.height}"
        print(f"{info.name} {info.revision} ({info.kind}, {size}): {', '.join(info.classes)}")
        return 0
    return 1

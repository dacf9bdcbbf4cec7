"""``inyourarea models``: fetch, check, serve and publish the models that find people."""

import argparse
from pathlib import Path
from typing import TYPE_CHECKING

from inyourarea.cli import published_place, publishing
from inyourarea.contracts.published import PublishedVersion
from inyourarea.core.errors import Refused
from inyourarea.embedded.models import given_model, known_groups, models_folder
from inyourarea.runtime.model_versions import ModelVersions

if TYPE_CHECKING:
    from inyourarea.gateway.models import Models


def add_parser(subparsers: "argparse._SubParsersAction[argparse.ArgumentParser]") -> None:
    """Add ``models fetch``, ``check``, ``list``, ``repository``, and the verbs of versions."""
    parser = subparsers.add_parser("models", help="fetch, check, serve or publish detector models")
    actions = parser.add_subparsers(dest="action", required=True, metavar="ACTION")
    fetch = actions.add_parser("fetch", help="fetch the face detector for any video")
    fetch.add_argument("name", choices=["faces"])
    fetch.add_argument("--models", type=Path, help="the model repository to put it in")
    check = actions.add_parser("check", help="say whether a file keeps the model contract")
    check.add_argument("file", type=Path)
    listed = actions.add_parser("list", help="say which models runs may ask for")
    listed.add_argument(
        "--json",
        action="store_true",
        help="those beside the program, as a gateway on a cluster reads it",
    )
    _add_repository(actions)
    publishing.add_verbs(actions)
    parser.set_defaults(main=main)


def main(args: argparse.Namespace) -> int:
    """Run the chosen action; 0 when it succeeded."""
    if args.action == "fetch":
        return _fetch(args.models or models_folder())
    if args.action == "repository":
        return _repository(args)
    if args.action == "list":
        return _list(args.json)
    if args.action == "check":
        return _check(args.file)
    return publishing.main(args)


def _list(is_json: bool) -> int:
    if is_json:
        from inyourarea.gateway.models import write_models  # noqa: PLC0415

        print(write_models(_given()), end="")
        return 0
    published = _published()
    # What a cluster's gateway has beside it is in its own list.
    given = {} if published_place.is_of_cluster(None) else _given()
    for group, known in given.items():
        if not published.get(group):
            members = ", ".join(known.model.members) or "anybody"
            print(f"{group or 'without a group'}: {known.model.name} sees {members}")
    for group, current in published.items():
        if current is None and group not in given:
            print(f"{group}: published, but no version is chosen; see `inyourarea models show`")
        elif current:
            members = ", ".join(current.group.members)
            print(f"{group}: version {current.number}, {current.file.name}, sees {members}")
    return 0


def _given() -> "Models":
    """The models beside the program, which are all loaded to be looked at."""
    from inyourarea.embedded.serving import known_models  # noqa: PLC0415

    return known_models()[0]


def _published() -> dict[str, PublishedVersion | None]:
    """By group, the version in use of those that were published, here or on the cluster."""
    objects = published_place.open_published(None)
    versions = ModelVersions(objects) if objects else None
    return {name: versions.current(name) for name in versions.groups()} if versions else {}


def _add_repository(actions: "argparse._SubParsersAction[argparse.ArgumentParser]") -> None:
    parser = actions.add_parser(
        "repository",
        help="write the model repository that a Triton server mounts",
        epilog="example: inyourarea models repository --out /srv/models --cpu --group show",
    )
    parser.add_argument("--out", type=Path, required=True, help="the folder to write")
    machine = parser.add_mutually_exclusive_group()
    machine.add_argument(
        "--gpu", action="store_true", help="onnxruntime with TensorRT (if nothing is said)"
    )
    machine.add_argument("--cpu", action="store_true", help="the python backend with onnxruntime")
    parser.add_argument(
        "--group", action="append", help="serve this group's model (all groups'); repeatable"
    )


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
    from inyourarea.train.repository import read_info  # noqa: PLC0415  (as above)

    info = read_info(file)
    size = f"{info.width}x{info.height}"
    print(f"{info.name} {info.revision} ({info.kind}, {size}): {', '.join(info.classes)}")
    return 0


def _repository(args: argparse.Namespace) -> int:
    from inyourarea.contracts.triton_config import CPU, GPU  # noqa: PLC0415  (as above)
    from inyourarea.train.triton_repository import write_repository  # noqa: PLC0415

    groups = args.group if args.group is not None else known_groups()
    names = sorted({given_model(group).name for group in (None, *groups)})
    machine = CPU if args.cpu else GPU
    try:
        written = write_repository(models_folder(), names, args.out, machine)
    except OSError as error:
        raise Refused(f"{args.out} can not be written: {error.strerror}") from error
    for model in written:
        numbers = ", ".join(str(version.number) for version in model.versions)
        print(f"{model.info.name} {numbers} is in {args.out}")
    load = " ".join(f"--load-model={name}" for name in names)
    print(f"tritonserver --model-repository={args.out} --model-control-mode=explicit {load}")
    return 0

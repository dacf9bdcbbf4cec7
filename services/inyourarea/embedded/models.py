"""Which model a run uses, and where its file is on this machine."""

import hashlib
import os
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from inyourarea.contracts import keys
from inyourarea.contracts.group import Group, group_from_toml
from inyourarea.contracts.published import PublishedVersion
from inyourarea.core.errors import ModelRejected
from inyourarea.runtime.folder_objects import FolderObjects
from inyourarea.runtime.model_versions import ModelVersions

if TYPE_CHECKING:
    from inyourarea.detect.onnx import OnnxDetector

FACES = "faces"
#: Where published versions are, in the model repository: an object store of their own.
_PUBLISHED = "published"
#: Versions in the repository are numbered folders; the highest is used.
_MODEL_FILE = "model.onnx"


def models_folder() -> Path:
    """The Triton model repository: ``INYOURAREA_MODELS``, else ``models/`` of the checkout."""
    if named := os.environ.get("INYOURAREA_MODELS"):
        return Path(named)
    return Path(__file__).resolve().parents[3] / "models"


def published_folder(repository: Path) -> Path:
    """Where the versions are that were published on this machine."""
    return repository / _PUBLISHED


def published_versions() -> ModelVersions | None:
    """The versions that were published on this machine, if any ever was."""
    folder = published_folder(models_folder())
    return ModelVersions(FolderObjects(folder)) if folder.is_dir() else None


@dataclass(frozen=True)
class ModelFile:
    """A model on disk, and the group it knows (none for `FACES`)."""

    name: str
    path: Path
    group: Group | None

    def load(self, threads: int) -> "OnnxDetector":
        """The detector, ready to run.

        Raises:
            ModelRejected: the file does not keep the contract, or knows other members.
        """
        # Imported here: who only asks where a model is needs no onnxruntime.
        from inyourarea.detect.onnx import OnnxDetector  # noqa: PLC0415

        detector = OnnxDetector(self.path.read_bytes(), threads)
        if self.group and self.group.members != detector.info.classes:
            raise ModelRejected(
                f"The group {self.group.name!r} lists {', '.join(self.group.members)}, but its "
                f"model {self.path} knows {', '.join(detector.info.classes)}; they must be equal "
                "and in the same order."
            )
        return detector

    def sha256(self) -> str:
        """The digest of the file, hex."""
        return hashlib.sha256(self.path.read_bytes()).hexdigest()


def find_model(group: str | None) -> ModelFile:
    """The model of a group, by the group's name or its file; the face detector without one.

    A group that was published here is at the version that it uses now.

    Raises:
        ModelRejected: there is no such group, or its model is not on this machine.
    """
    current = _published(group) if group else None
    if current is None:
        return given_model(group)
    path = published_folder(models_folder()) / keys.model_file(current.file.served.sha256)
    return _of_group(current.file.name, path, current.group)


def find_group(group: str) -> Group:
    """The group alone, by its name or its file; its model need not be on this machine.

    Raises:
        ModelRejected: there is no such group.
    """
    current = _published(group)
    return current.group if current else _read_group(_group_file(group, models_folder()))


def given_model(group: str | None, repository: Path | None = None) -> ModelFile:
    """The same of the groups that are beside the program, and of those in a file.

    ``repository`` is that of `models_folder`, where none is named.

    Raises:
        ModelRejected: there is no such group, or its model is not on this machine.
    """
    folder = repository or models_folder()
    if group is None:
        path = folder / FACES / "1" / _MODEL_FILE
        if not path.is_file():
            raise ModelRejected(
                "The face detector is not on this machine yet; fetch it with "
                "`inyourarea models fetch faces`."
            )
        return ModelFile(FACES, path, None)
    found = _read_group(_group_file(group, folder))
    path = folder / found.model / str(found.version) / _MODEL_FILE
    return _of_group(found.model, path, found)


def known_groups(repository: Path | None = None) -> list[str]:
    """The names of the groups in the model repository."""
    folder = repository or models_folder()
    return sorted(file.stem for file in (folder / "groups").glob("*.toml"))


def _published(group: str) -> PublishedVersion | None:
    versions = published_versions()
    return versions.current(group) if versions else None


def _of_group(name: str, path: Path, group: Group) -> ModelFile:
    if not path.is_file():
        raise ModelRejected(f"The group {group.name!r} needs the model {path}, which is not there.")
    return ModelFile(name, path, group)


def _read_group(file: Path) -> Group:
    try:
        text = file.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise ModelRejected(
            f"{file} can not be read as a group file, which is text; `inyourarea train` writes one."
        ) from error
    return group_from_toml(text)


def _group_file(group: str, repository: Path) -> Path:
    known = known_groups(repository)
    if group in known:
        return repository / "groups" / f"{group}.toml"
    with suppress(OSError):  # such as a name of more letters than a disk takes
        if Path(group).is_file():
            return Path(group)
    versions = published_versions()
    names = sorted({*known, *(versions.groups() if versions else ())})
    raise ModelRejected(
        f"There is no group {group!r}; give a group file, or one of: {', '.join(names) or 'none'}."
    )

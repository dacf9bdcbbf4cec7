"""The model contract on a server: what Triton's configuration says of the versions it serves.

``train`` writes it beside the files, ``detect`` reads it before it believes an answer. A version is
a number, and a number can be given to other bytes; so each version's digest and all that its file
says of itself travel with the configuration.
"""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from inyourarea.contracts.model import METADATA_PREFIX, ModelInfo, info_from_metadata, metadata_of
from inyourarea.core.errors import ModelRejected

#: ``2/inyourarea.classes``: the version, and the name of the field in the model's file.
_KEY = re.compile(rf"([1-9][0-9]*)/({re.escape(METADATA_PREFIX)}[a-z0-9]+)", re.ASCII)
DIGEST = METADATA_PREFIX + "sha256"


@dataclass(frozen=True, slots=True)
class ServedVersion:
    """One version of a model: what its file says of itself, and the file's digest."""

    info: ModelInfo
    sha256: str

    @property
    def number(self) -> int:
        """Its number, which is its folder's name."""
        return self.info.revision


def parameters_of(versions: Sequence[ServedVersion]) -> dict[str, str]:
    """The parameters of a model's configuration that describe these versions."""
    return {
        f"{version.number}/{key}": value
        for version in versions
        for key, value in {**metadata_of(version.info), DIGEST: version.sha256}.items()
    }


def served_versions(parameters: Mapping[str, str]) -> list[ServedVersion]:
    """Read back what ``parameters_of`` wrote, the lowest number first; others are passed over.

    Raises:
        ModelRejected: a version is described in part, or not as the contract has it.
    """
    found: dict[int, dict[str, str]] = {}
    for key, value in parameters.items():
        if named := _KEY.fullmatch(key):
            found.setdefault(int(named[1]), {})[named[2]] = value
    return [_version(number, found[number]) for number in sorted(found)]


def _version(number: int, metadata: dict[str, str]) -> ServedVersion:
    if DIGEST not in metadata:
        raise ModelRejected(f"The server does not tell the digest of the model's version {number}.")
    served = ServedVersion(info_from_metadata(metadata), metadata[DIGEST])
    if served.number != number:
        raise ModelRejected(f"The server gives version {served.number} the number {number}.")
    return served

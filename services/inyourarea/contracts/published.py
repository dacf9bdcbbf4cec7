"""What is written of a group's published models: versions, which one is used, what servers need."""

import json
import re
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any, Final

from inyourarea.contracts.cards import Card, card_of, judged_beside
from inyourarea.contracts.group import Group
from inyourarea.contracts.model import info_from_metadata, metadata_of
from inyourarea.contracts.served import ServedVersion
from inyourarea.contracts.triton_config import Description
from inyourarea.contracts.v1 import facts_pb2 as facts
from inyourarea.core.errors import ModelRejected

#: What a server takes for a model's name, and a folder too.
_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9_-]{0,62}", re.ASCII)
#: Hex digits of the digest in the name by which a server knows a file.
_DIGITS = 12

NO_VERSION: Final = 0
"""Chosen where a group's runs are to use what came with the program, if anything did."""


@dataclass(frozen=True, slots=True)
class PublishedFile:
    """A model's file: what it says of itself, and whether it computes in 8 bits."""

    served: ServedVersion
    is_quantised: bool

    @property
    def name(self) -> str:
        """By which runs and servers know it: no other file ever has that name."""
        return f"{self.served.info.name}-{self.served.sha256[:_DIGITS]}"

    @property
    def description(self) -> Description:
        """As a server is told of it."""
        return Description((self.served,), self.is_quantised, self.name)


@dataclass(frozen=True)
class PublishedVersion:
    """A version of a group's model; ``group.version`` is its number, ``at_ns`` Unix time."""

    group: Group
    file: PublishedFile
    card: Card
    by: str
    at_ns: int

    @property
    def number(self) -> int:
        """From 1; never given twice."""
        return self.group.version

    def card_beside(self, later: "PublishedVersion") -> Card:
        """Its card, by the later one's exam where it took that too."""
        return judged_beside(self.card, self.file.served.sha256, later.card)

    @property
    def model(self) -> facts.Model:
        """What a run's specification says of it."""
        info = self.file.served.info
        return facts.Model(
            name=self.file.name,
            sha256=self.file.served.sha256,
            members=self.group.members,
            confidence=self.group.confidence,
            width=info.width,
            height=info.height,
        )


@dataclass(frozen=True, slots=True)
class Choice:
    """That a group's runs use a version from now on, or `NO_VERSION`.

    ``before`` is the place, among the group's choices, of the one that going back returns to; none:
    there it returns to `NO_VERSION`.
    """

    version: int
    before: int | None
    by: str
    at_ns: int

    @property
    def words(self) -> str:
        """What was chosen."""
        return "no version" if self.version == NO_VERSION else f"version {self.version}"


def check_publishable(file: PublishedFile, group: Group, card: Card) -> None:
    """The file, the group and the card speak of the same.

    Raises:
        ModelRejected: they do not, or the file is no group's; the sentence says what differs.
    """
    info = file.served.info
    if info.kind != "group":
        raise ModelRejected(
            f"The model {info.name!r} sees {info.kind}; only a group's is published."
        )
    if not _NAME.fullmatch(info.name) or info.revision < 1:
        raise ModelRejected(
            f"The model file is called {info.name!r} {info.revision}; a server takes letters, "
            "digits, '-' and '_', and a revision from 1. Export it again under such a name."
        )
    if group.model != info.name:
        raise ModelRejected(
            f"The group {group.name!r} is of the model {group.model!r}, the file is {info.name!r}."
        )
    if group.members != info.classes:
        raise ModelRejected(
            f"The group {group.name!r} lists {', '.join(group.members)}, but the model file knows "
            f"{', '.join(info.classes)}; they must be equal and in the same order."
        )
    if not 0 <= group.confidence <= 1:
        raise ModelRejected(f"The confidence of {group.name!r} must lie between 0 and 1.")
    if strangers := [name for name in card.members if name not in group.members]:
        raise ModelRejected(
            f"The card has figures of {', '.join(strangers)}, whom the group {group.name!r} does "
            "not list."
        )


def write_file(file: PublishedFile) -> bytes:
    """What servers need to know of a file, as JSON."""
    return _json(_told_of(file))


def read_file(content: bytes) -> PublishedFile:
    """What `write_file` wrote.

    Raises:
        ModelRejected: it is something else.
    """
    return _file_of(_table(content))


def write_version(version: PublishedVersion) -> bytes:
    """A version as JSON, its card included."""
    return _json(
        {
            "group": asdict(version.group),
            "file": _told_of(version.file),
            "card": version.card.told,
            "by": version.by,
            "at_ns": version.at_ns,
        }
    )


def read_version(content: bytes) -> PublishedVersion:
    """What `write_version` wrote.

    Raises:
        ModelRejected: it is something else.
    """
    table = _table(content)
    try:
        group = table["group"]
        names = {name: tuple(group[name]) for name in ("members", "colours")}
        return PublishedVersion(
            group=Group(**{**group, **names}),
            file=_file_of(table["file"]),
            card=card_of(table["card"]),
            by=table["by"],
            at_ns=table["at_ns"],
        )
    except (KeyError, TypeError) as error:
        raise _unreadable(error) from error


def write_choice(choice: Choice) -> bytes:
    """A choice as JSON."""
    return _json(asdict(choice))


def read_choice(content: bytes) -> Choice:
    """What `write_choice` wrote.

    Raises:
        ModelRejected: it is something else.
    """
    try:
        return Choice(**_table(content))
    except TypeError as error:
        raise _unreadable(error) from error


def _told_of(file: PublishedFile) -> dict[str, Any]:
    served = file.served
    return {
        "metadata": metadata_of(served.info),
        "sha256": served.sha256,
        "is_quantised": file.is_quantised,
    }


def _file_of(told: Mapping[str, Any]) -> PublishedFile:
    try:
        served = ServedVersion(info_from_metadata(told["metadata"]), told["sha256"])
        return PublishedFile(served, told["is_quantised"])
    except (KeyError, TypeError, AttributeError) as error:
        raise _unreadable(error) from error


def _table(content: bytes) -> dict[str, Any]:
    try:
        table = json.loads(content)
    except ValueError as error:
        raise _unreadable(error) from error
    if not isinstance(table, dict):
        raise ModelRejected("What the store says of a published model can not be read.")
    return table


def _json(table: object) -> bytes:
    return json.dumps(table, indent=1, ensure_ascii=False).encode()


def _unreadable(error: Exception) -> ModelRejected:
    return ModelRejected(f"What the store says of a published model can not be read: {error!r}.")

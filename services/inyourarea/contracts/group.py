"""The group file: who the members are, in a model's order, and which model knows them.

``train`` writes one beside the model, the command line and ``embedded`` read the one asked for.
"""

import json
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, TypeVar

from inyourarea.core.errors import ModelRejected
from inyourarea.core.members import tidy

Field = TypeVar("Field", str, int, float)


@dataclass(frozen=True, slots=True)
class Group:
    """A group of members and the model that knows them; ``members`` is in the order of the classes.

    ``colours`` are ``#rrggbb``, for drawing, one per member. ``confidence`` is the best class score
    from which on a box is believed.
    """

    name: str
    members: tuple[str, ...]
    colours: tuple[str, ...]
    model: str
    version: int
    confidence: float


def group_from_toml(content: str | bytes) -> Group:
    """Read a file of ``name``, ``model``, ``version``, ``confidence`` and ``[[member]]`` tables.

    Raises:
        ModelRejected: it is no TOML, a field is missing or of the wrong type, a name comes twice,
            however it is composed, or the confidence is no share.
    """
    try:
        table = tomllib.loads(content if isinstance(content, str) else content.decode())
    except ValueError as error:
        raise ModelRejected(f"The group file is not readable as TOML: {error}.") from error
    members = table.get("member")
    is_list = isinstance(members, list) and all(isinstance(member, dict) for member in members)
    if not is_list or not members:
        raise ModelRejected("The group file has no [[member]] table; it needs one per member.")
    names = tuple(_field(member, "name", str) for member in members)
    if len({tidy(name) for name in names}) != len(names):
        raise ModelRejected("The group file names a member twice.")
    return Group(
        name=_field(table, "name", str),
        members=names,
        colours=tuple(_field(member, "colour", str) for member in members),
        model=_field(table, "model", str),
        version=_field(table, "version", int),
        confidence=_confidence(table),
    )


def group_to_toml(group: Group) -> str:
    """The file that `group_from_toml` reads as this group."""
    lines = [
        f"# The group {group.name!r}, in the order of its model's classes.",
        f"name = {_quoted(group.name)}",
        f"model = {_quoted(group.model)}",
        f"version = {group.version}",
        f"confidence = {group.confidence}",
    ]
    for name, colour in zip(group.members, group.colours, strict=True):
        lines += ["", "[[member]]", f"name = {_quoted(name)}", f"colour = {_quoted(colour)}"]
    return "\n".join(lines) + "\n"


def _quoted(text: str) -> str:
    """A basic string of TOML; JSON's escapes are among its own."""
    return json.dumps(text, ensure_ascii=False).replace("\x7f", "\\u007f")


def _confidence(table: Mapping[str, Any]) -> float:
    value = table.get("confidence")
    if isinstance(value, int | float) and not isinstance(value, bool) and 0 <= value <= 1:
        return float(value)
    raise ModelRejected(
        f"The group file's 'confidence' is {value!r}; it must be a number from 0 to 1."
    )


def _field(table: Mapping[str, Any], key: str, kind: type[Field]) -> Field:
    value = table.get(key)
    if not isinstance(value, kind):
        raise ModelRejected(f"The group file lacks '{key}', or it is no {kind.__name__}.")
    return value

"""Which models runs may ask for."""

from collections.abc import Mapping
from dataclasses import dataclass

from inyourarea.contracts.group import Group
from inyourarea.contracts.v1 import facts_pb2 as facts


@dataclass(frozen=True)
class KnownModel:
    """A model that runs may ask for; the face detector knows no group."""

    model: facts.Model
    group: Group | None = None


#: By group; the face detector's name is the empty one.
Models = Mapping[str, KnownModel]

"""From what somebody asks for to the command that ingest is given."""

from collections.abc import Mapping
from dataclasses import dataclass
from fractions import Fraction

from inyourarea.contracts.group import Group
from inyourarea.contracts.specs import to_picture, to_rational
from inyourarea.contracts.v1 import facts_pb2 as facts
from inyourarea.contracts.v1 import ingest_pb2
from inyourarea.core.picture import Picture, parse_aspect, parse_size
from inyourarea.gateway.documents import VideoAsked
from inyourarea.gateway.problems import Problem


@dataclass(frozen=True)
class KnownModel:
    """A model that runs may ask for; the face detector knows no group."""

    model: facts.Model
    group: Group | None = None


#: By group; the face detector's name is the empty one.
Models = Mapping[str, KnownModel]


def command_for(asked: VideoAsked, models: Models) -> ingest_pb2.SubmitVideoRequest:
    """The command to make fancams so; the source is still to be named.

    Raises:
        Problem: the group is not known here.
        Refused: an aspect can not be had.
    """
    known = models.get(asked.group or "")
    if known is None:
        names = ", ".join(sorted(filter(None, models))) or "none"
        raise Problem(
            422, "unknown-group", f"There is no model of {asked.group!r} here; known: {names}."
        )
    spec = facts.RunSpec(
        model=known.model,
        people=asked.people,
        framing=asked.framing,
        pictures=[to_picture(picture) for picture in dict.fromkeys(map(_picture, asked.aspects))],
    )
    command = ingest_pb2.SubmitVideoRequest(spec=spec)
    for name, value in (("from_s", asked.from_s), ("to_s", asked.to_s)):
        if value is not None:
            getattr(command, name).CopyFrom(to_rational(Fraction(str(value))))
    return command


def _picture(text: str) -> Picture:
    return parse_aspect(text) if ":" in text else parse_size(text)

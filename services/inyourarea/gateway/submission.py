"""From what somebody asks for to the command that ingest is given."""

from fractions import Fraction

from inyourarea.contracts.specs import to_picture, to_rational
from inyourarea.contracts.v1 import facts_pb2 as facts
from inyourarea.contracts.v1 import ingest_pb2
from inyourarea.core.members import tidy
from inyourarea.core.picture import Picture, parse_aspect, parse_size
from inyourarea.gateway.catalog import Row
from inyourarea.gateway.documents import VideoAsked
from inyourarea.gateway.house import House
from inyourarea.gateway.journal import Submitted
from inyourarea.gateway.models import Models
from inyourarea.gateway.problems import Problem

#: A source's object and digest.
StoredSource = tuple[str, str]


def submit_source(
    house: House, asked: VideoAsked, source: StoredSource, origin: tuple[str, str]
) -> tuple[str, bool]:
    """Fancams of a stored source are on their way; ``origin``: its file's name, who brought it.

    Returns the video's id, and whether anything is new: the same wishes again give the same run.

    Raises:
        Problem: the group is not known here.
        Refused: the video can not be used, and why.
    """
    command = command_for(asked, source, house.models)
    known = house.catalog.video(house.stages.decide(command).video_id)
    if known is not None:
        _keep_pins(house, known, command)
    accepted = house.stages.submit(command)
    if known is not None and _is_made(known, accepted.run_id):
        return accepted.video_id, False
    filename = tidy(origin[0]) or "video"
    entry = Submitted(
        by=origin[1],
        run_id=accepted.run_id,
        title=tidy(asked.title) or filename,
        filename=filename,
        external_id=asked.external_id,
        labels=asked.labels,
        from_s=None if asked.from_s is None else str(asked.from_s),
        to_s=None if asked.to_s is None else str(asked.to_s),
        group=asked.group,
    )
    house.write_down(accepted.video_id, entry)
    return accepted.video_id, True


def _keep_pins(house: House, known: Row, command: ingest_pb2.SubmitVideoRequest) -> None:
    """What editors have said of a video holds for other shapes and framings of it too."""
    newest = house.showing.accepted(known["run_id"]).spec
    if newest.model == command.spec.model:
        command.spec.pins.extend(newest.pins)


def _is_made(known: Row, run: str) -> bool:
    return known["run_id"] == run and known["state"] in ("working", "ready")


def command_for(
    asked: VideoAsked, source: StoredSource, models: Models
) -> ingest_pb2.SubmitVideoRequest:
    """The command to make fancams of a stored source (its object's name and digest).

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
    command = ingest_pb2.SubmitVideoRequest(
        source_key=source[0], sha256=source[1], spec=spec, for_browsers=True
    )
    for name, value in (("from_s", asked.from_s), ("to_s", asked.to_s)):
        if value is not None:
            getattr(command, name).CopyFrom(to_rational(Fraction(str(value))))
    return command


def _picture(text: str) -> Picture:
    return parse_aspect(text) if ":" in text else parse_size(text)

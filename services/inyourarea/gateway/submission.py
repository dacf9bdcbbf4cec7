"""From what somebody asks for to the command that ingest is given."""

import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from fractions import Fraction

from inyourarea.contracts.runs import is_current
from inyourarea.contracts.specs import to_picture, to_rational
from inyourarea.contracts.v1 import facts_pb2 as facts
from inyourarea.contracts.v1 import ingest_pb2
from inyourarea.core.members import tidy
from inyourarea.core.picture import Picture, parse_aspect, parse_size
from inyourarea.gateway.access import Person
from inyourarea.gateway.catalog import Row
from inyourarea.gateway.documents import VideoAsked
from inyourarea.gateway.holding import held_people
from inyourarea.gateway.house import House
from inyourarea.gateway.journal import RunResumed, Submitted
from inyourarea.gateway.models import Models
from inyourarea.gateway.problems import Problem, Stale
from inyourarea.gateway.usage import duration_s, month_of

#: How often a submission begins anew because the video was changed meanwhile.
_TRIES = 3
#: A source's object and digest.
StoredSource = tuple[str, str]


def submit_source(
    house: House, asked: VideoAsked, source: StoredSource, filename: str, person: Person
) -> tuple[str, bool]:
    """Fancams of a stored source, which ``person`` brought, are on their way.

    Returns the video's id, and whether anything is new: the same wishes again give the same run.
    What is not said anew of a video that is here already stays as it is.

    Raises:
        Problem: the group is not known here, or the person's token is not for such a video.
        Refused: the video can not be used, and why.
        Stale: others changed the video each time that it was about to be.
    """
    for _ in range(_TRIES):
        command = command_for(asked, source, house.models)
        with suppress(Stale):
            return _submit(house, asked, command, filename, person)
    return _submit(house, asked, command_for(asked, source, house.models), filename, person)


def _submit(
    house: House,
    asked: VideoAsked,
    command: ingest_pb2.SubmitVideoRequest,
    filename: str,
    person: Person,
) -> tuple[str, bool]:
    """See `submit_source`. Raises `Stale` where an editor was faster, whose pins it knows not."""
    decided = house.stages.decide(command)
    known = house.catalog.video(decided.video_id)
    if known is not None:
        check_scope(person, known["labels"])  # it may be here already, and be somebody else's
        _build_on(house.showing.accepted(known["run_id"]).spec, command.spec)
    with within_quota(house, decided, person):
        accepted = house.stages.submit(command)
        if known is not None and _is_made(known, accepted.run_id):
            return accepted.video_id, False
        filename = tidy(filename) or "video"
        entry = Submitted(
            by=person.name,
            run_id=accepted.run_id,
            title=tidy(asked.title) or (known["title"] if known else filename),
            filename=filename,
            external_id=asked.external_id or (known["external_id"] if known else None),
            labels=asked.labels or (known["labels"] if known else {}),
            from_s=None if asked.from_s is None else str(asked.from_s),
            to_s=None if asked.to_s is None else str(asked.to_s),
            group=asked.group,
        )
        if known is None:
            house.write_down(accepted.video_id, entry)
        else:
            _claim(house, known, entry)
        house.books.note(person.name, accepted, duration_s(accepted))
        return accepted.video_id, True


def _claim(house: House, row: Row, entry: Submitted) -> None:
    """The entry is the next one, made of all that was said before; see `House.claim`."""
    house.claim(row["id"], entry, row["revision"])
    house.refresh(row["id"])


@contextmanager
def within_quota(house: House, decided: facts.VideoAccepted, person: Person) -> Iterator[None]:
    """The video is not more than the person may submit this month; it counts once a month.

    What she is about to submit counts as long as this lasts, so that of several videos that she
    submits at once each counts with the others; it is to be in the books then.

    Raises:
        Problem: it is, and by how much.
    """
    if house.settings.quota_s is None or not person.token:
        yield
        return
    with house.books.asking(person.name, decided):
        _check_quota(house, decided, person.name, house.settings.quota_s)
        yield


def _check_quota(house: House, decided: facts.VideoAccepted, by: str, most_s: float) -> None:
    others = house.books.asking_s(by)  # first: what is in the books meanwhile is seen there
    asked = house.books.asked_s(by, month_of(time.time()))
    if decided.video_id in asked:
        return
    others |= asked
    new_s = others.pop(decided.video_id)
    used_s = sum(others.values())
    total_s = used_s + new_s
    if total_s <= most_s:
        return
    used, new, total, most = (
        f"{seconds / 3600:.3g}" for seconds in (used_s, new_s, total_s, most_s)
    )
    raise Problem(
        403,
        "quota",
        f"This would be {total} of {most} hours of video this month: {used} are used, and this "
        f"video has {new}. Cut it, wait for the next month, or ask an operator for more.",
        used_s=round(used_s, 3),
        asked_s=round(new_s, 3),
        quota_s=most_s,
    )


def check_scope(person: Person, labels: Mapping[str, str]) -> None:
    """A video of these labels is one that the person's token is for.

    Raises:
        Problem: it is not.
    """
    if not person.may_have(labels):
        wanted = ", ".join(person.labels or ())
        raise Problem(403, "scope", f"Your token is for videos that are labelled one of: {wanted}.")


def _build_on(newest: facts.RunSpec, spec: facts.RunSpec) -> None:
    """What editors have said of a video holds for other wishes too, and its shapes add up."""
    if newest.model != spec.model:
        return
    spec.pins.extend(newest.pins)
    spec.held.extend(newest.held)
    if (newest.people, newest.framing) == (spec.people, spec.framing):
        more = [picture for picture in spec.pictures if picture not in newest.pictures]
        del spec.pictures[:]
        spec.pictures.extend([*newest.pictures, *more])


def _is_made(known: Row, run: str) -> bool:
    return known["run_id"] == run and known["state"] in ("working", "ready")


def submit_again(house: House, row: Row, by: str) -> None:
    """A run that has ended short of fancams goes on; by an older program, it is made anew.

    Raises:
        Refused: the video can not be used, and why.
        Stale: somebody else has changed it meanwhile.
    """
    last = house.showing.accepted(row["run_id"])
    command = command_like(last, row)
    if not is_current(last):
        del command.spec.held[:]
        command.spec.held.extend(held_people(house, row["id"], last.spec.model))
    accepted = house.stages.submit(command)
    if accepted.run_id == row["run_id"]:
        house.write_down(row["id"], RunResumed(by=by, run_id=accepted.run_id))
        return
    entry = Submitted(
        by=by,
        run_id=accepted.run_id,
        **{name: row[name] for name in ("title", "filename", "external_id", "labels")},
        **{name: row["asked"][name] for name in ("from_s", "to_s", "group")},
    )
    _claim(house, row, entry)
    house.books.note(by, accepted, 0.0)


def command_like(accepted: facts.VideoAccepted, row: Row) -> ingest_pb2.SubmitVideoRequest:
    """The command that gave this run of a video, or would give it today."""
    source = accepted.source
    command = ingest_pb2.SubmitVideoRequest(
        source_key=source.key, sha256=source.sha256, spec=accepted.spec, for_browsers=True
    )
    command.spec.video_id = command.spec.names_from = ""  # ingest decides them
    for name in ("from_s", "to_s"):
        if (value := row["asked"][name]) is not None:
            getattr(command, name).CopyFrom(to_rational(Fraction(value)))
    return command


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
        wanted = repr(asked.group) if asked.group else "faces of any group"
        raise Problem(
            422, "unknown-group", f"There is no model of {wanted} here; known are: {names}."
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

"""Pins: who somebody is, or is not; tried out first, then applied."""

from fractions import Fraction

from fastapi import APIRouter

from inyourarea.contracts.topics import Channel
from inyourarea.contracts.v1 import facts_pb2 as facts
from inyourarea.contracts.v1 import ingest_pb2
from inyourarea.core.errors import PinRejected
from inyourarea.core.pins import NOBODY
from inyourarea.core.reasons import told
from inyourarea.gateway import documents as doc
from inyourarea.gateway.access import Person
from inyourarea.gateway.api.asking import Editor, HouseOf, VideoId, problems
from inyourarea.gateway.catalog import Row
from inyourarea.gateway.deletion import note_preview
from inyourarea.gateway.holding import held_people, settled
from inyourarea.gateway.house import House
from inyourarea.gateway.journal import PinMade, PinsSet
from inyourarea.gateway.pins import differences, pins_from, to_stages
from inyourarea.gateway.problems import NotThere, Problem, Stale
from inyourarea.gateway.projection import OUTDATED
from inyourarea.gateway.showing import Shown, changed_segments
from inyourarea.gateway.submission import command_like
from inyourarea.gateway.views import find_video, is_outdated, video_document

#: Bytes of a run as it is told to the stages: what a channel takes, but for headers and key.
LARGEST_RUN = Channel.largest - (1 << 13)

router = APIRouter(prefix="/videos/{video_id}/pins", tags=["pins"])


@router.get("", operation_id="list_pins", responses=problems(404))
def find(video_id: VideoId, house: HouseOf, person: Editor) -> doc.Pins:
    """All pins of the video, and the revision to name when changing them."""
    row = find_video(house, video_id, person)
    people = {track.name: track.person for track in _shown(house, row).tracks.people}
    pins = [_document(PinMade(**pin), people) for pin in row["pins"]]
    return doc.Pins(revision=row["revision"], pins=pins)


@router.post("/preview", operation_id="preview_pins", responses=problems(404, 409))
def preview(
    video_id: VideoId, asked: doc.PinsAsked, house: HouseOf, person: Editor
) -> doc.PinsPreview:
    """What the pins would change, everywhere in the video; nothing is applied."""
    row = _row(house, video_id, person, asked)
    old = _shown(house, row)
    made = pins_from(asked.pins, old, settled(house, row["id"]))
    with house.turn():
        _, accepted = _solved(house, old, row, made)
    new = house.showing.shown(accepted)
    segments = changed_segments(
        house.showing.windows(old.accepted), house.showing.windows(accepted)
    )
    names = {named["person"]: named["name"] for named in house.catalog.people(video_id)}
    changes = [
        doc.Change(
            person=change.person,
            name=names.get(change.person, change.name),
            from_frame=change.first_frame,
            to_frame=change.last_frame,
            was=change.was,
            becomes=change.becomes,
        )
        for change in differences(old.tracks, new.tracks)
    ]
    total = len(accepted.segments)
    return doc.PinsPreview(changes=changes, segments=doc.Segments(changed=segments, total=total))


@router.put("", operation_id="set_pins", status_code=202, responses=problems(404, 409))
def put(video_id: VideoId, asked: doc.PinsAsked, house: HouseOf, person: Editor) -> doc.Video:
    """These are all pins of the video; what they change is made again, and nothing else."""
    row = _row(house, video_id, person, asked)
    old = _shown(house, row)
    made = pins_from(asked.pins, old, settled(house, row["id"]))
    with house.turn():
        command, decided = _solved(house, old, row, made)  # refused pins are not kept
        entry = PinsSet(by=person.name, run_id=decided.run_id, pins=made)
        house.claim(video_id, entry, asked.revision)
        try:
            house.stages.submit(command)
            house.books.note(person.name, decided, 0.0)  # the work is hers, the video is not new
        finally:
            house.refresh(video_id)
    return video_document(house, find_video(house, video_id, person))


def _row(house: House, video: str, person: Person, asked: doc.PinsAsked) -> Row:
    row = find_video(house, video, person)
    if asked.revision != row["revision"]:
        raise Stale(row["revision"])
    if is_outdated(row):
        raise Problem(409, "outdated", OUTDATED)
    return row


def _shown(house: House, row: Row) -> Shown:
    if row["shown_run_id"] is None:
        raise NotThere("person to pin yet; the video is still being worked on")
    return house.showing.run(row["shown_run_id"])


def _solved(
    house: House, shown: Shown, row: Row, made: tuple[PinMade, ...]
) -> tuple[ingest_pb2.SubmitVideoRequest, facts.VideoAccepted]:
    """The command for a run that heeds the pins, and what it gives, up to the windows.

    Raises:
        PinRejected: they can not be followed.
    """
    command = _command(house, shown, row, made)
    decided = house.stages.decide(command)
    if decided.ByteSize() > LARGEST_RUN:
        raise PinRejected(
            f"With those that hold who is approved these are {len(decided.spec.pins)} pins, more "
            "than one run can have; take some back, or reopen somebody."
        )
    note_preview(house.objects, decided)
    try:
        house.stages.solve(decided)
    except PinRejected as rejected:
        fixed = settled(house, row["id"])
        held = [track.name for track in shown.tracks.people if track.person in fixed]
        if not held:
            raise
        raise PinRejected(told("pin-held", why=rejected, people=", ".join(held))) from rejected
    return command, decided


def _command(
    house: House, shown: Shown, row: Row, made: tuple[PinMade, ...]
) -> ingest_pb2.SubmitVideoRequest:
    """What was asked for last, with these pins."""
    accepted = house.showing.accepted(row["run_id"])
    if accepted.spec.model != shown.accepted.spec.model:  # it knows other people
        accepted = shown.accepted
    command = command_like(accepted, row)
    if made != tuple(PinMade(**pin) for pin in row["pins"]):  # else the run is the same, too
        del command.spec.pins[:]
        command.spec.pins.extend(to_stages(made, shown, settled(house, row["id"])))
        del command.spec.held[:]
        command.spec.held.extend(held_people(house, row["id"], command.spec.model))
    return command


def _document(pin: PinMade, people: dict[str, str]) -> doc.PinDocument:
    is_nobody = pin.label == NOBODY
    return doc.PinDocument(
        from_s=float(Fraction(pin.start_s)),
        to_s=None if pin.end_s is None else float(Fraction(pin.end_s)),
        x=pin.x,
        y=pin.y,
        w=pin.width,
        h=pin.height,
        person=None if is_nobody else people.get(pin.label, pin.label),
        nobody=is_nobody,
        denies=pin.is_denial,
    )

"""People of a video: named, looked at, approved and published."""

from typing import Annotated, Literal

from fastapi import APIRouter, Path, Response

from inyourarea.core.members import fold, tidy
from inyourarea.gateway import documents as doc
from inyourarea.gateway.access import Person
from inyourarea.gateway.api.asking import Editor, HouseOf, VideoId, problems
from inyourarea.gateway.catalog import Row
from inyourarea.gateway.house import House
from inyourarea.gateway.journal import FancamJudged, PersonNamed, SpanConfirmed
from inyourarea.gateway.problems import NotThere, Problem
from inyourarea.gateway.views import find_video, watch_document

router = APIRouter(prefix="/videos/{video_id}", tags=["people"])

PersonId = Annotated[str, Path(max_length=64)]


def _somebody(house: House, row: Row, person: Person, somebody: str) -> doc.PersonShown:
    for shown in watch_document(house, row, person).people:
        if shown.id == somebody:
            return shown
    raise NotThere("such person")


@router.put("/people/{somebody}", operation_id="name_person", responses=problems(404, 409))
def name(
    video_id: VideoId, somebody: PersonId, asked: doc.PersonCalled, house: HouseOf, person: Editor
) -> doc.PersonShown:
    """The person is called so from now on; nothing is worked on for that."""
    row = find_video(house, video_id, person)
    called = tidy(asked.name)
    if not called:
        raise Problem(422, "name", "A name needs at least one letter.")
    for other in watch_document(house, row, person).people:
        if other.id != somebody and fold(other.name) == fold(called):
            raise Problem(
                409, "name-taken", f"{other.name} is somebody else here; correct her with a pin."
            )
    _somebody(house, row, person, somebody)
    entry = PersonNamed(
        by=person.name,
        person=somebody,
        name=called,
        names={language: tidy(text) for language, text in asked.names.items() if tidy(text)},
        aliases=tuple(filter(None, map(tidy, asked.aliases))),
    )
    house.write_down(video_id, entry)
    return _somebody(house, find_video(house, video_id, person), person, somebody)


@router.post(
    "/spans/{span}/confirm", operation_id="confirm_span", status_code=204, responses=problems(404)
)
def confirm(
    video_id: VideoId, span: Annotated[str, Path(max_length=200)], house: HouseOf, person: Editor
) -> Response:
    """Somebody has looked at the span, and it is right."""
    shown = watch_document(house, find_video(house, video_id, person), person)
    if span not in {one.id for somebody in shown.people for one in somebody.spans}:
        raise NotThere("such span; it may have been corrected")
    house.write_down(video_id, SpanConfirmed(by=person.name, run_id=shown.run_id, span=span))
    return Response(status_code=204)


@router.post(
    "/people/{somebody}/{verdict}", operation_id="judge_fancam", responses=problems(404, 409)
)
def judge(
    video_id: VideoId,
    somebody: PersonId,
    verdict: Literal["approve", "publish", "withdraw"],
    house: HouseOf,
    person: Editor,
) -> doc.PersonShown:
    """The person's fancams are approved, published, or a draft again."""
    row = find_video(house, video_id, person)
    shown = _somebody(house, row, person, somebody)
    run = row["shown_run_id"]
    unseen = sum(not span.confirmed for span in shown.spans)
    if verdict != "withdraw" and unseen:
        raise Problem(
            409,
            "unconfirmed",
            f"{unseen} spans of {shown.name} have not been looked at yet.",
        )
    if verdict == "publish" and any(fancam.url is None for fancam in shown.fancams):
        raise Problem(409, "unfinished", "The fancams are still being drawn; wait for them.")
    if verdict == "publish" and shown.publication.state == "draft":
        raise Problem(409, "unapproved", f"{shown.name} has not been approved yet.")
    state: Literal["draft", "approved", "published"] = "draft"
    if verdict != "withdraw":
        state = "approved" if verdict == "approve" else "published"
    entry = FancamJudged(by=person.name, run_id=run, person=somebody, state=state)
    house.write_down(video_id, entry)
    return _somebody(house, find_video(house, video_id, person), person, somebody)

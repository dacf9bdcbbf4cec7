"""People of a video: named, looked at, approved and published."""

from collections.abc import Mapping
from types import MappingProxyType
from typing import Annotated, Literal

from fastapi import APIRouter, Path, Response

from inyourarea.core.members import fold, tidy
from inyourarea.core.reasons import told
from inyourarea.gateway import documents as doc
from inyourarea.gateway.announcing import event_of
from inyourarea.gateway.api.asking import Editor, HouseOf, VideoId, problems
from inyourarea.gateway.catalog import Row
from inyourarea.gateway.house import House
from inyourarea.gateway.journal import FancamJudged, PersonNamed, SpanConfirmed
from inyourarea.gateway.people import people_of, published_runs
from inyourarea.gateway.problems import NotThere, Problem
from inyourarea.gateway.showing import Shown
from inyourarea.gateway.views import find_video, watch_document

router = APIRouter(prefix="/videos/{video_id}", tags=["people"])

Verdict = Literal["approve", "publish", "reopen", "withdraw"]
_STATES: Mapping[Verdict, Literal["draft", "reopened", "approved", "published"]] = MappingProxyType(
    {
        "approve": "approved",
        "publish": "published",
        "reopen": "reopened",
        "withdraw": "draft",
    }
)

PersonId = Annotated[str, Path(max_length=64)]


def _run_of(house: House, row: Row, somebody: str) -> Shown:
    """The newest run that she is in, or the older one of which visitors see her."""
    for run in (row["shown_run_id"], published_runs(house, row["id"]).get(somebody)):
        if run is not None:
            shown = house.showing.run(run)
            if any(track.person == somebody for track in shown.tracks.people):
                return shown
    raise NotThere("such person")


def _somebody(house: House, row: Row, shown: Shown, somebody: str) -> doc.PersonShown:
    return next(one for one in people_of(house, row, shown) if one.id == somebody)


@router.put("/people/{somebody}", operation_id="name_person", responses=problems(404, 409))
def name(
    video_id: VideoId, somebody: PersonId, asked: doc.PersonCalled, house: HouseOf, person: Editor
) -> doc.PersonShown:
    """The person is called so from now on; nothing is worked on for that."""
    row = find_video(house, video_id, person)
    shown = _run_of(house, row, somebody)
    called = tidy(asked.name)
    if not called:
        raise Problem(422, "name", told("no-letter"))
    for other in people_of(house, row, shown):
        if other.id != somebody and fold(other.name) == fold(called):
            raise Problem(409, "name-taken", told("name-taken", name=other.name))
    entry = PersonNamed(
        by=person.name,
        person=somebody,
        name=called,
        names={language: tidy(text) for language, text in asked.names.items() if tidy(text)},
        aliases=tuple(filter(None, map(tidy, asked.aliases))),
    )
    house.write_down(video_id, entry)
    return _somebody(house, find_video(house, video_id, person), shown, somebody)


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
    verdict: Verdict,
    house: HouseOf,
    person: Editor,
) -> doc.PersonShown:
    """The person's fancams are approved, published, or a draft again.

    Who is approved or published is held in place while others are corrected. ``reopen`` ends that,
    and leaves visitors what they see; ``withdraw`` takes it from them, too.
    """
    row = find_video(house, video_id, person)
    shown = _run_of(house, row, somebody)
    run = shown.accepted.run_id
    if verdict in ("approve", "publish"):
        if run != row["shown_run_id"]:
            raise NotThere("such person any more")
        _check_ready(_somebody(house, row, shown, somebody), verdict)
    state = _STATES[verdict]
    entry = FancamJudged(by=person.name, run_id=run, person=somebody, state=state)
    house.write_down(video_id, entry)
    row = find_video(house, video_id, person)
    if state == "published":
        house.webhooks.tell(event_of(house, "published", row, entry.id))
    return _somebody(house, row, shown, somebody)


def _check_ready(somebody: doc.PersonShown, verdict: Verdict) -> None:
    """Everything of her was looked at; to publish her, she is approved and drawn, too."""
    unseen = sum(not span.confirmed for span in somebody.spans)
    if unseen:
        raise Problem(
            409,
            "unconfirmed",
            f"{unseen} spans of {somebody.name} have not been looked at yet.",
        )
    if verdict == "publish" and any(fancam.url is None for fancam in somebody.fancams):
        raise Problem(409, "unfinished", told("not-drawn"))
    if verdict == "publish" and somebody.publication.state == "draft":
        raise Problem(409, "unapproved", told("unapproved", name=somebody.name))

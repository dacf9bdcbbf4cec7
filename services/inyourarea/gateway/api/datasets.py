"""Datasets: what is labelled, by whom, and what is still to be."""

import logging
import time
from collections.abc import Sequence
from dataclasses import replace
from typing import Annotated

from fastapi import APIRouter, Depends, Path, Query, Request, Response

from inyourarea.contracts import keys
from inyourarea.contracts.datasets import (
    DATASET_NAME,
    PROPOSED,
    LabelledBox,
    LabelledPicture,
    Members,
)
from inyourarea.core.errors import DatasetRejected
from inyourarea.core.members import tidy
from inyourarea.gateway import documents as doc
from inyourarea.gateway.access import Person
from inyourarea.gateway.api.asking import Editor, HouseOf, problems
from inyourarea.gateway.documents import API, stamp
from inyourarea.gateway.house import House
from inyourarea.gateway.labelling import Labelling, Strip, spread
from inyourarea.gateway.media import object_response
from inyourarea.gateway.problems import NotThere, Problem
from inyourarea.runtime.datasets import Conflict, MembersConflict, NameConflict
from inyourarea.runtime.objects import ObjectNotFound

log = logging.getLogger(__name__)
router = APIRouter(prefix="/datasets", tags=["datasets"])

DatasetName = Annotated[str, Path(pattern=DATASET_NAME)]
PictureName = Annotated[str, Path(pattern=r"^[A-Za-z0-9_-]{1,80}$")]
MemberName = Annotated[str, Path(max_length=200)]


def labeller_of(person: Editor) -> Person:
    """Whoever may label: an editor of all videos, since a dataset may have pictures of any.

    Raises:
        Problem: the token is for some videos only.
    """
    if person.labels is not None:
        raise Problem(403, "labels", "This token is for some videos only; datasets have any's.")
    return person


Labeller = Annotated[Person, Depends(labeller_of)]


@router.get("", operation_id="list_datasets", responses=problems())
def find(house: HouseOf, person: Labeller) -> doc.Datasets:  # noqa: ARG001
    """All datasets of this site that can be read."""
    items = []
    for name in house.datasets.names():
        try:
            items.append(_in_short(house.datasets.find(name)))
        except (DatasetRejected, NotThere) as error:  # a folder that somebody put there
            log.warning("dataset %s is left out of the list: %s", name, error)
    return doc.Datasets(items=items)


@router.post("", operation_id="make_dataset", status_code=201, responses=problems(409))
def make(asked: doc.DatasetWanted, house: HouseOf, person: Labeller) -> doc.DatasetDocument:  # noqa: ARG001
    """A dataset without pictures; ``inyourarea collect`` brings those."""
    members = Members(tuple(tidy(name) for name in asked.members))
    try:
        return _in_short(house.datasets.make(asked.name, members))
    except MembersConflict:
        raise Problem(409, "name-taken", f"There is a dataset called {asked.name}.") from None


@router.get("/{dataset}", operation_id="get_dataset", responses=problems(404))
def get(dataset: DatasetName, house: HouseOf, person: Labeller) -> doc.DatasetDocument:  # noqa: ARG001
    """One dataset, and who its members are."""
    return _in_short(house.datasets.find(dataset))


@router.post("/{dataset}/members", operation_id="add_member", responses=problems(404, 409))
def add_member(
    dataset: DatasetName,
    asked: doc.MemberWanted,
    house: HouseOf,
    person: Labeller,  # noqa: ARG001
) -> doc.DatasetDocument:
    """One more member, behind the others: the classes of those stay what they are."""
    labelling = house.datasets.find(dataset)
    return _changed(labelling, asked, _members(labelling).with_added(asked.name))


@router.put(
    "/{dataset}/members/{member}", operation_id="rename_member", responses=problems(404, 409)
)
def rename_member(
    dataset: DatasetName,
    member: MemberName,
    asked: doc.MemberWanted,
    house: HouseOf,
    person: Labeller,  # noqa: ARG001
) -> doc.DatasetDocument:
    """The member is called so from now on, and all labels with her."""
    labelling = house.datasets.find(dataset)
    members = _members(labelling)
    if member not in members.names:
        raise NotThere("such member")
    return _changed(labelling, asked, members.renamed(member, asked.name))


@router.get("/{dataset}/counts", operation_id="count_dataset", responses=problems(404))
def counts(dataset: DatasetName, house: HouseOf, person: Labeller) -> doc.DatasetCounts:  # noqa: ARG001
    """How far it is: boxes of each member against what is advised, and what a click has given."""
    found = house.datasets.find(dataset).progress()
    return doc.DatasetCounts(
        members=[
            doc.MemberCounted(
                name=name,
                boxes=one.boxes,
                confirmed=one.confirmed,
                pictures=one.pictures,
                frontal=one.frontal,
                profile=one.profile,
                spread=found.learned.members[name].confirmed - one.confirmed,
            )
            for name, one in found.counts.members.items()
        ],
        pictures=found.counts.pictures,
        confirmed_pictures=found.confirmed_pictures,
        unnamed=found.counts.unnamed,
        advised=found.counts.minimum,
        balance=found.learned.balance,
        clicks=found.clicks,
        given=found.given,
        spread=found.spread,
    )


@router.get("/{dataset}/queue", operation_id="label_queue", responses=problems(404))
def queue(
    dataset: DatasetName,
    house: HouseOf,
    person: Labeller,
    limit: Annotated[int, Query(ge=1, le=1000)] = 200,
) -> doc.LabelQueue:
    """What is to be labelled: tracklets, then single pictures, then what others did.

    Of each person of a run one tracklet comes first, whose name training spreads over all shots;
    then the others, those first about which the run is unsure.
    """
    labelling = house.datasets.find(dataset)
    todo = labelling.todo(person.name)
    strips = [_strip(labelling, one) for one in todo.strips[:limit]]
    return doc.LabelQueue(
        tracklets=doc.Strips(
            total=len(todo.strips), people=sum(one.is_first for one in todo.strips), items=strips
        ),
        frames=_waiting(labelling, todo.frames, limit),
        review=_waiting(labelling, todo.review, limit),
    )


@router.put(
    "/{dataset}/tracklets/{tracklet}", operation_id="name_tracklet", responses=problems(404, 409)
)
def name_tracklet(
    dataset: DatasetName,
    tracklet: Annotated[str, Path(max_length=200)],
    asked: doc.TrackletNamed,
    house: HouseOf,
    person: Labeller,
) -> doc.BoxesNamed:
    """All boxes of a tracklet are a member's, in every picture; how many that are.

    409 where somebody else has confirmed one as another's, unless who asks insists.
    """
    labels = house.datasets.find(dataset).dataset
    what = tracklet, asked.member, person.name
    try:
        if asked.state == PROPOSED:
            boxes = labels.take_name_back(*what)
        else:
            boxes = labels.name_tracklet(*what, insists=asked.insist)
    except NameConflict as conflict:
        detail = f"{conflict.by} has confirmed that a face of this strip is somebody else's."
        raise Problem(409, "stale-edit", detail, by=conflict.by) from None
    if not boxes:
        raise NotThere("such tracklet")
    return doc.BoxesNamed(boxes=boxes)


@router.get(
    "/{dataset}/pictures/{picture}.jpg",
    operation_id="dataset_picture",
    response_class=Response,
    responses={
        **problems(404, 416),
        200: {"content": {"image/jpeg": {}}},
        206: {"description": "A range of it", "content": {"image/jpeg": {}}},
        304: {"description": "It is as it was"},
    },
)
def picture_file(
    request: Request,
    dataset: DatasetName,
    picture: PictureName,
    house: HouseOf,
    person: Labeller,  # noqa: ARG001
) -> Response:
    """The picture itself; it never changes."""
    prefix = house.datasets.find(dataset).prefix
    key = keys.dataset_picture(prefix, picture)
    return object_response(request, house.objects, key, "image/jpeg")


@router.get(
    "/{dataset}/pictures/{picture}/labels", operation_id="get_labels", responses=problems(404)
)
def get_labels(
    dataset: DatasetName,
    picture: PictureName,
    house: HouseOf,
    person: Labeller,  # noqa: ARG001
) -> doc.PictureLabels:
    """Who stands in a picture, by its newest version; and its neighbours in the shot."""
    return _labels(*_found(house, dataset, picture))


@router.put(
    "/{dataset}/pictures/{picture}/labels", operation_id="put_labels", responses=problems(404, 409)
)
def put_labels(
    dataset: DatasetName,
    picture: PictureName,
    asked: doc.PictureLabelsWanted,
    house: HouseOf,
    person: Labeller,
) -> doc.PictureLabels:
    """The picture's labels are these from now on; 409 where somebody else was faster.

    A review is the same: whoever sends what was there, ``confirmed``, accepts it; who sends other
    boxes corrects it; and who sends it as ``proposed`` gives it back to those who label. The
    same, sent again by the same person, changes nothing.
    """
    labelling, _, before = _found(house, dataset, picture)
    sure = {box.tracklet: box.identity for box in before.boxes if box.tracklet}
    wanted = replace(
        before,
        boxes=tuple(
            LabelledBox(**box.model_dump(), identity=sure.get(box.tracklet)) for box in asked.boxes
        ),
        version=asked.version + 1,
        by=person.name,
        at_ns=time.time_ns(),
        state=asked.state,
    )
    wanted = _members(labelling).today(wanted)  # it may have waited in a browser for long
    if replace(wanted, at_ns=before.at_ns) != before:
        try:
            labelling.dataset.label(picture, wanted)
        except Conflict as conflict:
            newest = conflict.newest
            detail = "Somebody else has labelled this picture meanwhile; look at it again."
            more = {"version": newest.version, "by": newest.by}
            raise Problem(409, "stale-edit", detail, **more) from None
        before = wanted
    return _labels(labelling, picture, before)


@router.get(
    "/{dataset}/pictures/{picture}/history", operation_id="label_history", responses=problems(404)
)
def history(
    dataset: DatasetName,
    picture: PictureName,
    house: HouseOf,
    person: Labeller,  # noqa: ARG001
) -> doc.LabelHistory:
    """Who said what of a picture, and when."""
    labelling, _, _ = _found(house, dataset, picture)
    return doc.LabelHistory(
        items=[
            doc.LabelVersion(
                version=one.version,
                by=one.by,
                at=stamp(one.at_ns),
                state=one.state,
                boxes=_boxes(one),
            )
            for one in labelling.dataset.history(picture)
        ]
    )


def _found(house: House, dataset: str, picture: str) -> tuple[Labelling, str, LabelledPicture]:
    labelling = house.datasets.find(dataset)
    try:
        return labelling, picture, labelling.dataset.labelled(picture)
    except ObjectNotFound:
        raise NotThere("such picture") from None


def _members(labelling: Labelling) -> Members:
    return labelling.dataset.members()


def _changed(labelling: Labelling, asked: doc.MemberWanted, to: Members) -> doc.DatasetDocument:
    """The members are these, if they were what whoever asked has seen."""
    try:
        labelling.dataset.change(replace(to, version=asked.version + 1))
    except MembersConflict as conflict:
        detail = "Somebody else has changed the members meanwhile; look at them again."
        raise Problem(409, "stale-edit", detail, version=conflict.newest.version) from None
    return _in_short(labelling)


def _in_short(labelling: Labelling) -> doc.DatasetDocument:
    members = _members(labelling)
    return doc.DatasetDocument(
        name=labelling.name,
        version=members.version,
        members=list(members.names),
        pictures=sum(1 for _ in labelling.dataset.pictures()),
    )


def _url(labelling: Labelling, picture: str) -> str:
    return f"{API}/datasets/{labelling.name}/pictures/{picture}.jpg"


def _boxes(labels: LabelledPicture) -> list[doc.LabelBox]:
    return [
        doc.LabelBox.model_validate(
            {
                "box": box.box,
                "member": box.member,
                "tracklet": box.tracklet,
                "view": box.view,
                "state": box.state,
            }
        )
        for box in labels.boxes
    ]


def _labels(labelling: Labelling, picture: str, labels: LabelledPicture) -> doc.PictureLabels:
    before, behind = labelling.neighbours(picture, labels)
    return doc.PictureLabels(
        picture=picture,
        url=_url(labelling, picture),
        version=labels.version,
        size=labels.size,
        split=labels.split,
        state=labels.state,
        by=labels.by,
        at=stamp(labels.at_ns),
        boxes=_boxes(labels),
        previous=before,
        next=behind,
    )


def _strip(labelling: Labelling, strip: Strip) -> doc.Strip:
    return doc.Strip(
        tracklet=strip.tracklet,
        person=":".join(strip.person),
        member=strip.member,
        boxes=len(strip.seen),
        is_first=strip.is_first,
        gives=strip.gives,
        faces=[
            doc.StripFace(url=_url(labelling, one.picture), size=one.labels.size, box=one.box.box)
            for one in spread(strip.seen)
        ],
    )


def _waiting(
    labelling: Labelling, pictures: Sequence[tuple[str, LabelledPicture]], limit: int
) -> doc.PicturesWaiting:
    items = [
        doc.PictureWaiting(
            picture=name, url=_url(labelling, name), by=labels.by, at=stamp(labels.at_ns)
        )
        for name, labels in pictures[:limit]
    ]
    return doc.PicturesWaiting(total=len(pictures), items=items)

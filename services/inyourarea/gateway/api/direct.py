"""Uploads that bypass the gateway: parts are PUT straight into the object store."""

from fastapi import APIRouter, Response

from inyourarea.core.members import tidy
from inyourarea.gateway import documents as doc
from inyourarea.gateway.api.asking import Editor, HouseOf, RunId, problems
from inyourarea.gateway.arrival import Arrival
from inyourarea.gateway.documents import stamp
from inyourarea.gateway.house import House

router = APIRouter(prefix="/direct-uploads", tags=["uploads"])


@router.post("", operation_id="begin_direct_upload", status_code=201, responses=problems(409, 413))
def begin(asked: doc.DirectWanted, house: HouseOf, person: Editor) -> doc.DirectUpload:
    """Where to PUT each part of a file: every one of ``part_bytes`` but the last, in any order.

    Keep the ETag that the store answers with. A site that keeps its files in a folder takes none
    so, and says 409.
    """
    name = tidy(asked.filename)
    arrival = house.arrivals.begin(asked.length, name, person.name, asked.sha256 or "")
    return _document(house, arrival)


@router.get("/{upload_id}", operation_id="direct_upload", responses=problems(404))
def get(upload_id: RunId, house: HouseOf, person: Editor) -> doc.DirectUpload:
    """How far it is; while it is open, where its parts are to be PUT."""
    return _document(house, house.arrivals.find(upload_id, person.name))


@router.post(
    "/{upload_id}/complete",
    operation_id="complete_direct_upload",
    status_code=202,
    responses=problems(404, 409),
)
def complete(
    upload_id: RunId, asked: doc.DirectComplete, house: HouseOf, person: Editor
) -> doc.DirectUpload:
    """All parts have arrived. The file is gone through, then it can be submitted."""
    arrival = house.arrivals.find(upload_id, person.name)
    house.arrivals.complete(arrival, {part.number: part.etag for part in asked.parts})
    return _document(house, arrival)


@router.delete(
    "/{upload_id}", operation_id="abort_direct_upload", status_code=204, responses=problems(404)
)
def abort(upload_id: RunId, house: HouseOf, person: Editor) -> Response:
    """The upload is given up; nothing is left of it."""
    house.arrivals.give_up(house.arrivals.find(upload_id, person.name))
    return Response(status_code=204)


def _document(house: House, arrival: Arrival) -> doc.DirectUpload:
    state, failure = house.arrivals.state(arrival)
    addresses = house.arrivals.addresses(arrival) if state == "open" else []
    return doc.DirectUpload(
        upload_id=arrival.number,
        state=state,
        failure=failure or None,
        length=arrival.length,
        part_bytes=arrival.part_bytes,
        parts=[
            doc.PartAddress(number=number, url=url) for number, url in enumerate(addresses, start=1)
        ],
        expires_at=stamp(arrival.expires_s * 10**9),
    )

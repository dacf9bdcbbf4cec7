"""Resumable uploads: the tus protocol 1.0.0 with creation, expiration, termination and checksum.

https://tus.io/protocols/resumable-upload
"""

import base64
import binascii
from collections.abc import AsyncIterator
from contextlib import suppress
from email.utils import formatdate
from typing import Annotated

from fastapi import APIRouter, Depends, Header, Request, Response
from starlette.concurrency import run_in_threadpool
from starlette.requests import ClientDisconnect

from inyourarea.core.members import tidy
from inyourarea.gateway.api.asking import Asker, Editor, HouseOf, RunId, problems
from inyourarea.gateway.checksums import ALGORITHMS, Checksum
from inyourarea.gateway.house import House
from inyourarea.gateway.problems import Problem
from inyourarea.gateway.uploads import PART, Upload

router = APIRouter(prefix="/uploads", tags=["uploads"])

_VERSION = "1.0.0"
_OFFSET_TYPE = "application/offset+octet-stream"
LONGEST_NAME = 300
#: Bytes of one request, which is stored as it comes and ends where the file does.
_MOST_AT_ONCE = 1 << 50
#: Bytes of a piece that comes with a checksum, which is held until all of it is known to be right.
MOST_COMPARED = 16 << 20
#: The protocol's own status for a piece that came otherwise than it was sent.
_MISMATCH = 460


def _told(*names: str) -> dict[str, object]:
    """Headers of an answer, for the OpenAPI document."""
    return {"headers": {name: _HEADERS_TOLD[name] for name in names}}


_HEADERS_TOLD = {
    name: {"description": text, "schema": {"type": kind}}
    for name, kind, text in (
        ("Location", "string", "Where to send the bytes"),
        ("Tus-Resumable", "string", "The version of the protocol"),
        ("Tus-Version", "string", "All versions that are spoken here"),
        ("Tus-Extension", "string", "What is spoken besides the core protocol"),
        ("Tus-Checksum-Algorithm", "string", "How a piece's checksum may be made"),
        ("Tus-Max-Size", "integer", "Bytes of the largest file that is taken"),
        ("Upload-Offset", "integer", "How many bytes have arrived"),
        ("Upload-Length", "integer", "How many bytes there are"),
        ("Upload-Expires", "string", "Until when one can go on (RFC 9110 date)"),
    )
}
_STATE = ("Tus-Resumable", "Upload-Offset", "Upload-Length", "Upload-Expires")


def _headers(upload: Upload) -> dict[str, str]:
    return {
        "Tus-Resumable": _VERSION,
        "Upload-Offset": str(upload.offset),
        "Upload-Length": str(upload.length),
        "Upload-Expires": formatdate(upload.expires_s, usegmt=True),
        "Cache-Control": "no-store",
    }


def _speak(
    person: Editor,  # noqa: ARG001 - whoever may not is told that first
    version: Annotated[str, Header(alias="Tus-Resumable", examples=[_VERSION])] = "",
) -> None:
    """The client speaks this version of the protocol."""
    if version != _VERSION:
        problem = Problem(412, "tus-version", f"This speaks tus {_VERSION}; send Tus-Resumable.")
        problem.headers = {"Tus-Version": _VERSION}
        raise problem


_SPEAKS = [Depends(_speak)]


@router.options(
    "",
    operation_id="uploads_options",
    status_code=204,
    responses={
        204: _told(
            "Tus-Resumable",
            "Tus-Version",
            "Tus-Extension",
            "Tus-Max-Size",
            "Tus-Checksum-Algorithm",
        )
    },
)
def options(house: HouseOf, person: Asker) -> Response:  # noqa: ARG001
    """What this server can do."""
    return Response(
        status_code=204,
        headers={
            "Tus-Resumable": _VERSION,
            "Tus-Version": _VERSION,
            "Tus-Extension": "creation,expiration,termination,checksum",
            "Tus-Checksum-Algorithm": ",".join(ALGORITHMS),
            "Tus-Max-Size": str(house.uploads.most_bytes),
        },
    )


@router.post(
    "",
    operation_id="create_upload",
    dependencies=_SPEAKS,
    status_code=201,
    response_class=Response,
    responses={**problems(412, 413), 201: _told("Location", *_STATE)},
)
def create(
    request: Request,
    house: HouseOf,
    person: Editor,
    length: Annotated[
        int, Header(alias="Upload-Length", ge=1, le=_MOST_AT_ONCE, examples=[1 << 20])
    ],
    metadata: Annotated[
        str,
        Header(
            alias="Upload-Metadata",
            max_length=4000,
            description="`filename` and its value in base64",
            examples=["filename c3RhZ2UubXA0"],
        ),
    ] = "",
) -> Response:
    """Announce a file of so many bytes; its address is in ``Location``."""
    upload = house.uploads.create(length, _filename(metadata), person.name)
    place = f"{request.url.path.rstrip('/')}/{upload.number}"
    return Response(status_code=201, headers={**_headers(upload), "Location": place})


def _filename(metadata: str) -> str:
    """The file's name out of tus metadata (keys and base64 values, comma-separated).

    It is text to show and never a path; what can not be shown is left out.
    """
    for pair in metadata.split(","):
        key, _, value = pair.strip().partition(" ")
        if key == "filename":
            try:
                name = base64.b64decode(value, validate=True).decode()[:LONGEST_NAME]
            except (binascii.Error, UnicodeDecodeError):
                raise Problem(400, "metadata", "The filename is no base64 of UTF-8.") from None
            return tidy("".join(letter if letter.isprintable() else " " for letter in name))
    return ""


@router.head(
    "/{upload_id}",
    operation_id="upload_offset",
    dependencies=_SPEAKS,
    response_class=Response,
    responses={**problems(404, 412), 200: _told(*_STATE)},
)
def offset(upload_id: RunId, house: HouseOf, person: Editor) -> Response:
    """How many bytes have arrived."""
    return Response(headers=_headers(house.uploads.find(upload_id, person.name)))


@router.patch(
    "/{upload_id}",
    operation_id="send_upload",
    dependencies=_SPEAKS,
    status_code=204,
    responses={**problems(404, 409, 412, 413, 415, _MISMATCH), 204: _told(*_STATE)},
    max_body_size=_MOST_AT_ONCE,
)
async def send(
    request: Request,
    upload_id: RunId,
    house: HouseOf,
    person: Editor,
    at: Annotated[int, Header(alias="Upload-Offset", ge=0)],
    checksum: Annotated[
        str,
        Header(
            alias="Upload-Checksum",
            max_length=100,
            description="An algorithm and the digest of these bytes in base64",
            examples=["sha1 2jmj7l5rSw0yVb/vlWAYkK/YBwk="],
        ),
    ] = "",
) -> Response:
    """The next bytes of the file. What arrived before a broken connection is kept.

    With a checksum it has at most 16 MiB, and nothing of it is kept unless all has come as it was
    sent.
    """
    if request.headers.get("content-type") != _OFFSET_TYPE:
        raise Problem(415, "content-type", f"The content type must be {_OFFSET_TYPE}.")
    upload = await run_in_threadpool(house.uploads.find, upload_id, person.name)
    if at != upload.offset:
        raise Problem(
            409,
            "upload-offset",
            f"{upload.offset} bytes are here, so send from there, not from {at}.",
            offset=upload.offset,
        )
    chunks = _chunks(request, upload)
    if checksum:
        chunks = _compared(chunks, Checksum.read(checksum))
    arrived = await _receive(chunks, house, upload)
    return Response(status_code=204, headers=_headers(arrived))


async def _chunks(request: Request, upload: Upload) -> AsyncIterator[bytes]:
    """What comes, until the connection ends or breaks.

    Raises:
        Problem: it is more than was announced.
    """
    left = upload.length - upload.offset
    with suppress(ClientDisconnect):
        async for chunk in request.stream():
            left -= len(chunk)
            if left < 0:
                raise Problem(413, "upload-length", f"More than {upload.length} bytes came.")
            yield chunk


async def _compared(chunks: AsyncIterator[bytes], checksum: Checksum) -> AsyncIterator[bytes]:
    """The same, once all of it is known to be right: a store that goes away keeps no other.

    Raises:
        Problem: other bytes came than the checksum's, or more than are held at once.
    """
    held, length = list[bytes](), 0
    async for chunk in chunks:
        checksum.update(chunk)
        held.append(chunk)
        length += len(chunk)
        if length > MOST_COMPARED:
            raise Problem(
                413,
                "checksum-length",
                f"A piece with a checksum has at most {MOST_COMPARED} bytes; send smaller ones.",
            )
    if not checksum.is_right():
        raise Problem(_MISMATCH, "checksum", "These bytes came otherwise; send them again.")
    for chunk in held:
        yield chunk


async def _receive(chunks: AsyncIterator[bytes], house: House, upload: Upload) -> Upload:
    """Everything that arrives is stored, part by part."""
    waiting = bytearray()
    async for chunk in chunks:
        waiting += chunk
        while len(waiting) >= PART:
            with memoryview(waiting) as view:
                part = bytes(view[:PART])
            upload = await run_in_threadpool(house.uploads.add, upload, part)
            del waiting[:PART]
    if waiting:
        upload = await run_in_threadpool(house.uploads.add, upload, bytes(waiting))
    return upload


@router.delete(
    "/{upload_id}",
    operation_id="end_upload",
    dependencies=_SPEAKS,
    status_code=204,
    responses=problems(404, 412),
)
def end(upload_id: RunId, house: HouseOf, person: Editor) -> Response:
    """The upload is given up; nothing is left of it."""
    house.uploads.forget(house.uploads.find(upload_id, person.name).number)
    return Response(status_code=204, headers={"Tus-Resumable": _VERSION})

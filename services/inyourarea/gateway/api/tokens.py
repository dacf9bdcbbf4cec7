"""Tokens, for operators."""

from typing import Annotated

from fastapi import APIRouter, Path, Response

from inyourarea.gateway import documents as doc
from inyourarea.gateway.access import Role
from inyourarea.gateway.api.asking import HouseOf, Operator, problems
from inyourarea.gateway.catalog import Row
from inyourarea.gateway.documents import stamp
from inyourarea.gateway.problems import NotThere
from inyourarea.gateway.tokens import TokenAsked

router = APIRouter(prefix="/tokens", tags=["tokens"])

TokenId = Annotated[str, Path(pattern=r"^[0-9a-f]{12}$")]


@router.post("", operation_id="create_token", status_code=201, responses=problems())
def create(asked: doc.TokenWanted, house: HouseOf, person: Operator) -> doc.TokenMade:
    """A new token. It is told now, and never again."""
    del person
    token, row = house.tokens.create(
        TokenAsked(
            name=asked.name,
            role=Role[asked.role.upper()],
            labels=None if asked.labels is None else tuple(asked.labels),
            days=asked.days,
        )
    )
    return doc.TokenMade(**_document(row).model_dump(), token=token)


@router.get("", operation_id="list_tokens", responses=problems())
def find(house: HouseOf, person: Operator) -> doc.Tokens:
    """All tokens that were ever made, the newest first."""
    del person
    return doc.Tokens(items=[_document(row) for row in house.tokens.all()])


@router.delete("/{token_id}", operation_id="revoke_token", status_code=204, responses=problems(404))
def revoke(token_id: TokenId, house: HouseOf, person: Operator) -> Response:
    """The token opens nothing any more, and browsers that signed in with it are signed out."""
    del person
    if not house.tokens.revoke(token_id):
        raise NotThere("such token")
    return Response(status_code=204)


def _document(row: Row) -> doc.TokenDocument:
    return doc.TokenDocument(
        id=row["id"],
        name=row["name"],
        role=row["role"],
        labels=row["labels"],
        created_at=stamp(row["created_ns"]),
        expires_at=None if row["expires_ns"] is None else stamp(row["expires_ns"]),
        revoked_at=None if row["revoked_ns"] is None else stamp(row["revoked_ns"]),
    )

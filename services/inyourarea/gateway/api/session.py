"""Who asks."""

from fastapi import APIRouter

from inyourarea.gateway import documents as doc
from inyourarea.gateway.api.asking import Asker, problems

router = APIRouter(tags=["session"])


@router.get("/me", operation_id="who_am_i", responses=problems())
def me(person: Asker) -> doc.Me:
    """What the asker may do here."""
    return doc.Me.model_validate({"role": person.role.name.lower(), "name": person.name})

"""Groups that have a model of their own."""

from fastapi import APIRouter

from inyourarea.gateway import documents as doc
from inyourarea.gateway.api.asking import Asker, HouseOf, problems

router = APIRouter(prefix="/groups", tags=["groups"])


@router.get("", operation_id="list_groups", responses=problems())
def find(house: HouseOf, person: Asker) -> doc.Groups:  # noqa: ARG001
    """All groups whose members a model knows."""
    groups = [known.group for known in house.models.values() if known.group]
    return doc.Groups(
        items=[
            doc.GroupDocument(
                name=group.name,
                members=[
                    doc.GroupMember(name=name, color=color)
                    for name, color in zip(group.members, group.colours, strict=True)
                ],
            )
            for group in groups
        ]
    )

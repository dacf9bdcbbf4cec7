"""Webhooks: programs that are told when something happens to a video."""

from typing import Annotated

from fastapi import APIRouter, Query, Response

from inyourarea.gateway import documents as doc
from inyourarea.gateway.addresses import AddressRefused, allowed, look_up
from inyourarea.gateway.api.asking import HouseOf, Operator, RunId, problems
from inyourarea.gateway.catalog import Row
from inyourarea.gateway.documents import stamp
from inyourarea.gateway.house import House
from inyourarea.gateway.posting import read_target
from inyourarea.gateway.problems import Problem
from inyourarea.gateway.webhooks import WAITING

router = APIRouter(prefix="/webhooks", tags=["webhooks"])
told = APIRouter()

WebhookId = RunId


@told.post(
    "{$request.body#/url}", operation_id="receive_event", status_code=204, include_in_schema=True
)
def receive(body: doc.DeliveryBody) -> None:
    """What the target is sent; any answer of 2xx within 10 s says that it has it."""


@router.post(
    "",
    operation_id="add_webhook",
    status_code=201,
    responses=problems(409),
    callbacks=told.routes,
)
def add(asked: doc.WebhookAsked, house: HouseOf, person: Operator) -> doc.WebhookMade:
    """From now on the address is told of these events; keep the secret, it is told only here.

    The header ``X-InYourArea-Signature`` of each delivery is ``t=TIME,v1=HEX``, where ``HEX`` is
    the HMAC-SHA256 under the secret of ``TIME``, a dot, and the body's bytes.
    """
    _check(asked.url, house)
    row = house.webhooks.add(asked.url, asked.events, person.name)
    return doc.WebhookMade(**_document(row).model_dump(), secret=row["secret"])


def _check(url: str, house: House) -> None:
    """The address can be asked now; it is checked again before each delivery.

    Raises:
        Problem: why not.
    """
    try:
        target = read_target(url)
        allowed(look_up(target.host, target.port), house.settings.webhook_networks)
    except ValueError as error:
        raise Problem(422, "webhook-url", f"This can not be told: {error}.") from error
    except OSError as error:
        raise Problem(422, "webhook-url", f"{target.host[:100]} can not be found.") from error
    except AddressRefused as error:
        raise Problem(422, "webhook-address", f"This can not be told: {error}.") from error


@router.get("", operation_id="list_webhooks", responses=problems())
def find(house: HouseOf, person: Operator) -> doc.Webhooks:  # noqa: ARG001 - the role is checked
    """All webhooks, the oldest first."""
    return doc.Webhooks(items=[_document(row) for row in house.webhooks.all()])


@router.delete(
    "/{webhook_id}", operation_id="remove_webhook", status_code=204, responses=problems(404)
)
def remove(webhook_id: WebhookId, house: HouseOf, person: Operator) -> Response:  # noqa: ARG001
    """The address is told nothing any more, not even what was on its way."""
    house.webhooks.remove(webhook_id)
    return Response(status_code=204)


@router.get("/{webhook_id}/deliveries", operation_id="list_deliveries", responses=problems(404))
def deliveries(
    webhook_id: WebhookId,
    house: HouseOf,
    person: Operator,  # noqa: ARG001
    limit: Annotated[int, Query(ge=1, le=500)] = 100,
) -> doc.Deliveries:
    """What the address was told, or is to be told, the newest first."""
    rows = house.webhooks.deliveries(webhook_id, limit)
    return doc.Deliveries(items=[_delivery(row) for row in rows])


def _document(row: Row) -> doc.Webhook:
    return doc.Webhook(
        id=row["id"],
        url=row["url"],
        events=row["events"],
        by=row["by"],
        created_at=stamp(row["created_ns"]),
    )


def _delivery(row: Row) -> doc.Delivery:
    return doc.Delivery(
        id=row["id"],
        event=row["event"],
        video_id=row["video_id"],
        state=row["state"],
        tries=row["tries"],
        answer=row["answer"],
        created_at=stamp(row["created_ns"]),
        next_try_at=stamp(row["next_ns"]) if row["state"] == WAITING else None,
    )

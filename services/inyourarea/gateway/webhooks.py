"""Who asked to be told of events, and what they are still to be told: kept in the catalog."""

import json
import secrets
import time
import uuid
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

import sqlalchemy as sa
from sqlalchemy.exc import IntegrityError

from inyourarea.contracts.digests import digest
from inyourarea.gateway.catalog import Catalog, Row
from inyourarea.gateway.problems import NotThere, Problem
from inyourarea.gateway.schema import DELIVERIES, WEBHOOKS

WAITING, DELIVERED, GIVEN_UP = "waiting", "delivered", "given_up"
#: Tries of one delivery, and seconds from the first to the second; each wait is three times the
#: one before, so that the last try is an hour after the first: an outage that somebody mends.
MOST_TRIES = 6
FIRST_WAIT_S = 30.0
_LONGER = 3
#: Seconds for which a delivery is its courier's: more than one try can last. A courier that died
#: is followed by another one after that.
_CLAIM_S = 30
#: More are a mistake: each event is kept once for each.
MOST_WEBHOOKS = 100
#: Deliveries that have ended are kept so long, for whoever asks what happened.
_KEPT_S = 30 * 24 * 3600


@dataclass(frozen=True)
class Event:
    """Something that happened to a video.

    ``occasion`` tells it from others of its kind: the same one is told once, however often it is
    noticed.
    """

    name: str
    video: dict[str, Any]
    occasion: str


class Webhooks:
    """The webhooks and deliveries of a catalog."""

    def __init__(self, catalog: Catalog) -> None:
        self._catalog = catalog

    def add(self, url: str, events: Sequence[str], by: str) -> Row:
        """A new webhook, its secret with it.

        Raises:
            Problem: there are too many.
        """
        row = {
            "id": uuid.uuid4().hex,
            "url": url,
            "events": list(dict.fromkeys(events)),
            "secret": f"whsec_{secrets.token_urlsafe(32)}",
            "by": by,
            "created_ns": time.time_ns(),
        }
        with self._catalog.connected() as connection:
            if (connection.scalar(sa.select(sa.func.count(WEBHOOKS.c.id))) or 0) >= MOST_WEBHOOKS:
                detail = f"There are {MOST_WEBHOOKS} webhooks; delete one that is not used."
                raise Problem(409, "too-many-webhooks", detail)
            connection.execute(WEBHOOKS.insert().values(row))
        return row

    def all(self) -> list[Row]:
        """All webhooks, the oldest first."""
        return self._rows(sa.select(WEBHOOKS).order_by(WEBHOOKS.c.created_ns))

    def remove(self, webhook: str) -> None:
        """The webhook is told nothing any more.

        Raises:
            NotThere: there is none of that id.
        """
        with self._catalog.connected() as connection:
            gone = connection.execute(WEBHOOKS.delete().where(WEBHOOKS.c.id == webhook))
            if not gone.rowcount:
                raise NotThere("such webhook")
            connection.execute(DELIVERIES.delete().where(DELIVERIES.c.webhook_id == webhook))

    def deliveries(self, webhook: str, limit: int) -> list[Row]:
        """What the webhook was told, or is to be told, the newest first.

        Raises:
            NotThere: there is no such webhook.
        """
        if not self._rows(sa.select(WEBHOOKS.c.id).where(WEBHOOKS.c.id == webhook)):
            raise NotThere("such webhook")
        asked = sa.select(DELIVERIES).where(DELIVERIES.c.webhook_id == webhook)
        return self._rows(
            asked.order_by(DELIVERIES.c.created_ns.desc(), DELIVERIES.c.id).limit(limit)
        )

    def are_asked_for(self, event: str) -> bool:
        """Whether anybody wants to be told of such events."""
        return any(event in webhook["events"] for webhook in self.all())

    def tell(self, event: Event) -> None:
        """The event is on its way to everybody who asked for it."""
        for webhook in self.all():
            if event.name in webhook["events"]:
                self._enqueue(webhook["id"], event)

    def _enqueue(self, webhook: str, event: Event) -> None:
        now = time.time_ns()
        name = digest([webhook, event.name, event.video["id"], event.occasion])
        at = datetime.fromtimestamp(now / 1e9, UTC).isoformat(timespec="milliseconds")
        body = {"id": name, "event": event.name, "at": at, "video": event.video}
        row = {
            "id": name,
            "webhook_id": webhook,
            "event": event.name,
            "video_id": event.video["id"],
            "body": json.dumps(body, ensure_ascii=False, separators=(",", ":")),
            "state": WAITING,
            "tries": 0,
            "answer": "",
            "created_ns": now,
            "next_ns": now,
        }
        old = sa.and_(
            DELIVERIES.c.webhook_id == webhook,
            DELIVERIES.c.state != WAITING,
            DELIVERIES.c.created_ns < now - _KEPT_S * 10**9,
        )
        try:
            with self._catalog.connected() as connection:
                connection.execute(DELIVERIES.insert().values(row))
                connection.execute(DELIVERIES.delete().where(old))
        except IntegrityError:
            return  # it is on its way, or has arrived

    def claim(self, busy: Collection[str]) -> Row | None:
        """The delivery that has been due longest, with its webhook's url and secret, for one try.

        Nobody else is given it for a while. Webhooks in ``busy`` are left alone.
        """
        now = time.time_ns()
        asked = (
            sa.select(DELIVERIES, WEBHOOKS.c.url, WEBHOOKS.c.secret)
            .join(WEBHOOKS, WEBHOOKS.c.id == DELIVERIES.c.webhook_id)
            .where(DELIVERIES.c.state == WAITING, DELIVERIES.c.next_ns <= now)
            .where(DELIVERIES.c.webhook_id.not_in(list(busy)))
            .order_by(DELIVERIES.c.next_ns)
            .limit(1)
        )
        with self._catalog.connected() as connection:
            row = connection.execute(asked).mappings().first()
            if row is None:
                return None
            same = sa.and_(DELIVERIES.c.id == row["id"], DELIVERIES.c.next_ns == row["next_ns"])
            change = {"next_ns": now + _CLAIM_S * 10**9, "tries": row["tries"] + 1}
            taken = connection.execute(DELIVERIES.update().where(same).values(change))
            return {**row, **change} if taken.rowcount else None

    def arrived(self, delivery: Row, status: int) -> None:
        """The target has it."""
        self._change(delivery, state=DELIVERED, answer=f"answered {status}")

    def failed(self, delivery: Row, why: str, first_wait_s: float = FIRST_WAIT_S) -> None:
        """The target does not have it: it is tried again later, or given up."""
        wait_s = first_wait_s * _LONGER ** (delivery["tries"] - 1)
        state = WAITING if delivery["tries"] < MOST_TRIES else GIVEN_UP
        next_ns = time.time_ns() + int(wait_s * 1e9)
        self._change(delivery, state=state, answer=why, next_ns=next_ns)

    def _change(self, delivery: Row, **values: Any) -> None:
        same = DELIVERIES.c.id == delivery["id"]
        with self._catalog.connected() as connection:
            connection.execute(DELIVERIES.update().where(same).values(values))

    def _rows(self, asked: sa.Select[Any]) -> list[Row]:
        with self._catalog.connected() as connection:
            return [dict(row) for row in connection.execute(asked).mappings()]

"""Brings events to webhooks, on a thread of its own: no target can hold anything else up."""

import asyncio
import logging
import threading
import time
from collections.abc import Sequence
from typing import Self

from inyourarea.core.errors import DependencyAway
from inyourarea.gateway.addresses import AddressRefused
from inyourarea.gateway.catalog import Row
from inyourarea.gateway.posting import LONGEST_TRY_S, Undelivered, post, signature
from inyourarea.gateway.settings import Network
from inyourarea.gateway.webhooks import FIRST_WAIT_S, Webhooks
from inyourarea.runtime.json_logs import speak_of

log = logging.getLogger(__name__)

#: Targets that are spoken to at once, one request each.
_MOST_AT_ONCE = 16
#: Seconds between two looks for deliveries that are due; each is a question to the database.
_POLL_S = 1.0
#: Seconds for a request that is under way when the courier is told to stop.
_FAREWELL_S = 1.0


class Courier:
    """A context manager: inside, what is due is delivered; what is left the next one finds."""

    def __init__(
        self,
        webhooks: Webhooks,
        networks: Sequence[Network] = (),
        first_wait_s: float = FIRST_WAIT_S,
        longest_try_s: float = LONGEST_TRY_S,
    ) -> None:
        self._webhooks = webhooks
        self._networks = networks
        self._first_wait_s = first_wait_s
        self._longest_try_s = longest_try_s
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._run, name="courier", daemon=True)

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(self, *trouble: object) -> None:
        self._stop.set()
        self._thread.join(_FAREWELL_S + _POLL_S)

    def _run(self) -> None:
        asyncio.run(self._deliver())

    async def _deliver(self) -> None:
        under_way: dict[str, asyncio.Task[None]] = {}
        while not self._stop.is_set():
            for webhook in [name for name, task in under_way.items() if task.done()]:
                del under_way[webhook]
            try:
                self._begin(under_way)
            except DependencyAway as away:
                log.warning("webhooks wait: %s", away)
            except Exception:  # one that can not be read must not end those to come
                log.exception("a webhook could not be begun")
            await asyncio.sleep(_POLL_S)
        if under_way:
            await asyncio.wait(under_way.values(), timeout=_FAREWELL_S)

    def _begin(self, under_way: dict[str, asyncio.Task[None]]) -> None:
        """Something is under way to every webhook that is due, one at a time to each."""
        while len(under_way) < _MOST_AT_ONCE:
            delivery = self._webhooks.claim(under_way)
            if delivery is None:
                return
            under_way[delivery["webhook_id"]] = asyncio.create_task(self._try(delivery))

    async def _try(self, delivery: Row) -> None:
        speak_of(delivery)
        body = delivery["body"].encode()
        headers = {
            "Content-Type": "application/json",
            "X-InYourArea-Event": delivery["event"],
            "X-InYourArea-Delivery": delivery["id"],
            "X-InYourArea-Signature": signature(delivery["secret"], int(time.time()), body),
        }
        try:
            status = await post(delivery["url"], headers, body, self._networks, self._longest_try_s)
            self._webhooks.arrived(delivery, status)
        except (Undelivered, AddressRefused) as trouble:
            log.info("webhook %s: %s", delivery["url"], trouble)
            self._webhooks.failed(delivery, str(trouble), self._first_wait_s)
        except DependencyAway as away:
            log.warning("webhooks wait: %s", away)

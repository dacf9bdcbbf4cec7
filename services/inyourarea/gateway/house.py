"""All that an answer may need, made once when the gateway starts."""

import threading
from collections.abc import Iterator
from contextlib import contextmanager

from inyourarea.contracts import keys
from inyourarea.gateway.arrivals import Arrivals
from inyourarea.gateway.catalog import Catalog
from inyourarea.gateway.deletion import sweep
from inyourarea.gateway.dock import Dock
from inyourarea.gateway.exports import Exports
from inyourarea.gateway.invitations import Invitations
from inyourarea.gateway.journal import Entry, Journal, StaleEdit
from inyourarea.gateway.labelling import Datasets
from inyourarea.gateway.limits import Limits
from inyourarea.gateway.models import Models
from inyourarea.gateway.problems import NotThere, Stale, too_busy
from inyourarea.gateway.projection import Projection
from inyourarea.gateway.settings import GatewaySettings
from inyourarea.gateway.showing import Showing
from inyourarea.gateway.stages import Stages
from inyourarea.gateway.tokens import Tokens
from inyourarea.gateway.uploads import Uploads
from inyourarea.gateway.usage import Books
from inyourarea.gateway.watchers import Watchers
from inyourarea.gateway.webhooks import Webhooks
from inyourarea.runtime.objects import Objects, holds
from inyourarea.runtime.trainings import Trainings

#: Slow questions that are worked on at a time (a file is looked at, pins are solved): of the forty
#: threads of a door they leave more than half to all that is answered at once.
SLOW_AT_ONCE = 16


class House:
    """The gateway's parts, and the one way to write down what somebody did."""

    def __init__(
        self,
        objects: Objects,
        catalog: Catalog,
        stages: Stages,
        models: Models,
        settings: GatewaySettings,
        dock: Dock | None = None,
    ) -> None:
        self.objects = objects
        self.catalog = catalog
        self.stages = stages
        self.models = models
        self.settings = settings
        self.watchers = Watchers()
        self.limits = Limits()
        self._turns = threading.Semaphore(SLOW_AT_ONCE)
        self.tokens = Tokens(catalog)
        self.invitations = Invitations(self.tokens)
        self.journal = Journal(objects)
        self.books = Books(objects)
        self.datasets = Datasets(objects)
        self.trainings = Trainings(objects)
        self.projection = Projection(objects, catalog)
        self.showing = Showing(objects)
        self.exports = Exports(self.showing)
        self.webhooks = Webhooks(catalog)
        self.uploads = Uploads(objects, settings.most_upload_bytes, settings.scratch)
        self.arrivals = Arrivals(objects, dock, settings)

    @contextmanager
    def turn(self) -> Iterator[None]:
        """One of the few slow questions is worked on: it may hold a thread for minutes.

        Raises:
            Problem: there are enough.
        """
        if not self._turns.acquire(blocking=False):
            raise too_busy()
        try:
            yield
        finally:
            self._turns.release()

    def write_down(self, video: str, entry: Entry) -> None:
        """The entry is in the video's journal, and the catalog heeds it.

        Raises:
            NotThere: the video was deleted meanwhile.
        """
        self.journal.append_last(video, entry)
        self._check_there(video)
        self.refresh(video)

    def claim(self, video: str, entry: Entry, revision: int) -> None:
        """The entry is in the journal, as the next one after those that the writer has seen.

        Raises:
            Stale: the video has changed since that revision.
            NotThere: it was deleted meanwhile.
        """
        try:
            self.journal.append(video, entry, revision)
        except StaleEdit:
            self.refresh(video)  # who wrote that may not have come so far
            raise Stale(len(self.journal.read(video))) from None
        self._check_there(video)

    def _check_there(self, video: str) -> None:
        """Whoever deletes puts the tombstone first, then takes the journal: so one sees the other.

        Else an entry would be left that comes back with the video when that is submitted again.
        """
        if holds(self.objects, keys.deleted(video)):
            for key in list(self.objects.list(keys.journal_of(video))):
                self.objects.delete(key)
            self.refresh(video)
            raise NotThere("such video; it was deleted just now")

    def sweep(self) -> None:
        """Nothing is left of uploads that are over, pins that were only tried, late units' work."""
        sweep(self.objects)
        self.uploads.sweep()
        self.arrivals.sweep()

    def refresh(self, video: str) -> None:
        """The catalog holds what the journal says, and whoever watches is told."""
        self.projection.project(video)
        self.watchers.changed(video)

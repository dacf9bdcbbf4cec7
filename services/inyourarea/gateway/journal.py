"""What people did with a video, kept beside its bytes: all that the catalog is made of.

An entry is an object of its own, numbered from 0. Its number is claimed by whoever writes it
first, so that two editors never both have the last word.
"""

import time
import uuid
from collections.abc import Sequence
from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field, TypeAdapter

from inyourarea.contracts import keys
from inyourarea.runtime.objects import Objects


class StaleEdit(Exception):
    """Somebody else changed the video after it was looked at."""


class _Entry(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)

    at_ns: int = Field(default_factory=time.time_ns)
    by: str = ""
    id: str = Field(default_factory=lambda: uuid.uuid4().hex)


class PinMade(BaseModel):
    """A pin as it was made in the page: seconds and source pixels; ``label`` as the stages know it.

    ``label`` is `inyourarea.core.pins.NOBODY` for no member; ``end_s`` none: only then.
    """

    model_config = ConfigDict(extra="forbid", frozen=True)

    start_s: str
    end_s: str | None = None
    x: float
    y: float
    width: float | None = None
    height: float | None = None
    label: str
    is_denial: bool = False


class Submitted(_Entry):
    """The video came, or came again: ``run_id`` is what was asked for."""

    kind: Literal["submitted"] = "submitted"
    run_id: str
    title: str
    filename: str
    external_id: str | None = None
    labels: dict[str, str] = {}
    from_s: str | None = None
    to_s: str | None = None
    group: str | None = None


class Titled(_Entry):
    """The video is called or labelled otherwise from now on; none: as before."""

    kind: Literal["titled"] = "titled"
    title: str | None = None
    labels: dict[str, str] | None = None


class PersonNamed(_Entry):
    """A person is called so; ``names`` by language."""

    kind: Literal["person.named"] = "person.named"
    person: str
    name: str
    names: dict[str, str] = {}
    aliases: tuple[str, ...] = ()


class PinsSet(_Entry):
    """All pins of the video from now on, and the run that heeds them."""

    kind: Literal["pins.set"] = "pins.set"
    run_id: str
    pins: tuple[PinMade, ...]


class SpanConfirmed(_Entry):
    """Somebody looked at a span of a run and found it right."""

    kind: Literal["span.confirmed"] = "span.confirmed"
    run_id: str
    span: str


class FancamJudged(_Entry):
    """A person's fancams of a run are a draft, approved, or published.

    Reopened: a draft that can be corrected, while visitors go on seeing what was published.
    """

    kind: Literal["fancam.judged"] = "fancam.judged"
    run_id: str
    person: str
    state: Literal["draft", "reopened", "approved", "published"]


class RunStopped(_Entry):
    """The run was cancelled."""

    kind: Literal["run.cancelled"] = "run.cancelled"
    run_id: str


class RunResumed(_Entry):
    """The run that failed or was cancelled goes on."""

    kind: Literal["run.resumed"] = "run.resumed"
    run_id: str


Entry = Annotated[
    Submitted
    | Titled
    | PersonNamed
    | PinsSet
    | SpanConfirmed
    | FancamJudged
    | RunStopped
    | RunResumed,
    Field(discriminator="kind"),
]
_ENTRY: TypeAdapter[Entry] = TypeAdapter(Entry)


class Journal:
    """The journals of all videos in an object store."""

    def __init__(self, objects: Objects) -> None:
        self._objects = objects

    def read(self, video: str) -> list[Entry]:
        """Everything that was done with the video, in order; empty where it is unknown."""
        names = self._objects.list(keys.journal_of(video))
        return [_ENTRY.validate_json(self._objects.get(name)) for name in names]

    def videos(self) -> list[str]:
        """All videos that have a journal."""
        names = self._objects.list("journal/")
        return list(dict.fromkeys(name.split("/")[1] for name in names))

    def append(self, video: str, entry: Entry, after: int) -> int:
        """The entry is the first after ``after`` others; returns how many there are now.

        Raises:
            StaleEdit: the video has more entries than the writer had seen.
        """
        content = _ENTRY.dump_json(entry)
        if self._objects.put_once(keys.journal(video, after), content) != content:
            raise StaleEdit
        return after + 1

    def append_last(self, video: str, entry: Entry) -> int:
        """The entry comes after whatever is there; returns how many there are now."""
        after = sum(1 for _ in self._objects.list(keys.journal_of(video)))
        while True:
            try:
                return self.append(video, entry, after)
            except StaleEdit:
                after += 1


def last_of(entries: Sequence[Entry], *kinds: type[_Entry]) -> Entry | None:
    """The newest entry of these kinds."""
    return next((entry for entry in reversed(entries) if isinstance(entry, kinds)), None)

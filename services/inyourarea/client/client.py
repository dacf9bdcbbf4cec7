"""The whole API behind one object: videos go in, people and fancams come out."""

import hashlib
import json
import os
import stat
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Literal, Self, TypeVar

from pydantic import BaseModel

from inyourarea.client import documents as doc
from inyourarea.client.downloading import fetch_file
from inyourarea.client.following import follow
from inyourarea.client.server import API, Patience, Problem, Server, path
from inyourarea.client.uploading import UploadNotes, default_notes, send_file
from inyourarea.core.errors import Refused
from inyourarea.core.members import file_names, fold

#: Seconds for which a server that has answered before may be away.
PATIENCE_S = 300.0

Counted = Callable[[int, int], None]
Verdict = Literal["approve", "publish", "reopen", "withdraw"]
Kind = Literal["csv", "parquet", "mot"]
_Model = TypeVar("_Model", bound=BaseModel)


def _count_nothing(done: int, total: int) -> None:
    """Nobody looks."""


@dataclass(frozen=True)
class Search:
    """Which videos to list; all conditions hold."""

    query: str = ""
    labels: Mapping[str, str] = field(default_factory=dict)
    external_id: str | None = None
    group: str | None = None
    states: Sequence[doc.State] = ()


@dataclass(frozen=True)
class Wanted:
    """A fancam to fetch, and its file's name."""

    person: doc.Person
    fancam: doc.Fancam
    file: str


class Client:
    """A server, and what it may be asked. Use it as a context manager, or close it.

    ``notes`` is the folder in which uploads that are under way are noted, so that another process
    can go on with them; none: this user's own. Every method raises `Problem` when the server
    refuses, and `ServerAway` when it can not be reached.

    Raises:
        Refused: ``url`` is no address.
    """

    def __init__(
        self,
        url: str,
        token: str | None = None,
        *,
        patience_s: float = PATIENCE_S,
        notes: Path | None = None,
    ) -> None:
        self._server = Server(url, token)
        self._patience_s = patience_s
        self._notes = notes or default_notes()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *trouble: object) -> None:
        self.close()

    def close(self) -> None:
        """No connection is open."""
        self._server.http.close()

    def groups(self) -> tuple[doc.Group, ...]:
        """The groups that have a model of their own."""
        return self._get(doc.Groups, "/groups").items

    def upload(self, file: Path, note: Counted = _count_nothing) -> str:
        """The file is at the server; returns the upload's id.

        It goes on where an earlier upload of the same file stopped, in whatever process that was.
        ``note`` is called with the bytes that are there, and all.

        Raises:
            Refused: the file can not be read, or is empty.
        """
        return self._send(file, self._noted(file), note)

    def submit(
        self, file: Path, wishes: doc.Wishes | None = None, note: Counted = _count_nothing
    ) -> doc.Video:
        """The file is uploaded, and its fancams are being made, or are there already.

        A file that was submitted with the same wishes from here is not uploaded again.

        Raises:
            Refused: the file can not be read, or is empty.
        """
        asked = (wishes or doc.Wishes()).model_dump(mode="json")
        written = json.dumps(asked, sort_keys=True).encode()
        same = f"video {hashlib.sha256(written).hexdigest()}"
        notes = self._noted(file)  # of the bytes that are sent, whatever is in the file afterwards
        if (known := self._known(notes.read(same))) is not None:
            return known
        asked["upload_id"] = self._send(file, notes, note)
        video = self._put(doc.Video, "POST", "/videos", asked)
        notes.write(same, video.id)
        return video

    def _noted(self, file: Path) -> UploadNotes:
        """What is noted of the file as it is now.

        Raises:
            Refused: the file can not be read, or is empty.
        """
        with _reading(file):
            about = file.stat()
            if not stat.S_ISREG(about.st_mode) or not os.access(file, os.R_OK):
                raise Refused(f"{file} is no file that can be read")
            if not about.st_size:
                raise Refused(f"{file} is empty")
            return UploadNotes(self._notes, self._server.url, file)

    def _send(self, file: Path, notes: UploadNotes, note: Counted) -> str:
        with _reading(file):
            return send_file(self._server, file, notes, Patience(self._patience_s), note)

    def _known(self, noted: str | None) -> doc.Video | None:
        """The video that a file was found to be; what has ended short of that goes on."""
        if noted is None:
            return None
        try:
            video = self.video(noted)
        except Problem as problem:
            if problem.status not in (403, 404):
                raise
            return None
        return self.retry(noted) if video.state in ("failed", "cancelled") else video

    def video(self, video: str) -> doc.Video:
        """One video."""
        return self._get(doc.Video, path("videos", video))

    def videos(self, search: Search | None = None) -> Iterator[doc.Video]:
        """The videos that match, the newest first; page after page is asked for as needed."""
        asked = search or Search()
        question: dict[str, Any] = {
            "query": asked.query,
            "label": [f"{name}:{value}" for name, value in asked.labels.items()],
            "state": list(asked.states),
        }
        named = {"external_id": asked.external_id, "group": asked.group}
        question |= {name: value for name, value in named.items() if value is not None}
        while True:
            page = self._get(doc.Page, "/videos", question)
            yield from page.items
            if page.next_cursor is None:
                return
            question["cursor"] = page.next_cursor

    def follow(self, video: str) -> Iterator[doc.Video]:
        """The video now, and again whenever anything about it has changed; without end."""
        return follow(self._server, video, Patience(self._patience_s))

    def wait(self, video: str, note: Callable[[doc.Video], None] | None = None) -> doc.Video:
        """The video, once nothing is under way any more; ``note`` is called with every change."""
        for found in self.follow(video):
            if note is not None:
                note(found)
            if found.is_settled:
                return found
        raise AssertionError

    def watch(self, video: str) -> doc.Watch:
        """The newest run of the video that can be shown, with everybody in it."""
        return self._get(doc.Watch, path("videos", video, "watch"))

    def people(self, video: str) -> tuple[doc.Person, ...]:
        """Everybody on stage."""
        return self.watch(video).people

    def change(
        self, video: str, title: str | None = None, labels: Mapping[str, str] | None = None
    ) -> doc.Video:
        """The video has another title or other labels; what is not named stays."""
        wanted = {"title": title, "labels": None if labels is None else dict(labels)}
        return self._put(doc.Video, "PATCH", path("videos", video), wanted)

    def cancel(self, video: str) -> doc.Video:
        """No more work is done on the newest run; what is done is kept."""
        return self._put(doc.Video, "POST", path("videos", video, "cancel"))

    def retry(self, video: str) -> doc.Video:
        """A run that failed or was cancelled goes on."""
        return self._put(doc.Video, "POST", path("videos", video, "retry"))

    def delete(self, video: str) -> None:
        """The video is gone, and all that was made of it."""
        self._server.ask("DELETE", path("videos", video))

    def name_person(
        self,
        video: str,
        person: str,
        name: str,
        names: Mapping[str, str] | None = None,
        aliases: Sequence[str] = (),
    ) -> doc.Person:
        """The person (an id) is called so; ``names`` by language (ko, en, ja, zh)."""
        called = {"name": name, "names": dict(names or {}), "aliases": list(aliases)}
        return self._put(doc.Person, "PUT", path("videos", video, "people", person), called)

    def confirm_span(self, video: str, span: str) -> None:
        """Somebody has looked at the span, and it is right."""
        self._server.ask("POST", path("videos", video, "spans", span, "confirm"))

    def judge(self, video: str, person: str, verdict: Verdict) -> doc.Person:
        """The person's fancams are approved, published, or a draft again."""
        return self._put(doc.Person, "POST", path("videos", video, "people", person, verdict))

    def pins(self, video: str) -> doc.Pins:
        """All pins of the video, and the revision to change them at."""
        return self._get(doc.Pins, path("videos", video, "pins"))

    def preview_pins(self, video: str, pins: doc.Pins) -> doc.PinsPreview:
        """What these pins would change; nothing is applied."""
        asked = pins.model_dump(mode="json")
        return self._put(doc.PinsPreview, "POST", path("videos", video, "pins", "preview"), asked)

    def set_pins(self, video: str, pins: doc.Pins) -> doc.Video:
        """These are all pins of the video; `Problem` 409: somebody else changed it meanwhile."""
        asked = pins.model_dump(mode="json")
        return self._put(doc.Video, "PUT", path("videos", video, "pins"), asked)

    def wanted(
        self, watch: doc.Watch, people: Iterable[str] = (), aspects: Iterable[str] = ()
    ) -> list[Wanted]:
        """The finished fancams of these people (ids or names) and shapes (such as 9x16); or all.

        Raises:
            Refused: nobody is called so, or there is no such shape.
        """
        shapes = list(aspects) or list(watch.aspects)
        if unknown := [shape for shape in shapes if shape not in watch.aspects]:
            raise Refused(
                f"there are no fancams of {unknown[0]}; shapes here: {', '.join(watch.aspects)}"
            )
        chosen = _chosen(watch.people, list(people))
        names = file_names([one.name for one in watch.people])
        is_plain = len(watch.aspects) == 1
        return [
            Wanted(one, fancam, f"{name}.mp4" if is_plain else f"{name}-{fancam.aspect}.mp4")
            for one, name in zip(watch.people, names, strict=True)
            if one.id in chosen
            for fancam in one.fancams
            if fancam.aspect in shapes and fancam.url is not None
        ]

    def fetch(self, wanted: Wanted, folder: Path, note: Counted = _count_nothing) -> Path:
        """The fancam lies in the folder; what is there already is not fetched again.

        Raises:
            Refused: it can not be written.
        """
        return self.download(str(wanted.fancam.url), folder / wanted.file, note)

    def download(self, url: str, file: Path, note: Counted = _count_nothing) -> Path:
        """The file is there whole; ``url`` is as the server gave it.

        Raises:
            Refused: it can not be written.
        """
        fetch_file(self._server, url, file, Patience(self._patience_s), note)
        return file

    def report(self, run: str) -> dict[str, Any]:
        """The quality report of a run."""
        found: dict[str, Any] = self._server.ask("GET", path("runs", run, "report.json")).json()
        return found

    def export(self, run: str, table: str, kind: Kind, file: Path) -> Path:
        """A table of a run lies in the file: tracks, detections, shots, or camera.

        Raises:
            Refused: it can not be written.
        """
        return self.download(API + path("runs", run, f"{table}.{kind}"), file)

    def train(self, dataset: str, wishes: doc.TrainingWishes | None = None) -> doc.Training:
        """A model is trained from the dataset; the training that is under way, if one is."""
        asked = (wishes or doc.TrainingWishes()).model_dump()
        told = self._put(doc.TrainingOf, "POST", path("datasets", dataset, "training"), asked)
        if told.training is None:
            raise Refused("the server does not say what it trains; it is of another version")
        return told.training

    def training(self, dataset: str) -> doc.Training | None:
        """The dataset's newest training, if there was any."""
        return self._get(doc.TrainingOf, path("datasets", dataset, "training")).training

    def cancel_training(self, dataset: str) -> doc.Training:
        """The dataset's training is ended; `Problem` 409: none is under way, or it is published."""
        told = self._put(doc.TrainingOf, "POST", path("datasets", dataset, "training", "cancel"))
        if told.training is None:
            raise Refused("the server does not say what it cancelled; it is of another version")
        return told.training

    def add_webhook(self, url: str, events: Sequence[doc.EventName]) -> doc.NewWebhook:
        """The address is told of these events; keep the secret for `verify_webhook`."""
        wanted = {"url": url, "events": list(events)}
        return self._put(doc.NewWebhook, "POST", "/webhooks", wanted)

    def webhooks(self) -> tuple[doc.Webhook, ...]:
        """All webhooks."""
        return self._get(doc.Webhooks, "/webhooks").items

    def remove_webhook(self, webhook: str) -> None:
        """The address is told nothing any more."""
        self._server.ask("DELETE", path("webhooks", webhook))

    def deliveries(self, webhook: str) -> tuple[doc.Delivery, ...]:
        """What the webhook was told, or is to be told, the newest first."""
        return self._get(doc.Deliveries, path("webhooks", webhook, "deliveries")).items

    def _get(
        self, model: type[_Model], address: str, question: Mapping[str, Any] | None = None
    ) -> _Model:
        return self._server.read(model, self._server.ask("GET", address, params=question).content)

    def _put(self, model: type[_Model], method: str, address: str, content: Any = None) -> _Model:
        more = {} if content is None else {"json": content}
        return self._server.read(model, self._server.ask(method, address, **more).content)


@contextmanager
def _reading(file: Path) -> Iterator[None]:
    """Inside, trouble with the file is told as `Refused`."""
    try:
        yield
    except OSError as error:
        raise Refused(f"{file} can not be read: {error.strerror or error}") from error


def _chosen(people: Sequence[doc.Person], asked: Sequence[str]) -> set[str]:
    """The ids of those who are called so; of all where nobody is asked for."""
    if not asked:
        return {one.id for one in people}
    chosen = set()
    for name in asked:
        found = [
            one.id
            for one in people
            if fold(name) in map(fold, (one.id, one.label, one.name, *one.aliases))
            or fold(name) in map(fold, one.names.values())
        ]
        if not found:
            known = ", ".join(one.name for one in people) or "nobody"
            raise Refused(f"nobody here is called {name!r}; there are: {known}")
        chosen.update(found)
    return chosen

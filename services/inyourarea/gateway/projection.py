"""From a video's journal and the objects of its runs to the catalog's rows."""

import logging
from collections.abc import Iterable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from fractions import Fraction
from typing import Any

from inyourarea.contracts import keys
from inyourarea.contracts.runs import is_current
from inyourarea.contracts.specs import from_picture, from_rational
from inyourarea.contracts.v1 import facts_pb2 as facts
from inyourarea.contracts.v1 import stored_pb2 as stored
from inyourarea.core.members import fold
from inyourarea.core.reasons import told
from inyourarea.gateway.browsers import lacks_nothing_else, pictures_of, stage_of, streams_of
from inyourarea.gateway.catalog import Catalog, Picture, Row
from inyourarea.gateway.journal import (
    Entry,
    FancamJudged,
    Journal,
    PersonNamed,
    PinsSet,
    RunResumed,
    RunStopped,
    SpanConfirmed,
    Submitted,
    Titled,
    last_of,
)
from inyourarea.gateway.names import are_found, keep_names, names_kept, names_today
from inyourarea.runtime.objects import ObjectNotFound, Objects, holds
from inyourarea.runtime.worker import by_itself

log = logging.getLogger(__name__)

#: Videos that are read at a time when all are: the store's answers are what is waited for.
_AT_A_TIME = 16
#: Objects are called after the revisions of the stages, so an older run's tracks are not found.
OUTDATED = told("outdated")


class Projection:
    """Keeps the catalog what the journals and the object store say."""

    def __init__(self, objects: Objects, catalog: Catalog) -> None:
        self._objects = objects
        self._catalog = catalog
        self._journal = Journal(objects)

    def rebuild(self) -> None:
        """The catalog is what the object store alone says; what was deleted stays so.

        Other copies of the gateway answer from it meanwhile: what is right is never missing. Of a
        video whose journal can not be read the catalog holds what it held.
        """
        known = self._catalog.revisions()  # first: what is submitted meanwhile is not forgotten
        videos = dict.fromkeys([*known, *self._journal.videos()])
        with ThreadPoolExecutor(_AT_A_TIME) as readers:
            for _ in readers.map(lambda video: self._renew(video, known.get(video, 0)), videos):
                pass  # whoever is away is told, and the others are not begun

    def _renew(self, video: str, known: int) -> None:
        with by_itself(f"video {video}"):
            if known > len(self._journal.read(video)):
                # Of another store, or the store is an older copy of what it was.
                log.warning("the catalog knew more of video %s than the store does", video)
                self._catalog.forget(video)
            self.project(video)

    def project(self, video: str) -> None:
        """The catalog holds of one video what its journal and its runs' objects say.

        They are looked at again after it was written: of two who project at once, the one that
        has seen less may write last.
        """
        seen: object = "nothing yet"
        while (now := self._look(video)) != seen:
            if now is None:
                self._catalog.forget(video)
            else:
                self._catalog.put(now)
            seen = now

    def _look(self, video: str) -> Picture | None:
        """What there is to know of the video; None where it is unknown or deleted."""
        try:
            written = self._journal.read(video)
            entries = [entry for entry in written if self._counts(entry)]
            if not entries or holds(self._objects, keys.deleted(video)):
                return None
            return self._picture(video, entries, len(written))
        except ObjectNotFound:  # it is being deleted just now
            return None

    def _counts(self, entry: Entry) -> bool:
        """Not pins whose run was never accepted: the gateway died before it could say so."""
        return not isinstance(entry, PinsSet) or holds(self._objects, keys.accepted(entry.run_id))

    def _picture(self, video: str, entries: Sequence[Entry], revision: int) -> Picture:
        ids = [entry.run_id for entry in entries if isinstance(entry, Submitted | PinsSet)]
        runs = {run: _Run.read(self._objects, run) for run in dict.fromkeys(reversed(ids))}
        people = _people(video, entries)
        judgements = [
            one
            for one in judgements_of(video, entries)
            if one["run_id"] in runs and runs[one["run_id"]].is_tracked
        ]
        for run in {one["run_id"] for one in judgements if one["kind"] != "span"}:
            if not runs[run].kept:
                keep_names(self._objects, runs[run].accepted)
        stages = [
            keys.stage_ready(video),
            *(found.kept.stage_key for found in runs.values() if found.kept),
        ]
        told, group = _told(entries), _last(entries, Submitted).group
        rows = [self._run_row(video, run, found) for run, found in runs.items()]
        row = {
            "id": video,
            **told,
            **_newest(ids[-1], runs, entries),
            "searched": _searched(told, group, people),
            "searched_by_visitors": _searched_by_visitors(told["title"], people, judgements),
            "revision": revision,
            "stage": stage_of(
                self._objects,
                stages,
                keys.stage_failed(video),
                is_all=any(run["id"] == ids[-1] and lacks_nothing_else(run) for run in rows),
            ),
        }
        return Picture(row, rows, people, judgements)

    def _run_row(self, video: str, run: str, found: "_Run") -> Row:
        names = [names_today(found.accepted), *filter(None, [found.kept])]
        return {
            "id": run,
            "video_id": video,
            "segments": len(found.accepted.segments),
            "is_tracked": found.is_tracked,
            "is_published": found.is_published,
            "pictures": pictures_of(self._objects, [one.faces_key for one in names]),
            "streams": streams_of(self._objects, [one.streams_key for one in names]),
        }


@dataclass(frozen=True)
class _Run:
    """What the object store knows of a run.

    ``kept`` are its names as when somebody judged it, none where nobody has: they are today's. It
    is tracked where its tracks are there under whatever name, current where this version of the
    program would do the same, and outdated where that does not find what it has made.
    """

    accepted: facts.VideoAccepted
    kept: stored.KeptRun | None
    is_tracked: bool
    is_current: bool
    is_outdated: bool
    is_published: bool
    is_cancelled: bool
    failure: str | None

    @classmethod
    def read(cls, objects: Objects, run: str) -> "_Run":
        accepted = facts.VideoAccepted.FromString(objects.get(keys.accepted(run)))
        is_published = holds(objects, keys.published(run))
        kept = names_kept(objects, run)
        is_found = are_found(objects, names_today(accepted))
        try:
            failure = objects.get(keys.failed(run)).decode()
        except ObjectNotFound:
            failure = None
        return cls(
            accepted=accepted,
            kept=kept,
            is_tracked=is_found or are_found(objects, kept),
            is_current=is_current(accepted),
            is_outdated=is_published and not is_found,
            is_published=is_published,
            is_cancelled=holds(objects, keys.cancelled(run)),
            failure=failure,
        )


def _told(entries: Sequence[Entry]) -> dict[str, Any]:
    """What people say that the video is."""
    submitted = _last(entries, Submitted)
    titled = [entry for entry in reversed(entries) if isinstance(entry, Submitted | Titled)]
    return {
        "title": next(entry.title for entry in titled if entry.title is not None),
        "labels": next(entry.labels for entry in titled if entry.labels is not None),
        "filename": submitted.filename,
        "external_id": submitted.external_id,
        "created_ns": entries[0].at_ns,
    }


def _newest(newest: str, runs: Mapping[str, _Run], entries: Sequence[Entry]) -> dict[str, Any]:
    """How far the video is; ``runs`` the newest first."""
    accepted = runs[newest].accepted
    state, failure = _state(runs[newest], entries, newest)
    pins = last_of(entries, PinsSet) if accepted.spec.pins else None
    return {
        "run_id": newest,
        "shown_run_id": next((run for run, found in runs.items() if found.is_tracked), None),
        "drawn_run_id": next(
            (run for run, found in runs.items() if found.is_published and found.is_current), None
        ),
        "state": state,
        "failure": failure,
        "sha256": accepted.source.sha256,
        "source": _source(accepted.source),
        "asked": _asked(accepted.spec, _last(entries, Submitted)),
        "pins": [pin.model_dump() for pin in pins.pins] if isinstance(pins, PinsSet) else [],
    }


def _state(run: _Run, entries: Sequence[Entry], newest: str) -> tuple[str, str | None]:
    """How the newest run stands, and why it failed if it did.

    Nobody works where there is a tombstone, whether or not the gateway lived to write that down.
    """
    if run.is_published:
        return ("failed", OUTDATED) if run.is_outdated else ("ready", None)
    stopped = last_of(entries, Submitted, PinsSet, RunStopped, RunResumed)
    if run.is_cancelled or (isinstance(stopped, RunStopped) and stopped.run_id == newest):
        return "cancelled", None
    return ("working", None) if run.failure is None else ("failed", run.failure)


def _last(entries: Sequence[Entry], *kinds: Any) -> Any:
    return last_of(entries, *kinds) or entries[0]


def _searched(told: Row, group: str | None, people: Sequence[Row]) -> str:
    words = (told["title"], told["filename"], told["external_id"] or "", group or "")
    return fold("\n".join((*words, *_all_names(people))))


def _searched_by_visitors(title: str, people: Sequence[Row], judgements: Sequence[Row]) -> str:
    """Nothing by which somebody could feel for what is not published."""
    published = {one["subject"] for one in judgements if one["state"] == "published"}
    return fold("\n".join((title, *_all_names(p for p in people if p["person"] in published))))


def _all_names(people: Iterable[Row]) -> list[str]:
    return [
        name for row in people for name in (row["name"], *row["names"].values(), *row["aliases"])
    ]


def _people(video: str, entries: Sequence[Entry]) -> list[Row]:
    named = {entry.person: entry for entry in entries if isinstance(entry, PersonNamed)}
    return [
        {
            "video_id": video,
            "person": person,
            "name": entry.name,
            "names": entry.names,
            "aliases": list(entry.aliases),
        }
        for person, entry in named.items()
    ]


def judgements_of(video: str, entries: Sequence[Entry]) -> list[Row]:
    """Spans that were confirmed; of each person the newest verdict, and what visitors see of her.

    What is public stays so beside later verdicts, until something else is published or she is
    withdrawn.
    """
    found: dict[tuple[str, ...], Row] = {}
    for entry in entries:
        if isinstance(entry, SpanConfirmed):
            found[entry.run_id, entry.span] = _judgement(video, entry, "span", "confirmed")
        elif isinstance(entry, FancamJudged):
            state = "draft" if entry.state == "reopened" else entry.state
            found["fancam", entry.person] = _judgement(video, entry, "fancam", state)
            if entry.state == "published":
                found["public", entry.person] = _judgement(video, entry, "public", state)
            elif entry.state == "draft":
                found.pop(("public", entry.person), None)
    return list(found.values())


def _judgement(video: str, entry: SpanConfirmed | FancamJudged, kind: str, state: str) -> Row:
    return {
        "video_id": video,
        "run_id": entry.run_id,
        "kind": kind,
        "subject": entry.span if isinstance(entry, SpanConfirmed) else entry.person,
        "state": state,
        "by": entry.by,
        "at_ns": entry.at_ns,
    }


def _asked(spec: facts.RunSpec, submitted: Submitted) -> dict[str, Any]:
    pictures = [from_picture(picture) for picture in spec.pictures]
    return {
        "group": submitted.group,
        "framing": spec.framing,
        "aspects": [picture.label for picture in pictures],
        "people": spec.people,
        "from_s": submitted.from_s,
        "to_s": submitted.to_s,
    }


def _source(source: facts.Source) -> dict[str, Any]:
    time_base = from_rational(source.time_base)
    rate: Fraction = from_rational(source.average_rate)
    return {
        "width": source.width,
        "height": source.height,
        "frames": source.frames,
        "duration_s": round(float((source.end_pts - source.start_pts) * time_base), 3),
        "frame_rate": f"{rate.numerator}/{rate.denominator}",
        "codec": source.codec,
        "has_audio": source.has_audio,
        "warning": source.warning or None,
    }

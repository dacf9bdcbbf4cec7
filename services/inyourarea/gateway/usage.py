"""Who has used how much: video that was submitted, processor seconds, bytes that are stored."""

import json
import time
import uuid
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime

from inyourarea.contracts import keys
from inyourarea.contracts.reach import REACH
from inyourarea.contracts.specs import from_rational
from inyourarea.contracts.v1 import facts_pb2 as facts
from inyourarea.gateway.deletion import accepted_runs, needs_of, pieces_named
from inyourarea.runtime.objects import Objects

#: Questions to the store at a time: each is for a few bytes, so it is the way there that counts.
_AT_ONCE = 8


@dataclass
class Usage:
    """What somebody has used; ``owner`` is empty for this machine, and what nobody has asked for.

    ``cpu_s`` by stage; ``stored_bytes`` now, whenever that was made.
    """

    owner: str
    videos: int = 0
    video_s: float = 0.0
    cpu_s: dict[str, float] = field(default_factory=lambda: defaultdict(float))
    stored_bytes: int = 0


@dataclass(frozen=True)
class _Asked:
    """One name of the books: who, by digest, and of what; when that was (Unix time)."""

    key: str
    owner: str
    video: str
    seconds: float
    run: str
    at_s: float


class Books:
    """What people asked for, kept beside the bytes; nothing that is deleted takes it away."""

    def __init__(self, objects: Objects) -> None:
        self._objects = objects

    def note(self, by: str, accepted: facts.VideoAccepted, video_s: float) -> None:
        """Somebody has asked for that run; ``video_s`` is how much video is new with it."""
        month = month_of(datetime.now(UTC).timestamp())
        about = (accepted.video_id, round(1000 * video_s), accepted.run_id)
        self._objects.put_once(keys.asked(month, by, *about), json.dumps({"by": by}).encode())

    @contextmanager
    def asking(self, by: str, decided: facts.VideoAccepted) -> Iterator[None]:
        """Somebody is about to submit that; whoever dies over it is swept up like an upload."""
        milliseconds = round(1000 * duration_s(decided))
        number = uuid.uuid4().hex
        key = keys.asking(by, int(time.time()), decided.video_id, milliseconds, number)
        self._objects.put(key, b"")
        try:
            yield
        finally:
            self._objects.delete(key)

    def asking_s(self, by: str) -> dict[str, float]:
        """Seconds of the videos that somebody is about to submit, by video."""
        found: dict[str, float] = {}
        for key in self._objects.list(keys.asking_by(by)):
            _, video, milliseconds, _ = key.rsplit("/", 1)[1].split("-")
            found[video] = int(milliseconds) / 1000
        return found

    def asked_s(self, by: str, month: str) -> dict[str, float]:
        """Seconds of the videos that somebody has submitted in a month, by video."""
        found: dict[str, float] = {}
        for key in self._objects.list(keys.asked_by(month, by)):
            asked = _read(key, 0.0)
            if asked.seconds:
                found[asked.video] = asked.seconds
        return found

    def usage(self, since_s: float = 0.0) -> list[Usage]:
        """What everybody has used since then (Unix time), the busiest first."""
        asked = sorted(
            (_read(one.key, one.written_s) for one in self._objects.survey("usage/asked/")),
            key=lambda one: one.at_s,
        )
        names = self._names(asked)
        owners = {one.run: names[one.owner] for one in reversed(asked)}  # who asked first
        found: dict[str, Usage] = {}
        for one in asked:
            if one.seconds and one.at_s >= since_s:
                usage = found.setdefault(names[one.owner], Usage(names[one.owner]))
                usage.videos += 1
                usage.video_s += one.seconds
        for (run, stage), seconds in self._spent(since_s).items():
            owner = owners.get(run, "")
            found.setdefault(owner, Usage(owner)).cpu_s[stage] += seconds
        for owner, size in self._stored(owners).items():
            found.setdefault(owner, Usage(owner)).stored_bytes = size
        return sorted(found.values(), key=lambda one: (-sum(one.cpu_s.values()), one.owner))

    def _names(self, asked: Iterable[_Asked]) -> dict[str, str]:
        firsts: dict[str, str] = {}
        for one in asked:
            firsts.setdefault(one.owner, one.key)
        return {owner: json.loads(self._objects.get(key))["by"] for owner, key in firsts.items()}

    def _spent(self, since_s: float) -> dict[tuple[str, str], float]:
        """Processor seconds by run and stage."""
        spent = [
            one.key for one in self._objects.survey("usage/spent/") if one.written_s >= since_s
        ]
        found: dict[tuple[str, str], float] = defaultdict(float)
        with ThreadPoolExecutor(_AT_ONCE) as pool:
            for key, content in zip(spent, pool.map(self._objects.get, spent), strict=True):
                _, _, run, stage, _ = key.split("/")
                found[run, stage] += float(content)
        return found

    def _stored(self, owners: Mapping[str, str]) -> Counter[str]:
        """Bytes by owner; what several share is whose run is the oldest."""
        names: dict[str, str] = {}
        runs = {run.run_id: run for run in accepted_runs(self._objects)}
        in_order = [run for run in owners if run in runs]
        for run in [*in_order, *(run for run in runs if run not in owners)]:
            owner, mine = owners.get(run, ""), needs_of(self._objects, runs[run])
            for key in (*mine.names, *mine.folders, *pieces_named(self._objects, mine)):
                names.setdefault(key, owner)
        sizes: Counter[str] = Counter()
        for prefix in REACH:
            if prefix == "usage/":
                continue
            for one in self._objects.survey(prefix):
                whose = next((names[part] for part in _parts(one.key) if part in names), None)
                if whose is not None:
                    sizes[whose] += one.size
        return sizes


def _read(key: str, at_s: float) -> _Asked:
    _, _, _, owner, what, run = key.split("/")
    video, milliseconds = what.split("-")
    return _Asked(key, owner, video, int(milliseconds) / 1000, run, at_s)


def _parts(key: str) -> Iterator[str]:
    """The name, then the folders that it is in, the innermost first."""
    yield key
    parts = key.split("/")
    yield from ("/".join(parts[:end]) + "/" for end in range(len(parts) - 1, 0, -1))


def duration_s(accepted: facts.VideoAccepted) -> float:
    """Seconds of the part of the video that is used."""
    source = accepted.source
    return float((source.end_pts - source.start_pts) * from_rational(source.time_base))


def month_of(at_s: float) -> str:
    """The calendar month of a time (Unix, in UTC), such as ``2026-11``."""
    return datetime.fromtimestamp(at_s, UTC).strftime("%Y-%m")

"""What the gateway looks things up in: a database that can be thrown away and made again."""

import contextlib
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path
from typing import Any

import sqlalchemy as sa
from alembic import command
from alembic.config import Config
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy.exc import IntegrityError, OperationalError

from inyourarea.core.errors import DependencyAway, Refused
from inyourarea.core.members import fold
from inyourarea.gateway.browsers import are_drawn
from inyourarea.gateway.schema import JUDGEMENTS, PEOPLE, RUNS, STEPS, VIDEOS

Row = Mapping[str, Any]


class CatalogAway(DependencyAway):
    """The catalog's database can not be used now."""

    dependency = "catalog"


#: Seconds that a writer waits for another one of the same SQLite file.
_BUSY_S = 30
#: Times that a video is put before its many writers are told to come back later.
_MOST_TRIES = 20
#: Connections at a time: one per thread that answers requests (Starlette has 40), and the facts'.
_MOST_CONNECTIONS = 48
#: A stage's pace is that of so many of its steps: some two minutes of video.
_PACE_STEPS = 32
#: The lock of whoever brings the tables up to date: any number that nobody else uses there.
_MIGRATING = 0x696E796F
#: A PostgreSQL that is gone without a word is noticed within these seconds, and not when the
#: system's own patience of two hours ends.
_GONE_S = 10
_TO_POSTGRES = {
    "connect_timeout": _GONE_S,
    "keepalives_idle": _GONE_S,
    "keepalives_interval": 2,
    "keepalives_count": 3,
    "tcp_user_timeout": 1000 * _GONE_S,
}


@dataclass(frozen=True)
class Picture:
    """Everything that the catalog holds of one video, as rows of its tables."""

    video: Row
    runs: Sequence[Row] = ()
    people: Sequence[Row] = ()
    judgements: Sequence[Row] = ()


@dataclass(frozen=True)
class Step:
    """A unit of work that has ended."""

    run_id: str
    stage: str
    segment: int


@dataclass(frozen=True)
class Question:
    """Which videos to list: all conditions hold; ``before`` is the last one of the page before.

    ``pairs`` are ``name:value``, one of which must be among a video's labels. Of ``only`` a
    visitor may know, so ``text`` is looked for in what visitors may read.
    """

    text: str = ""
    labels: Mapping[str, str] | None = None
    external_id: str | None = None
    group: str | None = None
    states: Sequence[str] = ()
    pairs: Sequence[str] | None = None
    only: Sequence[str] | None = None
    before: tuple[int, str] | None = None
    limit: int = 50


def _is_known(connection: sa.Connection, script: ScriptDirectory) -> bool:
    """Whether the tables are of a version that this program knows."""
    known = {revision.revision for revision in script.walk_revisions()}
    return known.issuperset(MigrationContext.configure(connection).get_current_heads())


class Catalog:
    """Videos, runs, people and judgements in a database. Raises `DependencyAway` where it is away.

    ``url`` is SQLAlchemy's, `Refused` where it is none; `open` brings the tables up to date.
    """

    def __init__(self, url: str) -> None:
        options = {"timeout": _BUSY_S} if url.startswith("sqlite") else _TO_POSTGRES
        try:
            self._engine = sa.create_engine(
                url,
                connect_args=options,
                pool_pre_ping=True,
                max_overflow=_MOST_CONNECTIONS - 5,
                hide_parameters=True,  # webhooks' secrets are among them, and errors are logged
            )
        except (sa.exc.ArgumentError, ModuleNotFoundError) as error:  # neither tells a password
            raise Refused(
                "the catalog's address is of no database that can be used here; write it such as "
                "postgresql+psycopg://user@host/catalog"
            ) from error
        if url.startswith("sqlite"):
            sa.event.listen(self._engine, "connect", _prepare_sqlite)

    @property
    def where(self) -> str:
        """Its address, without what nobody should read."""
        return self._engine.url.set(query={}).render_as_string()

    def open(self) -> None:
        """The tables are those of this program's version, or of a newer one's.

        A newer version only adds to tables, so that this one works beside it, and after it has been
        taken back.
        """
        config = Config()
        config.set_main_option("script_location", str(Path(__file__).parent / "migrations"))
        with self._connected() as connection:
            if connection.dialect.name == "postgresql":  # of copies that start at once one migrates
                connection.execute(sa.select(sa.func.pg_advisory_xact_lock(_MIGRATING)))
            if _is_known(connection, ScriptDirectory.from_config(config)):
                config.attributes["connection"] = connection
                command.upgrade(config, "head")

    def close(self) -> None:
        """No connection is open any more."""
        self._engine.dispose()

    @contextmanager
    def _connected(self) -> Iterator[sa.Connection]:
        try:
            with self._engine.begin() as connection:
                yield connection
        except (OperationalError, sa.exc.TimeoutError) as away:
            words = getattr(away, "orig", None) or away  # without the statement: visitors read it
            raise CatalogAway(f"the catalog's database can not be used: {words}") from away

    def connected(self) -> AbstractContextManager[sa.Connection]:
        """A transaction, for tables that no journal tells of."""
        return self._connected()

    def check(self) -> None:
        """The database answers."""
        with self._connected() as connection:
            connection.execute(sa.select(1))

    def revisions(self) -> dict[str, int]:
        """Every video that is known, and at which revision."""
        with self._connected() as connection:
            return {
                row.id: row.revision
                for row in connection.execute(sa.select(VIDEOS.c.id, VIDEOS.c.revision))
            }

    def put(self, picture: Picture) -> None:
        """The catalog holds this of the video, unless it knows a later revision already."""
        for _ in range(_MOST_TRIES):
            try:
                return self._put(picture)
            except IntegrityError:  # somebody else has put the same video at the same moment
                continue
        raise CatalogAway("too many write to the catalog's database at once")

    def _put(self, picture: Picture) -> None:
        """The video's own row first: whoever has it has the other rows to himself."""
        row = dict(picture.video)
        with self._connected() as connection:
            known = connection.scalar(sa.select(VIDEOS.c.revision).where(VIDEOS.c.id == row["id"]))
            if known is None:
                connection.execute(VIDEOS.insert(), row)
            else:
                is_older = sa.and_(VIDEOS.c.id == row["id"], VIDEOS.c.revision <= row["revision"])
                if not connection.execute(VIDEOS.update().where(is_older), row).rowcount:
                    return
            _forget_rows(connection, row["id"])
            for table, rows in (
                (RUNS, picture.runs),
                (PEOPLE, picture.people),
                (JUDGEMENTS, picture.judgements),
            ):
                if rows:
                    connection.execute(table.insert(), [dict(one) for one in rows])

    def forget(self, video: str) -> None:
        """The catalog knows nothing of the video."""
        with self._connected() as connection:
            connection.execute(VIDEOS.delete().where(VIDEOS.c.id == video))
            runs = sa.select(RUNS.c.id).where(RUNS.c.video_id == video)
            connection.execute(STEPS.delete().where(STEPS.c.run_id.in_(runs)))
            _forget_rows(connection, video)

    def note(self, step: Step) -> None:
        """The step is counted once, however often it is told."""
        row = {"run_id": step.run_id, "stage": step.stage, "segment": step.segment}
        with contextlib.suppress(IntegrityError), self._connected() as connection:
            connection.execute(STEPS.insert().values(**row, at_ns=time.time_ns()))

    def steps(self, run: str) -> dict[str, tuple[int, int, int]]:
        """Per stage of a run: how many segments have ended, and when the first and the last did."""
        counted = (
            sa.select(
                STEPS.c.stage,
                sa.func.count(),
                sa.func.min(STEPS.c.at_ns),
                sa.func.max(STEPS.c.at_ns),
            )
            .where(STEPS.c.run_id == run)
            .group_by(STEPS.c.stage)
        )
        with self._connected() as connection:
            return {
                stage: (n, first, last) for stage, n, first, last in connection.execute(counted)
            }

    def pauses_s(self, run: str) -> dict[str, list[float]]:
        """Per stage of a run: the seconds between the newest of its steps, the oldest first."""
        number = sa.func.row_number().over(
            partition_by=STEPS.c.stage, order_by=STEPS.c.at_ns.desc()
        )
        steps = sa.select(STEPS.c.stage, STEPS.c.at_ns, number.label("number"))
        newest = steps.where(STEPS.c.run_id == run).subquery()
        asked = sa.select(newest.c.stage, newest.c.at_ns).where(newest.c.number <= _PACE_STEPS)
        found: dict[str, list[int]] = {}
        for row in self._all(asked.order_by(newest.c.at_ns)):
            found.setdefault(row["stage"], []).append(row["at_ns"])
        return {
            stage: [(b - a) / 1e9 for a, b in pairwise(times)] for stage, times in found.items()
        }

    def video(self, video: str) -> Row | None:
        """The video's row."""
        return self._first(sa.select(VIDEOS).where(VIDEOS.c.id == video))

    def run(self, run: str) -> Row | None:
        """The run's row."""
        return self._first(sa.select(RUNS).where(RUNS.c.id == run))

    def runs(self, video: str) -> list[Row]:
        """All runs of the video."""
        return self._all(sa.select(RUNS).where(RUNS.c.video_id == video))

    def people(self, video: str) -> list[Row]:
        """Everybody of the video who was named."""
        return self._all(sa.select(PEOPLE).where(PEOPLE.c.video_id == video))

    def judgements(self, video: str) -> list[Row]:
        """What was confirmed, approved or published."""
        return self._all(sa.select(JUDGEMENTS).where(JUDGEMENTS.c.video_id == video))

    def find(self, question: Question) -> list[Row]:
        """The videos asked for, the newest first."""
        asked = sa.select(VIDEOS)
        words = VIDEOS.c.searched if question.only is None else VIDEOS.c.searched_by_visitors
        for word in fold(question.text).split():
            asked = asked.where(words.contains(word, autoescape=True))
        if question.external_id is not None:
            asked = asked.where(VIDEOS.c.external_id == question.external_id)
        if question.group is not None:
            asked = asked.where(VIDEOS.c.asked["group"].as_string() == question.group)
        if question.states:
            asked = asked.where(VIDEOS.c.state.in_(question.states))
        if question.only is not None:
            asked = asked.where(VIDEOS.c.id.in_(question.only))
        for name, value in (question.labels or {}).items():
            asked = asked.where(VIDEOS.c.labels[name].as_string() == value)
        if question.pairs is not None:
            pairs = (pair.partition(":") for pair in question.pairs)
            same = [VIDEOS.c.labels[name].as_string() == value for name, _, value in pairs]
            asked = asked.where(sa.or_(sa.false(), *same))
        if question.before is not None:
            place = sa.tuple_(VIDEOS.c.created_ns, VIDEOS.c.id)
            asked = asked.where(place < sa.tuple_(*map(sa.literal, question.before)))
        asked = asked.order_by(VIDEOS.c.created_ns.desc(), VIDEOS.c.id.desc())
        return self._all(asked.limit(question.limit))

    def published(self) -> list[str]:
        """The videos of which somebody has published a fancam."""
        asked = sa.select(JUDGEMENTS.c.video_id).where(JUDGEMENTS.c.state == "published")
        return [row["video_id"] for row in self._all(asked.distinct())]

    def unfinished(self) -> list[str]:
        """The newest runs of all videos that are at work, or of which browsers lack something."""
        asked = sa.select(
            VIDEOS.c.run_id, VIDEOS.c.state, VIDEOS.c.stage, RUNS.c.pictures, RUNS.c.streams
        ).join(RUNS, RUNS.c.id == VIDEOS.c.run_id)
        return [
            row["run_id"]
            for row in self._all(asked.where(VIDEOS.c.state.in_(("working", "ready"))))
            if row["state"] == "working" or _lacks_something(row)
        ]

    def _first(self, asked: sa.Select[Any]) -> Row | None:
        with self._connected() as connection:
            row = connection.execute(asked).mappings().first()
            return None if row is None else dict(row)

    def _all(self, asked: sa.Select[Any]) -> list[Row]:
        with self._connected() as connection:
            return [dict(row) for row in connection.execute(asked).mappings()]


def _lacks_something(row: Row) -> bool:
    """Whether something for browsers has yet to be made, or made anew by this version.

    What has failed waits until somebody asks for it again.
    """
    stage, pictures, streams = row["stage"] or {}, row["pictures"], row["streams"]
    if "failure" in stage:
        return False
    is_whole = stage and are_drawn(pictures) and streams
    return not is_whole or any("is_old" in part for part in (stage, pictures, streams))


def _forget_rows(connection: sa.Connection, video: str) -> None:
    for table in (RUNS, PEOPLE, JUDGEMENTS):
        connection.execute(table.delete().where(table.c.video_id == video))


def _prepare_sqlite(connection: Any, _: Any) -> None:
    cursor = connection.cursor()
    cursor.execute("PRAGMA journal_mode=WAL")  # readers do not wait for the writer
    cursor.execute("PRAGMA synchronous=NORMAL")  # what a power cut takes is made again
    cursor.close()

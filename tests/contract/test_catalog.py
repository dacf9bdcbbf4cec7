"""What the catalog keeps, on SQLite and on PostgreSQL alike."""

import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext

from inyourarea.core.errors import DependencyAway
from inyourarea.gateway.catalog import Catalog, Picture, Question, Step
from inyourarea.gateway.schema import METADATA
from own_servers import skipped_where_not_had
from postgres_server import postgres


def an_id(number: int) -> str:
    return f"{number:032x}"


def picture(number: int = 1, revision: int = 1, **more: Any) -> Picture:
    """A video with a run, a person and a judgement."""
    video = an_id(number)
    row = {
        "id": video,
        "sha256": "ab" * 32,
        "title": f"Title {number}",
        "filename": "stage.mp4",
        "searched": f"title {number}\nstage.mp4",
        "external_id": None,
        "labels": {},
        "asked": {"aspects": ["9x16"], "from_s": None, "people": 0},
        "source": {"width": 640, "has_audio": True, "duration_s": 5.005},
        "created_ns": 1_800_000_000_000_000_000 + number,
        "state": "working",
        "failure": None,
        "revision": revision,
        "run_id": an_id(100 + number),
        "shown_run_id": None,
        "drawn_run_id": None,
        "searched_by_visitors": f"title {number}",
        "stage": None,
        "pins": [],
        **more,
    }
    run = {
        "id": row["run_id"],
        "video_id": video,
        "segments": 3,
        "is_tracked": True,
        "is_published": False,
        "pictures": {"faces": {"p1": "faces/1.jpg"}, "poster_key": ""},
        "streams": {},
    }
    person = {"video_id": video, "person": "p1", "name": "제니", "names": {}, "aliases": ["J"]}
    judgement = {
        "video_id": video,
        "run_id": row["run_id"],
        "kind": "fancam",
        "subject": "p1",
        "state": "approved",
        "by": "Kim",
        "at_ns": 2**62,
    }
    return Picture(row, [run], [person], [judgement])


class CatalogContract:
    def test_what_was_put_comes_back_as_it_was(self, catalog: Catalog) -> None:
        put = picture(
            title="제니 <b>'\"; DROP TABLE videos; --",
            labels={"tour": "서울", "a.b": 'quo"te'},
            pins=[{"start_s": "1/3", "x": 0.1}],
        )
        catalog.put(put)
        assert catalog.video(an_id(1)) == put.video
        assert catalog.run(an_id(101)) == put.runs[0]
        assert catalog.runs(an_id(1)) == put.runs
        assert catalog.people(an_id(1)) == put.people
        assert catalog.judgements(an_id(1)) == put.judgements
        assert catalog.video(an_id(2)) is None
        assert catalog.run(an_id(2)) is None

    def test_a_later_revision_takes_the_place_of_an_earlier_one(self, catalog: Catalog) -> None:
        catalog.put(picture(revision=2, title="second"))
        catalog.put(picture(revision=1, title="first"))
        assert catalog.find(Question())[0]["title"] == "second"
        catalog.put(picture(revision=2, title="second, further on"))
        assert catalog.find(Question())[0]["title"] == "second, further on"
        assert len(catalog.runs(an_id(1))) == 1

    def test_a_forgotten_video_leaves_no_row(self, catalog: Catalog) -> None:
        catalog.put(picture(1))
        catalog.put(picture(2))
        for run in (an_id(101), an_id(102)):
            catalog.note(Step(run, "reading frames", 0))
        catalog.forget(an_id(1))
        catalog.forget(an_id(1))
        assert [row["id"] for row in catalog.find(Question())] == [an_id(2)]
        assert catalog.runs(an_id(1)) == catalog.people(an_id(1)) == []
        assert catalog.judgements(an_id(1)) == []
        assert catalog.steps(an_id(101)) == {}
        assert catalog.steps(an_id(102)).keys() == {"reading frames"}

    def test_it_knows_which_videos_it_knows_and_since_when(self, catalog: Catalog) -> None:
        for number, revision in ((1, 3), (2, 1)):
            catalog.put(picture(number, revision=revision))
        assert catalog.revisions() == {an_id(1): 3, an_id(2): 1}
        catalog.forget(an_id(1))
        assert catalog.revisions() == {an_id(2): 1}

    def test_it_says_that_it_is_there(self, catalog: Catalog) -> None:
        catalog.check()

    def test_words_are_found_as_they_were_folded(self, catalog: Catalog) -> None:
        catalog.put(picture(1, searched="제니 100% live"))
        catalog.put(picture(2, searched="rosé 100 live_"))
        found = {
            text: [row["id"][-1] for row in catalog.find(Question(text=text))]
            for text in ("제니", "LIVE 100", "100%", "e_", "ROSÉ", "lisa", "")
        }
        assert found == {
            "제니": ["1"],
            "LIVE 100": ["2", "1"],
            "100%": ["1"],
            "e_": ["2"],
            "ROSÉ": ["2"],
            "lisa": [],
            "": ["2", "1"],
        }

    def test_labels_are_compared_whole(self, catalog: Catalog) -> None:
        catalog.put(picture(1, labels={"tour": "seoul", "a.b": "1"}))
        catalog.put(picture(2, labels={"tour": "seoul 2"}))
        for labels, expected in (
            ({"tour": "seoul"}, ["1"]),
            ({"tour": "seoul", "a.b": "1"}, ["1"]),
            ({"tour": "seoul", "a.b": "2"}, []),
            ({"nix": "seoul"}, []),
            ({"a": "1"}, []),
        ):
            rows = catalog.find(Question(labels=labels))
            assert [row["id"][-1] for row in rows] == expected

    def test_states_external_ids_and_a_choice_of_videos_are_conditions(
        self, catalog: Catalog
    ) -> None:
        catalog.put(picture(1, state="ready", external_id="x"))
        catalog.put(picture(2, state="failed", external_id="y"))
        catalog.put(picture(3))
        assert len(catalog.find(Question(states=("ready", "failed")))) == 2
        assert len(catalog.find(Question(states=("ready",), external_id="y"))) == 0
        assert len(catalog.find(Question(only=[an_id(3), an_id(9)]))) == 1
        assert catalog.find(Question(only=[])) == []

    def test_a_group_is_a_condition(self, catalog: Catalog) -> None:
        catalog.put(picture(1, asked={"group": "show"}))
        catalog.put(picture(2, asked={"group": None}))
        catalog.put(picture(3, asked={"group": "shows"}))
        rows = catalog.find(Question(group="show"))
        assert [row["id"] for row in rows] == [an_id(1)]

    def test_what_is_at_work_or_lacks_what_browsers_need_is_unfinished(
        self, catalog: Catalog
    ) -> None:
        catalog.put(picture(1))
        catalog.put(picture(2, state="failed"))
        catalog.put(picture(3, state="ready"))
        whole = picture(4, state="ready", stage={"key": "stage.mp4"})
        runs = [{**whole.runs[0], "streams": {"masters": {"p1 9x16": "000-9x16.m3u8"}}}]
        catalog.put(replace(whole, runs=runs))
        assert sorted(catalog.unfinished()) == [an_id(101), an_id(103)]

    def test_what_an_older_version_made_for_browsers_is_made_anew(self, catalog: Catalog) -> None:
        old = {"key": "stage.mp4", "is_old": True}
        streams = {"masters": {"p1 9x16": "000-9x16.m3u8"}}
        for number, stage in ((1, old), (2, {**old, "failure": "full disk"})):
            whole = picture(number, state="ready", stage=stage)
            catalog.put(replace(whole, runs=[{**whole.runs[0], "streams": streams}]))
        assert catalog.unfinished() == [an_id(101)]  # what has failed waits for somebody

    def test_pages_go_on_where_the_last_one_ended(self, catalog: Catalog) -> None:
        for number in range(7):
            catalog.put(picture(number, created_ns=1000 + number // 3))  # three at one moment
        seen, before = [], None
        while page := catalog.find(Question(before=before, limit=2)):
            seen += [row["id"] for row in page]
            before = (page[-1]["created_ns"], page[-1]["id"])
            catalog.put(picture(50 + len(seen), created_ns=2000))  # newer ones come in
        assert seen == [an_id(number) for number in (6, 5, 4, 3, 2, 1, 0)]

    def test_a_step_is_counted_once(self, catalog: Catalog) -> None:
        for segment in (0, 1, 1, 0):
            catalog.note(Step(an_id(1), "finding people", segment))
        count, first, last = catalog.steps(an_id(1))["finding people"]
        assert count == 2
        assert first <= last

    def test_a_pace_is_that_of_the_newest_steps(
        self, catalog: Catalog, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        for segment in range(40):
            at_s = 60 * segment if segment < 10 else 600 + 2 * segment
            monkeypatch.setattr("time.time_ns", lambda at_s=at_s: at_s * 10**9)
            catalog.note(Step(an_id(1), "finding people", segment))
        catalog.note(Step(an_id(1), "joining", 0))
        catalog.note(Step(an_id(2), "finding people", 0))
        found = catalog.pauses_s(an_id(1))
        assert found == {"finding people": [60, 80, *[2] * 29], "joining": []}

    def test_of_published_fancams_the_videos_are_known(self, catalog: Catalog) -> None:
        catalog.put(picture(1))
        shown = picture(2)
        published = [{**shown.judgements[0], "state": "published", "subject": s} for s in "ab"]
        catalog.put(Picture(shown.video, shown.runs, shown.people, published))
        assert catalog.published() == [an_id(2)]

    def test_many_who_put_and_note_the_same_at_once_do_not_disturb_each_other(
        self, catalog: Catalog
    ) -> None:
        wrong: list[BaseException] = []

        def work(number: int) -> None:
            try:
                for round_ in range(8):
                    catalog.put(picture(1, revision=round_, title=f"{number}"))
                    catalog.note(Step(an_id(101), "joining", round_))
                    assert catalog.video(an_id(1)) is not None
            except BaseException as error:
                wrong.append(error)

        workers = [threading.Thread(target=work, args=(number,)) for number in range(6)]
        for worker in workers:
            worker.start()
        for worker in workers:
            worker.join()
        assert wrong == []
        assert catalog.video(an_id(1))["revision"] == 7  # type: ignore[index]
        assert len(catalog.runs(an_id(1))) == len(catalog.people(an_id(1))) == 1
        assert catalog.steps(an_id(101))["joining"][0] == 8

    def test_opened_again_it_is_the_same_and_has_the_tables_of_this_program(
        self, catalog: Catalog
    ) -> None:
        catalog.put(picture())
        catalog.open()
        assert len(catalog.find(Question())) == 1
        with catalog._engine.connect() as connection:
            assert compare_metadata(MigrationContext.configure(connection), METADATA) == []


class TestSqlite(CatalogContract):
    @pytest.fixture
    def catalog(self, tmp_path: Path) -> Iterator[Catalog]:
        catalog = Catalog(f"sqlite:///{tmp_path / 'catalog.sqlite'}")
        catalog.open()
        yield catalog
        catalog.close()

    def test_a_folder_that_can_not_be_written_is_the_database_being_away(
        self, tmp_path: Path
    ) -> None:
        catalog = Catalog(f"sqlite:///{tmp_path / 'missing' / 'catalog.sqlite'}")
        with pytest.raises(DependencyAway, match="can not be used"):
            catalog.open()

    def test_whoever_is_told_of_an_outage_is_told_no_statement(self, catalog: Catalog) -> None:
        statement, given = sa.text("INSERT INTO nowhere VALUES (:secret)"), {"secret": "s3cr3t"}
        with pytest.raises(DependencyAway) as away, catalog.connected() as connection:
            connection.execute(statement, given)
        assert str(away.value).endswith("can not be used: no such table: nowhere")
        assert "s3cr3t" not in str(away.value.__cause__)  # which is logged


@pytest.fixture(scope="module")
def server() -> Iterator[str]:
    """A PostgreSQL; where there is none these tests are skipped, and in CI they fail."""
    with skipped_where_not_had(), postgres() as url:
        yield url


class TestPostgresql(CatalogContract):
    @pytest.fixture
    def catalog(self, server: str) -> Iterator[Catalog]:
        catalog = Catalog(server)
        catalog.open()
        yield catalog
        with catalog._engine.begin() as connection:
            connection.execute(sa.text("DROP SCHEMA public CASCADE"))
            connection.execute(sa.text("CREATE SCHEMA public"))
        catalog.close()

    def test_copies_that_start_at_once_make_the_tables_once(
        self, catalog: Catalog, server: str
    ) -> None:
        with catalog._engine.begin() as connection:
            connection.execute(sa.text("DROP SCHEMA public CASCADE"))
            connection.execute(sa.text("CREATE SCHEMA public"))
        copies = [Catalog(server) for _ in range(4)]
        with ThreadPoolExecutor(4) as threads:
            for opening in [threads.submit(copy.open) for copy in copies]:
                opening.result()
        for copy in copies:
            copy.check()
            copy.close()

    def test_a_server_that_is_not_there_is_the_database_being_away(self) -> None:
        catalog = Catalog("postgresql+psycopg://test@127.0.0.1:1/postgres")
        with pytest.raises(DependencyAway, match="can not be used"):
            catalog.find(Question())
        catalog.close()

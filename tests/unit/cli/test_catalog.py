"""``inyourarea catalog apply``, and tokens of a site whose database has an address."""

from contextlib import closing
from pathlib import Path

import pytest
import sqlalchemy as sa

from inyourarea.cli.__main__ import main
from inyourarea.gateway.catalog import Catalog
from inyourarea.gateway.tokens import Tokens


@pytest.fixture
def url(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> str:
    url = f"sqlite:///{tmp_path / 'catalog.db'}"
    monkeypatch.setenv("INYOURAREA_CATALOG_URL", url)
    return url


def test_tables_are_made_and_twice_is_as_once(url: str) -> None:
    for _ in range(2):
        assert main(["catalog", "apply"]) == 0
    with closing(Catalog(url)) as catalog:
        assert catalog.unfinished() == []


def test_a_database_that_is_not_named_is_told(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.delenv("INYOURAREA_CATALOG_URL", raising=False)
    assert main(["catalog", "apply"]) == 1
    assert "INYOURAREA_CATALOG_URL must be such as postgresql" in capsys.readouterr().err


def test_a_database_that_is_away_is_told(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("INYOURAREA_CATALOG_URL", f"sqlite:///{tmp_path}/nowhere/catalog.db")
    for command in (["catalog", "apply"], ["token", "list"]):
        assert main(command) == 75
        assert "the catalog's database can not be used" in capsys.readouterr().err


@pytest.mark.parametrize("url", ["nowhere", "oracle9://me:s3cr3t@host/x", "mssql://me:s3cr3t@host"])
def test_an_address_that_is_none_is_told_without_its_password(
    url: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("INYOURAREA_CATALOG_URL", url)
    for command in (["catalog", "apply"], ["token", "list"]):
        assert main(command) == 1
        told = capsys.readouterr().err
        assert "write it such as postgresql+psycopg://" in told
        assert "s3cr3t" not in told


def test_tables_of_a_newer_version_are_left_alone(url: str) -> None:
    main(["catalog", "apply"])
    engine = sa.create_engine(url)
    with engine.begin() as connection:
        connection.execute(sa.text("update alembic_version set version_num = 'of-tomorrow'"))
    engine.dispose()
    with closing(Catalog(url)) as catalog:
        catalog.open()
        assert catalog.unfinished() == []


def test_a_token_is_made_in_the_database_that_is_named(
    url: str, capsys: pytest.CaptureFixture[str]
) -> None:
    main(["catalog", "apply"])
    capsys.readouterr()
    assert main(["token", "create", "--role", "operator", "--name", "me"]) == 0
    token = capsys.readouterr().out.strip()
    with closing(Catalog(url)) as catalog:
        assert Tokens(catalog).holder(token).name == "me"

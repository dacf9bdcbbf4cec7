"""Results as files for other programs: the same boxes in every form, and columns that keep."""

import csv
import io
from fractions import Fraction
from types import SimpleNamespace

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from inyourarea.core.timeline import Timeline
from inyourarea.core.tracks import Tracks
from inyourarea.gateway.exports import Exports
from rehearsal_house import RehearsedSite


@pytest.fixture
def run(site: RehearsedSite) -> str:
    return str(site.ready()["shown_run_id"])


def content(site: RehearsedSite, run: str, name: str) -> bytes:
    answer = site.http.get(f"/runs/{run}/{name}")
    assert answer.status_code == 200, answer.text
    assert answer.headers["content-disposition"] == f'attachment; filename="{name}"'
    return answer.content


def rows_of(lines: bytes) -> list[dict[str, str]]:
    return list(csv.DictReader(io.StringIO(lines.decode())))


@pytest.mark.parametrize("name", ["tracks", "detections", "shots", "camera", "camera-9x16"])
def test_parquet_holds_what_csv_does(site: RehearsedSite, run: str, name: str) -> None:
    rows = rows_of(content(site, run, f"{name}.csv"))
    table = pq.read_table(io.BytesIO(content(site, run, f"{name}.parquet")))
    assert rows
    assert table.column_names == list(rows[0])
    found = table.to_pylist()
    assert len(found) == len(rows)
    for told, row in zip(found, rows, strict=True):
        for column, value in told.items():
            is_text = isinstance(value, str)
            assert value == (row[column] if is_text else float(row[column])), column


def test_mot_counts_frames_people_and_pixels_from_one(site: RehearsedSite, run: str) -> None:
    rows = rows_of(content(site, run, "tracks.csv"))
    people = sorted({row["name"] for row in rows})
    lines = content(site, run, "tracks.mot").decode().splitlines()
    assert len(lines) == len([row for row in rows if row["x1"]])
    for line, row in zip(lines, rows, strict=True):
        frame, person, left, top, width, height, confidence, *rest = map(float, line.split(","))
        assert frame == int(row["frame"]) + 1
        assert people[int(person) - 1] == row["name"]
        x1, y1, x2, y2 = (float(row[side]) for side in ("x1", "y1", "x2", "y2"))
        assert (left, top) == pytest.approx((x1 + 1, y1 + 1), abs=0.011)
        assert (width, height) == pytest.approx((x2 - x1, y2 - y1), abs=0.021)
        assert confidence == float(row["confidence"])
        assert rest == [-1, -1, -1]


def test_mot_of_detections_is_of_nobody(site: RehearsedSite, run: str) -> None:
    rows = rows_of(content(site, run, "detections.csv"))
    lines = content(site, run, "detections.mot").decode().splitlines()
    assert len(lines) == len(rows)
    assert {line.split(",")[1] for line in lines} == {"-1"}
    assert [line.split(",")[0] for line in lines] == [row["frame"] for row in rows]


def test_a_table_or_form_that_is_none_is_not_there(site: RehearsedSite, run: str) -> None:
    for name in ("camera.mot", "tracks.xlsx", "camera-4x5.csv", "people.csv"):
        assert site.http.get(f"/runs/{run}/{name}").status_code == 404


def test_columns_are_the_same_where_nobody_is_in_the_video() -> None:
    nobody = Tracks(Timeline(np.arange(3), Fraction(1, 30)), (640, 360), (), ())
    shown = SimpleNamespace(tracks=nobody)
    told = Exports(showing=None).file(shown, "tracks", "parquet")  # type: ignore[arg-type]
    schema = pq.read_schema(io.BytesIO(told))
    assert schema.field("name").type == pa.string()
    assert schema.field("reason").type == pa.string()
    assert schema.field("x1").type == pa.float64()
    assert schema.field("frame").type == pa.int64()

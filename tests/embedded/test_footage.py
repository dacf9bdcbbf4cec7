"""Real footage that nobody here drew; skipped where the checkout has none beside it."""

import csv
import json
from collections import Counter
from pathlib import Path

import pytest

from small_show import inyourarea

FOOTAGE = Path(__file__).parents[3] / "shared" / "testdata"

pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(
        not FOOTAGE.is_dir(), reason=f"no footage in {FOOTAGE.name}/ beside the repo"
    ),
]


def shares(out: Path) -> dict[str, float]:
    """Share of frames in which each person has a box."""
    with (out / "tracks.csv").open(newline="") as opened:
        frames = Counter(row["name"] for row in csv.DictReader(opened))
    total = json.loads((out / "report.json").read_text())["video"]["frames"]
    return {name: count / total for name, count in frames.items()}


@pytest.mark.parametrize(
    ("file", "people"),
    [
        ("intel_face-demographics-walking-and-pause.gif", 3),
        ("intel_classroom.gif", 4),
    ],
)
def test_everybody_in_a_room_is_found_and_followed(file: str, people: int, tmp_path: Path) -> None:
    inyourarea("run", FOOTAGE / file, "--out", tmp_path)
    assert len(list((tmp_path / "fancams").glob("*.mp4"))) == people
    found = shares(tmp_path)
    assert len(found) == people
    assert min(found.values()) >= 0.95
    with (tmp_path / "tracks.csv").open(newline="") as opened:
        rows = list(csv.DictReader(opened))
    # They stand side by side and never pass each other: a swap would change the order.
    places: dict[str, dict[str, float]] = {}
    for row in rows:
        places.setdefault(row["frame"], {})[row["name"]] = float(row["x1"])
    whole = [sorted(here, key=here.__getitem__) for here in places.values() if len(here) == people]
    assert whole
    assert all(order == whole[0] for order in whole)


def test_the_juggler_stays_in_the_safe_area(tmp_path: Path) -> None:
    video = FOOTAGE / "sam2_05_default_juggle_1280x720_24fps.mp4"
    inyourarea("run", video, "--out", tmp_path)
    (person,) = json.loads((tmp_path / "report.json").read_text())["people"]
    (fancam,) = person["fancams"]
    assert fancam["face_in_safe_area"] == 1
    assert fancam["framing_kept"] == 1
    assert fancam["jumps"] == 0
    assert shares(tmp_path)["person-1"] >= 0.95


@pytest.mark.parametrize(
    ("start", "end"),
    [
        ("0", "12"),
        ("100", "112"),  # the back of a head that stays, now and then with a score of .3
    ],
)
def test_where_no_face_is_seen_it_says_so_and_writes_no_video(
    start: str, end: str, tmp_path: Path
) -> None:
    video = FOOTAGE / "intel_one-by-one-person-detection_768x432_10fps.mp4"
    done = inyourarea("run", video, "--out", tmp_path, "--from", start, "--to", end)
    assert "Nobody was found" in done.stderr
    assert not list(tmp_path.rglob("fancams/*.mp4"))
    assert json.loads((tmp_path / "report.json").read_text())["people"] == []

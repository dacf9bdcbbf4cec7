"""Three people whom no model knows: what `docs/walkers.md` says, word for word, on real footage."""

import csv
import json
from collections import defaultdict
from pathlib import Path

import numpy as np
import pytest

from extras import NEEDS_TRAIN
from inyourarea.core.boxes import iou
from inyourarea.runtime.datasets import Dataset
from inyourarea.runtime.folder_objects import FolderObjects
from small_show import inyourarea

FOOTAGE = Path(__file__).parents[3] / "shared" / "testdata"
VIDEO = FOOTAGE / "intel_face-demographics-walking-and-pause.gif"
MODELS = Path(__file__).resolve().parents[2] / "models"
#: From left to right, in all frames.
NAMES = ("Ann", "Ben", "Cleo")
FIRST, LAST = 15, 40
#: Their faces in some frames, as one sees them: xyxy in pixels. From one of these to the next
#: nobody moves by a fifth of a face.
FACES = {
    15: ((67, 81, 114, 147), (198, 69, 254, 138), (347, 98, 398, 163)),
    20: ((60, 82, 106, 147), (199, 68, 256, 138), (346, 97, 397, 163)),
    28: ((60, 82, 107, 147), (197, 68, 255, 139), (347, 98, 398, 164)),
    40: ((52, 80, 103, 147), (197, 68, 255, 138), (348, 98, 400, 164)),
}

pytestmark = [
    pytest.mark.slow,
    pytest.mark.xdist_group("train"),
    pytest.mark.skipif(
        not VIDEO.is_file(), reason=f"no footage in {FOOTAGE.name}/ beside the repo"
    ),
    NEEDS_TRAIN,
]


def name_by_clicks(folder: Path) -> int:
    """Everybody is named as on the page, strip by strip; how many clicks that took."""
    dataset = Dataset(FolderObjects(folder))
    places: dict[str, float] = {}
    for _, labels in dataset.everything():
        for box in labels.boxes:
            if box.tracklet:
                places.setdefault(box.tracklet, box.box[0])
    for tracklet, name in zip(sorted(places, key=places.__getitem__), NAMES, strict=True):
        dataset.name_tracklet(tracklet, name, "editor")
    return len(places)


def test_three_clicks_name_three_people_in_all_frames_that_no_model_saw(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    models, pictures, group = tmp_path / "models", tmp_path / "pictures", tmp_path / "walkers.toml"
    members = [word for name in NAMES for word in ("--member", name)]
    part = ("--every", "1", "--to", "1.25")
    told = inyourarea("collect", VIDEO, "--dataset", pictures, *part, *members, "--json").stdout
    assert json.loads(told)[0]["added"] == FIRST
    assert name_by_clicks(pictures) == 3
    weights = ("--from", MODELS / "show" / "show.pt", "--models", models)
    inyourarea("train", "--dataset", pictures, "--group", group, "--epochs", "20", *weights)
    out = tmp_path / "out"
    monkeypatch.setenv("INYOURAREA_MODELS", str(models))
    inyourarea("run", VIDEO, "--from", "1.25", "--group", group, "--out", out)
    seen: dict[int, dict[str, list[float]]] = defaultdict(dict)
    with (out / "tracks.csv").open(newline="") as opened:
        for row in csv.DictReader(opened):
            box = [float(row[side]) for side in ("x1", "y1", "x2", "y2")]
            seen[FIRST + int(row["frame"])][row["name"]] = box
    assert sorted(seen) == list(range(FIRST, LAST + 1))
    for frame, boxes in seen.items():
        assert set(boxes) == set(NAMES), frame
        true = np.array(FACES[min(FACES, key=lambda known: abs(known - frame))], dtype=float)
        found = np.array([boxes[name] for name in NAMES])
        assert np.diag(iou(found, true)).min() >= 0.7, frame

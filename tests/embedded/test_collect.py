"""Pictures out of runs: what is in them, what is proposed, and what stays as it was."""

import csv
import json
import shutil
from collections.abc import Iterator
from dataclasses import replace
from fractions import Fraction
from pathlib import Path

import av
import cv2
import numpy as np
import pytest
from numpy.typing import NDArray

from inyourarea.contracts import keys
from inyourarea.contracts.datasets import PROPOSAL, PROPOSED, Members
from inyourarea.core.errors import DatasetRejected, ModelRejected, VideoUnreadable
from inyourarea.embedded.collect import Collected, Wanted, Watching, collect_videos
from inyourarea.runtime.collecting import pick_smart
from inyourarea.runtime.datasets import Dataset
from inyourarea.runtime.folder_objects import FolderObjects
from small_show import SIZE, SmallShow, draw_small_show, inyourarea

pytestmark = pytest.mark.slow

SILENT = Watching(lambda _: None, lambda *_: None)


@pytest.fixture(scope="module")
def show(tmp_path_factory: pytest.TempPathFactory) -> SmallShow:
    """Ten seconds in three shots, near and far; one member is there for a third of the time."""
    return draw_small_show(tmp_path_factory.mktemp("hard"), seconds=10, setting="hard")


@pytest.fixture(scope="module")
def group(show: SmallShow, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A group of the show's members; the boxes are given, so its model is never asked."""
    file = tmp_path_factory.mktemp("group") / "trio.toml"
    head = 'name = "trio"\nmodel = "show"\nversion = 3\nconfidence = 0.25\n'
    table = '[[member]]\nname = "{}"\ncolour = "#ff0000"\n'
    file.write_text(head + "".join(table.format(name) for name in show.members))
    return file


@pytest.fixture(scope="module")
def ran(show: SmallShow, group: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder of a run on the true boxes that names everybody."""
    out = tmp_path_factory.mktemp("run") / "out"
    inyourarea("run", show.video, "--boxes", show.boxes, "--group", group, "--out", out)
    return out


@pytest.fixture
def wanted(show: SmallShow, ran: Path, tmp_path: Path) -> Wanted:
    return Wanted((show.video,), tmp_path / "dataset", ran, least_height=360)


def collect(wanted: Wanted) -> Collected:
    (collected,) = collect_videos(wanted, SILENT)
    return collected


def dataset_of(wanted: Wanted) -> Dataset:
    return Dataset(FolderObjects(wanted.dataset))


def source_frames(video: Path) -> Iterator[tuple[int, NDArray[np.uint8]]]:
    """Every frame as (pts, picture in blue, green and red)."""
    with av.open(video) as container:
        for frame in container.decode(video=0):
            yield frame.pts, frame.reformat(format="bgr24", src_colorspace="itu709").to_ndarray()


def truth_of(show: SmallShow) -> list[dict[str, str]]:
    """Rows of members whose face is seen."""
    with show.truth.open(newline="") as opened:
        rows = [row for row in csv.DictReader(opened) if row["role"] == "member"]
    return [row for row in rows if float(row["face_visible"]) >= 0.5]


def everything(wanted: Wanted) -> dict[str, bytes]:
    """All of a dataset's files, which contain when they were written, as they are."""
    files = (path for path in sorted(wanted.dataset.rglob("*")) if path.is_file())
    return {str(path.relative_to(wanted.dataset)): path.read_bytes() for path in files}


def test_every_fifteenth_frame_is_there_as_the_source_shows_it(
    show: SmallShow, wanted: Wanted
) -> None:
    frames = dict(list(source_frames(show.video))[::15])
    assert collect(wanted).picked == len(frames) == 20
    dataset = dataset_of(wanted)
    shown = {labels.pts: name for name, labels in dataset.everything()}
    assert sorted(shown) == sorted(frames)
    for pts, ideal in frames.items():
        content = np.frombuffer(dataset.picture(shown[pts]), np.uint8)
        picture = np.asarray(cv2.imdecode(content, cv2.IMREAD_COLOR), np.float64)
        assert picture.shape == ideal.shape
        assert np.abs(picture - ideal).mean() < 2.5  # grey levels that JPEG may be off


def test_the_boxes_are_where_the_truth_has_them_and_proposed(
    show: SmallShow, wanted: Wanted
) -> None:
    collect(wanted)
    labels = {one.pts: one for _, one in dataset_of(wanted).everything()}
    found, true = 0, [row for row in truth_of(show) if int(row["pts"]) in labels]
    for row in true:
        mine = [box for box in labels[int(row["pts"])].boxes if box.member == row["name"]]
        sides = [float(row[side]) for side in ("x1", "y1", "x2", "y2")]
        found += bool(mine) and np.abs(np.subtract(mine[0].box, sides)).max() < 0.5
    assert found >= 0.95 * len(true)
    assert sum(len(one.boxes) for one in labels.values()) <= len(true)
    for one in labels.values():
        assert (one.by, one.state, one.size) == (PROPOSAL, PROPOSED, SIZE)
        assert all(box.state == PROPOSED and box.tracklet for box in one.boxes)


def test_pictures_come_into_the_store_of_a_site(wanted: Wanted, tmp_path: Path) -> None:
    site = FolderObjects(tmp_path / "site"), keys.dataset("tour")
    taken = collect(replace(wanted, place=site))
    assert len([*Dataset(*site).pictures()]) == len(taken.added) > 0
    assert not wanted.dataset.exists()


def test_a_shot_is_wholly_in_one_part_and_one_is_held_out(show: SmallShow, wanted: Wanted) -> None:
    collect(wanted)
    parts: dict[int, set[str]] = {}
    for _, labels in dataset_of(wanted).everything():
        parts.setdefault(labels.shot, set()).add(labels.split)
    assert len(parts) == 3
    assert all(len(part) == 1 for part in parts.values())
    assert {"train", "val"} <= set().union(*parts.values())


def test_other_runs_of_a_video_leave_its_shots_in_their_parts(
    show: SmallShow, wanted: Wanted, tmp_path: Path
) -> None:
    """The part begins in the second shot, which is its first one."""
    out = shutil.copytree(wanted.out, tmp_path / "both")
    wanted = replace(wanted, members=show.members, out=out)
    assert len(collect(replace(wanted, start=Fraction(5))).added) == 10
    before = {one.pts: (one.shot, one.split) for _, one in dataset_of(wanted).everything()}
    assert collect(replace(wanted, number=5)).picked == 60  # from the run of all of it
    labels = [one for _, one in dataset_of(wanted).everything()]
    assert all(
        (one.shot, one.split) == before.get(one.pts, (one.shot, one.split)) for one in labels
    )
    shots = true_shots(show)
    places = {(shots[one.pts or 0], one.shot, one.split) for one in labels}
    assert len(places) == len(set(shots.values())) == 3


def test_the_whole_video_is_not_taken_from_a_run_of_a_part_of_it(
    show: SmallShow, tmp_path: Path
) -> None:
    short = draw_small_show(tmp_path / "short", seconds=1)
    wanted = Wanted((short.video,), tmp_path / "dataset", tmp_path / "out", members=show.members)
    assert collect(replace(wanted, end=Fraction(1, 2))).picked == 1
    assert collect(wanted).picked == 2


def true_shots(show: SmallShow) -> dict[int, int]:
    """Which shot each frame is in, by pts."""
    with (show.folder / "shots.csv").open(newline="") as opened:
        shots = [int(row["first_frame"]) for row in csv.DictReader(opened)]
    stamps = [pts for pts, _ in source_frames(show.video)]
    return {pts: sum(first <= at for first in shots) for at, pts in enumerate(stamps)}


def test_more_pictures_of_a_tracklet_that_is_named_come_with_its_name(
    show: SmallShow, wanted: Wanted
) -> None:
    Dataset.make(FolderObjects(wanted.dataset), "", Members(("Nina",)))
    tracklet = collect(wanted).added[0].boxes[0].tracklet
    dataset_of(wanted).name_tracklet(tracklet, "Nina", by="Kim")
    added = collect(replace(wanted, number=5)).added
    new = [box for one in added for box in one.boxes if box.tracklet == tracklet]
    assert {(box.member, box.state) for box in new} == {("Nina", PROPOSED)}


def test_a_member_who_is_called_otherwise_since_is_proposed_still(
    show: SmallShow, wanted: Wanted
) -> None:
    members = Members(show.members)
    dataset = Dataset.make(FolderObjects(wanted.dataset), "", members)
    dataset.change(members.renamed(show.members[0], "Nina"))
    assert collect(replace(wanted, members=show.members)).warnings == ()
    assert dataset.members().names == ("Nina", *show.members[1:])
    assert dataset.counts().members["Nina"].boxes > 0


def test_a_tracklet_is_one_member_of_one_shot(wanted: Wanted) -> None:
    collect(wanted)
    dataset = dataset_of(wanted)
    labels = dict(dataset.everything())
    seen = {(box.tracklet, box.member, one.shot) for one in labels.values() for box in one.boxes}
    told = {one for one in seen if one[0]}
    assert len(told) == len({tracklet for tracklet, _, _ in told}) > 0


def test_the_same_video_twice_adds_nothing_and_changes_nothing(wanted: Wanted) -> None:
    assert len(collect(wanted).added) == 20
    before = everything(wanted)
    again = collect(replace(wanted, videos=wanted.videos * 2))
    assert (again.added, again.renewed, again.picked) == ((), 0, 20)
    assert everything(wanted) == before


def test_what_somebody_has_labelled_stays_and_proposals_become_better(
    show: SmallShow, wanted: Wanted
) -> None:
    Dataset.make(FolderObjects(wanted.dataset), "", Members(("Nina",)))
    first = collect(wanted)
    assert not any(box.member for labels in first.added for box in labels.boxes)
    dataset = dataset_of(wanted)
    tracklet = first.added[0].boxes[0].tracklet
    touched = {
        name
        for name, labels in dataset.everything()
        if tracklet in {box.tracklet for box in labels.boxes}
    }
    dataset.name_tracklet(tracklet, "Nina", by="Kim")
    again = collect(replace(wanted, members=show.members))
    assert again.renewed == 20 - len(touched) - sum(not one.boxes for one in first.added)
    for name, labels in dataset.everything():
        members = {box.member for box in labels.boxes}
        if name in touched:
            assert labels.by == "Kim"
            assert members <= {"", "Nina"}
        elif labels.boxes:
            assert members <= set(show.members)
            assert labels.by == PROPOSAL


def test_a_run_that_names_fewer_takes_no_name_away(
    show: SmallShow, wanted: Wanted, tmp_path: Path
) -> None:
    collect(wanted)
    before = everything(wanted)
    out = tmp_path / "nameless"
    inyourarea("run", show.video, "--boxes", show.boxes, "--out", out)
    assert collect(replace(wanted, out=out)).renewed == 0
    changed = {name for name, content in everything(wanted).items() if content != before[name]}
    assert {Path(name).parent.name for name in changed} == {"sources"}


def test_the_smart_choice_shows_more_with_as_many_pictures(
    show: SmallShow, wanted: Wanted, tmp_path: Path
) -> None:
    plain = collect(replace(wanted, number=30))
    smart_one = replace(wanted, dataset=tmp_path / "smart", choose=pick_smart, number=10)
    smart = collect(smart_one)
    assert len(plain.added) == len(smart.added) == 10

    def shown(collected: Collected) -> list[tuple[str, int]]:
        """Member and size, in half octaves, of all true faces in the pictures."""
        stamps = {labels.pts for labels in collected.added}
        rows = [row for row in truth_of(show) if int(row["pts"]) in stamps]
        heights = [float(row["y2"]) - float(row["y1"]) for row in rows]
        return [
            (row["name"], round(2 * np.log2(height)))
            for row, height in zip(rows, heights, strict=True)
        ]

    assert len(set(shown(smart))) >= len(set(shown(plain)))
    assert len(shown(smart)) > len(shown(plain))
    rarest = [
        min(map([who for who, _ in shown(one)].count, show.members)) for one in (plain, smart)
    ]
    assert rarest[1] >= 1.5 * rarest[0]
    frame_of = {int(row["pts"]): int(row["frame"]) for row in truth_of(show)}
    frames = sorted(frame_of[labels.pts or 0] for labels in smart.added)
    assert np.diff(frames).min() >= 6  # .2 s: no near-duplicates
    teaches = {labels.pts: labels.teaches for labels in smart.added}
    assert len(set(teaches.values())) == 10
    assert min(teaches.values()) > 0
    assert collect(smart_one).added == ()


def test_stopped_half_way_all_that_is_there_is_whole_and_the_rest_follows(wanted: Wanted) -> None:
    def stop(done: int, total: int) -> None:
        if done == 7:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        collect_videos(wanted, Watching(lambda _: None, stop))
    dataset = dataset_of(wanted)
    there = list(dataset.pictures())
    assert 0 < len(there) < 20
    assert all(dataset.picture(name)[:2] == b"\xff\xd8" for name in there)
    assert len(collect(wanted).added) == 20 - len(there)
    assert len(list(dataset.pictures())) == 20


def test_whom_a_pin_names_is_labelled_wherever_she_was_observed(
    small_show: SmallShow, tmp_path: Path
) -> None:
    rows = truth_of(small_show)
    boxes, pins, out = tmp_path / "boxes.txt", tmp_path / "pins.csv", tmp_path / "out"
    boxes.write_text("".join(_mot_line(row) for row in rows))
    name = small_show.members[0]
    there = next(row for row in rows if row["name"] == name and int(row["frame"]) >= 30)
    x, y = ((float(there[a]) + float(there[b])) / 2 for a, b in (("x1", "x2"), ("y1", "y2")))
    pins.write_text(f"{int(there['frame']) / 29.97 + 0.01:.3f},,{x:.1f},{y:.1f},,,{name}\n")
    inyourarea("run", small_show.video, "--boxes", boxes, "--pins", pins, "--out", out)
    collect(Wanted((small_show.video,), tmp_path / "dataset", out, number=5))
    dataset = Dataset(FolderObjects(tmp_path / "dataset"))
    assert dataset.members().names == (name,)
    hers = {int(row["pts"]): row for row in rows if row["name"] == name}
    for _, labels in dataset.everything():
        for box in labels.boxes:
            row = hers.get(labels.pts or 0)
            is_hers = row is not None and abs(box.box[0] - float(row["x1"])) < 1
            assert box.member == (name if is_hers else "")
    assert dataset.counts().members[name].boxes >= 25


def _mot_line(row: dict[str, str]) -> str:
    x1, y1, x2, y2 = (float(row[side]) for side in ("x1", "y1", "x2", "y2"))
    return f"{int(row['frame']) + 1},-1,{x1},{y1},{x2 - x1},{y2 - y1},1,-1,-1,-1\n"


def test_a_name_given_on_the_gateways_page_counts(wanted: Wanted, tmp_path: Path) -> None:
    out = shutil.copytree(wanted.out, tmp_path / "data")
    store = out / ".inyourarea"
    accepted = next((store / "runs").iterdir()) / "accepted.binpb"
    from inyourarea.contracts.v1 import facts_pb2 as facts  # noqa: PLC0415
    from inyourarea.gateway.journal import Journal, PersonNamed, Submitted  # noqa: PLC0415

    run = facts.VideoAccepted.FromString(accepted.read_bytes())
    journal = Journal(FolderObjects(store))
    told = Submitted(run_id=run.run_id, title="Encore", filename="a.mp4")
    journal.append(run.video_id, told, 0)
    journal.append(run.video_id, PersonNamed(person=run.spec.model.members[0], name="Zoe"), 1)
    collect(replace(wanted, out=out))
    dataset = dataset_of(wanted)
    assert set(dataset.members().names) == {"Zoe", *run.spec.model.members[1:]}
    assert dataset.counts().members["Zoe"].boxes > 0
    (source,) = (wanted.dataset / "sources").iterdir()
    assert json.loads(source.read_text())["title"] == "Encore"


def test_a_folder_remembers_where_its_videos_are_and_a_site_does_not(
    show: SmallShow, wanted: Wanted, tmp_path: Path
) -> None:
    collect(wanted)
    (source,) = (wanted.dataset / "sources").iterdir()
    assert json.loads(source.read_text())["path"] == str(show.video.resolve())
    collect(replace(wanted, place=(FolderObjects(tmp_path / "site"), keys.dataset("tour"))))
    (source,) = (tmp_path / "site" / "datasets" / "tour" / "sources").iterdir()
    assert "path" not in json.loads(source.read_text())


def test_a_video_that_was_never_run_is_run_first(tmp_path: Path) -> None:
    short = draw_small_show(tmp_path / "short", seconds=1)
    dataset = tmp_path / "dataset"
    words = ("collect", short.video, "--dataset", dataset, "--group", "show", "--every", "10")
    said = inyourarea(*words)
    assert "finding people: 100 %" in said.stderr
    assert "drawing fancams" not in said.stderr
    assert "360 pixels high" in said.stderr
    members = Dataset(FolderObjects(dataset)).counts().members
    assert all(members[name].boxes == 3 for name in short.members)
    assert "finding people" not in inyourarea(*words).stderr


def test_the_number_that_a_run_gives_somebody_names_nobody(tmp_path: Path) -> None:
    short = draw_small_show(tmp_path / "short", seconds=1)
    members = ("person-1", "Nina")
    added = collect(Wanted((short.video,), tmp_path / "dataset", tmp_path, members=members)).added
    boxes = [box for one in added for box in one.boxes]
    assert {box.member for box in boxes} == {""}


def test_nobody_known_and_other_trouble_is_said_in_words(
    show: SmallShow, wanted: Wanted, tmp_path: Path
) -> None:
    with pytest.raises(DatasetRejected, match="--member"):
        collect(replace(wanted, out=tmp_path / "nothing"))
    with pytest.raises(VideoUnreadable, match="no file"):
        collect(replace(wanted, videos=(tmp_path / "none.mp4",)))
    with pytest.raises(ModelRejected, match="no group"):
        collect(replace(wanted, group="nobody"))
    with pytest.raises(DatasetRejected, match="can not be a member's name"):
        collect(replace(wanted, members=("x" * 300,)))
    assert not list((wanted.dataset).rglob("*.jpg"))
    (warning,) = collect(replace(wanted, least_height=720)).warnings
    assert "360 pixels high" in warning


def test_a_damaged_run_is_told_of(wanted: Wanted, tmp_path: Path) -> None:
    out = shutil.copytree(wanted.out, tmp_path / "out")
    for table in (out / ".inyourarea" / "detections").rglob("*.parquet"):
        table.write_bytes(b"PAR1")
    with pytest.raises(DatasetRejected, match="--member"):  # as good as never run
        collect(replace(wanted, out=out))


def test_strangers_of_an_old_dataset_are_told_and_stay_nameless(
    show: SmallShow, wanted: Wanted
) -> None:
    Dataset.make(FolderObjects(wanted.dataset), "", Members(show.members[:1]))
    collected = collect(wanted)
    assert all(name in collected.warnings[0] for name in show.members[1:])
    counts = dataset_of(wanted).counts()
    assert counts.members[show.members[0]].boxes > 0
    assert counts.unnamed > 0

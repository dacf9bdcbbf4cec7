"""What a new model makes of a dataset's own videos: run, and laid beside what people confirmed.

``inyourarea train`` asks for it once the model is exported. Only faces in shots that no network has
learned from count, and only names that people gave to those very boxes.
"""

import json
import shutil
from collections import defaultdict
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path

import numpy as np
from google.protobuf.message import Message

from inyourarea.contracts import keys, tables
from inyourarea.contracts.datasets import CONFIRMED, REJECTED, Box
from inyourarea.contracts.v1 import facts_pb2 as facts
from inyourarea.core.errors import Refused
from inyourarea.core.identity_measures import is_given
from inyourarea.core.picture import parse_aspect
from inyourarea.core.tracks import Tracks
from inyourarea.embedded.models import ModelFile
from inyourarea.embedded.own_files import STORE
from inyourarea.embedded.run import Listen, Request, track_video, video_digest
from inyourarea.runtime.datasets import Dataset
from inyourarea.runtime.folder_objects import FolderObjects
from inyourarea.runtime.objects import ObjectsAway
from inyourarea.train.group_figures import Given, WholeRun
from inyourarea.train.group_steps import Tried
from inyourarea.train.telling import Teller, Told

#: Seconds of video that are run at most, all together: that takes about as long as a training.
LONGEST_S = Fraction(600)
#: The step of a training in which it is done; in percent of each video.
STEP = "a whole run"
_FANCAM = parse_aspect("9:16")


@dataclass(frozen=True, slots=True)
class Face:
    """A member's face in an unseen shot of a video, as somebody confirmed it."""

    name: str
    pts: int
    box: Box


@dataclass(frozen=True, slots=True)
class Verdict:
    """Whether a run gives the face of ``name`` to her, or to another one only."""

    name: str
    is_right: bool
    is_other: bool


def run_own_videos(folder: Path, tried: Tried, teller: Teller) -> WholeRun:
    """To whom runs of the dataset's videos with a model give the faces of unseen shots.

    ``folder`` has the dataset; what is made on the way lies beside the model and is taken away.
    The notes tell what could not be run, and why.
    """
    if not folder.is_dir():  # gone since the training began; a store would make it anew
        return WholeRun(notes=("A whole run was not measured: there is no dataset any more.",))
    try:
        by_video = unseen_faces(Dataset(FolderObjects(folder)), tried)
    except (Refused, ObjectsAway) as trouble:
        return WholeRun(notes=(f"A whole run was not measured: {trouble}",))
    if not by_video:
        note = "A whole run was not measured: in `test` nobody has confirmed a member's face."
        return WholeRun(notes=(note,))
    group, out = tried.group, tried.model.parent / "whole-run"
    file = ModelFile(group.name, tried.model, group)
    tell = teller.begin(STEP)
    verdicts: list[Verdict] = []
    ran, left_s, notes = 0, LONGEST_S, []
    for number, (sha256, faces) in enumerate(by_video.items()):
        what, video = find_video(folder, sha256)
        try:
            tracks = _run(video, left_s, file, out, _listener(tell, number, len(by_video)))
        except (Refused, ObjectsAway) as trouble:
            why = str(trouble).rstrip(".")
            notes.append(f"Not run: {what} with {_count(faces)} in unseen shots: {why}.")
            continue
        finally:
            shutil.rmtree(out, ignore_errors=True)
        found = judge(tracks, faces)
        if len(found) < len(faces):
            notes.append(f"Of {what} only {_count(found)} of {len(faces)} were in what was run.")
        verdicts += found
        ran += 1
        left_s -= Fraction(tracks.timeline.seconds[-1])
    named = {name: [one for one in verdicts if one.name == name] for name in group.members}
    by_member = {name: given(found) for name, found in named.items() if found}
    whole = given(verdicts) if verdicts else None
    return WholeRun(by_member, whole, ran, float(LONGEST_S - left_s), tuple(notes))


def unseen_faces(dataset: Dataset, tried: Tried) -> dict[str, list[Face]]:
    """Those to judge the model by, by video (sha256), the one with most of them first."""
    found = defaultdict[str, list[Face]](list)
    for picture, one in dataset.everything():
        if picture in tried.unseen and one.state != REJECTED and one.pts is not None:
            found[one.video] += [
                Face(box.member, one.pts, box.box)
                for box in one.boxes
                if box.member in tried.group.members and box.state == CONFIRMED
            ]
    shown = {video: faces for video, faces in found.items() if faces}
    return dict(sorted(shown.items(), key=lambda one: -len(one[1])))


def find_video(folder: Path, sha256: str) -> tuple[str, Path | None]:
    """What a video of the dataset is called, and its file: a store's copy, or what was collected.

    The store is in the dataset's folder, or the dataset is in the store.
    """
    about = None
    with suppress(OSError, ValueError):
        about = json.loads((folder / keys.dataset_source("", sha256)).read_bytes())
    title, path = (
        str(about.get(name, "")) if isinstance(about, dict) else "" for name in ("title", "path")
    )
    stores = (folder / STORE, *folder.resolve().parents[1:2])
    files = [store / keys.source(sha256) for store in stores]
    file = next((file for file in files if file.is_file()), None)
    with suppress(OSError, Refused):
        if not file and path and video_digest(Path(path)) == sha256:
            file = Path(path)
    return f"the video {title or sha256[:12]!r}", file


def judge(tracks: Tracks, faces: Sequence[Face]) -> list[Verdict]:
    """To whom a run gives faces; those in frames that it has not are left out."""
    frames = {pts: frame for frame, pts in enumerate(tracks.timeline.pts.tolist())}
    there = [face for face in faces if face.pts in frames]
    names = [face.name for face in there]
    frame = np.array([frames[face.pts] for face in there], dtype=np.int64)
    xyxy = np.array([face.box for face in there]).reshape(-1, 4)
    right, other = is_given(tracks, names, frame, xyxy)
    return [Verdict(*one) for one in zip(names, right.tolist(), other.tolist(), strict=True)]


def given(verdicts: Sequence[Verdict]) -> Given:
    """What verdicts come to; there is at least one."""
    boxes = len(verdicts)
    right = sum(one.is_right for one in verdicts)
    return Given(boxes, right / boxes, sum(one.is_other for one in verdicts) / boxes)


def _run(
    video: Path | None, longest_s: Fraction, model: ModelFile, out: Path, listen: Listen
) -> Tracks:
    if video is None:
        raise Refused("it is in no store, and gone or changed where it was collected from")
    if longest_s < 1:
        raise Refused(f"{LONGEST_S} s of other videos are enough")
    request = Request(video, out, (_FANCAM,), end=longest_s, model=model)
    accepted = track_video(request, listen)
    return tables.read_tracks(FolderObjects(out / STORE).get(keys.tracks(accepted.spec)))


def _count(faces: Sequence[object]) -> str:
    return f"{len(faces)} face{'s'[: len(faces) != 1]}"


def _listener(tell: Told, number: int, videos: int) -> Listen:
    """Whoever counts the segments of video ``number`` in which people were found."""
    segments, found = 1, set[int]()

    def listen(fact: Message) -> None:
        nonlocal segments
        if isinstance(fact, facts.VideoAccepted):
            segments = len(fact.segments)
        elif isinstance(fact, facts.SegmentDetected):
            found.add(fact.segment.index)
        tell(100 * number + 100 * len(found) // segments, 100 * videos)

    return listen

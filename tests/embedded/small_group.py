"""A group that no model knows, small enough for a detector of 160 pixels: video, truth, dataset.

Three members of the drawn show under other names, side by side in close view; they change places
from shot to shot, so that only their looks tell who they are.
"""

import json
from collections.abc import Collection
from dataclasses import dataclass
from fractions import Fraction
from itertools import islice, permutations
from pathlib import Path

import av
import cv2
import numpy as np
from numpy.typing import NDArray

from inyourarea.contracts import keys
from inyourarea.contracts.datasets import (
    CONFIRMED,
    TEST,
    TRAIN,
    LabelledBox,
    LabelledPicture,
    Members,
    picture_name,
    split_shots,
)
from inyourarea.contracts.digests import file_digest
from inyourarea.runtime.datasets import Dataset
from inyourarea.runtime.folder_objects import FolderObjects
from inyourarea.stage_show import Show, ShowSpec, TruthRow, draw_frame

NAMES = {"Aria": "Kim", "Elin": "Lee", "Iris": "Park"}
SIZE = (320, 180)
FPS = 15
#: Frames of a shot, and how many shots there are.
LENGTH, SHOTS = 30, 5
#: Height of the picture in faces: a face of 18 pixels at 160x90.
FACES_HIGH = 5.0
#: A digest for a video that nobody has.
VIDEO = "5ma11" * 12 + "5ma1"
Box = tuple[float, float, float, float]


@dataclass(frozen=True)
class Scene:
    """A frame: RGB uint8 (h, w, 3), its shot, and each member's face."""

    picture: NDArray[np.uint8]
    shot: int
    faces: dict[str, Box]


def scenes() -> list[Scene]:
    """All frames of the video."""
    spec = ShowSpec(4, 3, Fraction(12), (1280, 720), Fraction(30), "easy")
    show = Show.plan(spec)
    wide = next(shot.slot for shot in show.shots if shot.slot.view == "wide")
    found = []
    for shot, order in enumerate(islice(permutations(NAMES), SHOTS)):
        for number in range(LENGTH):
            frame = wide.first + (shot * LENGTH + number) % (wide.last - wide.first)
            picture, rows = draw_frame(show, frame)
            people = {row.name: row for row in rows if row.role == "member"}
            found.append(_scene(np.asarray(picture), [people[name] for name in order], shot))
    return found


def _scene(stage: NDArray[np.uint8], people: list[TruthRow], shot: int) -> Scene:
    width, height = SIZE[0] // len(people), SIZE[1]
    strips, faces = [], {}
    for place, row in enumerate(people):
        x1, y1, x2, y2 = row.face
        scale = height / (FACES_HIGH * (y2 - y1))
        move = np.array(
            [
                [scale, 0, width / 2 - scale * (x1 + x2) / 2],
                [0, scale, height * 0.35 - scale * (y1 + y2) / 2],
            ]
        )
        strips.append(cv2.warpAffine(stage, move, (width, height), borderMode=cv2.BORDER_REFLECT))
        corners = (move[:, :2] @ np.array([[x1, x2], [y1, y2]]) + move[:, 2:]).T
        corners[:, 0] = np.clip(corners[:, 0], 0, width) + place * width
        (left, top), (right, bottom) = corners.tolist()
        if row.face_visible >= 0.5:
            faces[NAMES[row.name]] = (left, top, right, bottom)
    picture = np.zeros((SIZE[1], SIZE[0], 3), np.uint8)
    picture[:, : width * len(people)] = np.concatenate(strips, axis=1)
    return Scene(picture, shot, faces)


def write_video(frames: list[Scene], file: Path) -> None:
    """The frames as an mp4 without sound."""
    with av.open(file, "w") as target:
        stream = target.add_stream("libx264", rate=FPS, options={"crf": "12"})
        stream.width, stream.height, stream.pix_fmt = *SIZE, "yuv420p"
        for frame in frames:
            picture = av.VideoFrame.from_ndarray(frame.picture, format="rgb24")
            target.mux(stream.encode(picture))
        target.mux(stream.encode())


def stamps_of(video: Path) -> list[int]:
    """The pts of all frames."""
    with av.open(video) as container:
        return [frame.pts or 0 for frame in container.decode(video=0)]


def write_dataset(
    frames: list[Scene],
    folder: Path,
    every: int = 3,
    unsaid: Collection[int] = (),
    video: Path | None = None,
) -> Dataset:
    """Each ``every``th frame in a dataset of the folder, with everybody named.

    Nobody is in the ``unsaid`` shots, where boxes have tracklets instead: ``run:<shot>:<member>``.
    Collected from ``video``, if there is one, the last shot to learn from is the test.
    """
    dataset = Dataset.make(FolderObjects(folder), "", Members(tuple(NAMES.values())))
    parts = split_shots(VIDEO, range(SHOTS))
    digest, stamps = VIDEO, list(range(len(frames)))
    if video:
        digest, stamps = file_digest(video), stamps_of(video)
        parts[max(shot for shot, part in parts.items() if part == TRAIN)] = TEST
        source = folder / keys.dataset_source("", digest)
        source.parent.mkdir()
        source.write_text(json.dumps({"title": "stage", "path": str(video)}))
    for number, (pts, scene) in enumerate(zip(stamps, frames, strict=True)):
        if number % every == 0:
            is_said = scene.shot not in unsaid
            boxes = tuple(
                LabelledBox(box, name, state=CONFIRMED)
                if is_said
                else LabelledBox(box, tracklet=f"run:{scene.shot}:{name}")
                for name, box in scene.faces.items()
            )
            content = cv2.imencode(".jpg", scene.picture[..., ::-1])[1].tobytes()
            labels = LabelledPicture(
                SIZE, boxes, video=digest, pts=pts, shot=scene.shot, split=parts[scene.shot]
            )
            dataset.add(picture_name(digest, pts), content, labels)
    return dataset

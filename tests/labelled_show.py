"""A dataset that is drawn: faces in known places, colours that tell whose they are."""

import cv2
import numpy as np

from inyourarea.contracts.datasets import LabelledBox, LabelledPicture, picture_name
from inyourarea.runtime.datasets import Dataset

VIDEO = "ab" * 32
SIZE = (640, 360)
#: Pictures of one shot, and pts between two of them.
SHOT, STEP = 5, 15
#: Pixels.
FACE = 60
#: Faces beside each other.
ACROSS = 4
#: Blue, green, red of a face, by its place in the row: pure, so that JPEG keeps them apart.
COLORS = ((200, 60, 60), (60, 200, 60), (60, 60, 200), (200, 200, 60))


def face_of(place: int, number: int, scale: int = 1) -> tuple[float, float, float, float]:
    """The box of a face in the ``number``-th picture of a shot, which is ``scale`` times larger."""
    left = 40.0 + 150 * place + 4 * number
    return (scale * left, scale * 120.0, scale * (left + FACE), scale * (120.0 + FACE))


def draw_picture(number: int, scale: int = 1) -> bytes:
    """Four faces in a row, further to the right by 4 pixels in every picture; JPEG."""
    width, height = SIZE
    picture = np.full((height, width, 3), 90, np.uint8)
    picture[::20] = 70
    for place in range(ACROSS):
        x1, y1, x2, y2 = map(int, face_of(place, number))
        picture[y1:y2, x1:x2] = COLORS[place]
    if scale > 1:
        picture = np.repeat(np.repeat(picture, scale, axis=0), scale, axis=1)
        grain = np.random.default_rng(number).integers(-12, 12, picture.shape)
        picture = np.clip(picture + grain, 0, 255).astype(np.uint8)  # as large a file as a stage's
    done, coded = cv2.imencode(".jpg", picture, [cv2.IMWRITE_JPEG_QUALITY, 95])
    assert done
    return coded.tobytes()


def tracklet_of(shot: int, place: int) -> str:
    return f"run:{shot}:{place}"


def fill(dataset: Dataset, shots: int, scale: int = 1) -> list[str]:
    """So many shots with four tracklets each are in the dataset; the pictures, in order."""
    drawn = [draw_picture(number, scale) for number in range(SHOT)]
    names = []
    for shot in range(shots):
        for number in range(SHOT):
            pts = (shot * SHOT + number) * STEP
            boxes = tuple(
                LabelledBox(face_of(place, number, scale), tracklet=tracklet_of(shot, place))
                for place in range(ACROSS)
            )
            labels = LabelledPicture(
                (scale * SIZE[0], scale * SIZE[1]),
                boxes,
                video=VIDEO,
                pts=pts,
                shot=shot,
                teaches=1 / (1 + pts),
            )
            names.append(picture_name(VIDEO, pts))
            dataset.add(names[-1], drawn[number], labels)
    return names

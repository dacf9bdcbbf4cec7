"""Small drawn clips with known heads, and a detector that finds the heads by their mark."""

from dataclasses import dataclass
from fractions import Fraction

import cv2
import numpy as np
from numpy.typing import NDArray

from inyourarea.contracts.model import ModelInfo
from inyourarea.contracts.pack import PackIndex, write_pack
from inyourarea.core.letterbox import Letterbox, fit_letterbox
from inyourarea.detect.detector import Found, check_pictures

WIDTH, HEIGHT = 320, 192
SOURCE = (640, 384)
PTS_STEP = 512
TIME_BASE = Fraction(1, 15360)

Colour = tuple[int, int, int]
SKIN: Colour = (150, 190, 235)


@dataclass(frozen=True)
class Person:
    """A drawn person: the face box's centre and height in picture pixels, colours in BGR."""

    x: float
    y: float
    tall: float = 24.0
    hair: Colour = (30, 30, 60)
    shirt: Colour = (200, 60, 40)
    trousers: Colour = (50, 50, 50)
    turned: float = 0.0
    """0 faces us, 1 shows the back of the head; between them the face goes round the side."""

    @property
    def is_turned(self) -> bool:
        """Whether less than half of the face is to be seen."""
        return self.turned > 0.5

    @property
    def box(self) -> NDArray[np.float64]:
        """The face box, xyxy."""
        half = np.array([0.4, 0.5]) * self.tall
        centre = np.array([self.x, self.y])
        return np.concatenate([centre - half, centre + half])


def backdrop(seed: int = 0) -> NDArray[np.uint8]:
    """A textured wall, so that motion can be told from rest."""
    noise = np.random.default_rng(seed).integers(20, 110, (24, 40, 3), dtype=np.uint8)
    return np.asarray(cv2.resize(noise, (WIDTH, HEIGHT), interpolation=cv2.INTER_CUBIC), np.uint8)


def draw(picture: NDArray[np.uint8], person: Person) -> None:
    """Paint the person into the picture: trousers, shirt with a stripe, hair, and the face."""

    def block(left: float, top: float, right: float, bottom: float, colour: Colour) -> None:
        corners = np.array([[left, top], [right, bottom]]) * person.tall + [person.x, person.y]
        (x1, y1), (x2, y2) = np.round(corners * 8).astype(int).tolist()
        points = np.array([[x1, y1], [x2, y1], [x2, y2], [x1, y2]])
        cv2.fillConvexPoly(picture, points, colour, cv2.LINE_AA, 3)

    bright = tuple(min(255, value + 60) for value in person.shirt)
    block(-0.5, 2.6, 0.5, 4.8, person.trousers)
    block(-0.7, 0.7, 0.7, 2.7, person.shirt)
    block(-0.7, 1.3, 0.7, 1.6, (bright[0], bright[1], bright[2]))
    centre = (round(person.x * 8), round((person.y - 0.1 * person.tall) * 8))
    axes = (round(0.58 * person.tall * 8), round(0.68 * person.tall * 8))
    cv2.ellipse(picture, centre, axes, 0, 0, 360, person.hair, -1, cv2.LINE_AA, 3)
    if person.turned < 1:
        width, side = 0.36 * (1 - person.turned), 0.3 * person.turned
        axes = (round(width * person.tall * 8), round(0.45 * person.tall * 8))
        x, y = person.x + side * person.tall, person.y + 0.05 * person.tall
        cv2.ellipse(
            picture, (round(x * 8), round(y * 8)), axes, 0, 0, 360, SKIN, -1, cv2.LINE_AA, 3
        )
        for eye in (-0.14, 0.14):
            left = side + (eye - 0.06) * (1 - person.turned)
            block(left, -0.1, left + 0.12 * (1 - person.turned), 0.02, (20, 20, 20))
        half = 0.12 * (1 - person.turned)
        block(side - half, 0.22, side + half, 0.3, (60, 50, 180))


def scene(people: list[Person], seed: int = 0) -> NDArray[np.uint8]:
    """A picture with these people, the later in front, uint8 BGR (HEIGHT, WIDTH, 3)."""
    picture = backdrop(seed)
    for person in people:
        draw(picture, person)
    return picture


def pack_of(pictures: list[NDArray[np.uint8]], pts: tuple[int, ...] = ()) -> bytes:
    """The pictures as a frame pack of a source twice their size, at those pts or 30 a second."""
    pts = pts or tuple(PTS_STEP * (number + 1) for number in range(len(pictures)))
    jpegs = {
        stamp: cv2.imencode(".jpg", picture, [cv2.IMWRITE_JPEG_QUALITY, 75])[1].tobytes()
        for stamp, picture in zip(pts, pictures, strict=True)
    }
    return write_pack(PackIndex(pts, pts, WIDTH, HEIGHT, letterbox()), jpegs)


def letterbox() -> Letterbox:
    return fit_letterbox(SOURCE, (WIDTH, HEIGHT))


INFO = ModelInfo(
    name="drawn",
    kind="faces",
    classes=("face",),
    height=HEIGHT,
    width=WIDTH,
    revision=1,
    confidence=0.5,
    floor=0.1,
)


class DrawnFaces:
    """A detector for these drawings: a face is a patch of skin with a mouth in it."""

    info = INFO
    sha256 = "d" * 64

    def __init__(self) -> None:
        self.asked = 0

    def find(self, pictures: NDArray[np.uint8]) -> list[Found]:
        check_pictures(pictures, INFO)
        self.asked += len(pictures)
        return [_faces(picture) for picture in pictures]


def _faces(picture: NDArray[np.uint8]) -> Found:
    red, green, blue = (picture[..., channel].astype(int) for channel in range(3))
    skin = (red > 190) & (green > 140) & (blue > 100) & (red - blue > 40)
    _, _, stats, _ = cv2.connectedComponentsWithStats(skin.astype(np.uint8), connectivity=8)
    boxes = []
    for x, y, width, height, size in stats[1:].tolist():
        if size >= 80 and 0.6 < width / height < 1.1:
            centre = np.array([x + width / 2, y + height / 2 - 0.05 * height / 0.9])
            half = np.array([0.4, 0.5]) * height / 0.9
            boxes.append(np.concatenate([centre - half, centre + half]))
    xyxy = np.array(boxes, dtype=np.float32).reshape(-1, 4)
    return Found(xyxy, np.full((len(xyxy), 1), 0.9, dtype=np.float32))

"""What is asked of the stage show and what it answers: the first file to read.

Everything else follows.
"""

from dataclasses import dataclass
from fractions import Fraction

MEMBER_NAMES = ("Aria", "Bella", "Coco", "Dana", "Elin", "Faye", "Gina", "Hana", "Iris")
SECOND_NAMES = ("Jia", "Kora", "Luna", "Mina", "Nari", "Orla", "Page")
GROUPS = {"show": MEMBER_NAMES, "second": SECOND_NAMES}
"""Fixed groups by name: the committed model knows the first, and nothing knows the second."""

SETTINGS = ("easy", "hard", "handheld")

LARGEST_SIDE_PX = 3840
SMALLEST_SIDE_PX = 64
MOST_FRAMES = 400_000
"""About 3.7 hours at 30 frames a second: the plan keeps every performer's place in memory."""

MOST_TICKS_PER_S = 2**31 - 1
"""What a video file can say."""


class ShowRefused(ValueError):
    """The show that was asked for can not be drawn; the message says which value to change."""


@dataclass(frozen=True)
class ShowSpec:
    """One show, wholly determined: equal specs give equal bytes.

    ``size`` is (width, height) in pixels, both even; ``fps`` is exact; ``seconds`` is the length of
    the video; ``group`` is one of `GROUPS`.

    Raises:
        ShowRefused: a value is out of its range.
    """

    seed: int
    members: int = 4
    seconds: Fraction = Fraction(20)
    size: tuple[int, int] = (1920, 1080)
    fps: Fraction = Fraction(30000, 1001)
    setting: str = "hard"
    group: str = "show"

    def __post_init__(self) -> None:
        object.__setattr__(self, "seconds", Fraction(self.seconds))
        object.__setattr__(self, "fps", Fraction(self.fps))
        problems = list(_problems(self))
        if problems:
            raise ShowRefused("; ".join(problems))

    @property
    def frames(self) -> int:
        """The number of frames of the video."""
        return max(1, round(self.seconds * self.fps))

    @property
    def time_base(self) -> Fraction:
        """The smallest time base of at least 1/10000 s in which every frame has a whole pts.

        As mp4 keeps it.
        """
        ticks = self.fps.numerator
        while ticks < 10_000:
            ticks *= 2
        return Fraction(1, ticks)

    @property
    def pts_step(self) -> int:
        """The pts from one frame to the next."""
        return int(1 / self.fps / self.time_base)


def _problems(spec: ShowSpec) -> list[str]:
    """Name every value out of range, in words."""
    width, height = spec.size
    problems = []
    if spec.setting not in SETTINGS:
        problems.append(f"setting is one of {', '.join(SETTINGS)}, not {spec.setting!r}")
    if spec.group not in GROUPS:
        problems.append(f"group is one of {', '.join(GROUPS)}, not {spec.group!r}")
    elif not 3 <= spec.members <= len(GROUPS[spec.group]):
        problems.append(f"members is 3 to {len(GROUPS[spec.group])}, not {spec.members}")
    if not all(
        SMALLEST_SIDE_PX <= side <= LARGEST_SIDE_PX and side % 2 == 0 for side in (width, height)
    ):
        problems.append(
            f"size is two even numbers from {SMALLEST_SIDE_PX} to {LARGEST_SIDE_PX}, "
            f"not {width}x{height}"
        )
    if not 1 <= spec.fps <= 120:
        problems.append(f"fps is 1 to 120, not {spec.fps}")
    elif spec.fps.numerator > MOST_TICKS_PER_S:
        problems.append(f"fps is a fraction of smaller numbers, such as 24000/1001, not {spec.fps}")
    elif not 0 < spec.seconds * spec.fps <= MOST_FRAMES:
        problems.append(
            f"seconds is more than 0 and gives at most {MOST_FRAMES} frames, not {spec.seconds}"
        )
    if spec.seed < 0:
        problems.append(f"seed is 0 or more, not {spec.seed}")
    return problems


@dataclass(frozen=True)
class TruthRow:
    """Where one drawn person is in one frame: a row of ``truth.csv``.

    Boxes are xyxy in pixels of the picture, clipped to it, ``x2, y2`` exclusive. ``face`` is the
    box of the face's ellipsoid, hairline to chin and ear to ear, or where it would be when turned
    away. The visible shares are of what the person would show alone and in a full picture; a
    turned-away face has 0.

    In a dissolve or wipe the people of both pictures are drawn and both have rows: a row's ``shot``
    is the shot of its own picture, and its visible shares are multiplied by that picture's weight.
    The frame itself belongs to the dominant picture, as ``shots.csv`` says; only its people can
    reach a share of .5.
    """

    frame: int
    pts: int
    shot: int
    name: str
    role: str
    face: tuple[float, float, float, float]
    face_visible: float
    head_visible: float
    body: tuple[float, float, float, float]

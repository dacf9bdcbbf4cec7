"""Labelled pictures: what collecting, labelling, training and importing agree on.

Pure: dataclasses that can not hold what is wrong, their JSON, which part of a dataset a picture is
in, and what a dataset has of whom. `inyourarea.runtime.datasets` keeps them.
"""

import hashlib
import json
import math
import sys
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass, field, replace
from typing import Any, TypeVar

from inyourarea.contracts.digests import digest
from inyourarea.core.errors import DatasetRejected
from inyourarea.core.members import fold, tidy

#: Boxes of a member that are advised: the original authors' advice of pictures per label.
ADVISED_BOXES = 1_500
#: What a dataset of a site may be called: a part of an address, and of a folder's name anywhere.
DATASET_NAME = r"^[a-z0-9][a-z0-9_-]{0,62}$"
#: A class number beyond this is a mistake, not a group (ultralytics' largest sets have 1,203).
MOST_MEMBERS = 1_000
#: More boxes than this in one picture are no stage.
MOST_BOXES = 300
#: Longer names are a mistake in a file.
LONGEST_NAME = 200
#: Longest side of a picture that anything here decodes, pixels: 8K and a margin.
LONGEST_SIDE = 16_384
#: Who a proposal is by: the program.
PROPOSAL = "proposal"
PROPOSED, CONFIRMED, REJECTED = "proposed", "confirmed", "rejected"
FRONTAL, PROFILE = "frontal", "profile"
TRAIN, VAL, TEST = SPLITS = ("train", "val", "test")
#: Shares of `TRAIN`, and of it and `VAL`; the rest is `TEST`.
_TRAIN_SHARE, _VAL_SHARE = 0.8, 0.9
#: From so many shots on, one is held out however the digests fall.
_SHOTS_TO_HOLD_ONE_OUT = 3

Field = TypeVar("Field")
Box = tuple[float, float, float, float]


@dataclass(frozen=True, slots=True)
class LabelledBox:
    """A face: ``box`` xyxy in the picture's pixels.

    An empty ``member`` is: not said yet; and once it is `CONFIRMED`: none of the members.
    ``tracklet`` is ``<run>:<shot>:<tracklet>`` where the box came from a track and nobody changed
    its member alone since then; ``view`` is `FRONTAL`, `PROFILE` or not told (empty). ``identity``
    is how sure the run was that the tracklet is of the person whom it gave it to, 0..1; none: it is
    not known.
    """

    box: Box
    member: str = ""
    tracklet: str = ""
    view: str = ""
    state: str = PROPOSED
    identity: float | None = None

    def __post_init__(self) -> None:
        if not all(math.isfinite(side) for side in self.box):
            raise DatasetRejected("A box has a side that is no number.")
        _check_one_of("a box's view", self.view, ("", FRONTAL, PROFILE))
        _check_one_of("a box's state", self.state, (PROPOSED, CONFIRMED))

    @property
    def is_unsaid(self) -> bool:
        """Whether it might be a member: nobody was named, nobody said that it is no member."""
        return not self.member and self.state != CONFIRMED


@dataclass(frozen=True, slots=True)
class LabelledPicture:
    """Who stands in a picture of ``size`` (width, height), as of ``version``.

    ``video`` (sha256), ``pts`` and ``shot`` say where it is from; empty, none and 0 where it was
    brought from elsewhere. ``teaches``: what a network learns from it, higher first. ``state`` is
    about the whole picture: `REJECTED` ones teach nobody; a box's own state is about that box.

    Raises:
        DatasetRejected: a box is not inside of the picture, or something is no allowed value.
    """

    size: tuple[int, int]
    boxes: tuple[LabelledBox, ...] = ()
    version: int = 1
    video: str = ""
    pts: int | None = None
    shot: int = 0
    split: str = TRAIN
    by: str = PROPOSAL
    at_ns: int = 0
    state: str = PROPOSED
    teaches: float = 0.0

    def __post_init__(self) -> None:
        if not all(1 <= side <= LONGEST_SIDE for side in self.size):
            raise DatasetRejected(f"A picture of {self.size[0]}x{self.size[1]} pixels is none.")
        if len(self.boxes) > MOST_BOXES:
            raise DatasetRejected(f"There are more than {MOST_BOXES} boxes in one picture.")
        for box in self.boxes:
            _check_inside(box.box, self.size)
        if self.version < 1:
            raise DatasetRejected("Versions of labels count from 1.")
        _check_one_of("a picture's split", self.split, SPLITS)
        _check_one_of("a picture's state", self.state, (PROPOSED, CONFIRMED, REJECTED))

    @property
    def origin(self) -> tuple[object, ...]:
        """What no later version changes."""
        return self.size, self.video, self.pts, self.shot, self.split


@dataclass(frozen=True, slots=True)
class Members:
    """Whom a dataset's pictures show, in class order: later versions rename and add, never more.

    ``minimum`` boxes of each are advised. ``formerly``: who was called so before is called so now,
    for labels that were written then.

    Raises:
        DatasetRejected: a name is empty, too long, twice there, or was somebody's before.
    """

    names: tuple[str, ...]
    minimum: int = ADVISED_BOXES
    version: int = 1
    formerly: Mapping[str, str] = field(default_factory=dict)

    def __post_init__(self) -> None:
        if not 1 <= len(self.names) <= MOST_MEMBERS:
            raise DatasetRejected(f"A dataset has 1 to {MOST_MEMBERS} members.")
        taken: set[str] = set()
        for name in self.names:
            if not name or name != tidy(name) or len(name) > LONGEST_NAME or not name.isprintable():
                raise DatasetRejected(f"{name[:80]!r} can not be a member's name.")
            if fold(name) in taken:
                raise DatasetRejected(f"Two members are called {name[:80]!r}; names are unique.")
            if name in self.formerly:
                raise DatasetRejected(
                    f"{self.formerly[name]!r} was called {name!r} before; rename her back first."
                )
            taken.add(fold(name))

    def renamed(self, old: str, new: str) -> "Members":
        """The next version, in which that member is called ``new``; all labels follow.

        Raises:
            DatasetRejected: nobody is called ``old``, or somebody is called ``new``.
        """
        new = tidy(new)
        if old not in self.names:
            raise DatasetRejected(
                f"Nobody here is called {old[:80]!r}; known are: {', '.join(self.names)}."
            )
        names = tuple(new if name == old else name for name in self.names)
        was = {past: new if now == old else now for past, now in self.formerly.items()}
        if was.get(new) == new:  # she has her old name back
            del was[new]
        return replace(self, names=names, version=self.version + 1, formerly={**was, old: new})

    def with_added(self, *names: str) -> "Members":
        """The next version, with these behind the others."""
        added = (*self.names, *(tidy(name) for name in names))
        return replace(self, names=added, version=self.version + 1)

    def now(self, name: str) -> str | None:
        """What she is called now who is or was called so, however it is spelt; none: nobody is."""
        if name in self.names:
            return name
        spelt = {fold(past): now for past, now in self.formerly.items()}
        spelt |= {fold(known): known for known in self.names}
        return self.formerly.get(name) or spelt.get(fold(name))

    def today(self, labels: LabelledPicture) -> LabelledPicture:
        """The labels with everybody called as they are now."""
        if not any(box.member in self.formerly for box in labels.boxes):
            return labels
        boxes = (
            replace(box, member=self.formerly.get(box.member, box.member)) for box in labels.boxes
        )
        return replace(labels, boxes=tuple(boxes))


def clipped(box: Sequence[float], size: tuple[int, int]) -> Box:
    """The part of a box inside of a picture.

    Raises:
        DatasetRejected: it lies wholly outside, or has no area.
    """
    x1, y1, x2, y2 = box
    inside = max(0.0, x1), max(0.0, y1), min(float(size[0]), x2), min(float(size[1]), y2)
    _check_inside(inside, size)
    return inside


def picture_name(video_sha256: str, pts: int) -> str:
    """What the picture of a video's frame is called."""
    return f"{video_sha256[:16]}-{pts}"


def imported_name(content: bytes) -> str:
    """What a picture is called that was brought from elsewhere."""
    return f"import-{hashlib.sha256(content).hexdigest()[:16]}"


def split_shots(video_sha256: str, shots: Iterable[int]) -> dict[int, str]:
    """Which part each shot of a video is in, wholly: about 80, 10 and 10 of 100.

    ``shots`` are all of the video's, whether pictures are taken from them or not, so that each
    collect says the same. The shot of the lowest digest is always learned from; of three or more,
    one is held out in `VAL`.
    """
    lots = sorted((_lot(video_sha256, shot), shot) for shot in set(shots))
    found = {shot: _part(lot) for lot, shot in lots}
    if not lots:
        return found
    found[lots[0][1]] = TRAIN
    if len(lots) >= _SHOTS_TO_HOLD_ONE_OUT and VAL not in found.values():
        learned = [shot for _, shot in lots[1:] if found[shot] == TRAIN]
        found[learned[-1] if learned else lots[1][1]] = VAL
    return found


def split_import(picture: str) -> str:
    """Which part a picture is in of which nobody knows the shot."""
    return _part(_lot(picture, 0))


def _lot(whose: str, shot: int) -> float:
    return int(digest(["split", whose, shot])[:12], 16) / 16**12


def _part(lot: float) -> str:
    if lot < _TRAIN_SHARE:
        return TRAIN
    return VAL if lot < _VAL_SHARE else TEST


@dataclass(frozen=True, slots=True)
class MemberCount:
    """What a dataset has of a member, in boxes but for ``pictures``; ``splits`` by part."""

    boxes: int
    pictures: int
    frontal: int
    profile: int
    confirmed: int
    proposed: int
    splits: Mapping[str, int]


@dataclass(frozen=True, slots=True)
class Counts:
    """What a dataset has: members in class order, rejected pictures left out but in ``rejected``.

    ``unnamed`` are boxes of which nobody said yet whose they are; ``splits`` are pictures by part.
    """

    members: Mapping[str, MemberCount]
    minimum: int
    pictures: int
    rejected: int
    unnamed: int
    splits: Mapping[str, int]

    @property
    def balance(self) -> float:
        """Boxes of who has fewest, as a share of who has most; 1 where nobody has any."""
        boxes = [one.boxes for one in self.members.values()]
        return min(boxes) / max(boxes) if max(boxes) else 1.0


def count(members: Members, pictures: Iterable[LabelledPicture]) -> Counts:
    """Add up what is in these pictures."""
    tallies = {name: Counter[str]() for name in ("", *members.names)}
    splits: Counter[str] = Counter()
    rejected = 0
    for picture in pictures:
        if picture.state == REJECTED:
            rejected += 1
            continue
        splits[picture.split] += 1
        for name in {box.member for box in picture.boxes}:
            tallies[name]["pictures"] += 1
        for box in picture.boxes:
            tallies[box.member].update(("boxes", picture.split, box.state, box.view))
    return Counts(
        members={name: _member_count(tallies[name]) for name in members.names},
        minimum=members.minimum,
        pictures=splits.total(),
        rejected=rejected,
        unnamed=tallies[""][PROPOSED],
        splits={split: splits[split] for split in SPLITS},
    )


def _member_count(tally: Counter[str]) -> MemberCount:
    return MemberCount(
        boxes=tally["boxes"],
        pictures=tally["pictures"],
        frontal=tally[FRONTAL],
        profile=tally[PROFILE],
        confirmed=tally[CONFIRMED],
        proposed=tally[PROPOSED],
        splits={split: tally[split] for split in SPLITS},
    )


def write_labels(labels: LabelledPicture) -> bytes:
    """The labels as they are kept, JSON."""
    return json.dumps(asdict(labels), ensure_ascii=False).encode()


def read_labels(content: bytes) -> LabelledPicture:
    """The labels of a file as `write_labels` writes it.

    Raises:
        DatasetRejected: what is wrong in it.
    """
    table = _object(content, "The label file")
    pts = table.get("pts")
    if pts is not None:
        pts = _field(table, "pts", int)
    width, height = _sides(table, "size", 2)
    return LabelledPicture(
        size=(int(width), int(height)),
        boxes=tuple(_box(one) for one in _field(table, "boxes", list)),
        version=_field(table, "version", int),
        video=_field(table, "video", str),
        pts=pts,
        shot=_field(table, "shot", int),
        split=_field(table, "split", str),
        by=_field(table, "by", str),
        at_ns=_field(table, "at_ns", int),
        state=_field(table, "state", str),
        teaches=_number(table, "teaches"),
    )


def write_members(members: Members) -> bytes:
    """The members as they are kept, JSON; the version is in the object's name."""
    table = {
        "members": members.names,
        "minimum": members.minimum,
        "formerly": dict(members.formerly),
    }
    return json.dumps(table, ensure_ascii=False).encode()


def read_members(content: bytes, version: int) -> Members:
    """The members of a file as `write_members` writes it; ``formerly`` may be missing.

    Raises:
        DatasetRejected: what is wrong in it.
    """
    table = _object(content, "The dataset's file")
    names = _field(table, "members", list)
    formerly = _field(table, "formerly", dict) if "formerly" in table else {}
    if not all(isinstance(name, str) for name in (*names, *formerly, *formerly.values())):
        raise DatasetRejected("A member's name is no text.")
    return Members(tuple(names), _field(table, "minimum", int), version, formerly)


def _box(table: object) -> LabelledBox:
    if not isinstance(table, dict):
        raise DatasetRejected("A box is no JSON object.")
    x1, y1, x2, y2 = _sides(table, "box", 4)
    texts = {name: _field(table, name, str) for name in ("member", "tracklet", "view", "state")}
    is_known = table.get("identity") is not None
    identity = _number(table, "identity") if is_known else None
    return LabelledBox((x1, y1, x2, y2), **texts, identity=identity)


def _object(content: bytes, what: str) -> dict[str, Any]:
    try:
        table = json.loads(content)
    except (ValueError, RecursionError) as error:
        raise DatasetRejected(f"{what} is no JSON: {error}.") from error
    if not isinstance(table, dict):
        raise DatasetRejected(f"{what} is no JSON object.")
    return table


def _field(
    table: Mapping[str, Any], name: str, kind: type[Field] | tuple[type[Field], ...]
) -> Field:
    value = table.get(name)
    if not isinstance(value, kind) or isinstance(value, bool):
        raise DatasetRejected(f"The label file lacks '{name}', or it is of the wrong kind.")
    return value


def _sides(table: Mapping[str, Any], name: str, length: int) -> list[float]:
    sides = _field(table, name, list)
    if len(sides) != length or not all(map(_is_number, sides)):
        raise DatasetRejected(f"'{name}' must be {length} numbers.")
    return [float(side) for side in sides]


def _number(table: Mapping[str, Any], name: str) -> float:
    value = _field(table, name, (int, float))
    if not _is_number(value):
        raise DatasetRejected(f"'{name}' must be a number.")
    return float(value)


def _is_number(value: Any) -> bool:
    """Python's JSON has NaN, infinity, and whole numbers that no float holds, too."""
    if isinstance(value, bool) or not isinstance(value, int | float):
        return False
    return abs(value) <= sys.float_info.max


def _check_inside(box: Box, size: tuple[int, int]) -> None:
    x1, y1, x2, y2 = box
    if not (0 <= x1 < x2 <= size[0] and 0 <= y1 < y2 <= size[1]):
        raise DatasetRejected(
            f"The box ({x1:.6g}, {y1:.6g})-({x2:.6g}, {y2:.6g}) is not inside of the picture of "
            f"{size[0]}x{size[1]} pixels, or has no area."
        )


def _check_one_of(what: str, value: str, allowed: tuple[str, ...]) -> None:
    if value not in allowed:
        named = ", ".join(repr(one) for one in allowed)
        raise DatasetRejected(f"{value[:40]!r} is not {what}; allowed are {named}.")

"""Labelled pictures of another tool come into a dataset: all of them, or none.

Everything is read and checked first; then pictures are brought, which nobody sees without labels;
then they are labelled. What fails on the way is taken back.
"""

import hashlib
import time
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace

import numpy as np

from inyourarea.contracts.datasets import (
    CONFIRMED,
    PROPOSED,
    LabelledBox,
    LabelledPicture,
    Members,
    clipped,
    imported_name,
    split_import,
)
from inyourarea.core.boxes import iou
from inyourarea.core.errors import DatasetRejected
from inyourarea.core.members import fold
from inyourarea.runtime.datasets import Conflict, Dataset, MembersConflict
from inyourarea.train.formats.files import Files
from inyourarea.train.formats.foreign import Foreign, ForeignBox, ForeignPicture
from inyourarea.train.formats.jpeg import as_jpeg, check_picture, size_of
from inyourarea.train.formats.known import Form

#: Tools round to whole pixels: a box that moved less than this was not moved by anybody.
_ROUNDING_PX = 1.0
#: From this overlap on, two boxes are of one face.
_SAME_FACE_IOU = 0.5
#: Boxes reach over the picture's side by rounding; beyond this they are told of.
_OVERHANG_PX = 1.5


@dataclass(frozen=True, slots=True)
class Arrival:
    """A picture among the files, what it is called in the dataset, and its next labels there."""

    file: str
    digest: str
    picture: str
    labels: LabelledPicture


@dataclass(frozen=True, slots=True)
class Plan:
    """What an import does: ``members`` are those that the dataset has afterwards.

    ``unchanged`` pictures are there with these very labels; ``notes`` are for the user.
    """

    members: Members
    arrivals: tuple[Arrival, ...]
    unchanged: int
    notes: tuple[str, ...]


class _Pictures:
    """The pictures among the files, each checked once."""

    def __init__(self, files: Files) -> None:
        self._files = files
        self._sizes: dict[str, tuple[int, int]] = {}
        self._digests: dict[str, str] = {}
        self._names: dict[str, str] = {}

    def _look(self, file: str) -> None:
        if file not in self._sizes:
            content = self._files.read(file)
            check_picture(file, content)
            self._names[file] = imported_name(content)
            self._digests[file] = _digest(content)
            self._sizes[file] = size_of(file, content)

    def size(self, file: str) -> tuple[int, int]:
        self._look(file)
        return self._sizes[file]

    def digest(self, file: str) -> str:
        self._look(file)
        return self._digests[file]

    def name(self, file: str) -> str:
        self._look(file)
        return self._names[file]


def plan_import(
    dataset: Dataset, files: Files, form: Form, *, by: str, adds_members: bool = False
) -> Plan:
    """Everything is read and checked; nothing is changed.

    A picture that the dataset exported comes back to where it was. Who drew boxes elsewhere has
    confirmed them, unless the file says otherwise.

    Raises:
        DatasetRejected: what can not be used, in which file and line.
    """
    pictures = _Pictures(files)
    foreign = form.read(files, pictures.size)
    if not foreign.pictures:
        raise DatasetRejected("There is no labelled picture among the files.")
    known = dict(dataset.everything()) if dataset.is_made() else {}
    now = dataset.members() if dataset.is_made() else None
    members, names, notes = _members(foreign, now, adds_members=adds_members)
    arrivals: dict[str, Arrival] = {}
    unchanged = overhanging = 0
    for one in foreign.pictures:
        boxes, over = _boxes(one, pictures.size(one.file), names)
        overhanging += over
        picture = _picture_name(dataset, known, one.file, pictures)
        fresh = LabelledPicture(
            size=pictures.size(one.file),
            boxes=boxes,
            split=one.split or split_import(picture),
            by=by,
            at_ns=time.time_ns(),
            state=_state(boxes),
        )
        labels = _over(known[picture], fresh) if picture in known else fresh
        arrival = Arrival(one.file, pictures.digest(one.file), picture, labels)
        other = arrivals.get(picture)
        if other and other.labels.boxes != labels.boxes:
            raise DatasetRejected(
                f"{one.where}: {one.file} and {other.file} are one picture with other boxes."
            )
        arrivals[picture] = other or arrival
    changed = [
        one for one in arrivals.values() if not _says_the_same(known.get(one.picture), one.labels)
    ]
    unchanged = len(arrivals) - len(changed)
    twice = len(foreign.pictures) - len(arrivals)
    if twice:
        notes.append(f"{twice} pictures are there twice with the same boxes; one of each came")
    if overhanging:
        notes.append(f"{overhanging} boxes reached out of their picture and were cut at its side")
    return Plan(members, tuple(changed), unchanged, (*foreign.notes, *notes))


def carry_out(dataset: Dataset, files: Files, plan: Plan) -> None:
    """The dataset is as planned; where anything fails, as it was.

    Raises:
        DatasetRejected: somebody changed the dataset or the files meanwhile.
    """
    new = [one for one in plan.arrivals if one.labels.version == 1]
    labelled: list[Arrival] = []
    try:
        for one in new:
            dataset.bring(one.picture, as_jpeg(one.file, _read_again(files, one)))
        _settle_members(dataset, plan.members)
        for one in plan.arrivals:
            _settle_labels(dataset, one)
            labelled.append(one)
    except BaseException as trouble:
        for one in labelled:
            dataset.forget(one.picture, one.labels.version)
        for one in new:
            dataset.leave(one.picture)
        if isinstance(trouble, Conflict | MembersConflict):
            raise DatasetRejected("Somebody changed the dataset meanwhile; ask again.") from trouble
        raise


def _read_again(files: Files, one: Arrival) -> bytes:
    content = files.read(one.file)
    if _digest(content) != one.digest:
        raise DatasetRejected(f"{one.file} was changed meanwhile; ask again.")
    return content


def _settle_members(dataset: Dataset, members: Members) -> None:
    if members.version == 1:
        dataset.begin(members)
    elif dataset.members().version != members.version:
        dataset.change(members)


def _settle_labels(dataset: Dataset, one: Arrival) -> None:
    if one.labels.version > 1:
        dataset.label(one.picture, one.labels)
    elif not dataset.introduce(one.picture, one.labels):
        raise Conflict(dataset.labelled(one.picture))


def _members(
    foreign: Foreign, now: Members | None, *, adds_members: bool
) -> tuple[Members, Mapping[str, str], list[str]]:
    """Whom the dataset shows afterwards, what it calls each class, and notes.

    Classes are known by their names, so their order may be any; a new dataset takes the files'.
    """
    used = {box.name: box.where for one in reversed(foreign.pictures) for box in one.boxes}
    notes = [f"no box of {name!r}" for name in foreign.classes if name not in used]
    if now is None:
        return Members(foreign.classes), {name: name for name in foreign.classes}, notes
    called = {fold(name): name for name in now.names}
    strange = [name for name in foreign.classes if fold(name) not in called]
    if strange and adds_members:
        now = now.with_added(*strange)
        called |= {fold(name): name for name in strange}
    wrong = next((name for name in strange if name in used and fold(name) not in called), None)
    if wrong is not None:
        raise DatasetRejected(
            f"{used[wrong]}: {wrong!r} is none of the dataset's members, {', '.join(now.names)}; "
            "rename the class, or take it in by --add-members."
        )
    names = {name: called[fold(name)] for name in foreign.classes if fold(name) in called}
    return now, names, notes


def _boxes(
    one: ForeignPicture, size: tuple[int, int], names: Mapping[str, str]
) -> tuple[tuple[LabelledBox, ...], int]:
    """The boxes as the dataset has them, and how many were cut by more than rounding."""
    if one.size is not None and one.size != size:
        raise DatasetRejected(
            f"{one.where}: labelled at {one.size[0]}x{one.size[1]} pixels, but {one.file} has "
            f"{size[0]}x{size[1]}; bring the picture that was labelled."
        )
    boxes: dict[LabelledBox, None] = {}
    overhanging = 0
    for told in one.boxes:
        box = _box(told, size, names[told.name])
        overhanging += any(
            abs(a - b) > _OVERHANG_PX for a, b in zip(box.box, told.box, strict=True)
        )
        boxes[box] = None
    return tuple(boxes), overhanging


def _box(told: ForeignBox, size: tuple[int, int], member: str) -> LabelledBox:
    try:
        return LabelledBox(
            box=clipped(told.box, size),
            member=member,
            tracklet=told.told.get("tracklet", ""),
            view=told.view,
            state=PROPOSED if told.told.get("state") == PROPOSED else CONFIRMED,
        )
    except DatasetRejected as rejected:
        raise DatasetRejected(f"{told.where}: {rejected}") from rejected


def _picture_name(
    dataset: Dataset, known: Mapping[str, LabelledPicture], file: str, pictures: _Pictures
) -> str:
    """What the picture is called in the dataset: as before where it came from there."""
    stem = file.rsplit("/", 1)[-1].rpartition(".")[0]
    is_back = stem in known and _digest(dataset.picture(stem)) == pictures.digest(file)
    return stem if is_back else pictures.name(file)


def _digest(content: bytes) -> str:
    return hashlib.sha256(content).hexdigest()


def _state(boxes: tuple[LabelledBox, ...]) -> str:
    """A picture without a box may just not have been looked at yet."""
    is_looked_at = bool(boxes) and all(box.state == CONFIRMED for box in boxes)
    return CONFIRMED if is_looked_at else PROPOSED


def _over(old: LabelledPicture, fresh: LabelledPicture) -> LabelledPicture:
    """The version after ``old``: boxes keep what files can not tell, nobody's stay."""
    kept = [_as_it_was(box, old) for box in fresh.boxes]
    nobody = [box for box in old.boxes if not box.member and not _overlaps(box, fresh.boxes)]
    return replace(
        old,
        boxes=(*kept, *nobody),
        version=old.version + 1,
        by=fresh.by,
        at_ns=fresh.at_ns,
        state=CONFIRMED if CONFIRMED in (old.state, fresh.state) else PROPOSED,
    )


def _as_it_was(box: LabelledBox, old: LabelledPicture) -> LabelledBox:
    for other in _near(box, old):
        if other.member == box.member:
            view = box.view or other.view
            return replace(other, view=view, state=box.state)
    return box


def _near(box: LabelledBox, old: LabelledPicture) -> Iterator[LabelledBox]:
    for other in old.boxes:
        sides = zip(box.box, other.box, strict=True)
        if all(abs(ours - theirs) <= _ROUNDING_PX for ours, theirs in sides):
            yield other


def _overlaps(box: LabelledBox, others: tuple[LabelledBox, ...]) -> bool:
    if not others:
        return False
    theirs = np.array([other.box for other in others])
    return bool((iou(np.array([box.box]), theirs) >= _SAME_FACE_IOU).any())


def _says_the_same(old: LabelledPicture | None, labels: LabelledPicture) -> bool:
    return old is not None and (set(old.boxes), old.state) == (set(labels.boxes), labels.state)

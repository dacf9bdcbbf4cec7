"""Labelled pictures of another tool come into a dataset: all of them, or none.

Everything is read and checked first; then pictures are brought, which nobody sees without labels;
then they are labelled. What fails on the way is taken back.
"""

import hashlib
import time
from collections.abc import Mapping
from dataclasses import dataclass, replace

from inyourarea.contracts.datasets import (
    CONFIRMED,
    PROPOSAL,
    PROPOSED,
    REJECTED,
    LabelledBox,
    LabelledPicture,
    Members,
    clipped,
    imported_name,
    split_import,
)
from inyourarea.core.errors import DatasetRejected
from inyourarea.core.members import fold
from inyourarea.runtime.datasets import Conflict, Dataset, MembersConflict
from inyourarea.train.formats.files import Files
from inyourarea.train.formats.foreign import NOBODY, Foreign, ForeignBox, ForeignPicture
from inyourarea.train.formats.jpeg import as_jpeg, check_picture, size_of
from inyourarea.train.formats.known import Form
from inyourarea.train.merging import merged, says_the_same

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

    A picture that the dataset exported comes back to where it was. Who drew or moved boxes
    elsewhere has confirmed them, unless the file says otherwise.

    Raises:
        DatasetRejected: what can not be used, in which file and line; or nobody may be called so.
    """
    if by == PROPOSAL:
        raise DatasetRejected(f"{PROPOSAL!r} is what the program itself says; give another name.")
    pictures = _Pictures(files)
    foreign = form.read(files, pictures.size)
    if not foreign.pictures:
        raise DatasetRejected("There is no labelled picture among the files.")
    known = dict(dataset.everything()) if dataset.is_made() else {}
    now = dataset.members() if dataset.is_made() else None
    members, names, notes = _members(foreign, now, adds_members=adds_members)
    tells_nobody = "" in names.values()
    arrivals: dict[str, Arrival] = {}
    for one in foreign.pictures:
        picture = _picture_name(dataset, known, one.file, pictures)
        fresh = _fresh(one, picture, pictures.size(one.file), names)
        fresh = replace(fresh, by=by, at_ns=time.time_ns())
        tells_states = any("state" in box.told for box in one.boxes)
        was = known.get(picture)
        labels = fresh
        if was:
            labels = merged(was, fresh, tells_states=tells_states, tells_nobody=tells_nobody)
        arrival = Arrival(one.file, pictures.digest(one.file), picture, labels)
        other = arrivals.get(picture)
        if other and other.labels.boxes != labels.boxes:
            raise DatasetRejected(
                f"{one.where}: {one.file} and {other.file} are one picture with other boxes."
            )
        arrivals[picture] = other or arrival
    changed = [
        one for one in arrivals.values() if not says_the_same(known.get(one.picture), one.labels)
    ]
    unchanged = len(arrivals) - len(changed)
    twice = len(foreign.pictures) - len(arrivals)
    if twice:
        notes.append(f"{twice} pictures are there twice with the same boxes; one of each came")
    rejected = sum(one.labels.state == REJECTED for one in arrivals.values())
    if rejected:
        notes.append(f"{rejected} pictures are rejected in the dataset and stay so")
    over = sum(_overhanging(one, pictures.size(one.file)) for one in foreign.pictures)
    if over:
        notes.append(f"{over} boxes reached out of their picture and were cut at its side")
    return Plan(members, tuple(changed), unchanged, (*foreign.notes, *notes))


def carry_out(dataset: Dataset, files: Files, plan: Plan) -> None:
    """The dataset is as planned; where anything fails, as it was.

    Raises:
        DatasetRejected: somebody changed the dataset or the files meanwhile.
    """
    new = [one for one in plan.arrivals if one.labels.version == 1]
    labelled: list[Arrival] = []
    has_members = False
    try:
        for one in new:
            dataset.bring(one.picture, as_jpeg(one.file, _read_again(files, one)))
        has_members = _settle_members(dataset, plan.members)
        for one in plan.arrivals:
            _settle_labels(dataset, one)
            labelled.append(one)
    except BaseException as trouble:
        for one in labelled:
            dataset.forget(one.picture, one.labels.version)
        for one in new:
            dataset.leave(one.picture)
        if has_members:
            dataset.take_back(plan.members)
        if isinstance(trouble, Conflict | MembersConflict):
            raise DatasetRejected("Somebody changed the dataset meanwhile; ask again.") from trouble
        raise


def _read_again(files: Files, one: Arrival) -> bytes:
    content = files.read(one.file)
    if _digest(content) != one.digest:
        raise DatasetRejected(f"{one.file} was changed meanwhile; ask again.")
    return content


def _settle_members(dataset: Dataset, members: Members) -> bool:
    """Whether these are the members only now."""
    if not dataset.is_made():
        dataset.begin(members)
        return True
    if dataset.members().version != members.version:
        dataset.change(members)
        return True
    return False


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
    `NOBODY` is nobody, unless a member is called so.
    """
    nobody = {
        name: "" for name in foreign.classes if fold(name) == NOBODY and not (now and now.now(name))
    }
    classes = tuple(name for name in foreign.classes if name not in nobody)
    used = {box.name: box.where for one in reversed(foreign.pictures) for box in one.boxes}
    notes = [f"no box of {name!r}" for name in classes if name not in used]
    if now is None:
        return Members(classes), {name: name for name in classes} | nobody, notes
    strange = [name for name in classes if now.now(name) is None]
    if strange and adds_members:
        now = now.with_added(*strange)
    called = {name: now.now(name) for name in classes}
    wrong = next((name for name in strange if name in used and called[name] is None), None)
    if wrong is not None:
        raise DatasetRejected(
            f"{used[wrong]}: {wrong!r} is none of the dataset's members, {', '.join(now.names)}; "
            "rename the class, or take it in by --add-members."
        )
    return now, {name: member for name, member in called.items() if member} | nobody, notes


def _fresh(
    one: ForeignPicture, picture: str, size: tuple[int, int], names: Mapping[str, str]
) -> LabelledPicture:
    """A picture's labels as a dataset has them that never saw it.

    One without a box may just not have been looked at yet.
    """
    if one.size is not None and one.size != size:
        raise DatasetRejected(
            f"{one.where}: labelled at {one.size[0]}x{one.size[1]} pixels, but {one.file} has "
            f"{size[0]}x{size[1]}; bring the picture that was labelled."
        )
    boxes = tuple(dict.fromkeys(_box(told, size, names[told.name]) for told in one.boxes))
    is_looked_at = boxes and all(box.state == CONFIRMED for box in boxes)
    try:
        return LabelledPicture(
            size=size,
            boxes=boxes,
            split=one.split or split_import(picture),
            state=CONFIRMED if is_looked_at else PROPOSED,
        )
    except DatasetRejected as rejected:
        raise DatasetRejected(f"{one.where}: {rejected}") from rejected


def _overhanging(one: ForeignPicture, size: tuple[int, int]) -> int:
    """How many boxes reach out of the picture by more than rounding."""
    x2, y2 = (side + _OVERHANG_PX for side in size)
    return sum(
        min(told.box[:2]) < -_OVERHANG_PX or told.box[2] > x2 or told.box[3] > y2
        for told in one.boxes
    )


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

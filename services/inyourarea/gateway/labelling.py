"""What is to be labelled in a dataset, in which order, and what labelling has given."""

import re
from collections import Counter
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import pairwise

from inyourarea.contracts import keys
from inyourarea.contracts.datasets import (
    CONFIRMED,
    DATASET_NAME,
    PROPOSAL,
    PROPOSED,
    REJECTED,
    Box,
    Counts,
    LabelledBox,
    LabelledPicture,
    Members,
    count,
)
from inyourarea.contracts.proposals import names_of_people, person_of, with_names_over_shots
from inyourarea.gateway.problems import NotThere
from inyourarea.runtime.datasets import Dataset
from inyourarea.runtime.objects import Objects, Stored

#: Faces of a tracklet that are shown: enough to see a stranger among them, few enough for one look.
_MOST_FACES = 8
_PLACE = re.compile(re.escape(keys.dataset("")[:-1]) + r"([^/]+)/dataset/")


@dataclass(frozen=True)
class Sighting:
    """A box of a tracklet, and the picture that it is in."""

    picture: str
    labels: LabelledPicture
    box: LabelledBox


@dataclass(frozen=True)
class Strip:
    """A tracklet that nobody has named, and where it is seen.

    ``member`` is proposed, if it is not empty. A name is of ``gives`` boxes: where it
    ``is_first``, nobody has said yet who the person is, and training spreads it over all shots.
    """

    tracklet: str
    seen: list[Sighting]
    member: str
    is_first: bool
    gives: int

    @property
    def person(self) -> tuple[str, str]:
        """Whom the run takes it for."""
        return person_of(self.tracklet)

    @property
    def identity(self) -> float:
        """How sure the run was of that."""
        known = self.seen[0].box.identity
        return 1.0 if known is None else known


@dataclass(frozen=True)
class Todo:
    """What waits: tracklets by name, then pictures that teach most first, then others' work."""

    strips: list[Strip]
    frames: list[tuple[str, LabelledPicture]]
    review: list[tuple[str, LabelledPicture]]


@dataclass(frozen=True)
class Progress:
    """How far a dataset is; ``clicks`` are what people did, ``given`` the boxes that came of it.

    ``learned`` is the same as ``counts``, with names spread over shots as training does: to
    ``spread`` boxes more.
    """

    counts: Counts
    learned: Counts
    spread: int
    confirmed_pictures: int
    clicks: int
    given: int


class Labelling:
    """A dataset in the hands of those who label it."""

    def __init__(self, objects: Objects, name: str) -> None:
        self.name = name
        self.prefix = keys.dataset(name)
        self.dataset = Dataset(objects, self.prefix)
        # Earlier versions never change: those of a picture are read again when it has a new one.
        self._pasts: dict[str, list[LabelledPicture]] = {}
        # When a picture is from never changes either: all are gone through only when one is new.
        self._shots: dict[tuple[str, int], list[tuple[int, str]]] = {}

    def todo(self, who: str) -> Todo:
        """What waits for somebody of that name."""
        members, found = self.dataset.snapshot()
        everything = list(found.items())
        there = [(name, labels) for name, labels in everything if labels.state != REJECTED]
        in_order = sorted(everything, key=lambda one: (-one[1].teaches, one[0]))
        return Todo(
            strips=_strips(there),
            frames=[one for one in in_order if _is_open(one[1])],
            review=[one for one in in_order if self._is_to_review(*one, who, members)],
        )

    def progress(self) -> Progress:
        """How far it is."""
        members, everything = self.dataset.snapshot()
        acts: Counter[tuple[object, ...]] = Counter()
        for picture, labels in everything.items():
            for before, after in pairwise(self._past(picture, labels)):
                if after.by != PROPOSAL:
                    acts.update(_act(picture, before, after))
        learned = with_names_over_shots(everything)
        return Progress(
            count(members, everything.values()),
            count(members, learned.values()),
            sum(
                after != before
                for picture, labels in everything.items()
                if labels.state != REJECTED
                for before, after in zip(labels.boxes, learned[picture].boxes, strict=True)
            ),
            sum(labels.state == CONFIRMED for labels in everything.values()),
            len(acts),
            acts.total(),
        )

    def neighbours(self, picture: str, labels: LabelledPicture) -> tuple[str | None, str | None]:
        """The pictures before and after it in its shot."""
        if labels.pts is None:
            return None, None
        here, place = (labels.pts, picture), (labels.video, labels.shot)
        if here not in self._shots.get(place, ()):
            self._shots = _by_shot(self.dataset.everything())
        shot = self._shots[place]
        at = shot.index(here)
        before = shot[at - 1][1] if at else None
        return before, shot[at + 1][1] if at + 1 < len(shot) else None

    def _is_to_review(
        self, picture: str, labels: LabelledPicture, who: str, members: Members
    ) -> bool:
        """Whether somebody else has settled it, and nobody has said that this is right."""
        if labels.version == 1 or labels.by == who or _is_open(labels):
            return False
        before = members.today(self._past(picture, labels)[-2])
        is_accepted = (
            labels.state != PROPOSED
            and (labels.state == REJECTED) == (before.state == REJECTED)
            and before.version > 1
            and before.by != labels.by
            and _settled(before) == _settled(labels)
        )
        return not is_accepted

    def _past(self, picture: str, labels: LabelledPicture) -> list[LabelledPicture]:
        if labels.version == 1:
            return [labels]
        known = self._pasts.get(picture)
        if known is None or len(known) < labels.version:
            known = self._pasts[picture] = self.dataset.history(picture)
        return known[: labels.version]


class Datasets:
    """All datasets of a store."""

    def __init__(self, objects: Objects) -> None:
        self._objects = objects
        self._known: dict[str, tuple[Stored, Labelling]] = {}

    def names(self) -> list[str]:
        """Of all datasets, in order; what else lies there has a name that is none."""
        found = (_PLACE.match(key) for key in self._objects.list(keys.dataset("")[:-1]))
        names = {place[1] for place in found if place}
        return sorted(name for name in names if re.fullmatch(DATASET_NAME, name))

    def find(self, name: str) -> Labelling:
        """The dataset of that name.

        Raises:
            NotThere: there is none.
        """
        made = Dataset(self._objects, keys.dataset(name)).made()
        if made is None:
            raise NotThere("such dataset")
        known = self._known.get(name)
        if known is None or known[0] != made:
            known = self._known[name] = made, Labelling(self._objects, name)
        return known[1]

    def make(self, name: str, members: Members) -> Labelling:
        """There is a dataset of that name, with these members.

        Raises:
            MembersConflict: there was one, with others.
        """
        Dataset.make(self._objects, keys.dataset(name), members)
        return self.find(name)


def _by_shot(
    pictures: Iterable[tuple[str, LabelledPicture]],
) -> dict[tuple[str, int], list[tuple[int, str]]]:
    """The pts and names of each shot's pictures, in order."""
    found: dict[tuple[str, int], list[tuple[int, str]]] = {}
    for name, labels in pictures:
        if labels.pts is not None:
            found.setdefault((labels.video, labels.shot), []).append((labels.pts, name))
    return {place: sorted(shot) for place, shot in found.items()}


def _settled(labels: LabelledPicture) -> list[LabelledBox]:
    """The boxes as whoever accepts them leaves them."""
    return [replace(box, state=CONFIRMED) for box in labels.boxes]


def _is_open(labels: LabelledPicture) -> bool:
    """Whether something in the picture is only proposed, or nothing has been said at all."""
    if labels.state != PROPOSED:
        return False
    return not labels.boxes or any(box.state == PROPOSED for box in labels.boxes)


def _strips(pictures: Iterable[tuple[str, LabelledPicture]]) -> list[Strip]:
    """Tracklets of which most boxes are only proposed: first one of each person, then the others.

    Of a person of whom nobody has said anything it is the best one, and the person with most boxes
    comes first. Of the others those come first about which the run, or people, are unsure.
    """
    there = list(pictures)
    found: dict[str, list[Sighting]] = {}
    for picture, labels in there:
        for box in labels.boxes:
            if box.tracklet:
                found.setdefault(box.tracklet, []).append(Sighting(picture, labels, box))
    names = names_of_people(labels for _, labels in there)
    people: dict[tuple[str, str], list[Strip]] = {}
    for tracklet, seen in found.items():
        if 2 * sum(one.box.state == PROPOSED for one in seen) > len(seen):
            strip = _strip(tracklet, seen, names)
            people.setdefault(strip.person, []).append(strip)
    asked = {person: _best(strips) for person, strips in people.items() if person not in names}
    first = [
        replace(best, is_first=True, gives=sum(one.gives for one in people[person]))
        for person, best in asked.items()
    ]
    others = [one for strips in people.values() for one in strips if asked.get(one.person) != one]
    unsure = sorted(
        others,
        key=lambda one: (-len(names.get(one.person, ())), one.identity, -one.gives, one.tracklet),
    )
    return sorted(first, key=lambda one: (-one.gives, one.tracklet)) + unsure


def _strip(
    tracklet: str, seen: list[Sighting], names: Mapping[tuple[str, str], Collection[str]]
) -> Strip:
    member = Counter(one.box.member for one in seen).most_common(1)[0][0]
    called = names.get(person_of(tracklet), ())
    if not member and len(called) == 1:
        (member,) = called
    in_order = sorted(seen, key=lambda one: (one.labels.pts or 0, one.picture))
    return Strip(tracklet, in_order, member, is_first=False, gives=len(seen))


def _best(strips: Iterable[Strip]) -> Strip:
    """Of a person's tracklets the one with most boxes that are surely of that person."""
    return min(strips, key=lambda one: (-one.gives * one.identity, one.tracklet))


def spread(seen: Sequence[Sighting]) -> list[Sighting]:
    """A few sightings, from the first to the last."""
    if len(seen) <= _MOST_FACES:
        return list(seen)
    return [seen[at * (len(seen) - 1) // (_MOST_FACES - 1)] for at in range(_MOST_FACES)]


def _act(
    picture: str, before: LabelledPicture, after: LabelledPicture
) -> Counter[tuple[object, ...]]:
    """What somebody did in a version, and how many boxes that has said something about.

    All versions in which somebody named one tracklet are one act, a click; so are those in which
    somebody took its name back.
    """
    was = {box.box: box for box in before.boxes}
    changed = [box for box in after.boxes if box != was.get(box.box)]
    said = [box for box in changed if box.state == CONFIRMED]
    tracklets = {(box.tracklet, box.member) for box in said}
    is_name = len(tracklets) == 1 and _is_of_names(was, said)
    if is_name and before.state == after.state:
        return Counter({(after.by, *tracklets.pop()): len(said)})
    taken_back = {box.tracklet for box in changed}
    if not said and len(taken_back) == 1 and _is_of_names(was, changed):
        return Counter({(after.by, taken_back.pop(), "taken back", ""): 0})
    return Counter({(picture, after.version): len(said)})


def _is_of_names(was: Mapping[Box, LabelledBox], now: Iterable[LabelledBox]) -> bool:
    """Whether these boxes of tracklets were there, and only who they are is another."""
    return all(
        box.tracklet
        and box.box in was
        and replace(was[box.box], member=box.member, state=box.state) == box
        for box in now
    )

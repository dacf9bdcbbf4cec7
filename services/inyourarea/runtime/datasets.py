"""Where labelled pictures are kept: objects under one prefix, of a folder or of a gateway's store.

Labels and members are never replaced: each change is a next version, claimed by whoever writes it
first, so that of two editors the second is told.
"""

import re
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from typing import TypeVar

from inyourarea.contracts import keys
from inyourarea.contracts.datasets import (
    CONFIRMED,
    PROPOSED,
    Counts,
    LabelledBox,
    LabelledPicture,
    Members,
    count,
    read_labels,
    read_members,
    write_labels,
    write_members,
)
from inyourarea.core.errors import DatasetRejected, UnknownMember
from inyourarea.runtime.objects import ObjectNotFound, Objects, Stored, holds

#: Editors that may come between reading a picture's labels and changing one name in them.
_PATIENCE = 100
_VERSION = re.compile(r"/\d{6}\.json$")

Read = TypeVar("Read")


class Conflict(Exception):
    """Somebody else changed the labels first; ``newest`` is what they say now."""

    def __init__(self, newest: LabelledPicture) -> None:
        super().__init__(f"version {newest.version} is by {newest.by}")
        self.newest = newest


class NameConflict(Exception):
    """``by`` has confirmed that a tracklet's box is somebody else's."""

    def __init__(self, by: str) -> None:
        super().__init__(f"{by} has said otherwise")
        self.by = by


class MembersConflict(Exception):
    """Somebody else changed who the members are first; ``newest`` is who they are now."""

    def __init__(self, newest: Members) -> None:
        super().__init__(f"version {newest.version} is {', '.join(newest.names)}")
        self.newest = newest


class Dataset:
    """The dataset whose objects' names begin with ``prefix`` (`keys.dataset`, or nothing).

    Everything that reads raises `DatasetRejected` where an object is damaged, `ObjectNotFound`
    where there is no such picture.
    """

    def __init__(self, objects: Objects, prefix: str = "") -> None:
        self._objects = objects
        self._prefix = prefix
        # Versions never change, so what was read once need not be read again, while the dataset
        # is the one that it was (`made`).
        self._known: dict[str, LabelledPicture] = {}

    @classmethod
    def make(cls, objects: Objects, prefix: str, members: Members) -> "Dataset":
        """The dataset is there, with these members; it may have been there before.

        Raises:
            MembersConflict: it was, with others.
        """
        made = cls(objects, prefix)
        made.begin(members)
        return made

    def begin(self, members: Members) -> None:
        """The dataset is there, with these members; it may have been there before.

        Raises:
            MembersConflict: it was, with others.
        """
        if not self.is_made():
            first = write_members(replace(members, version=1, formerly={}))
            self._objects.put_once(keys.dataset_members(self._prefix, 1), first)
        there = self.members()
        if there.names != members.names:
            raise MembersConflict(there)

    def is_made(self) -> bool:
        """Whether there is a dataset."""
        return self.made() is not None

    def made(self) -> Stored | None:
        """What the dataset began with; something else where it was taken away and made again."""
        first = keys.dataset_members(self._prefix, 1)
        return next(iter(self._objects.survey(first)), None)

    def members(self) -> Members:
        """Who the members are now.

        Raises:
            DatasetRejected: there is no dataset, or it is damaged.
        """
        last = max(self._versions(f"{self._prefix}dataset/"), default=None)
        if last is None:
            raise DatasetRejected("There is no dataset.")
        return _read(self._objects, last, lambda content: read_members(content, _version_of(last)))

    def change(self, members: Members) -> None:
        """The members are these from now on, a next version as `Members.renamed` gives it.

        Raises:
            MembersConflict: it is not the next version (any more).
        """
        newest = self.members()
        key = keys.dataset_members(self._prefix, members.version)
        content = write_members(members)
        is_next = members.version == newest.version + 1
        if not is_next or self._objects.put_once(key, content) != content:
            raise MembersConflict(self.members())

    def take_back(self, members: Members) -> None:
        """What was just begun or changed is gone, of which nobody knows yet; see `forget`."""
        self._objects.delete(keys.dataset_members(self._prefix, members.version))

    def pictures(self) -> Iterator[str]:
        """All pictures, in order of their names."""
        return iter(self._newest())

    def labelled(self, picture: str) -> LabelledPicture:
        """The newest labels of a picture."""
        found = [*self._versions(keys.dataset_labels_of(self._prefix, picture))]
        if not found:
            raise ObjectNotFound(picture)
        return self.members().today(self._labels(picture, found[-1]))

    def everything(self) -> Iterator[tuple[str, LabelledPicture]]:
        """All pictures and their newest labels, in order of the pictures' names."""
        return iter(self.snapshot()[1].items())

    def snapshot(self) -> tuple[Members, dict[str, LabelledPicture]]:
        """Who the members are, and `everything`: no box is of anybody else.

        Members are read last: whoever is named in labels that were read before is known to them.
        """
        read = {picture: self._labels(picture, key) for picture, key in self._newest().items()}
        members = self.members()
        return members, {picture: members.today(labels) for picture, labels in read.items()}

    def history(self, picture: str) -> list[LabelledPicture]:
        """All versions of a picture's labels, the oldest first."""
        members = self.members()
        found = self._versions(keys.dataset_labels_of(self._prefix, picture))
        return [members.today(_read(self._objects, key, read_labels)) for key in found]

    def picture(self, picture: str) -> bytes:
        """The picture itself, a JPEG."""
        return self._objects.get(keys.dataset_picture(self._prefix, picture))

    def add(self, picture: str, content: bytes, labels: LabelledPicture) -> bool:
        """The picture is there; whether it was not before. If it was, its labels stay.

        Raises:
            UnknownMember: a box's member is none of the dataset's.
        """
        labels = _told_now(labels, self.members())
        if holds(self._objects, keys.dataset_labels(self._prefix, picture, 1)):
            return False
        self.bring(picture, content)
        return self.introduce(picture, labels)

    def bring(self, picture: str, content: bytes) -> None:
        """The bytes of the picture are there; it is seen once it is introduced."""
        self._objects.put_once(keys.dataset_picture(self._prefix, picture), content)

    def introduce(self, picture: str, labels: LabelledPicture) -> bool:
        """The picture that was brought has labels; whether it had none before.

        Raises:
            UnknownMember: a box's member is none of the dataset's.
        """
        if labels.version != 1:
            raise ValueError("a new picture's labels are version 1")
        return self._claim(picture, _told_now(labels, self.members()))

    def forget(self, picture: str, version: int) -> None:
        """What was just brought or labelled is gone, of which nobody knows yet.

        Only for whoever wrote that version, where the rest of what belonged to it failed.
        """
        self._objects.delete(keys.dataset_labels(self._prefix, picture, version))
        self._known.pop(picture, None)
        self.leave(picture)

    def leave(self, picture: str) -> None:
        """The bytes of a picture that nobody introduced are gone."""
        if not holds(self._objects, keys.dataset_labels(self._prefix, picture, 1)):
            self._objects.delete(keys.dataset_picture(self._prefix, picture))

    def label(self, picture: str, labels: LabelledPicture) -> None:
        """The picture's labels are these from now on.

        Raises:
            Conflict: their version is not the next one (any more).
            UnknownMember: a box's member is none of the dataset's.
            ValueError: they say that the picture is from elsewhere.
        """
        labels = _told_now(labels, self.members())
        newest = self.labelled(picture)
        if labels.origin != newest.origin:
            raise ValueError("where a picture is from does not change")
        if labels.version != newest.version + 1 or not self._claim(picture, labels):
            raise Conflict(self.labelled(picture))

    def name_tracklet(self, tracklet: str, member: str, by: str, *, insists: bool = False) -> int:
        """Every box of the tracklet is the member's, as somebody confirms; how many boxes that are.

        An empty ``member``: it is no member, such as a dancer. Labels that say so already stay as
        they are, and so do pictures' states: nobody has looked at the whole picture.

        Raises:
            NameConflict: somebody else has confirmed that one is another's, and ``by`` does not
                insist. No picture is changed, but those that came before whoever was as fast.
            UnknownMember: nobody is called so.
        """
        naming = _Naming(tracklet, _now(member, self.members()), by)
        found = [(name, one) for name, one in self.everything() if naming.boxes(one)]
        if not insists:
            for picture, labels in found:
                self._check_free(picture, labels, naming)
        return sum(self._name_in(*one, naming, insists=insists) for one in found)

    def take_name_back(self, tracklet: str, member: str, by: str) -> int:
        """The tracklet's boxes are what they were before somebody named them so; how many it has.

        What others have said, or confirmed since then, stays. A picture that was confirmed with
        the name is only proposed again.

        Raises:
            UnknownMember: nobody is called so.
        """
        naming = _Naming(tracklet, _now(member, self.members()), by)
        found = [(name, one) for name, one in self.everything() if naming.boxes(one)]
        for picture, labels in found:
            if labels.version > 1:
                self._take_back_in(picture, naming)
        return sum(naming.boxes(labels) for _, labels in found)

    def counts(self) -> Counts:
        """What the dataset has of whom."""
        members, everything = self.snapshot()
        return count(members, everything.values())

    def _check_free(self, picture: str, labels: LabelledPicture, naming: "_Naming") -> None:
        """Nobody else has confirmed that one of the tracklet's boxes is another's."""
        if naming.is_denied_in(labels):
            others = [by for by in naming.sayers(self.history(picture)) if by != naming.by]
            if others:
                raise NameConflict(others[-1])

    def _name_in(
        self, picture: str, labels: LabelledPicture, naming: "_Naming", *, insists: bool
    ) -> int:
        for _ in range(_PATIENCE):
            named = naming.of(labels)
            if named is labels or self._claim(picture, named):
                return naming.boxes(labels)
            labels = self.labelled(picture)
            if not insists:
                self._check_free(picture, labels, naming)
        raise Conflict(labels)

    def _take_back_in(self, picture: str, naming: "_Naming") -> None:
        for _ in range(_PATIENCE):
            past = self.history(picture)
            without = naming.taken_back(past)
            if without is None or self._claim(picture, without):
                return
        raise Conflict(past[-1])

    def _claim(self, picture: str, labels: LabelledPicture) -> bool:
        """Whether these are the labels of that version; not where somebody was faster."""
        written = write_labels(labels)
        key = keys.dataset_labels(self._prefix, picture, labels.version)
        return self._objects.put_once(key, written) == written

    def _newest(self) -> dict[str, str]:
        """The key of each picture's newest labels; names are in order, so the last one stays."""
        found = self._versions(f"{self._prefix}labels/")
        return {key.split("/")[-2]: key for key in found}

    def _versions(self, prefix: str) -> Iterator[str]:
        """The keys of versions, in order, without what else lies in a folder (``.DS_Store``)."""
        return filter(_VERSION.search, self._objects.list(prefix))

    def _labels(self, picture: str, key: str) -> LabelledPicture:
        known = self._known.get(picture)
        if known is None or known.version != _version_of(key):
            known = self._known[picture] = _read(self._objects, key, read_labels)
        return known


@dataclass(frozen=True)
class _Naming:
    """That all boxes of a tracklet are a member's, as somebody said."""

    tracklet: str
    member: str
    by: str

    def boxes(self, labels: LabelledPicture) -> int:
        """How many boxes of the picture are the tracklet's."""
        return len(self._of(labels))

    def is_denied_in(self, labels: LabelledPicture) -> bool:
        """Whether one of the tracklet's boxes is confirmed as another's."""
        return any(box.state == CONFIRMED and box.member != self.member for box in self._of(labels))

    def sayers(self, past: Sequence[LabelledPicture]) -> list[str]:
        """Who made the tracklet's boxes what they are, and who confirmed the picture since then."""
        since = self._since(past)
        later = [labels.by for labels in past[since + 1 :] if labels.state == CONFIRMED]
        return [past[since].by, *later]

    def taken_back(self, past: Sequence[LabelledPicture]) -> LabelledPicture | None:
        """The next version without the name; none where it is not this person's alone."""
        since, newest = self._since(past), past[-1]
        now, were = self._of(newest), self._of(past[since - 1]) if since else []
        is_this = [replace(b, member=self.member, state=CONFIRMED) for b in were] == now
        if not were or not is_this or set(self.sayers(past)) != {self.by}:
            return None
        before = iter(were)
        boxes = (next(before) if b.tracklet == self.tracklet else b for b in newest.boxes)
        state = PROPOSED if newest.state == CONFIRMED else newest.state
        return self._next(replace(newest, boxes=tuple(boxes), state=state))

    def of(self, labels: LabelledPicture) -> LabelledPicture:
        """The next version of the labels; the same where they say so already."""
        boxes = tuple(
            replace(box, member=self.member, state=CONFIRMED)
            if box.tracklet == self.tracklet
            else box
            for box in labels.boxes
        )
        if boxes == labels.boxes:
            return labels
        return self._next(replace(labels, boxes=boxes))

    def _of(self, labels: LabelledPicture) -> list[LabelledBox]:
        return [box for box in labels.boxes if box.tracklet == self.tracklet]

    def _since(self, past: Sequence[LabelledPicture]) -> int:
        """The place of the version since which the tracklet's boxes are what they are."""
        since = len(past) - 1
        while since and self._of(past[since - 1]) == self._of(past[-1]):
            since -= 1
        return since

    def _next(self, labels: LabelledPicture) -> LabelledPicture:
        return replace(labels, version=labels.version + 1, by=self.by, at_ns=time.time_ns())


def _told_now(labels: LabelledPicture, members: Members) -> LabelledPicture:
    """The labels as whoever still uses somebody's former name means them."""
    boxes = (replace(box, member=_now(box.member, members)) for box in labels.boxes)
    return replace(labels, boxes=tuple(boxes))


def _now(member: str, members: Members) -> str:
    now = members.now(member) if member else ""
    if now is None:
        known = ", ".join(members.names)
        raise UnknownMember(f"Nobody here is called {member[:80]!r}; known are: {known}.")
    return now


def _version_of(key: str) -> int:
    return int(key.rsplit("/", 1)[1].removesuffix(".json"))


def _read(objects: Objects, key: str, read: Callable[[bytes], Read]) -> Read:
    try:
        return read(objects.get(key))
    except DatasetRejected as rejected:
        raise DatasetRejected(f"{key}: {rejected}") from rejected

"""The published versions of groups' models in an object store, and which one each group uses."""

import shlex
import time
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import replace

from inyourarea.contracts import keys
from inyourarea.contracts.cards import Card
from inyourarea.contracts.group import Group
from inyourarea.contracts.published import (
    NO_VERSION,
    Choice,
    PublishedFile,
    PublishedVersion,
    check_publishable,
    read_choice,
    read_file,
    read_version,
    write_choice,
    write_file,
    write_version,
)
from inyourarea.core.errors import ModelRejected, Refused
from inyourarea.runtime.objects import ObjectNotFound, Objects, holds


class ChosenMeanwhile(Refused):
    """Somebody else has chosen a version of the group since the choices were looked at."""


class ModelVersions:
    """All versions of all groups; what is written once is never written again."""

    def __init__(self, objects: Objects) -> None:
        self._objects = objects

    def groups(self) -> list[str]:
        """The names of all groups that anything was published for."""
        firsts = {key.split("/")[2]: key for key in self._named("models/groups/", "versions")}
        return sorted(self._version(key).group.name for key in firsts.values())

    def versions(self, group: str) -> list[PublishedVersion]:
        """All versions of a group, retired ones too, the first one first."""
        return [self._version(key) for key in self._named(keys.model_group(group), "versions")]

    def version(self, group: str, number: int) -> PublishedVersion:
        """One version, which runs may use.

        Raises:
            ModelRejected: there is none of that number, or it was retired.
        """
        found = self.known(group, number)
        if self.is_retired(group, number):
            raise ModelRejected(f"Version {number} of {group!r} was retired; publish it again.")
        return found

    def known(self, group: str, number: int) -> PublishedVersion:
        """One version, which may be retired.

        Raises:
            ModelRejected: there is none of that number.
        """
        try:
            return self._version(keys.model_version(group, number))
        except ObjectNotFound:
            raise self._unknown(group, number) from None

    def is_retired(self, group: str, number: int) -> bool:
        """Whether runs may no longer use that version."""
        return holds(self._objects, keys.model_retired(group, number))

    def choices(self, group: str) -> list[Choice]:
        """Everything that was chosen for the group, the first one first."""
        names = self._named(keys.model_group(group), "choices")
        return [read_choice(self._objects.get(key)) for key in names]

    def current(self, group: str) -> PublishedVersion | None:
        """The version that the group's runs use, if one was chosen."""
        chosen = list(self._named(keys.model_group(group), "choices"))
        if not chosen:
            return None
        choice = read_choice(self._objects.get(chosen[-1]))
        if choice.version == NO_VERSION:
            return None
        return self._version(keys.model_version(group, choice.version))

    def publish(
        self, content: bytes, file: PublishedFile, group: Group, card: Card, by: str
    ) -> PublishedVersion:
        """The file is the group's next version; the same file again is the version that it was.

        Raises:
            ModelRejected: file, group and card do not speak of the same.
        """
        check_publishable(file, group, card)
        sha256 = file.served.sha256
        # Before the version is seen: whoever reads of it finds its file. One that was lost is back.
        self._objects.put(keys.model_file(sha256), content)
        self._objects.put(keys.model_told(sha256), write_file(file))
        there = self.versions(group.name)
        for one in there:
            if one.file.served.sha256 == sha256 and not self.is_retired(group.name, one.number):
                return one
        number = len(there) + 1
        while True:
            version = PublishedVersion(
                replace(group, version=number), file, card, by, time.time_ns()
            )
            written = write_version(version)
            if self._objects.put_once(keys.model_version(group.name, number), written) == written:
                return version
            number += 1  # somebody else has published this one just now

    def choose(self, group: str, number: int, seen: int, by: str) -> Choice:
        """The group's runs use this version from now on.

        ``seen`` is how many choices the caller has looked at.

        Raises:
            ModelRejected: there is no such version to be used.
            ChosenMeanwhile: somebody else has chosen since.
        """
        self.version(group, number)
        before = seen - 1 if seen else None
        return self._write(group, Choice(number, before, by, time.time_ns()), seen)

    def go_back(self, group: str, choices: list[Choice], by: str) -> Choice:
        """The group's runs use what they used before the last of these choices, which are all.

        Before the first one that was `NO_VERSION`.

        Raises:
            ModelRejected: there is nothing before, or it was retired.
            ChosenMeanwhile: somebody else has chosen since the choices were looked at.
        """
        earlier = earlier_choice(group, choices)
        if earlier.version != NO_VERSION:
            self.version(group, earlier.version)
        return self._write(group, replace(earlier, by=by, at_ns=time.time_ns()), len(choices))

    def retire(self, group: str, number: int) -> None:
        """No run may use the version any more, as may be so already; `forget_file` frees its room.

        Raises:
            ModelRejected: there is no such version.
            Refused: the group uses it.
        """
        self.known(group, number)
        self._objects.put_once(keys.model_retired(group, number), b"")
        current = self.current(group)  # looked at after the mark: whoever chooses looks for that
        if current and current.number == number:
            self.take_back(group, number)
            raise Refused(
                f"{group!r} uses version {number}; choose another one first: "
                "`inyourarea models use` or `models back`."
            )

    def take_back(self, group: str, number: int) -> None:
        """The version is not retired after all; its file must still be there."""
        self._objects.delete(keys.model_retired(group, number))

    def forget_file(self, version: PublishedVersion) -> bool:
        """The file of a retired version is gone, unless another version has the same.

        What it was stays known, so that who asks for it is told that it was retired.
        """
        sha256 = version.file.served.sha256
        for group in self.groups():
            for one in self.versions(group):
                if one.file.served.sha256 == sha256 and not self.is_retired(group, one.number):
                    return False
        self._objects.delete(keys.model_file(sha256))
        return True

    def file(self, sha256: str) -> PublishedFile | None:
        """What servers need to know of the file with this digest, if one was published."""
        try:
            return read_file(self._objects.get(keys.model_told(sha256)))
        except ObjectNotFound:
            return None

    def has_file(self, version: PublishedVersion) -> bool:
        """Whether the version's file is there; after a restore it may be lost."""
        return holds(self._objects, keys.model_file(version.file.served.sha256))

    def content(self, sha256: str) -> bytes:
        """The bytes of a published file.

        Raises:
            ObjectNotFound: none has this digest, or it was retired.
        """
        return self._objects.get(keys.model_file(sha256))

    def content_in_use(self, group: str) -> bytes | None:
        """The file that the group's runs use, if it is there."""
        current = self.current(group)
        with suppress(ObjectNotFound):
            return self.content(current.file.served.sha256) if current else None
        return None

    def _write(self, group: str, choice: Choice, place: int) -> Choice:
        written = write_choice(choice)
        found = self._objects.put_once(keys.model_choice(group, place), written)
        if found != written:
            other = read_choice(found)
            raise ChosenMeanwhile(
                f"{other.by} has chosen {other.words} of {group!r} just now; see "
                f"`inyourarea models show {shlex.quote(group)}`, and say again what you want."
            )
        if self.is_retired(group, choice.version):  # just now, by somebody who saw no choice of it
            with suppress(ModelRejected, ChosenMeanwhile):
                self.go_back(group, self.choices(group), choice.by)
            raise ModelRejected(f"Version {choice.version} of {group!r} was retired just now.")
        return choice

    def _version(self, key: str) -> PublishedVersion:
        return read_version(self._objects.get(key))

    def _named(self, prefix: str, kind: str) -> Iterator[str]:
        return (key for key in self._objects.list(prefix) if key.split("/")[3] == kind)

    def _unknown(self, group: str, number: int) -> ModelRejected:
        numbers = [
            str(one.number)
            for one in self.versions(group)
            if not self.is_retired(group, one.number)
        ]
        known = ", ".join(numbers) or "none"
        return ModelRejected(f"{group!r} has no version {number}; there are: {known}.")


def earlier_choice(group: str, choices: list[Choice]) -> Choice:
    """Where going back from the last of these leads to.

    Raises:
        ModelRejected: nowhere.
    """
    last = choices[-1] if choices else None
    if last is None or (last.before is None and last.version == NO_VERSION):
        raise ModelRejected(f"{group!r} has used no version before; there is no way back.")
    return replace(last, version=NO_VERSION) if last.before is None else choices[last.before]

"""Dead letters: records that no worker could use, until somebody tries them again or lets them go.

That one was dealt with is a record on the same topic, so it lasts exactly as long as the letter.
"""

import time
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any, Protocol

from google.protobuf.json_format import MessageToDict
from google.protobuf.message import DecodeError

from inyourarea.contracts.digests import digest
from inyourarea.contracts.starts import trace_of
from inyourarea.contracts.topics import DEAD_LETTERS, TAKE_HEADER, read_fact
from inyourarea.core.errors import Refused
from inyourarea.runtime.bus import Record, Sender

#: Headers that the worker adds to the record when it is buried.
_BURIAL = frozenset({"reason", "attempts", "origin", "stage", "buried-at"})
#: What a record that is tried again leaves behind.
_LEFT = _BURIAL | {TAKE_HEADER}
#: The header of a record that says of the letter of that id that it was dealt with.
_SETTLES = "settles"
#: Digits of a letter's id: enough for the letters of a month, few enough to type.
_ID_DIGITS = 12


class UnknownLetter(Refused):
    """No letter has that id, or it was dealt with."""


class Archive(Protocol):
    """Whoever can show everything that a bus keeps of a channel. Raises `BusAway`."""

    def records(self, channel: str) -> Sequence[Record]:
        """All records that are kept, each partition's in order."""
        ...


@dataclass(frozen=True)
class Letter:
    """A record that could not be used, why, where it came from, and when (Unix time)."""

    id: str
    record: Record
    stage: str
    reason: str
    attempts: int
    origin: str
    buried_s: float

    @property
    def channel(self) -> str:
        """The channel that the record was on."""
        return self.origin.rsplit("/", 2)[0]

    @property
    def trace_id(self) -> str:
        """The trace that it belongs to."""
        return trace_of(self.record.headers)

    @property
    def fact(self) -> dict[str, Any]:
        """What the record says; empty where it is no fact."""
        try:
            told = read_fact(self.channel, self.record.value)
        except (DecodeError, KeyError):
            return {}
        found: dict[str, Any] = MessageToDict(told, preserving_proto_field_name=True)
        return found


def open_letters(archive: Archive) -> list[Letter]:
    """All letters that nobody has dealt with, the newest first."""
    records = archive.records(DEAD_LETTERS)
    settled = {
        record.headers[_SETTLES].decode() for record in records if _SETTLES in record.headers
    }
    letters = [_letter(record) for record in records if _SETTLES not in record.headers]
    left = {letter.id: letter for letter in letters if letter.id not in settled}
    return sorted(left.values(), key=lambda letter: letter.buried_s, reverse=True)


def find_letters(letters: Iterable[Letter], ids: Sequence[str]) -> list[Letter]:
    """Those of these ids, in that order.

    Raises:
        UnknownLetter: one has none of the letters.
    """
    known = {letter.id: letter for letter in letters}
    for name in ids:
        if name not in known:
            raise UnknownLetter(
                f"there is no dead letter {name}, or it was dealt with; "
                "`inyourarea dead-letters list` tells all"
            )
    return [known[name] for name in dict.fromkeys(ids)]


def retry(letter: Letter, sender: Sender) -> None:
    """The record is on its channel again, as it was, and the letter was dealt with.

    It is of no certain take: should it fail again, that counts whenever the run was begun.

    Killed in between, the record may go twice, which changes nothing, but is never lost.
    """
    headers = {name: of for name, of in letter.record.headers.items() if name not in _LEFT}
    sender.publish(Record(letter.channel, letter.record.key, letter.record.value, headers))
    sender.flush()
    drop(letter, sender)


def drop(letter: Letter, sender: Sender) -> None:
    """The letter was dealt with."""
    headers = {_SETTLES: letter.id.encode(), "settled-at": str(time.time_ns()).encode()}
    sender.publish(Record(DEAD_LETTERS, letter.record.key, b"", headers))
    sender.flush()


def _letter(record: Record) -> Letter:
    told = {name: record.headers.get(name, b"").decode(errors="replace") for name in _BURIAL}
    # A letter that was published twice, as after an outage, is one.
    names = (record.key, record.value, told["origin"], told["stage"], told["buried-at"])
    return Letter(
        id=digest(names)[:_ID_DIGITS],
        record=record,
        stage=told["stage"],
        reason=told["reason"],
        attempts=_number(told["attempts"]),
        origin=told["origin"],
        buried_s=_number(told["buried-at"]) / 1e9,
    )


def _number(text: str) -> int:
    return int(text) if text.isascii() and text.isdecimal() else 0

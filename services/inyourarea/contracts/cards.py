"""The model card as JSON: what a version reaches on shots that were held out, member by member."""

import json
import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from inyourarea.contracts.datasets import TEST
from inyourarea.core.errors import ModelRejected

MEAN_TOLERANCE: Final = 0.005
"""mAP50-95 over all members, by which two trainings of the same differ: that much is no loss."""

MEMBER_TOLERANCE: Final = 0.03
"""The same of one member, who has only a share of the boxes."""


@dataclass(frozen=True, slots=True)
class Precision:
    """Average precision at IoU .5, and its mean over .5 to .95; both 0 to 1."""

    map50: float
    map50_95: float


@dataclass(frozen=True)
class Card:
    """What was measured on the shots of a part of the dataset, by member who is in one.

    ``told`` is the whole card as it was given.
    """

    members: Mapping[str, Precision]
    told: Mapping[str, Any]

    @property
    def judged_on(self) -> str:
        """The part: the test where the card does not say, else what training had in its place."""
        return str(self.told.get("judged_on", TEST))

    @property
    def exam(self) -> str:
        """The digest of the pictures and labels that the figures are of; empty: it is not said."""
        return str(self.told.get("exam", ""))

    @property
    def whole_run(self) -> str:
        """What a whole run gave to whom, in words; empty where the card says nothing of it."""
        found = self.told.get("whole_run")
        words = found.get("words") if isinstance(found, dict) else None
        return words if isinstance(words, str) else ""

    def mean(self, names: Sequence[str]) -> float:
        """mAP50-95 over these members."""
        return sum(self.members[name].map50_95 for name in names) / len(names)


def read_card(content: bytes) -> Card:
    """Read ``{"test": {"members": {NAME: {"map50": 0..1, "map50_95": 0..1}}}}``; more may be there.

    ``judged_on`` beside ``test`` names another part of the dataset that the figures are of.

    Raises:
        ModelRejected: it says something else, and what.
    """
    try:
        told = json.loads(content)
    except ValueError as error:
        raise ModelRejected(f"The card is no JSON: {error}.") from error
    return card_of(told)


def card_of(told: object) -> Card:
    """The same of a card that is read already.

    Raises:
        ModelRejected: it says something else, and what.
    """
    test = told.get("test") if isinstance(told, dict) else None
    members = test.get("members") if isinstance(test, dict) else None
    if not isinstance(told, dict) or not isinstance(members, dict) or not members:
        raise ModelRejected(
            "The card has no figures of the test shots: it needs 'test' with 'members', and each "
            "member's 'map50' and 'map50_95'."
        )
    return Card({name: _precision(name, found) for name, found in members.items()}, told)


def _precision(name: str, found: object) -> Precision:
    values = [found.get(key) if isinstance(found, dict) else None for key in ("map50", "map50_95")]
    numbers = [
        float(value)
        for value in values
        if isinstance(value, int | float) and not isinstance(value, bool) and math.isfinite(value)
    ]
    if len(numbers) != len(values) or not all(0 <= number <= 1 for number in numbers):
        raise ModelRejected(
            f"The card's 'map50' and 'map50_95' of {name!r} must be numbers from 0 to 1."
        )
    return Precision(*numbers)


def judged_beside(before: Card, sha256: str, after: Card) -> Card:
    """The earlier card by the later one's exam, where the earlier file, ``sha256``, took that too.

    Who is in none of its pictures keeps the figures that she had.

    Raises:
        ModelRejected: what the later card says of that is nothing.
    """
    asked = after.told.get("before")
    if not isinstance(asked, dict) or asked.get("sha256") != sha256:
        return before
    members = {**before.members, **card_of({"test": asked}).members}
    return Card(members, {**before.told, "judged_on": after.judged_on, "exam": after.exam})


def why_incomparable(before: Card, after: Card) -> str:
    """Why figures of both say nothing of each other; empty where they are of the same test.

    Cards that do not say by which pictures they were judged are taken at their word.
    """
    if not before.judged_on == after.judged_on == TEST:
        return (
            f"their figures are of `{after.judged_on}` and of `{before.judged_on}`, and only those "
            "of `test` are compared"
        )
    if before.exam and after.exam and before.exam != after.exam:
        return "their figures are not of the same test shots"
    return ""


def worse_by(before: Card, after: Card, members: Sequence[str]) -> list[str]:
    """In what the later card falls short of the earlier one, and by how much; nothing: in nothing.

    ``members`` are whom the later model knows. Who was in no picture of the tests before is not
    compared, and nobody is where the cards are not to be: `why_incomparable`.
    """
    found = [f"it no longer knows {name}" for name in before.members if name not in members]
    if why_incomparable(before, after):
        return found
    both = [name for name in before.members if name in after.members]
    found += [
        f"nothing was measured of {name}"
        for name in before.members
        if name in members and name not in both
    ]
    if both and (lost := before.mean(both) - after.mean(both)) > MEAN_TOLERANCE:
        found.append(_lost("mAP50-95 over all members", after.mean(both), before.mean(both), lost))
    for name in both:
        was, now = before.members[name].map50_95, after.members[name].map50_95
        if was - now > MEMBER_TOLERANCE:
            found.append(_lost(f"mAP50-95 of {name}", now, was, was - now))
    return found


def _lost(what: str, now: float, was: float, lost: float) -> str:
    return f"{what} is {now:.3f} instead of {was:.3f} ({lost:.3f} less)"

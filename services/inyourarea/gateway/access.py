"""Who may do what."""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import IntEnum


class Role(IntEnum):
    """What somebody may do; a higher role may do all that a lower one may."""

    STRANGER = 0  # signs in; sees nothing but the empty page
    VISITOR = 1  # a stranger where the house is open to the public: sees what is published
    VIEWER = 2  # sees everything
    EDITOR = 3  # adds videos, names, corrects, approves and publishes
    OPERATOR = 4  # deletes, and manages tokens and webhooks


@dataclass(frozen=True)
class Person:
    """Who asks.

    ``name`` is for the records, and empty for whoever sits at this machine; ``labels`` are those
    (``name:value``) one of which a video must carry to be this person's, none: all videos are;
    ``token`` is the id of the token that was presented; ``excuse`` says why one was of no use.
    """

    role: Role
    name: str = ""
    labels: tuple[str, ...] | None = None
    token: str = ""
    excuse: str = ""

    def may_have(self, labels: Mapping[str, str]) -> bool:
        """Whether a video with these labels is one of this person's."""
        if self.labels is None:
            return True
        return any(f"{name}:{value}" in self.labels for name, value in labels.items())

"""Who may do what."""

from dataclasses import dataclass
from enum import IntEnum


class Role(IntEnum):
    """What somebody may do; a higher role may do all that a lower one may."""

    VISITOR = 0  # sees what is published, where the house is open to the public
    VIEWER = 1  # sees everything
    EDITOR = 2  # adds videos, names, corrects, approves and publishes
    OPERATOR = 3  # deletes, and manages tokens and webhooks


@dataclass(frozen=True)
class Person:
    """Who asks: the name is for the records, and may be empty."""

    role: Role
    name: str = ""

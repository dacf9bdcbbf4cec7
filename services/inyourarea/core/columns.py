"""Tables: dataclasses whose fields are arrays with a row for each of the same things."""

from collections.abc import Sequence
from dataclasses import fields
from typing import TYPE_CHECKING, Any, TypeVar

import numpy as np
from numpy.typing import NDArray

if TYPE_CHECKING:
    from _typeshed import DataclassInstance

Table = TypeVar("Table", bound="DataclassInstance")
Rows = NDArray[np.intp]


def ranges(low: Rows, count: Rows) -> tuple[Rows, Rows]:
    """So many rows from ``low`` on, for each of n ranges after each other: whose, and which."""
    whose = np.repeat(np.arange(len(low)), count)
    which = np.arange(whose.size) - np.repeat(np.cumsum(count) - count - low, count)
    return whose, which


def joined(parts: Sequence[Table], **instead: NDArray[Any]) -> Table:
    """The rows of one or more tables after each other; ``instead`` are columns that differ."""
    names = [field.name for field in fields(parts[0]) if field.name not in instead]
    columns = {name: np.concatenate([getattr(part, name) for part in parts]) for name in names}
    return type(parts[0])(**columns, **instead)

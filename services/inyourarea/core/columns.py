"""Tables: dataclasses whose fields are arrays with a row for each of the same things."""

from collections.abc import Sequence
from dataclasses import fields
from typing import TYPE_CHECKING, Any, TypeVar

import numpy as np
from numpy.typing import NDArray

if TYPE_CHECKING:
    from _typeshed import DataclassInstance

Table = TypeVar("Table", bound="DataclassInstance")


def joined(parts: Sequence[Table], **instead: NDArray[Any]) -> Table:
    """The rows of one or more tables after each other; ``instead`` are columns that differ."""
    names = [field.name for field in fields(parts[0]) if field.name not in instead]
    columns = {name: np.concatenate([getattr(part, name) for part in parts]) for name in names}
    return type(parts[0])(**columns, **instead)

"""The forms of labels that come in and go out, by name."""

from collections.abc import Mapping, Sequence
from types import MappingProxyType
from typing import Protocol

from inyourarea.core.errors import DatasetRejected
from inyourarea.train.formats import coco, cvat, labelimg_voc, labelimg_yolo
from inyourarea.train.formats.files import Files
from inyourarea.train.formats.foreign import Foreign, Outgoing, Put, SizeOf


class Form(Protocol):
    """A module that knows one form; see `labelimg_yolo` for what each function promises."""

    #: Whether it can tell what of a box is only proposed, and that it is no member's.
    KEEPS_STATES: bool

    def is_here(self, files: Files) -> bool:
        """Whether there are labels of this form."""
        ...

    def read(self, files: Files, size_of: SizeOf) -> Foreign:
        """What the files tell."""
        ...

    def place(self, name: str, split: str) -> str:
        """Where a picture goes."""
        ...

    def write(self, classes: Sequence[str], pictures: Sequence[Outgoing], put: Put) -> None:
        """Labels for pictures that lie at their `place`."""
        ...


FORMS: Mapping[str, Form] = MappingProxyType(
    {"yolo": labelimg_yolo, "voc": labelimg_voc, "cvat": cvat, "coco": coco}
)


def form_of(files: Files) -> Form:
    """The one form that the labels have.

    Raises:
        DatasetRejected: they have none that is known, or several.
    """
    found = [name for name, form in FORMS.items() if form.is_here(files)]
    if len(found) == 1:
        return FORMS[found[0]]
    if found:
        raise DatasetRejected(f"There are labels as {' and '.join(found)}; choose by --format.")
    raise DatasetRejected(
        "There are no labels: neither classes.txt (LabelImg's YOLO form), nor .xml (VOC, CVAT for "
        "images), nor .json (COCO)."
    )

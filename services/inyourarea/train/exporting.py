"""A dataset as files of another tool: labels and pictures, in a folder or a zip."""

from dataclasses import dataclass
from pathlib import Path

from inyourarea.contracts.datasets import CONFIRMED, REJECTED, LabelledBox
from inyourarea.core.errors import DatasetRejected
from inyourarea.runtime.datasets import Dataset
from inyourarea.train.formats.files import write_files
from inyourarea.train.formats.foreign import Outgoing
from inyourarea.train.formats.known import Form


@dataclass(frozen=True, slots=True)
class Exported:
    """What went out: pictures and boxes, and boxes that stayed since they have no member.

    It is in ``files``, which may be more than come in at a time.
    """

    pictures: int
    boxes: int
    unnamed: int
    files: int


def export_dataset(
    dataset: Dataset, form: Form, target: Path, *, with_proposals: bool = True
) -> Exported:
    """All pictures but the rejected ones lie at ``target`` with the boxes of members.

    Raises:
        DatasetRejected: there is no picture, or ``target`` is there already.
    """

    def goes(box: LabelledBox) -> bool:
        return bool(box.member) and (with_proposals or box.state == CONFIRMED)

    named: list[tuple[str, Outgoing]] = []
    unnamed = 0
    members, everything = dataset.snapshot()
    for name, labels in everything.items():
        if labels.state != REJECTED:
            boxes = tuple(box for box in labels.boxes if goes(box))
            file = form.place(name, labels.split)
            named.append((name, Outgoing(file, labels.size, labels.split, boxes)))
            unnamed += sum(not box.member for box in labels.boxes)
    if not named:
        raise DatasetRejected("The dataset has no picture yet.")
    pictures = [picture for _, picture in named]
    files = 0
    with write_files(target) as write:

        def put(file: str, content: bytes) -> None:
            nonlocal files
            files += 1
            write(file, content)

        form.write(members.names, pictures, put)
        for name, picture in named:
            put(picture.file, dataset.picture(name))
    return Exported(len(pictures), sum(len(one.boxes) for one in pictures), unnamed, files)

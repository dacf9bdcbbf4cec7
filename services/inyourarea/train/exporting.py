"""A dataset as files of another tool: labels and pictures, in a folder or a zip."""

from dataclasses import dataclass, replace
from pathlib import Path

from inyourarea.contracts.datasets import CONFIRMED, REJECTED, LabelledBox
from inyourarea.core.errors import DatasetRejected
from inyourarea.runtime.datasets import Dataset
from inyourarea.train.formats.files import write_files
from inyourarea.train.formats.foreign import NOBODY, Outgoing
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

    Where the form keeps states, those that are known to be nobody's go as the class `NOBODY`.

    Raises:
        DatasetRejected: there is no picture, or ``target`` is there already.
    """

    def goes(box: LabelledBox) -> bool:
        if not box.member:
            return tells_nobody and box.state == CONFIRMED
        return with_proposals or box.state == CONFIRMED

    named: list[tuple[str, Outgoing]] = []
    unnamed = 0
    members, everything = dataset.snapshot()
    tells_nobody = form.KEEPS_STATES and members.now(NOBODY) is None
    for name, labels in everything.items():
        if labels.state != REJECTED:
            gone = [box for box in labels.boxes if goes(box)]
            boxes = tuple(replace(box, member=box.member or NOBODY) for box in gone)
            file = form.place(name, labels.split)
            named.append((name, Outgoing(file, labels.size, labels.split, boxes)))
            unnamed += sum(not box.member and not goes(box) for box in labels.boxes)
    if not named:
        raise DatasetRejected("The dataset has no picture yet.")
    pictures = [picture for _, picture in named]
    has_nobody = tells_nobody and any(box.member == NOBODY for one in pictures for box in one.boxes)
    files = 0
    with write_files(target) as write:

        def put(file: str, content: bytes) -> None:
            nonlocal files
            files += 1
            write(file, content)

        form.write((*members.names, NOBODY) if has_nobody else members.names, pictures, put)
        for name, picture in named:
            put(picture.file, dataset.picture(name))
    return Exported(len(pictures), sum(len(one.boxes) for one in pictures), unnamed, files)

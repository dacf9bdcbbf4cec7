"""A frame pack: one segment's pictures for the detector in one uncompressed tar (WebDataset)."""

import io
import json
import tarfile
from collections.abc import Iterator
from dataclasses import dataclass

from inyourarea.core.letterbox import Letterbox

INDEX_NAME = "index.json"


@dataclass(frozen=True)
class PackIndex:
    """Every presented frame of the segment, whether its picture is in the pack or not.

    ``pts`` of all frames in order; ``letterbox`` how each picture is to be placed in the
    detector's ``width`` x ``height``: the pack's JPEGs hold the inner part only, without bars.
    """

    pts: tuple[int, ...]
    pictured: tuple[int, ...]
    width: int
    height: int
    letterbox: Letterbox


def write_pack(index: PackIndex, jpegs: dict[int, bytes]) -> bytes:
    """The pack as bytes: the index, then ``<pts>.jpg`` in order. Equal input, equal bytes."""
    box = index.letterbox
    head = {
        "pts": index.pts,
        "pictured": index.pictured,
        "width": index.width,
        "height": index.height,
        "letterbox": [box.scale, box.left, box.top, box.inner_width, box.inner_height],
    }
    written = io.BytesIO()
    with tarfile.open(fileobj=written, mode="w", format=tarfile.USTAR_FORMAT) as tar:
        _add(tar, INDEX_NAME, json.dumps(head).encode())
        for pts in index.pictured:
            _add(tar, f"{pts:+020}.jpg", jpegs[pts])
    return written.getvalue()


def _add(tar: tarfile.TarFile, name: str, content: bytes) -> None:
    member = tarfile.TarInfo(name)
    member.size = len(content)
    tar.addfile(member, io.BytesIO(content))


def read_pack(content: bytes) -> tuple[PackIndex, Iterator[tuple[int, bytes]]]:
    """The index, and the pictures as (pts, JPEG) in order."""
    tar = tarfile.open(fileobj=io.BytesIO(content), mode="r:")  # noqa: SIM115 - the iterator owns it
    head = json.loads(_read(tar, tar.next()))
    index = PackIndex(
        pts=tuple(head["pts"]),
        pictured=tuple(head["pictured"]),
        width=head["width"],
        height=head["height"],
        letterbox=Letterbox(*head["letterbox"]),
    )
    return index, _pictures(tar)


def _pictures(tar: tarfile.TarFile) -> Iterator[tuple[int, bytes]]:
    while member := tar.next():
        yield int(member.name.removesuffix(".jpg")), _read(tar, member)


def _read(tar: tarfile.TarFile, member: tarfile.TarInfo | None) -> bytes:
    opened = tar.extractfile(member) if member else None
    if opened is None:
        raise ValueError("the frame pack is cut short")
    return opened.read()

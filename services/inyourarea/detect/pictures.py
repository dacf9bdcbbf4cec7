"""The pictures of one segment as detect reads them: JPEGs of a frame pack, decoded when needed."""

import tarfile
from collections import OrderedDict
from collections.abc import Sequence

import cv2
import numpy as np
from numpy.typing import NDArray

from inyourarea.contracts.pack import PackIndex, read_pack
from inyourarea.core.letterbox import BAR_GREY

#: Pictures that are kept as they were decoded, 2.8 MB each at 1280x736: those of one call of the
#: detector, until everybody in them is described.
KEPT_PICTURES = 8
#: Pictures that are kept in grey, .9 MB each: the follower walks to and fro over a few seconds.
KEPT_GREYS = 288


class PictureUnreadable(Exception):
    """The frame pack, or a picture of it, is damaged; the pack has to be made again."""


class _Shelf:
    """As many pictures as there is room for, by rank; what was not asked for longest goes first."""

    def __init__(self, room: int) -> None:
        self._room = room
        self._kept: OrderedDict[int, NDArray[np.uint8]] = OrderedDict()

    def get(self, rank: int) -> NDArray[np.uint8] | None:
        if rank in self._kept:
            self._kept.move_to_end(rank)
        return self._kept.get(rank)

    def put(self, rank: int, picture: NDArray[np.uint8]) -> None:
        self._kept[rank] = picture
        self._kept.move_to_end(rank)
        if len(self._kept) > self._room:
            self._kept.popitem(last=False)


class Pictures:
    """A frame pack's pictures by rank, which counts all frames of the segment from 0.

    Raises:
        PictureUnreadable: the pack is damaged, or cut short.
    """

    def __init__(self, pack: bytes) -> None:
        try:
            index, pictures = read_pack(pack)
            self._jpegs = dict(pictures)
        except (tarfile.TarError, ValueError, KeyError) as damage:
            raise PictureUnreadable(f"the frame pack is damaged: {damage}") from damage
        if not self._jpegs.keys() >= set(index.pictured):
            raise PictureUnreadable("the frame pack is cut short")
        self.index: PackIndex = index
        self._kept = _Shelf(KEPT_PICTURES)
        self._greys = _Shelf(KEPT_GREYS)
        self._sheets = np.zeros((0, index.height, index.width, 3), dtype=np.uint8)

    def __len__(self) -> int:
        return len(self.index.pts)

    @property
    def pts(self) -> NDArray[np.int64]:
        """The pts of every frame of the segment, pictured or not, int64 (frames,)."""
        return np.array(self.index.pts, dtype=np.int64)

    @property
    def pictured(self) -> NDArray[np.int64]:
        """The ranks that have a picture, ascending, int64 (n,)."""
        return np.flatnonzero(np.isin(self.pts, self.index.pictured))

    @property
    def size(self) -> tuple[int, int]:
        """Width and height of every picture, without bars."""
        return self.index.letterbox.inner_width, self.index.letterbox.inner_height

    def bgr(self, rank: int) -> NDArray[np.uint8]:
        """The picture of a frame, uint8 (height, width, 3) BGR; not to be written to.

        Raises:
            PictureUnreadable: it is damaged, or of another size than the index says.
        """
        kept = self._kept.get(rank)
        if kept is None:
            kept = self._decoded(rank, cv2.IMREAD_COLOR)
            self._kept.put(rank, kept)
        return kept

    def grey(self, rank: int) -> NDArray[np.uint8]:
        """The picture of a frame without its colours, uint8 (height, width); raises as `bgr`.

        A JPEG has its grey apart: reading that alone takes half of the time.
        """
        kept = self._greys.get(rank)
        if kept is None:
            kept = self._decoded(rank, cv2.IMREAD_GRAYSCALE)
            self._greys.put(rank, kept)
        return kept

    def _decoded(self, rank: int, way: int) -> NDArray[np.uint8]:
        pts = self.index.pts[rank]
        jpeg = np.frombuffer(self._jpegs[pts], dtype=np.uint8)
        picture = cv2.imdecode(jpeg, way)
        if picture is None or picture.shape[1::-1] != self.size:
            raise PictureUnreadable(
                f"the picture at pts {pts} of the frame pack is damaged; extract the segment again"
            )
        return np.asarray(picture, dtype=np.uint8)

    def letterboxed(self, ranks: Sequence[int]) -> NDArray[np.uint8]:
        """The frames as a detector takes them, uint8 (n, height, width, 3) RGB with grey bars.

        Valid until the next ones are asked for: fresh memory would cost more than the pictures.
        """
        if len(self._sheets) < len(ranks):
            shape = (len(ranks), self.index.height, self.index.width, 3)
            self._sheets = np.full(shape, BAR_GREY, dtype=np.uint8)
        box = self.index.letterbox
        rows = slice(box.top, box.top + box.inner_height)
        columns = slice(box.left, box.left + box.inner_width)
        for sheet, rank in zip(self._sheets, ranks, strict=False):
            cv2.cvtColor(self.bgr(rank), cv2.COLOR_BGR2RGB, dst=sheet[rows, columns])
        return self._sheets[: len(ranks)]

"""The pictures of one segment as detect reads them: JPEGs of a frame pack, decoded when needed."""

from collections import OrderedDict

import cv2
import numpy as np
from numpy.typing import NDArray

from inyourarea.contracts.pack import PackIndex, read_pack
from inyourarea.core.letterbox import BAR_GREY

#: Decoded pictures that are kept, 2.8 MB each at 1280x736: the follower walks to and fro over a
#: few seconds, and with half as many detect takes 4 % longer.
KEPT_PICTURES = 96


class PictureUnreadable(Exception):
    """A picture of the frame pack is damaged; the pack has to be made again."""


class Pictures:
    """A frame pack's pictures by rank, which counts all frames of the segment from 0."""

    def __init__(self, pack: bytes) -> None:
        index, pictures = read_pack(pack)
        self.index: PackIndex = index
        self._jpegs = dict(pictures)
        self._kept: OrderedDict[int, NDArray[np.uint8]] = OrderedDict()

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
        if rank in self._kept:
            self._kept.move_to_end(rank)
            return self._kept[rank]
        picture = self._decoded(rank)
        self._kept[rank] = picture
        if len(self._kept) > KEPT_PICTURES:
            self._kept.popitem(last=False)
        return picture

    def _decoded(self, rank: int) -> NDArray[np.uint8]:
        pts = self.index.pts[rank]
        jpeg = np.frombuffer(self._jpegs[pts], dtype=np.uint8)
        picture = cv2.imdecode(jpeg, cv2.IMREAD_COLOR)
        if picture is None or picture.shape[1::-1] != self.size:
            raise PictureUnreadable(
                f"the picture at pts {pts} of the frame pack is damaged; extract the segment again"
            )
        return np.asarray(picture, dtype=np.uint8)

    def letterboxed(self, rank: int) -> NDArray[np.uint8]:
        """The frame as a detector takes it, uint8 (height, width, 3) RGB with grey bars."""
        box = self.index.letterbox
        below = self.index.height - box.top - box.inner_height
        right = self.index.width - box.left - box.inner_width
        edges = (box.top, below, box.left, right)
        rgb = cv2.cvtColor(self.bgr(rank), cv2.COLOR_BGR2RGB)
        grey = (BAR_GREY,) * 3
        sheet = cv2.copyMakeBorder(rgb, *edges, cv2.BORDER_CONSTANT, value=grey)
        return np.asarray(sheet, dtype=np.uint8)

"""The limits of what a video may be; all that is refused: ``tests/embedded/test_bad_input.py``."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from inyourarea.contracts.v1 import facts_pb2 as facts
from inyourarea.contracts.v1.ingest_pb2 import SubmitVideoRequest
from inyourarea.core.errors import VideoTooLarge
from inyourarea.ingest.settings import IngestSettings, Limits
from inyourarea.ingest.submit import submit_video
from inyourarea.runtime.child import Child
from inyourarea.runtime.folder_objects import FolderObjects
from media import Film, film


@pytest.fixture(scope="module")
def child() -> Iterator[Child]:
    child = Child()
    yield child
    child.close()


def submit(
    content: bytes, objects: FolderObjects, child: Child, settings: IngestSettings | None = None
) -> facts.VideoAccepted:
    objects.put("sources/x", content)
    model = facts.Model(name="faces", width=160, height=96)
    request = SubmitVideoRequest(
        source_key="sources/x", sha256="x", spec=facts.RunSpec(model=model)
    )
    return submit_video(request, objects, child, settings)


def test_frames_are_counted_where_no_header_tells_them(tmp_path: Path, child: Child) -> None:
    settings = IngestSettings(limits=Limits(frames=20))
    with pytest.raises(VideoTooLarge, match="21 frames or more; it may have 20"):
        submit(film(Film(container="matroska")), FolderObjects(tmp_path), child, settings)


def test_all_pixels_together_are_limited(tmp_path: Path, child: Child) -> None:
    settings = IngestSettings(limits=Limits(pixels=160 * 96 * 29))
    with pytest.raises(VideoTooLarge, match="30 frames of 160x96"):
        submit(film(Film()), FolderObjects(tmp_path), child, settings)


def test_one_frame_is_a_valid_video(tmp_path: Path, child: Child) -> None:
    accepted = submit(film(Film(pts=(0,))), FolderObjects(tmp_path), child)
    (segment,) = accepted.segments
    assert (segment.frames, accepted.source.frames) == (1, 1)
    assert segment.end_pts > segment.start_pts

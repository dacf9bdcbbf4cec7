"""How a finished film gets into the store: a child writes a file, which is put under a name."""

import tempfile
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from fractions import Fraction
from pathlib import Path
from typing import Any, TypeVar

from inyourarea.contracts import keys
from inyourarea.contracts.specs import from_rational
from inyourarea.contracts.v1 import facts_pb2 as facts
from inyourarea.contracts.v1 import stored_pb2 as stored
from inyourarea.core.reasons import told
from inyourarea.render.playlists import MP4_TYPE, PLAYLIST_TYPE, Variant, media_playlist
from inyourarea.render.settings import RenderSettings
from inyourarea.render.stream import Cuts, StreamedFile, stream_sound
from inyourarea.runtime.child import Child
from inyourarea.runtime.disk import words_for
from inyourarea.runtime.objects import Objects, ObjectsAway

Result = TypeVar("Result")


@dataclass(frozen=True)
class Workshop:
    """Where files are made: the store, the child that makes them, and how long it may take."""

    objects: Objects
    child: Child
    settings: RenderSettings

    def timeout_s(self, pictures: int) -> float:
        """Seconds for so many pictures to be drawn or copied."""
        return self.settings.least_timeout_s + self.settings.frame_timeout_s * pictures

    def call(self, function: Callable[..., Result], *args: Any, pictures: int) -> Result:
        """What the function returned, given the store and these arguments."""
        return self.child.call(function, self.objects, *args, timeout_s=self.timeout_s(pictures))

    def make(self, key: str, function: Callable[..., Result], *args: Any, pictures: int) -> Result:
        """As `call`; the function's last argument is a path, whose file is stored."""
        with _scratch_file(self.settings.scratch) as path:
            result = self.call(function, *args, path, pictures=pictures)
            self.objects.put(key, path)
            return result


@contextmanager
def _scratch_file(folder: Path | None) -> Iterator[Path]:
    try:
        with tempfile.TemporaryDirectory(prefix="inyourarea-", dir=folder) as scratch:
            yield Path(scratch) / "film.mp4"
    except OSError as trouble:
        place = folder or tempfile.gettempdir()
        raise ObjectsAway(
            told("no-scratch-folder", folder=place, why=words_for(trouble))
        ) from trouble


@dataclass
class Shelf:
    """The files below one HLS address, gathered as they are stored.

    ``name_key`` says which object has a name.
    """

    objects: Objects
    name_key: Callable[[str], str]
    files: stored.StreamFiles = field(default_factory=stored.StreamFiles)

    def note(self, name: str, key: str, media_type: str = MP4_TYPE, **whose: str) -> None:
        """That name is that object."""
        self.files.files.add(name=name, key=key, media_type=media_type, **whose)

    def text(self, name: str, content: str, **whose: str) -> None:
        """A playlist is stored."""
        self.objects.put(self.name_key(name), content.encode())
        self.note(name, self.name_key(name), PLAYLIST_TYPE, **whose)

    def list_file(self, stem: str, file: StreamedFile, key: str, **whose: str) -> Variant:
        """A stored file has its playlist."""
        self.note(f"{stem}.mp4", key, **whose)
        self.text(f"{stem}.m3u8", media_playlist(file, f"{stem}.mp4"), **whose)
        return Variant(f"{stem}.m3u8", file)


def cuts_of(source: facts.Source, segments: Sequence[facts.Segment]) -> Cuts:
    """When the segments start, in seconds."""
    base = from_rational(source.time_base)
    starts_s = tuple(Fraction(segment.start_pts) * base for segment in segments)
    return Cuts(starts_s, source.end_pts * base)


def stream_audio(
    shop: Workshop, shelf: Shelf, video: str, sound: str | None, cuts: Cuts
) -> Variant | None:
    """The video's sound as it is streamed with the stage and with every fancam."""
    if sound is None:
        return None
    key = keys.stage_file(video, "audio.mp4")
    file = shop.make(key, stream_sound, sound, cuts, pictures=0)
    return shelf.list_file("audio", file, key) if file else None

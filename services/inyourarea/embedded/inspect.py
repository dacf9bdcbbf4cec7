"""A quick look at a video before it is run: who is in it, how large, how restless it is cut."""

import tempfile
from collections.abc import Iterator
from dataclasses import dataclass, replace
from fractions import Fraction
from pathlib import Path

import numpy as np

from inyourarea.contracts import tables
from inyourarea.contracts.specs import from_rational, to_picture
from inyourarea.contracts.v1 import facts_pb2 as facts
from inyourarea.contracts.v1 import ingest_pb2
from inyourarea.core.detections import Detections, join_detections
from inyourarea.core.errors import Refused, VideoUnreadable
from inyourarea.core.framing import FULL, largest_window
from inyourarea.core.picture import Picture, output_size
from inyourarea.core.reasons import told
from inyourarea.core.shots import Shot
from inyourarea.core.signals import Signals
from inyourarea.core.timeline import Timeline
from inyourarea.core.tracks import Track, Tracks
from inyourarea.detect.detector import Detector
from inyourarea.detect.pictures import Pictures
from inyourarea.detect.segment import Footage, look, sighted
from inyourarea.embedded.run import Request, check_paths, see, store_source
from inyourarea.ingest.extract import Extraction, extract_segment
from inyourarea.ingest.segments import SEGMENT_S
from inyourarea.ingest.submit import submit_video
from inyourarea.runtime.child import Child, ChildDied
from inyourarea.runtime.folder_objects import FolderObjects
from inyourarea.track.shots import find_shots
from inyourarea.track.solve import Question, solve_tracks

#: There is one stretch in so many seconds, within these bounds.
STRETCH_EVERY_S = 15
FEWEST_STRETCHES, MOST_STRETCHES = 2, 12
#: The share of a video that all stretches are together, as far as each is at least a second and at
#: most a segment should be: most of what an inspection costs, which a tenth of a run is to be
#: enough for.
SAMPLED = Fraction(1, 5)
#: Frames of a stretch that go through the detector.
LOOKS = 3
#: Below this a face holds too few pixels to tell people apart well, source pixels.
SMALL_FACE_PX = 20
#: Cuts in the sample, at most, where none was seen, one, two, or three (95 %, Poisson).
MOST_CUTS = (3.0, 4.7, 6.3, 7.8)
_TIMEOUT_S = 120.0


@dataclass(frozen=True)
class Seen:
    """One person in the sample: share of the sampled frames, and the face's median height."""

    name: str
    share: float
    face_px: float
    output: tuple[int, int]


@dataclass(frozen=True)
class Inspection:
    """What the sample tells. Sizes are in source pixels; ``cuts`` those seen in the sample."""

    size: tuple[int, int]
    seconds: float
    sampled_s: float
    cuts: int
    people: tuple[Seen, ...]
    verdict: str

    @property
    def cuts_per_minute(self) -> float:
        """How often it is cut in the sample."""
        return 60 * self.cuts / self.sampled_s

    @property
    def most_cuts_per_minute(self) -> float | None:
        """How often it may be cut all the same, where the sample holds too few cuts to tell."""
        if self.cuts >= len(MOST_CUTS):
            return None
        return 60 * MOST_CUTS[self.cuts] / self.sampled_s


def inspect_video(request: Request) -> Inspection:
    """A verdict on the video from a few seconds of it; nothing is left behind.

    Raises:
        Refused: the video can not be used, and why.
        ObjectsAway: the folder for temporary files can not be written.
    """
    check_paths(request)
    seeing = see(request)
    if seeing.detector is None:
        raise Refused("boxes can not be inspected; run them, or inspect the video without them")
    child = Child()
    try:
        with tempfile.TemporaryDirectory(prefix="inyourarea-") as folder:
            objects = FolderObjects(Path(folder))
            source = store_source(objects, request.video)
            spec = facts.RunSpec(model=seeing.model, people=request.people, framing=FULL.name)
            spec.pictures.extend(to_picture(picture) for picture in request.pictures)
            asked = ingest_pb2.SubmitVideoRequest(
                source_key=source.key, sha256=source.sha256, spec=spec
            )
            accepted = submit_video(asked, objects, child)
            return _judge(_Sample(objects, child, accepted, seeing.detector), request.pictures[0])
    finally:
        child.close()


@dataclass(frozen=True)
class _Stretch:
    """So many seconds: their signals, and what was seen in a few of their frames."""

    seconds: Fraction
    signals: Signals
    detections: Detections


class _Sample:
    """Stretches of a video, evenly spread, each beginning where a segment does."""

    def __init__(
        self,
        objects: FolderObjects,
        child: Child,
        accepted: facts.VideoAccepted,
        detector: Detector,
    ) -> None:
        self._objects = objects
        self._child = child
        self._detector = detector
        self.accepted = accepted
        self.time_base = from_rational(accepted.source.time_base)
        self.size = (accepted.source.width, accepted.source.height)

    @property
    def seconds(self) -> Fraction:
        source = self.accepted.source
        return (source.end_pts - source.start_pts) * self.time_base

    def stretches(self) -> Iterator[_Stretch]:
        segments = self.accepted.segments
        wanted = max(FEWEST_STRETCHES, min(MOST_STRETCHES, int(self.seconds / STRETCH_EVERY_S)))
        places = np.unique(np.linspace(0, len(segments) - 1, wanted).round().astype(int))
        length_s = min(SEGMENT_S, max(Fraction(1), SAMPLED * self.seconds / len(places)))
        for place in places.tolist():
            yield self._stretch(segments[place], max(1, int(length_s / self.time_base)))

    def _stretch(self, segment: facts.Segment, length: int) -> _Stretch:
        model = self.accepted.spec.model
        whole = segment.end_pts - segment.start_pts
        length = min(length, whole)
        extraction = Extraction(
            decode_key=self.accepted.source.decode_key,
            start_pts=segment.start_pts,
            end_pts=segment.start_pts + length,
            width=model.width,
            height=model.height,
            pack_key="sample/pack",
            signals_key=f"sample/{segment.index}",
            stride=max(1, segment.frames * length // whole // LOOKS),
        )
        try:
            self._child.call(extract_segment, self._objects, extraction, timeout_s=_TIMEOUT_S)
        except ChildDied as death:
            first, last = segment.first_frame, segment.first_frame + segment.frames - 1
            raise VideoUnreadable(told("decoding", first=first, last=last, why=death)) from death
        pictures = Pictures(self._objects.get(extraction.pack_key))
        places = np.linspace(0, len(pictures.pictured) - 1, LOOKS).round().astype(np.int64)
        seen = look(pictures, self._detector, pictures.pictured[np.unique(places)])
        found = sighted(pictures, seen, Footage(self.size, self.time_base))
        signals = tables.read_signals(self._objects.get(extraction.signals_key))
        return _Stretch(length * self.time_base, signals, found)


def _judge(sample: _Sample, picture: Picture) -> Inspection:
    stretches = list(sample.stretches())
    cuts = sum(
        len(find_shots(one.signals, Timeline(one.signals.pts, sample.time_base))) - 1
        for one in stretches
    )
    tracks = _who(stretches, sample)
    people = tuple(_seen(track, tracks, picture) for track in tracks.people)
    return Inspection(
        size=sample.size,
        seconds=float(sample.seconds),
        sampled_s=float(sum(one.seconds for one in stretches)),
        cuts=cuts,
        people=people,
        verdict=_verdict(people),
    )


def _who(stretches: list[_Stretch], sample: _Sample) -> Tracks:
    """The people of the sample, told apart as in a run; the frames are those looked at."""
    found = join_detections([one.detections for one in stretches])
    timeline = Timeline(found.looked, sample.time_base)
    ends = np.cumsum([len(one.detections.looked) for one in stretches])
    starts = [0, *ends[:-1].tolist()]
    shots = tuple(Shot(a, b - 1) for a, b in zip(starts, ends.tolist(), strict=True))
    model = sample.accepted.spec.model
    question = Question(
        detections=found,
        shots=shots,
        timeline=timeline,
        size=sample.size,
        classes=tuple(model.members),
        threshold=model.confidence,
        people=sample.accepted.spec.people,
    )
    return replace(solve_tracks(question), shots=shots)


def _seen(track: Track, tracks: Tracks, picture: Picture) -> Seen:
    heights = track.xyxy[track.has_box, 3] - track.xyxy[track.has_box, 1]
    face = float(np.median(heights)) if heights.size else 0.0
    widest, tallest = largest_window(tracks.size, picture.aspect)
    height = min(tallest, FULL.height[1] * float(np.max(heights, initial=0.0)))
    window = (height * widest / tallest, height)
    return Seen(
        name=track.name,
        share=float(track.has_box.mean()),
        face_px=face,
        output=output_size(picture, window, tracks.size[1]),
    )


def _verdict(people: tuple[Seen, ...]) -> str:
    if not people:
        return "Nobody was seen in the sample; a run will hardly find anybody."
    small = [one.name for one in people if one.face_px < SMALL_FACE_PX]
    if small:
        return (
            f"{len(people)} people were seen, but the faces of {', '.join(small)} are under "
            f"{SMALL_FACE_PX} pixels high: expect soft pictures and mistaken people there."
        )
    return f"{len(people)} people were seen, with faces large enough to follow."

"""One video, from the file to its fancams: what ``inyourarea run`` does."""

import hashlib
import json
import os
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import pyarrow
from google.protobuf.message import Message

from inyourarea.contracts import keys, tables
from inyourarea.contracts.digests import file_digest
from inyourarea.contracts.given import GivenBoxes, write_given
from inyourarea.contracts.specs import from_pin, from_rational, to_picture, to_pin, to_rational
from inyourarea.contracts.v1 import facts_pb2 as facts
from inyourarea.contracts.v1 import ingest_pb2
from inyourarea.core.anchors import anchors
from inyourarea.core.errors import LabelsUnreadable, Refused, VideoUnreadable
from inyourarea.core.labels import read_labels
from inyourarea.core.members import match_members, tidy
from inyourarea.core.picture import Picture
from inyourarea.core.pins import Pin
from inyourarea.core.text_lines import text_lines
from inyourarea.core.timeline import Timeline
from inyourarea.detect.detector import Detector
from inyourarea.detect.settings import read_settings
from inyourarea.embedded.line import Line
from inyourarea.embedded.models import ModelFile, find_group, find_model
from inyourarea.embedded.outputs import Outputs, OutputUnwritable
from inyourarea.embedded.own_files import STORE
from inyourarea.embedded.store import open_store
from inyourarea.ingest.probe import read_probe
from inyourarea.runtime.child import Child
from inyourarea.runtime.disk import words_for
from inyourarea.runtime.objects import ObjectNotFound, Objects, ObjectsAway, holds

if TYPE_CHECKING:
    from inyourarea.detect.onnx import OnnxDetector

#: Size of the pictures that appearance is read from where the user brings the boxes: that of
#: `faces`, whose people are told apart by it too.
BOXES_PICTURE = (960, 544)
_BLOCK = 4 << 20

Listen = Callable[[Message], None]


class RunFailed(Refused):
    """A stage gave up on the video; the text is the stage's reason."""


@dataclass(frozen=True)
class Request:
    """What the user asked for; times in seconds from the video's first frame, pins' from the run's.

    ``model`` is a file that is not in the model repository (yet), in place of the ``group``'s.
    """

    video: Path
    out: Path
    pictures: tuple[Picture, ...]
    framing: str = "full"
    start: Fraction | None = None
    end: Fraction | None = None
    group: str | None = None
    people: int = 0
    pins: tuple[Pin, ...] = ()
    boxes: Path | None = None
    members: tuple[str, ...] = ()
    confidence: float | None = None
    smooth: int = 0
    model: ModelFile | None = None


@dataclass(frozen=True)
class Result:
    """What came out: the fancams' files, who is in them, who is not, and the seconds it took.

    ``missing`` are those of the group, or of the members asked for, who have no fancam;
    ``removed`` are files of earlier runs that are gone; ``warnings`` whole sentences for the user.
    """

    fancams: tuple[Path, ...]
    removed: tuple[Path, ...]
    people: tuple[str, ...]
    missing: tuple[str, ...]
    warnings: tuple[str, ...]
    timings: dict[str, float]


@dataclass(frozen=True)
class Seeing:
    """The model part of a run's specification, and the detector that goes with it."""

    model: facts.Model
    detector: "OnnxDetector | None"

    def detector_of(self, model: facts.Model) -> "OnnxDetector":
        """The detector; a run has one model.

        Raises:
            Refused: it has none: the user brought the boxes.
        """
        if self.detector is None:
            raise Refused(f"no detector {model.name!r} was loaded")
        return self.detector


def run_video(request: Request, listen: Listen, hand: Child) -> Result:
    """All files of the run are in ``request.out``.

    What the video is, and then every fact on the way, goes to ``listen``. Asked again it does no
    work over, and after a kill it goes on where it was. The video is probed and drawn in the
    process ``hand``, which then ends.

    Raises:
        Refused: the input can not be used, and why.
        RunFailed: a stage gave up.
    """
    check_paths(request)
    try:
        return _run(request, listen, hand)
    except ObjectsAway as away:
        raise OutputUnwritable(str(away)) from away


def track_video(request: Request, listen: Listen) -> facts.VideoAccepted:
    """Everybody's tracks are in the store of ``request.out``; nothing is drawn or written beside.

    Raises:
        Refused: the input can not be used, and why.
        RunFailed: a stage gave up.
    """
    check_paths(request)
    try:
        with _under_way(request, listen, Child()) as run:
            for fact in run.facts:
                if isinstance(fact, facts.TracksCompleted | facts.FancamsPublished):
                    return run.accepted
    except ObjectsAway as away:
        raise OutputUnwritable(str(away)) from away
    raise RunFailed("the stages stopped before the people were tracked")


def _run(request: Request, listen: Listen, hand: Child) -> Result:
    clock = _Clock(time.monotonic())
    with _under_way(request, listen, hand) as run:
        for fact in run.facts:
            clock.note(fact)
            if isinstance(fact, facts.FancamsPublished):
                return _finish(run.line, request, run.accepted, fact, clock)
    raise RunFailed("the stages stopped before the fancams were published")


@dataclass(frozen=True)
class _Running:
    """A run that a line is at work on, and its facts as they become true."""

    line: Line
    accepted: facts.VideoAccepted
    facts: Iterator[Message]


@contextmanager
def _under_way(request: Request, listen: Listen, hand: Child) -> Iterator[_Running]:
    """The video is submitted; every fact goes to ``listen`` before anything else.

    Raises:
        RunFailed: a stage gave up; raised by the facts.
    """
    seeing = see(request)
    spec = _spec(request, seeing)  # what can not be used is told before anything is stored
    store = open_store(request.out / STORE)
    with store as objects, Line(objects, seeing.detector_of, hand) as line:
        source = store_source(line.objects, request.video)
        watcher = line.watch()
        accepted = _submit(line, request, spec, source, listen)
        listen(accepted)
        yield _Running(line, accepted, _heard(watcher.facts(accepted.run_id), listen))


def _heard(told: Iterator[Message], listen: Listen) -> Iterator[Message]:
    for fact in told:
        listen(fact)
        if isinstance(fact, facts.StageFailed):
            raise RunFailed(fact.reason)
        yield fact


class _Clock:
    """When each kind of fact came last, in seconds since the start."""

    def __init__(self, started: float) -> None:
        self._started = started
        self.seconds: dict[str, float] = {}

    def note(self, fact: Message) -> None:
        self.seconds[fact.DESCRIPTOR.name] = round(time.monotonic() - self._started, 3)


def _finish(
    line: Line,
    request: Request,
    accepted: facts.VideoAccepted,
    published: facts.FancamsPublished,
    clock: _Clock,
) -> Result:
    outputs = Outputs(line.objects, accepted, request.out)
    written = outputs.write(published, clock.seconds)
    # Not from the facts: where everything is done already, that it is published comes first.
    report = json.loads(line.objects.get(keys.report(accepted.spec)))
    asked = accepted.spec.members
    return Result(
        fancams=written.fancams,
        removed=written.removed,
        people=tuple(person["name"] for person in report["people"]),
        missing=tuple(name for name in report["missing"] if not asked or name in asked),
        warnings=tuple(report["warnings"]),
        timings=clock.seconds,
    )


def check_paths(request: Request) -> None:
    """The video is a file, and the output folder exists.

    Raises:
        Refused: one of them can not be had.
    """
    try:
        is_there = request.video.is_file()
    except OSError as error:  # such as a name of more letters than a disk takes
        raise VideoUnreadable(f"{request.video} can not be read: {words_for(error)}") from error
    if not is_there:
        raise VideoUnreadable(f"{request.video} is no file; give the path of a video")
    try:
        request.out.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise OutputUnwritable(f"{request.out} can not be made: {words_for(error)}") from error


def see(request: Request) -> Seeing:
    """The detector to use and what the run's specification says of it.

    Raises:
        ModelRejected: there is no such group, or its model is not on this machine or damaged.
    """
    if request.boxes is not None:
        return _given(request)
    return _loaded(request, request.model or find_model(request.group))


def _given(request: Request) -> Seeing:
    width, height = BOXES_PICTURE
    names = find_group(request.group).members if request.group else ()
    confidence = request.confidence or 0.0
    model = facts.Model(
        name="boxes", members=names, confidence=confidence, width=width, height=height
    )
    return Seeing(model, None)


def _loaded(request: Request, file: ModelFile) -> Seeing:
    detector = file.load(read_settings(os.environ).threads)
    model = model_fact(file, detector)
    model.confidence = request.confidence or model.confidence
    return Seeing(model, detector)


def model_fact(file: ModelFile, detector: Detector) -> facts.Model:
    """What a run's specification says of a model, with the model's own confidence."""
    return facts.Model(
        name=file.name,
        sha256=detector.sha256,
        members=file.group.members if file.group else (),
        confidence=file.group.confidence if file.group else detector.info.confidence,
        width=detector.info.width,
        height=detector.info.height,
    )


@dataclass(frozen=True)
class StoredSource:
    """Where the video's bytes are in the store, and their digest."""

    key: str
    sha256: str


def store_source(objects: Objects, video: Path) -> StoredSource:
    """The video's bytes are in the store under their digest.

    The digest of what was stored is what counts, so that a file that changes meanwhile is seen.
    """
    sha256 = video_digest(video)
    key = keys.source(sha256)
    if not holds(objects, key):
        try:
            objects.put(key, video)
        except ObjectNotFound as gone:
            raise VideoUnreadable(f"{video} vanished while it was read") from gone
        if _stored_digest(objects, key) != sha256:
            objects.delete(key)
            raise VideoUnreadable(f"{video} changed while it was read; try again when it is whole")
    return StoredSource(key, sha256)


def video_digest(video: Path) -> str:
    """The SHA-256 of the file, hex.

    Raises:
        VideoUnreadable: it can not be read.
    """
    try:
        return file_digest(video)
    except OSError as error:
        raise VideoUnreadable(f"{video} can not be read: {error.strerror}") from error


def _stored_digest(objects: Objects, key: str) -> str:
    found, start = hashlib.sha256(), 0
    while content := objects.read(key, start, _BLOCK):
        found.update(content)
        start += len(content)
    return found.hexdigest()


def _submit(
    line: Line, request: Request, spec: facts.RunSpec, stored: StoredSource, listen: Listen
) -> facts.VideoAccepted:
    asked = ingest_pb2.SubmitVideoRequest(source_key=stored.key, sha256=stored.sha256)
    if request.start is not None:
        asked.from_s.CopyFrom(to_rational(request.start))
    if request.end is not None:
        asked.to_s.CopyFrom(to_rational(request.end))
    source = line.look_at(asked)
    listen(source)
    if request.boxes is not None:
        _store_boxes(request.boxes, source, spec.model, line.objects)
    asked.spec.CopyFrom(spec)
    if asked.spec.pins:
        asked.spec.pins.extend(_anchors(line, line.decide(asked)))
    return line.submit(asked)


def _anchors(line: Line, decided: facts.VideoAccepted) -> list[facts.Pin]:
    """Pins that say who of an earlier run is meant by the names that the run's pins give."""
    spec, source = decided.spec, decided.source
    if not spec.names_from:
        return []
    try:
        kept = tables.read_tracks(line.objects.get(spec.names_from))
    except (ObjectNotFound, pyarrow.ArrowException, OSError, KeyError, ValueError):
        return []  # the stage that needs them too tells what is damaged
    pts = read_probe(line.objects.get(keys.probe(source.sha256))).pts
    run = Timeline(
        pts[(pts >= source.start_pts) & (pts < source.end_pts)], from_rational(source.time_base)
    )
    return [to_pin(pin) for pin in anchors([from_pin(pin) for pin in spec.pins], kept, run)]


def _spec(request: Request, seeing: Seeing) -> facts.RunSpec:
    return facts.RunSpec(
        model=seeing.model,
        people=request.people,
        pins=[to_pin(pin) for pin in request.pins],
        framing=request.framing,
        pictures=[to_picture(picture) for picture in request.pictures],
        members=_members(request, seeing),
        smooth_frames=request.smooth,
    )


def _store_boxes(file: Path, source: facts.Source, model: facts.Model, objects: Objects) -> None:
    """The user's boxes are in the store in their canonical form, and the model says where."""
    try:
        with file.open("rb") as opened:
            lines = text_lines(opened, LabelsUnreadable)
            labels = read_labels(lines, source.all_frames, (source.width, source.height))
    except OSError as error:
        raise LabelsUnreadable(f"{file} can not be read: {error.strerror}") from error
    if model.members and labels.klass.max() >= len(model.members):
        raise LabelsUnreadable(
            f"{file} has the class {labels.klass.max()}, but the group's members are the classes "
            f"0 to {len(model.members) - 1}; give the boxes of this group, or leave --group out."
        )
    # The file counts from the video's first frame, and those that will not decode too.
    pts = read_probe(objects.get(keys.probe(source.sha256))).pts[labels.frame]
    used = (pts >= source.start_pts) & (pts < source.end_pts)
    given = GivenBoxes(
        pts=pts[used],
        classes=labels.klass[used],
        xyxy=labels.xyxy[used].astype(np.float64),
        confidence=labels.confidence[used].astype(np.float64),
    )
    content = write_given(given)
    model.sha256 = hashlib.sha256(content).hexdigest()
    model.boxes_key = keys.user_boxes(model.sha256)
    if not model.members and (labels.klass >= 0).any():
        model.members.extend(f"class-{number}" for number in range(labels.klass.max() + 1))
    if not holds(objects, model.boxes_key):
        objects.put(model.boxes_key, content)


def _members(request: Request, seeing: Seeing) -> tuple[str, ...]:
    """The members asked for; those of a group are known before anything is seen."""
    if seeing.model.members:
        return match_members(request.members, tuple(seeing.model.members))
    return tuple(tidy(name) for name in request.members)

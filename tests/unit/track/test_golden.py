"""Bytes of the track stage change only together with its revisions."""

import hashlib
import json
import sys
from dataclasses import replace
from fractions import Fraction
from pathlib import Path
from tempfile import TemporaryDirectory

import numpy as np

from inyourarea.contracts import keys, tables
from inyourarea.contracts.specs import to_picture, to_rational
from inyourarea.contracts.v1 import facts_pb2 as facts
from inyourarea.core.detections import PORTRAIT_LENGTH, Detections
from inyourarea.core.picture import parse_aspect
from inyourarea.core.shots import Shot
from inyourarea.core.signals import HISTOGRAM_BINS, THUMBNAIL_HEIGHT, THUMBNAIL_WIDTH, Signals
from inyourarea.core.tracks import Tracks
from inyourarea.runtime.folder_objects import FolderObjects
from inyourarea.track.handler import TrackHandler
from inyourarea.track.settings import TrackSettings
from rehearsal import Eyes, detect, rehearse

#: The revisions, and digests of the scene, of its tracks, windows and reports. After a change on
#: purpose: raise the revision in `contracts/keys.py`, then `make golden`.
GOLDEN = Path(__file__).with_name("golden.json")
#: Steps per pixel and per 1 in which boxes and shares are compared: finer than is seen, coarser
#: than what another processor's sums differ by.
PER_PX, PER_SHARE = 16, 100
FRAMES_PER_S = 30
#: Members that the detector knows by name; with none, people are told apart by their looks.
CASTS = (4, 0)


def signals_of(shots: tuple[Shot, ...], frames: int) -> Signals:
    """A picture of random blocks per shot, with a little noise; whole numbers only."""
    rng = np.random.Generator(np.random.PCG64(5))
    thumbnail = np.zeros((frames, THUMBNAIL_HEIGHT, THUMBNAIL_WIDTH), np.uint8)
    for shot in shots:
        blocks = rng.integers(20, 220, (THUMBNAIL_HEIGHT // 6, THUMBNAIL_WIDTH // 8), np.uint8)
        stage = np.kron(blocks, np.ones((6, 8), np.uint8))
        noise = rng.integers(0, 6, (len(shot), *stage.shape), np.uint8)
        thumbnail[shot.first_frame : shot.last_frame + 1] = stage + noise
    bins = thumbnail.reshape(frames, -1) // (256 // HISTOGRAM_BINS)
    counts = np.stack([np.bincount(row, minlength=HISTOGRAM_BINS) for row in bins])
    return Signals(
        pts=np.arange(frames, dtype=np.int64),
        thumbnail=thumbnail,
        histogram=np.tile(counts / bins.shape[1], (1, 3)).astype(np.float32),
        motion=np.zeros((frames, 4), np.float32),
    )


def with_portraits(found: Detections) -> Detections:
    """Heads whose pictures tell people apart as their appearance does."""
    cells = np.tile(found.appearance, (1, PORTRAIT_LENGTH // found.appearance.shape[1]))
    return replace(found, portrait=(1 + 250 * cells).astype(np.uint8))


def what_is_left(objects: FolderObjects, members: int) -> tuple[bytes, bytes, bytes, bytes]:
    """What the stage gets of a generated show, and what it leaves: tracks, windows, report."""
    truth = rehearse(seed=11, members=4, dancers=2, seconds=12, shot_s=3)
    frames = len(truth.timeline)
    eyes = Eyes(stride=2, misses=0.3, confused=0.2, jitter=0.06, false_per_frame=0.1)
    found = with_portraits(detect(truth, seed=3, eyes=eyes, classes=members))
    model = facts.Model(name="model", sha256="model", confidence=0.25, width=64, height=64)
    model.members.extend(truth.names[:members])
    spec = facts.RunSpec(video_id="video", model=model, framing="full")
    spec.pictures.extend(to_picture(parse_aspect(shape)) for shape in ("9:16", "1:1"))
    source = facts.Source(sha256="source", width=1920, height=1080, frames=frames)
    source.time_base.CopyFrom(to_rational(Fraction(1, FRAMES_PER_S)))
    segment = facts.Segment(start_pts=0, end_pts=frames, frames=frames)
    about = {"video_id": "video", "run_id": keys.run_id(spec)}
    accepted = facts.VideoAccepted(**about, spec=spec, source=source, segments=[segment])
    detections = tables.write_detections(found)
    signals = tables.write_signals(signals_of(truth.shots, frames))
    objects.put(keys.accepted(accepted.run_id), accepted.SerializeToString())
    objects.put(keys.detections("video", model, 0), detections)
    objects.put(keys.signals("video", model, 0), signals)
    detected = facts.SegmentDetected(**about, segment=segment)
    TrackHandler(objects, TrackSettings()).on_segment_detected(detected)
    return (
        detections + signals,
        outline(tables.read_tracks(objects.get(keys.tracks(spec)))),
        objects.get(keys.windows(spec, 0)),
        objects.get(keys.report(spec)),
    )


def outline(tracks: Tracks) -> bytes:
    """The tracks as bytes that any processor gives."""
    told = [repr((tracks.size, tracks.shots, tracks.others)).encode()]
    for track in tracks.people:
        told += [f"{track.person} {track.name}".encode(), track.state.tobytes()]
        told += [track.reason.tobytes()]
        boxes = np.nan_to_num(track.xyxy.astype(np.float64), nan=-1.0)
        shares = np.stack([track.confidence, track.identity]).astype(np.float64)
        told += [np.round(boxes * PER_PX).astype(np.int64).tobytes()]
        told += [np.round(shares * PER_SHARE).astype(np.int64).tobytes()]
    return b"\n".join(told)


def golden_of_today() -> dict[str, int | str]:
    """What `GOLDEN` holds when it is written now."""
    parts: dict[str, list[bytes]] = {"scene": [], "tracks": [], "windows": [], "reports": []}
    for members in CASTS:
        with TemporaryDirectory() as folder:
            left = what_is_left(FolderObjects(Path(folder)), members)
        for contents, content in zip(parts.values(), left, strict=True):
            contents.append(content)
    digests = {
        name: hashlib.sha256(b"".join(contents)).hexdigest()[:16]
        for name, contents in parts.items()
    }
    revisions = {
        "TRACKING_REVISION": keys.TRACKING_REVISION,
        "CAMERA_REVISION": keys.CAMERA_REVISION,
    }
    return {**revisions, **digests}


def complaint(golden: dict[str, int | str], today: dict[str, int | str]) -> str:
    """What is to be done before today's digests may be the golden ones; nothing: an empty text."""
    if golden["scene"] != today["scene"]:
        return ""  # the test itself has changed; what comes of another scene tells nothing
    if golden["tracks"] != today["tracks"]:
        guard, what = "TRACKING_REVISION", "tracks"
    elif any(golden[name] != today[name] for name in ("windows", "reports")):
        guard, what = "CAMERA_REVISION", "windows or reports"
    else:
        return ""
    if any(golden[name] != today[name] for name in ("TRACKING_REVISION", guard)):
        return ""
    return (
        f"The {what} of the same scene are other ones; stored ones would be taken for these. Raise "
        f"{guard} in contracts/keys.py, then `make golden`; or find out why they changed."
    )


def test_tracks_windows_and_reports_are_those_of_the_revisions() -> None:
    golden, today = json.loads(GOLDEN.read_text()), golden_of_today()
    said = complaint(golden, today)
    assert not said, said
    assert golden == today, "The revision is raised, or the scene is another one: `make golden`."


def test_other_tracks_want_another_revision() -> None:
    old: dict[str, int | str] = {
        **{"TRACKING_REVISION": 1, "CAMERA_REVISION": 1},
        **{"scene": "a", "tracks": "b", "windows": "c", "reports": "d"},
    }
    assert "Raise TRACKING_REVISION" in complaint(old, {**old, "tracks": "x", "windows": "y"})
    assert "Raise CAMERA_REVISION" in complaint(old, {**old, "reports": "x"})
    assert "Raise TRACKING_REVISION" in complaint(old, {**old, "tracks": "x", "CAMERA_REVISION": 2})
    raised = {"tracks": "x", "windows": "y", "TRACKING_REVISION": 2}
    assert not complaint(old, {**old, **raised})
    assert not complaint(old, old)


if __name__ == "__main__":  # `make golden`
    today = golden_of_today()
    if GOLDEN.exists() and (said := complaint(json.loads(GOLDEN.read_text()), today)):
        sys.exit(said)
    GOLDEN.write_text(json.dumps(today, indent=1) + "\n")

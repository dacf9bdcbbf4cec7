"""Where a video comes in: it is probed, refused or accepted, and cut into segments on paper."""

import time
from collections.abc import Iterator
from contextlib import contextmanager
from fractions import Fraction
from pathlib import Path
from tempfile import TemporaryDirectory

from inyourarea.contracts import keys
from inyourarea.contracts.v1 import facts_pb2 as facts
from inyourarea.contracts.v1.ingest_pb2 import SubmitVideoRequest
from inyourarea.core.errors import VideoTooLarge, VideoUnreadable
from inyourarea.core.reasons import told
from inyourarea.ingest.mezzanine import make_mezzanine, mezzanine_keys, mezzanine_size
from inyourarea.ingest.probe import Probe, probe_video, read_probe, write_probe
from inyourarea.ingest.segments import cut_span, decide_segments, has_rare_keys
from inyourarea.ingest.settings import IngestSettings
from inyourarea.runtime.child import Child, ChildDied, ChildOutOfMemory, ChildTookTooLong
from inyourarea.runtime.objects import Objects, holds
from inyourarea.runtime.runs import is_all_detected
from inyourarea.runtime.traces import trace_id


def submit_video(
    request: SubmitVideoRequest,
    objects: Objects,
    child: Child,
    settings: IngestSettings | None = None,
    copying: Child | None = None,
) -> facts.VideoAccepted:
    """The run is decided and stored under its own name; asked again, nothing is done over.

    A closed-GOP copy, which may take half an hour, is made in ``copying``; without it in ``child``,
    and whoever wants to look at a video there waits.

    Raises:
        Refused: the video or the part of it that was asked for can not be used, and why.
        ObjectNotFound: there is no object of the source's name.
    """
    knobs = settings or IngestSettings()
    accepted = decide_video(request, objects, child, knobs)
    if accepted.source.decode_key != accepted.source.key:
        _make_mezzanine(accepted.source, objects, copying or child, knobs)
    _begin_take(accepted, objects)
    return _stored(accepted, objects)


def _begin_take(accepted: facts.VideoAccepted, objects: Objects) -> None:
    """Who asks again wants it again: whatever ended the run is forgotten, and it is a new take.

    Its trace is kept for whoever asks before any stage has begun.
    """
    run, video, take = accepted.run_id, accepted.video_id, keys.take(accepted.run_id)
    verdicts = (
        keys.deleted(video),
        keys.cancelled(run),
        keys.failed(run),
        keys.stage_failed(video),
    )
    ended = [verdict for verdict in verdicts if holds(objects, verdict)]
    if ended or not holds(objects, take):
        # First: an earlier one fails no more. A deleted video's takes are gone with it.
        objects.put(take, b"%d" % time.time_ns() if ended else b"1")
    for verdict in ended:
        objects.delete(verdict)
    if trace := trace_id():
        objects.put(keys.trace(run), trace.encode())


def decide_video(
    request: SubmitVideoRequest,
    objects: Objects,
    child: Child,
    settings: IngestSettings | None = None,
) -> facts.VideoAccepted:
    """What submitting it would decide; but for what the first look found, nothing is stored.

    Raises:
        Refused: the video or the part of it that was asked for can not be used, and why.
        ObjectNotFound: there is no object of the source's name.
    """
    knobs = settings or IngestSettings()
    probe, source = _looked_at(request, objects, child, knobs)
    span = (source.start_pts, source.end_pts)
    key_pts = probe.key_pts
    if source.decode_key != source.key:
        key_pts = mezzanine_keys(probe.pts, probe.time_base)
    accepted = facts.VideoAccepted(
        source=source, spec=request.spec, for_browsers=request.for_browsers
    )
    accepted.spec.video_id = keys.video_id(request.sha256, *span)
    accepted.video_id = accepted.spec.video_id
    accepted.spec.names_from = ""
    if not accepted.spec.model.members:
        accepted.spec.names_from = _names_from(objects, source.sha256, accepted.spec)
    accepted.run_id = keys.run_id(accepted.spec)
    accepted.segments.extend(decide_segments(probe.pts, key_pts, span, probe.time_base))
    is_short = (span[1] - span[0]) * probe.time_base <= knobs.urgent_s
    is_urgent = is_short or _is_correction(accepted, objects)
    accepted.lane = facts.LANE_URGENT if is_urgent else facts.LANE_BULK
    return accepted


def _is_correction(accepted: facts.VideoAccepted, objects: Objects) -> bool:
    """Whether somebody waits for pins alone, however long the video: all before them is there."""
    if not accepted.spec.pins or not is_all_detected(accepted, objects):
        return False
    return not accepted.for_browsers or holds(objects, keys.stage_ready(accepted.video_id))


def _stored(accepted: facts.VideoAccepted, objects: Objects) -> facts.VideoAccepted:
    """The run as whoever came first stored it; that it is for browsers can be added later."""
    key = keys.accepted(accepted.run_id)
    written = accepted.SerializeToString(deterministic=True)
    stored = facts.VideoAccepted.FromString(objects.put_once(key, written))
    if accepted.for_browsers and not stored.for_browsers:
        objects.put(key, written)
        return accepted
    return stored


def _names_from(objects: Objects, sha256: str, spec: facts.RunSpec) -> str:
    """The first tracks of this source, unless it is they that are asked for again."""
    key = keys.first_tracks(sha256)
    if not holds(objects, key):
        return ""
    first = objects.get(key).decode()
    return "" if first == keys.tracks(spec) or not holds(objects, first) else first


def look_at_source(
    request: SubmitVideoRequest,
    objects: Objects,
    child: Child,
    settings: IngestSettings | None = None,
) -> facts.Source:
    """What the video is, as every stage will see it; nothing is decided or made yet.

    Raises:
        Refused: the video or the part of it that was asked for can not be used, and why.
        ObjectNotFound: there is no object of the source's name.
    """
    return _looked_at(request, objects, child, settings or IngestSettings())[1]


def _looked_at(
    request: SubmitVideoRequest, objects: Objects, child: Child, settings: IngestSettings
) -> tuple[Probe, facts.Source]:
    probe = _probed(request, objects, child, settings)
    start_s, end_s = _seconds(request, "from_s"), _seconds(request, "to_s")
    span = cut_span(probe.pts, probe.end_pts, probe.time_base, start_s, end_s)
    source = _source(request, probe, span)
    if has_rare_keys(probe.key_pts, span, probe.time_base) or probe.container == "gif":
        source.decode_key = keys.mezzanine(request.sha256)
        source.width, source.height = mezzanine_size((probe.width, probe.height))
    return probe, source


def _probed(
    request: SubmitVideoRequest, objects: Objects, child: Child, settings: IngestSettings
) -> Probe:
    key = keys.probe(request.sha256)
    if holds(objects, key):
        return read_probe(objects.get(key))
    with _refusing("opening"):
        probe = child.call(
            probe_video,
            objects,
            request.source_key,
            settings.limits,
            timeout_s=settings.probe_timeout_s,
        )
    return read_probe(objects.put_once(key, write_probe(probe)))


def _make_mezzanine(
    source: facts.Source, objects: Objects, child: Child, settings: IngestSettings
) -> None:
    if holds(objects, source.decode_key):
        return
    probe = read_probe(objects.get(keys.probe(source.sha256)))
    timeout_s = settings.mezzanine_timeout_s + settings.mezzanine_frame_timeout_s * probe.pts.size
    scratch = TemporaryDirectory(prefix="inyourarea-", dir=settings.scratch)
    with _refusing("copying"), scratch as folder:
        child.call(
            make_mezzanine,
            objects,
            source.key,
            source.decode_key,
            probe,
            Path(folder),
            timeout_s=timeout_s,
        )


@contextmanager
def _refusing(what: str) -> Iterator[None]:
    """A video that kills its child is one that can not be used. ``what`` names what is done."""
    try:
        yield
    except (ChildTookTooLong, ChildOutOfMemory) as death:
        raise VideoTooLarge(told("given-up", what=told(what), why=death)) from death
    except ChildDied as death:
        raise VideoUnreadable(told("broken-off", what=told(what), why=death)) from death


def _seconds(request: SubmitVideoRequest, name: str) -> Fraction | None:
    if not request.HasField(name):  # type: ignore[arg-type]
        return None
    value: facts.Rational = getattr(request, name)
    return Fraction(value.num, value.den)


def _source(request: SubmitVideoRequest, probe: Probe, span: tuple[int, int]) -> facts.Source:
    rate = probe.average_rate.limit_denominator(1_000_000)
    first, last = probe.pts.searchsorted(span).tolist()
    return facts.Source(
        key=request.source_key,
        sha256=request.sha256,
        decode_key=request.source_key,
        time_base=facts.Rational(num=probe.time_base.numerator, den=probe.time_base.denominator),
        width=probe.width,
        height=probe.height,
        average_rate=facts.Rational(num=rate.numerator, den=rate.denominator),
        frames=last - first,
        start_pts=span[0],
        end_pts=span[1],
        has_audio=probe.has_audio,
        codec=probe.codec,
        warning=probe.warning,
        all_frames=probe.pts.size,
        first_frame=first,
    )

"""Names of objects in the store. Every step's name is the digest of that step's own inputs."""

from inyourarea.contracts.digests import digest
from inyourarea.contracts.v1 import facts_pb2 as facts

# A stage raises its number when the bytes that it writes change; golden digests hold it to that.
EXTRACTION_REVISION = 4
DETECTION_REVISION = 5
TRACKING_REVISION = 10
CAMERA_REVISION = 5
RENDER_REVISION = 3
BROWSER_REVISION = 2

#: What the names of windows end with.
WINDOWS = ".binpb"


def source(sha256: str) -> str:
    """The uploaded video."""
    return f"sources/{sha256}"


def probe(sha256: str) -> str:
    """What the first look at it found."""
    return f"probes/{digest([EXTRACTION_REVISION, sha256])}.parquet"


def mezzanine(sha256: str) -> str:
    """Its closed-GOP copy, where key frames are too rare to cut at."""
    return f"mezzanines/{digest([EXTRACTION_REVISION, sha256])}.mp4"


def video_id(sha256: str, start_pts: int, end_pts: int) -> str:
    """A source and the part of it that is used."""
    return digest(["video", sha256, start_pts, end_pts])


def user_boxes(sha256: str) -> str:
    """Boxes that the user brought instead of a detector."""
    return f"boxes/{sha256}.csv"


def audio(video: str) -> str:
    """The audio track of a video, as it goes into every fancam."""
    return f"audio/{digest([EXTRACTION_REVISION, video])}.mp4"


def extraction(video: str, model: facts.Model) -> str:
    """The step that draws frames for a detector of that size."""
    return digest(["extraction", EXTRACTION_REVISION, video, model.width, model.height])


def pack(video: str, model: facts.Model, segment: int) -> str:
    """A segment's frames; deleted once they were detected."""
    return f"frames/{extraction(video, model)}/{segment:06}.tar"


def signals(video: str, model: facts.Model, segment: int) -> str:
    """What ingest measured in a segment's frames; kept."""
    return f"signals/{extraction(video, model)}/{segment:06}.parquet"


def detection(video: str, model: facts.Model) -> str:
    """The step that finds people with that model."""
    return digest(["detection", DETECTION_REVISION, extraction(video, model), model.sha256])


def detections(video: str, model: facts.Model, segment: int) -> str:
    """A segment's detections."""
    return f"detections/{detection(video, model)}/{segment:06}.parquet"


def tracking(spec: facts.RunSpec) -> str:
    """The step that decides who is where."""
    pins = [pin.SerializeToString(deterministic=True) for pin in spec.pins]
    return digest(
        [
            "tracking",
            TRACKING_REVISION,
            detection(spec.video_id, spec.model),
            *spec.model.members,
            spec.model.confidence,
            spec.people,
            spec.smooth_frames,
            spec.names_from,
            *pins,
            *(part for one in spec.held for part in ("held", one.person, one.tracks_key)),
        ]
    )


def tracks(spec: facts.RunSpec) -> str:
    """Shots and tracks of the whole video."""
    return f"tracks/{tracking(spec)}.parquet"


def first_tracks(source_sha256: str) -> str:
    """Names the first tracks of people without a model; later ones keep those people's names.

    Whatever the revision: ids outlive a new version of the program, as the names do that they have.
    """
    return f"people/{digest(['people', source_sha256])}"


def planning(spec: facts.RunSpec) -> str:
    """The step that plans the cameras."""
    pictures = [picture.SerializeToString(deterministic=True) for picture in spec.pictures]
    held = [one.SerializeToString(deterministic=True) for one in spec.held]
    return digest(["camera", CAMERA_REVISION, tracking(spec), spec.framing, *pictures, *held])


def plan(spec: facts.RunSpec) -> str:
    """What the names of a run's windows and of its report begin with."""
    return f"windows/{planning(spec)}/"


def windows(spec: facts.RunSpec, segment: int) -> str:
    """The windows of everybody in one segment."""
    return planned_windows(plan(spec), segment)


def planned_windows(plan: str, segment: int) -> str:
    """The same of a plan that is known by its name."""
    return f"{plan}{segment:06}{WINDOWS}"


def report(spec: facts.RunSpec) -> str:
    """The quality report of the whole run."""
    return planned_report(plan(spec))


def planned_report(plan: str) -> str:
    """The same of a plan that is known by its name."""
    return f"{plan}report.json"


def teller(spec: facts.RunSpec, run: str) -> str:
    """Which segment's `SegmentDetected` is answered with the run's windows; the others are not."""
    return f"windows/{planning(spec)}/{run}.teller"


def piece(source_sha256: str, segment: facts.Segment, drawing: bytes, encoder: str) -> str:
    """One encoded piece of one fancam; ``drawing`` holds the quantised windows and states."""
    start, end = segment.start_pts, segment.end_pts
    name = digest([RENDER_REVISION, source_sha256, start, end, drawing, encoder])
    return f"pieces/{name}.mp4"


def stage(video: str) -> str:
    """The step that brings a video's stage into the browser."""
    return digest(["stage", BROWSER_REVISION, audio(video)])


def stage_plan(video: str) -> str:
    """How that is done."""
    return f"stages/{stage(video)}/plan.binpb"


def stage_piece(source_sha256: str, segment: facts.Segment, encoder: str) -> str:
    """One encoded piece of one rung of the stage."""
    start, end = segment.start_pts, segment.end_pts
    return f"pieces/{digest(['stage', BROWSER_REVISION, source_sha256, start, end, encoder])}.mp4"


def stage_drawing(video: str, segment: int) -> str:
    """What was drawn of a segment of the stage."""
    return f"stages/{stage(video)}/drawings/{segment:06}.binpb"


def stage_file(video: str, name: str) -> str:
    """A file of the finished stage: a rung, a playlist, the poster, the sprite."""
    return f"stages/{stage(video)}/{name}"


def stage_streams(video: str) -> str:
    """The `StreamFiles` of the stage."""
    return f"stages/{stage(video)}/streams.binpb"


def stage_ready(video: str) -> str:
    """The video's `StageReady`, written last."""
    return f"stages/{stage(video)}/ready.binpb"


def stage_failed(video: str) -> str:
    """Why the stage could not be brought into the browser, in words for the user."""
    return f"stages/{stage(video)}/failed.txt"


def half_piece(piece: str, encoder: str) -> str:
    """A fancam's piece at half its size."""
    return f"pieces/{digest(['half', BROWSER_REVISION, piece, encoder])}.mp4"


def stream_file(run: str, name: str) -> str:
    """A playlist of a run's fancams, or a rung."""
    return f"runs/{run}/streams/{digest([BROWSER_REVISION])}/{name}"


def segment_halves(run: str, segment: int) -> str:
    """Which lower rungs a segment's pieces have."""
    return stream_file(run, f"halves/{segment:06}.binpb")


def run_streams(run: str) -> str:
    """The `StreamFiles` of a run's fancams."""
    return stream_file(run, "streams.binpb")


def streams_ready(run: str) -> str:
    """The run's `StreamsReady`, written last."""
    return stream_file(run, "ready.binpb")


def faces(spec: facts.RunSpec) -> str:
    """The step that draws a picture of everybody's face."""
    return digest(["faces", BROWSER_REVISION, tracking(spec)])


def face(spec: facts.RunSpec, place: int) -> str:
    """A face; ``place`` is the person's number in the tracks."""
    return f"faces/{faces(spec)}/{place:03}.jpg"


def run_poster(spec: facts.RunSpec) -> str:
    """A well lit frame with nearly everybody in it."""
    return f"faces/{faces(spec)}/poster.jpg"


def faces_drawn(spec: facts.RunSpec) -> str:
    """The `FacesDrawn` of these tracks, written last."""
    return f"faces/{faces(spec)}/drawn.binpb"


def run_id(spec: facts.RunSpec) -> str:
    """A run is its specification and the programs' revisions."""
    revisions = [EXTRACTION_REVISION, DETECTION_REVISION, TRACKING_REVISION]
    written = spec.SerializeToString(deterministic=True)
    return digest(["run", *revisions, CAMERA_REVISION, RENDER_REVISION, written])


def accepted(run: str) -> str:
    """The run's `VideoAccepted`, for every stage to read."""
    return f"runs/{run}/accepted.binpb"


def segment_pieces(run: str, segment: int) -> str:
    """Which pieces make up a segment of a run."""
    return f"runs/{run}/pieces/{segment:06}.binpb"


def fancam(run: str, place: int, picture: str) -> str:
    """A finished fancam; ``place`` is the person's number in the run, names stay in the facts."""
    return f"runs/{run}/fancams/{place:03}-{picture}.mp4"


def published(run: str) -> str:
    """The run's `FancamsPublished`, written last."""
    return f"runs/{run}/published.binpb"


def kept(run: str) -> str:
    """The run's `KeptRun`, from when somebody approved or published of it."""
    return f"runs/{run}/kept.binpb"


def take(run: str) -> str:
    """Which take of the run this is: another each time that it is asked for after it ended.

    The first is 1, later ones are when they began, in ns: of a run that was deleted nothing is left
    to count from. What fails of an earlier one says nothing about the run any more.
    """
    return f"runs/{run}/take.txt"


def trace(run: str) -> str:
    """The trace of whoever asked last for the run, where there is one: 32 hexadecimal digits."""
    return f"runs/{run}/trace.txt"


def failed(run: str) -> str:
    """Why the run failed, in words for the user; there only while it stands so."""
    return f"runs/{run}/failed.txt"


def journal(video: str, entry: int) -> str:
    """What somebody did with a video, the ``entry``-th time since it was submitted."""
    return f"{journal_of(video)}{entry:08}.json"


def journal_of(video: str) -> str:
    """What all names of a video's journal begin with."""
    return f"journal/{video}/"


def dataset(name: str) -> str:
    """What all names of a dataset's objects begin with; empty where it has a folder to itself."""
    return f"datasets/{name}/"


def dataset_members(dataset: str, version: int) -> str:
    """Whom a dataset's pictures show; the highest version counts."""
    return f"{dataset}dataset/{version:06}.json"


def dataset_picture(dataset: str, picture: str) -> str:
    """A picture of a dataset."""
    return f"{dataset}pictures/{picture}.jpg"


def dataset_labels(dataset: str, picture: str, version: int) -> str:
    """Who stands in it; the highest version counts."""
    return f"{dataset_labels_of(dataset, picture)}{version:06}.json"


def dataset_labels_of(dataset: str, picture: str) -> str:
    """What all versions of that begin with."""
    return f"{dataset}labels/{picture}/"


def trainings_of(dataset: str) -> str:
    """What the names of all trainings of a dataset begin with."""
    return f"{dataset}trainings/"


def training(dataset: str, number: int) -> str:
    """What somebody wanted to be trained; numbers are claimed one after another, from 1."""
    return f"{trainings_of(dataset)}{number:06}/wanted.json"


def training_state(dataset: str, number: int) -> str:
    """How far a training is; written again and again, by whoever trains."""
    return f"{trainings_of(dataset)}{number:06}/state.json"


def training_end(dataset: str, number: int) -> str:
    """How a training ends; decided once, by whoever ends it, cancels it or begins to publish."""
    return f"{trainings_of(dataset)}{number:06}/end.json"


def dataset_source(dataset: str, sha256: str) -> str:
    """Which video some of the pictures are from."""
    return f"{dataset}sources/{sha256[:16]}.json"


def upload(number: str) -> str:
    """What all names of an upload's objects begin with, until it is a source."""
    return f"uploads/{number}/"


def brought(sha256: str, at_s: int, number: str) -> str:
    """That somebody brings this file at that time: where it is no source yet, it becomes one."""
    return f"uploads/{sha256}/{at_s:012}-{number}"


def asking(owner: str, at_s: int, video: str, milliseconds: int, number: str) -> str:
    """That somebody is about to submit so much of a video: until it was, or was refused."""
    return f"{asking_by(owner)}{at_s:012}-{video}-{milliseconds}-{number}"


def asking_by(owner: str) -> str:
    """What the names of all that somebody is about to submit begin with; beside uploads."""
    return f"uploads/asked-{digest([owner])}/"


def arrival(number: str, name: str) -> str:
    """A file that comes past the gateway, or what is known of it, until it is a source."""
    return f"arrivals/{number}/{name}"


def cancelled(run: str) -> str:
    """Where this object is, no unit of the run is worked on any more."""
    return f"cancelled/{run}"


def deleted(video: str) -> str:
    """Where this object is, no unit of the video is worked on any more."""
    return f"deleted/{video}"


def deletion(video: str, at_s: int, run: str) -> str:
    """What a run of a deleted video was, for as long as a unit may still be under way."""
    return f"deletions/{video}/{at_s:012}-{run}.binpb"


def preview(video: str, at_s: int, run: str) -> str:
    """What a run would be that somebody is trying out; most are never asked for."""
    return f"previews/{video}/{at_s:012}-{run}.binpb"


def swept() -> str:
    """Where this object is, nothing is left that programs of other revisions have made."""
    revisions = [EXTRACTION_REVISION, DETECTION_REVISION, TRACKING_REVISION]
    return f"swept/{digest([*revisions, CAMERA_REVISION, RENDER_REVISION, BROWSER_REVISION])}"


def attempts(channel: str, key: str) -> str:
    """Where starts of one unit of work are counted, so that a unit that kills is found out."""
    return f"attempts/{digest([channel, key])}"


def spent(run: str, stage: str, unit: str) -> str:
    """The processor seconds that a unit of a run, named by its record, has cost a stage."""
    return f"usage/spent/{run}/{stage}/{digest([unit])}"


def asked(month: str, owner: str, video: str, milliseconds: int, run: str) -> str:
    """That somebody asked for a run in a month (``2026-11``), and how much video that is.

    All of it is in the name, so that a month is added up without reading anything.
    """
    return f"{asked_by(month, owner)}{video}-{milliseconds}/{run}"


def asked_by(month: str, owner: str) -> str:
    """What the names of all that somebody asked for in a month begin with."""
    return f"usage/asked/{month}/{digest([owner])}/"


def model_file(sha256: str) -> str:
    """A published model's file."""
    return f"models/files/{sha256}.onnx"


def model_told(sha256: str) -> str:
    """What servers need to know of that file."""
    return f"models/files/{sha256}.json"


def model_group(group: str) -> str:
    """What all names of a group's versions begin with; the group's own name stays in them."""
    return f"models/groups/{digest([group])}/"


def model_version(group: str, number: int) -> str:
    """A version of the group's model; kept when the version is retired, as its number is."""
    return f"{model_group(group)}versions/{number:06}.json"


def model_choice(group: str, place: int) -> str:
    """Which version the group's runs use, since the ``place``-th time that somebody chose."""
    return f"{model_group(group)}choices/{place:06}.json"


def model_retired(group: str, number: int) -> str:
    """Where this object is, no run may use that version any more, and its file may be gone."""
    return f"{model_group(group)}retired/{number:06}"

"""What the API takes and gives, field by field; the OpenAPI document is made of these."""

import unicodedata
from datetime import UTC, datetime
from decimal import ROUND_FLOOR, Decimal
from typing import Annotated, Literal, Self

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, model_validator

from inyourarea.contracts.datasets import DATASET_NAME
from inyourarea.contracts.trainings import NETWORKS, STEPS

#: What every address of the API begins with.
API = "/api/v1"

#: What every id of a video or run is: 32 hex digits.
ID_PATTERN = r"^[0-9a-f]{32}$"
Id = Annotated[str, Field(pattern=ID_PATTERN, examples=["9f2c6d0e4a1b8c3d5e7f90a1b2c3d4e5"])]
#: Text of one line; a database takes no NUL, and a page shows no other control character.
_LINE = r"^[^\x00-\x1f\x7f]*$"


def stamp(at_ns: int) -> str:
    """A moment as RFC 3339."""
    return datetime.fromtimestamp(at_ns / 1e9, UTC).isoformat(timespec="milliseconds")


def composed(text: str) -> str:
    """The text as it is kept: NFC."""
    return unicodedata.normalize("NFC", text)


def representable(seconds: float) -> float:
    """The time, down to picoseconds: as a fraction that goes into a message's 64 bits."""
    return float(Decimal(str(seconds)).quantize(Decimal("1e-12"), ROUND_FLOOR))


Text = Annotated[str, Field(max_length=300, pattern=_LINE), AfterValidator(composed)]
Name = Annotated[str, Field(min_length=1, max_length=100, pattern=_LINE, examples=["Jennie"])]
Labels = Annotated[
    dict[Annotated[str, Field(pattern=r"^[A-Za-z0-9_.-]{1,63}$")], Text],
    Field(max_length=50, examples=[{"tour": "seoul-2026"}]),
]
VideoState = Literal["working", "ready", "failed", "cancelled"]
EventName = Literal["finished", "failed", "needs_review", "published", "deleted"]
Place = Literal["seen", "unseen", "elsewhere"]
State = Literal["observed", "followed", "filled", "open", "absent"]
Seconds = Annotated[float, Field(ge=0, le=1e6, allow_inf_nan=False), AfterValidator(representable)]
Pixels = Annotated[float, Field(ge=-1e5, le=1e5, allow_inf_nan=False)]


class _Document(BaseModel):
    model_config = ConfigDict(extra="forbid")


class ProblemDocument(BaseModel):
    """RFC 9457: what went wrong, and what to do."""

    type: str = Field(examples=["urn:inyourarea:problem:not-found"])
    title: str = Field(examples=["Not Found"])
    status: int = Field(examples=[404])
    detail: str = Field(examples=["There is no such video; it may have been deleted."])


class VideoAsked(_Document):
    """What to make of a file: of an upload, or of an object that the site may take from S3."""

    upload_id: Id | None = Field(None, description="Of /uploads or of /direct-uploads")
    source: Annotated[str, Field(max_length=1200, pattern=_LINE)] | None = Field(
        None, description="s3://bucket/key, where the site allows that; instead of an upload"
    )
    title: Text = Field(
        "", description="The file's name where it is empty", examples=["Seoul, second night"]
    )
    from_s: Seconds | None = Field(None, description="Begin here", examples=[12.5])
    to_s: Seconds | None = Field(None, description="End here", examples=[72.5])
    group: Annotated[str, Field(max_length=100, pattern=_LINE)] | None = Field(
        None, description="Use this group's own model; without it, faces are found and told apart"
    )
    people: Annotated[int, Field(ge=0, le=1000)] = Field(
        0, description="How many are on stage; 0: found out"
    )
    framing: Literal["full", "upper", "face"] = "full"
    aspects: Annotated[
        list[Annotated[str, Field(max_length=11)]], Field(min_length=1, max_length=6)
    ] = Field(["9:16"], description="Such as 9:16, 4:5, 1:1; or an exact size, such as 200x630")
    external_id: Text | None = Field(
        None, description="How you call it; several videos may have the same", examples=["deal-7"]
    )
    labels: Labels = {}

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [
                {
                    "upload_id": "9f2c6d0e4a1b8c3d5e7f90a1b2c3d4e5",
                    "title": "Seoul, second night",
                    "group": "show",
                    "aspects": ["9:16", "1:1"],
                    "labels": {"tour": "seoul-2026"},
                }
            ]
        }
    )

    @model_validator(mode="after")
    def _one_file(self) -> Self:
        if (self.upload_id is None) == (self.source is None):
            raise ValueError("name an upload_id or a source, one of them")
        return self


class DirectWanted(_Document):
    """A file that is to go straight into the object store."""

    length: Annotated[int, Field(ge=1, le=1 << 50, examples=[1 << 30])]
    filename: Text = Field("", examples=["stage.mp4"])
    sha256: Annotated[str, Field(pattern=r"^[0-9a-f]{64}$")] | None = Field(
        None, description="What its bytes must be; without it nothing is compared"
    )


class PartAddress(_Document):
    """Where one part is to be PUT, without a token."""

    number: int
    url: str


class DirectUpload(_Document):
    """A file on its way past the gateway."""

    upload_id: Id
    state: Literal["open", "checking", "whole", "refused"]
    failure: str | None = Field(description="Why it was refused")
    length: int
    part_bytes: int = Field(description="Of every part but the last")
    parts: list[PartAddress] = Field(description="As long as it is open")
    expires_at: str


class PartArrived(_Document):
    """A part that was PUT, and the ETag that the store answered with."""

    number: Annotated[int, Field(ge=1, le=10_000)]
    etag: Annotated[str, Field(min_length=1, max_length=100, pattern=r"^[ -~]+$")]


class DirectComplete(_Document):
    """All parts of a file."""

    parts: Annotated[list[PartArrived], Field(min_length=1, max_length=10_000)]


class VideoChanged(_Document):
    """What is to be different; what is not named stays."""

    title: Text | None = None
    labels: Labels | None = None


class VideosAsked(_Document):
    """Which videos to list; all conditions hold."""

    query: Annotated[
        str, Field(max_length=200, pattern=_LINE, description="Words of title or names")
    ] = ""
    label: Annotated[
        list[Annotated[Text, Field(pattern=r"^[A-Za-z0-9_.-]{1,63}:")]],
        Field(max_length=20, description="Each name:value"),
    ] = []
    external_id: Text | None = None
    group: Annotated[str, Field(max_length=100, pattern=_LINE)] | None = None
    state: Annotated[list[VideoState], Field(max_length=4)] = []
    limit: Annotated[int, Field(ge=1, le=100)] = 50
    cursor: Annotated[str, Field(max_length=200)] | None = None


class Progress(_Document):
    """How far a stage is."""

    stage: str
    done: int
    total: int


class Source(_Document):
    """The video that was uploaded; of the part that is used."""

    width: int
    height: int
    frames: int
    duration_s: float
    frame_rate: str = Field(examples=["30000/1001"])
    codec: str
    has_audio: bool
    warning: str | None


class Sprite(_Document):
    """Small pictures of the stage in a grid, one every ``interval_s``, row by row."""

    url: str
    columns: int
    rows: int
    interval_s: float
    width: int
    height: int


class Stage(_Document):
    """The whole stage as a browser can play it; its first frame is at 0."""

    url: str
    width: int
    height: int
    hls_url: str | None = None
    sprite: Sprite | None = None


class Reused(_Document):
    """How many segments need not be drawn again."""

    done: int
    total: int


class Video(_Document):
    """One video, and where its newest run stands."""

    id: Id
    title: str
    filename: str
    created_at: str
    external_id: str | None
    labels: dict[str, str]
    group: str | None
    framing: str
    aspects: list[str]
    from_s: str | None
    to_s: str | None
    people_asked: int
    state: VideoState
    failure: str | None
    failure_kind: str | None = Field(
        description="A short name of why it failed, the same whatever the figures in `failure`; "
        "null where there is none"
    )
    revision: int
    progress: list[Progress]
    left_s: float | None
    reused: Reused | None
    source: Source
    run_id: Id
    shown_run_id: Id | None
    stage: Stage | None
    stage_failure: str | None = Field(
        description="Why the stage, or else what browsers need, could not be made"
    )
    is_outdated: bool = Field(
        description="An earlier version of the program made it: it is not corrected any further "
        "until `retry` makes it anew"
    )
    poster_url: str | None


class Videos(_Document):
    """One page of videos."""

    items: list[Video]
    next_cursor: str | None


class GroupMember(_Document):
    """A member, and the colour to draw her in."""

    name: str
    color: str


class GroupDocument(_Document):
    """A group that has a model of its own."""

    name: str
    members: list[GroupMember]


class Groups(_Document):
    """All groups that are known here."""

    items: list[GroupDocument]


class ShotDocument(_Document):
    """A shot of the video, by its frames."""

    first_frame: int
    last_frame: int
    kind: Literal["cut", "dissolve"]


class Times(_Document):
    """When each frame is shown: the first at 0, then the differences, in units of ``time_base``."""

    time_base: str = Field(examples=["1/30000"])
    pts: list[int]


class Span(_Document):
    """A stretch that a person should look at."""

    id: str
    from_frame: int
    to_frame: int
    why: str
    text: str
    confirmed: bool


class FancamDocument(_Document):
    """A person's fancam in one shape; no addresses while it is not made yet."""

    aspect: str
    width: int
    height: int
    url: str | None
    hls_url: str | None


class Publication(_Document):
    """Whether others may see it, and who said so when."""

    state: Literal["draft", "approved", "published"]
    by: str | None
    at: str | None
    public_run_id: Id | None = Field(
        description="The run whose fancams of her visitors see: an older one until she is "
        "published again"
    )
    is_behind: bool = Field(
        description="What visitors see of her is from before a correction, or lacks a shape"
    )


class PersonShown(_Document):
    """Somebody on stage."""

    id: str
    label: str = Field(description="As tracks.csv calls her")
    name: str
    names: dict[str, str]
    aliases: list[str]
    face_url: str | None
    states: list[tuple[int, State]] = Field(description="Where each run of one state begins")
    spans: list[Span]
    report: dict[str, object]
    fancams: list[FancamDocument]
    publication: Publication


class PersonCalledSo(_Document):
    """Somebody, and what she is called."""

    id: str
    name: str
    names: dict[str, str]


class Watch(_Document):
    """All that the player needs."""

    video: Video
    run_id: Id
    aspects: list[str]
    shots: list[ShotDocument]
    times: Times
    people: list[PersonShown]
    camera_url: dict[str, str]
    boxes_url: str | None = Field(description="Not for visitors")
    only_public: list[PersonCalledSo] = Field(
        description="Whom visitors see of an older run, and who is not in this one"
    )


class PersonToReview(_Document):
    """Somebody, and the stretches in which nobody has looked at her yet."""

    id: str
    name: str
    spans: list[Span]


class VideoToReview(_Document):
    """A video with spans to look at; ``watch`` has all that it takes to show them."""

    video_id: Id
    title: str
    run_id: Id
    people: list[PersonToReview]


class Review(_Document):
    """One page of videos to look at; a page may be empty although others follow."""

    items: list[VideoToReview]
    next_cursor: str | None


class PersonCalled(_Document):
    """How a person is called from now on."""

    name: Name
    names: dict[Literal["ko", "en", "ja", "zh"], Name] = {}
    aliases: Annotated[list[Name], Field(max_length=20)] = []

    model_config = ConfigDict(
        json_schema_extra={"examples": [{"name": "Jennie", "names": {"ko": "제니"}}]}
    )


class PinDocument(_Document):
    """Who somebody is, or is not.

    A point (``x``, ``y``) or box in source pixels at ``from_s``, and with ``to_s`` that person
    until then; or, with ``of``, all the boxes that person ``of`` has from ``from_s`` to ``to_s``.
    """

    from_s: Seconds
    to_s: Seconds | None = None
    x: Pixels | None = None
    y: Pixels | None = None
    w: Annotated[float, Field(gt=0, le=1e5)] | None = None
    h: Annotated[float, Field(gt=0, le=1e5)] | None = None
    of: Annotated[str, Field(max_length=64)] | None = None
    person: Annotated[str, Field(max_length=100, pattern=_LINE)] | None = Field(
        None, description="An id, or the name of somebody new"
    )
    nobody: bool = False
    denies: bool = Field(False, description="That it is not this person")

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [
                {"from_s": 12.5, "x": 640, "y": 210, "person": "Jennie"},
                {"from_s": 12.5, "to_s": 15, "of": "p0b754f8027f", "nobody": True},
            ]
        }
    )


class PinsAsked(_Document):
    """All pins of a video, and the revision of the video that they were made on."""

    revision: Annotated[int, Field(ge=0, le=10**9)]
    pins: Annotated[list[PinDocument], Field(max_length=2000)]


class Pins(_Document):
    """All pins of a video."""

    revision: int
    pins: list[PinDocument]


class Change(_Document):
    """A stretch in which somebody's place changes; none: no box."""

    person: str
    name: str
    from_frame: int
    to_frame: int
    was: Place
    becomes: Place


class Segments(_Document):
    """How many segments have to be drawn again."""

    changed: int
    total: int


class PinsPreview(_Document):
    """What the pins would change, before they are applied."""

    changes: list[Change]
    segments: Segments


class CameraPath(_Document):
    """A person's window in every frame, coded by differences; and her fancam's size in pixels."""

    size: tuple[int, int]
    windows: list[int] = Field(
        description="x1, y1, x2, y2 of the first frame, then what each frame adds to them"
    )


class Cameras(_Document):
    """Everybody's camera in one shape; a source pixel is ``unit`` long."""

    unit: int = Field(examples=[16])
    people: dict[str, CameraPath] = Field(description="By the person's id")


class BoxRun(_Document):
    """Boxes of frames in a row, coded as `CameraPath.windows`, in whole source pixels."""

    first_frame: int
    boxes: list[int]


class OtherBox(_Document):
    """A face that is nobody's."""

    frame: int
    box: tuple[int, int, int, int]


class Boxes(_Document):
    """Where every face is."""

    people: dict[str, list[BoxRun]] = Field(description="By the person's id")
    others: list[OtherBox]


class Me(_Document):
    """Who asks. A stranger sees nothing here before signing in."""

    role: Literal["stranger", "visitor", "viewer", "editor", "operator"]
    name: str


class SignIn(_Document):
    """A token, or the code out of a link to join: one of them."""

    token: Annotated[str, Field(max_length=200)] | None = None
    code: Annotated[str, Field(max_length=200)] | None = None

    @model_validator(mode="after")
    def _one_of_them(self) -> Self:
        if (self.token is None) == (self.code is None):
            raise ValueError("bring a token or a code, one of them")
        return self


class TokenWanted(_Document):
    """A token to make."""

    name: Name
    role: Literal["viewer", "editor", "operator"]
    labels: Annotated[list[Text], Field(min_length=1, max_length=50)] | None = Field(
        None, description="name:value; it opens the videos that carry one of them; null: all"
    )
    days: Annotated[float, Field(gt=0, le=3650)] | None = Field(
        None, description="How long it lives; null: until it is revoked"
    )


class TokenDocument(_Document):
    """A token, without its secret."""

    id: str = Field(examples=["4be0643f1d98"])
    name: str
    role: Literal["viewer", "editor", "operator"]
    labels: list[str] | None
    created_at: str
    expires_at: str | None
    revoked_at: str | None


class TokenMade(TokenDocument):
    """A token as it is told once."""

    token: str = Field(examples=["iya_4be0643f1d98_…"])


class Tokens(_Document):
    """All tokens."""

    items: list[TokenDocument]


class UsageDocument(_Document):
    """What somebody has used, by the name of her token; empty: this machine."""

    owner: str
    videos: int
    video_s: float = Field(description="Seconds of video that were submitted")
    cpu_s: dict[str, float] = Field(
        description="Processor seconds by stage", examples=[{"detect": 812.4, "render": 655.0}]
    )
    stored_bytes: int = Field(description="Bytes that are stored now")


class UsageByOwner(_Document):
    """What everybody has used; nobody may submit more than ``quota_s`` of video a month."""

    items: list[UsageDocument]
    quota_s: float | None


class WebhookAsked(_Document):
    """Where a program wants to be told, and of what."""

    url: Annotated[str, Field(max_length=2000, examples=["https://example.org/fancams"])]
    events: Annotated[list[EventName], Field(min_length=1, max_length=5)]


class Webhook(_Document):
    """Who is told of which events."""

    id: Id
    url: str
    events: list[EventName]
    by: str
    created_at: str


class WebhookMade(Webhook):
    """A new webhook, with the secret that its deliveries are signed with; it is told only now."""

    secret: str


class Webhooks(_Document):
    """All webhooks."""

    items: list[Webhook]


class Delivery(_Document):
    """An event that a webhook was told, or is to be told."""

    id: Id = Field(description="The same in every try of it, and in its body")
    event: EventName
    video_id: Id
    state: Literal["waiting", "delivered", "given_up"]
    tries: int
    answer: str = Field(description="What came of the last try", examples=["answered 500"])
    created_at: str
    next_try_at: str | None


class Deliveries(_Document):
    """What a webhook was told, the newest first."""

    items: list[Delivery]


class DeliveryBody(_Document):
    """What is sent to a webhook's address."""

    id: Id
    event: EventName
    at: str
    video: Video


class DatasetWanted(_Document):
    """A dataset to make."""

    name: Annotated[str, Field(pattern=DATASET_NAME, examples=["show"])]
    members: Annotated[list[Name], Field(min_length=1, max_length=100)] = Field(
        description="In the order of their classes", examples=[["Aria", "Bora"]]
    )


class DatasetDocument(_Document):
    """Labelled pictures of a group."""

    name: str
    version: int = Field(description="Of its members: to name when changing them")
    members: list[str] = Field(description="In the order of their classes")
    pictures: int


class Datasets(_Document):
    """All datasets."""

    items: list[DatasetDocument]


class MemberWanted(_Document):
    """How a member is called from now on, and the version of the members that the writer saw."""

    version: Annotated[int, Field(ge=1, le=10**9)]
    name: Name


class MemberCounted(_Document):
    """What a dataset has of a member, in boxes but for ``pictures``."""

    name: str
    boxes: int
    confirmed: int
    pictures: int
    frontal: int
    profile: int
    spread: int = Field(description="Boxes more that training learns as hers, from other shots")


class DatasetCounts(_Document):
    """How far a dataset is; pictures that were rejected are left out."""

    members: list[MemberCounted]
    pictures: int
    confirmed_pictures: int
    unnamed: int = Field(description="Boxes of which nobody has said yet whose they are")
    advised: int = Field(description="Boxes of each member that it takes, by experience")
    balance: float = Field(
        description="Boxes of who has fewest, those in other shots too, as a share of who has most"
    )
    clicks: int = Field(description="What people did: a named tracklet, or a saved picture")
    given: int = Field(description="Boxes that this has said something about")
    spread: int = Field(description="Boxes more that training names so, in other shots of the run")


Corners = tuple[Pixels, Pixels, Pixels, Pixels]
BoxState = Literal["proposed", "confirmed"]
PictureState = Literal["proposed", "confirmed", "rejected"]


class LabelBox(_Document):
    """A face in a picture of a dataset."""

    box: Corners = Field(description="x1, y1, x2, y2 in the picture's pixels")
    member: Annotated[str, Field(max_length=200, pattern=_LINE)] = Field(
        "", description="Empty: nobody has said yet; and where that is confirmed: no member"
    )
    tracklet: Annotated[str, Field(max_length=200, pattern=_LINE)] = ""
    view: Literal["frontal", "profile", ""] = ""
    state: BoxState = "confirmed"


class PictureLabels(_Document):
    """Who stands in a picture, as of one version."""

    picture: str
    url: str
    version: int
    size: tuple[int, int]
    split: Literal["train", "val", "test"]
    state: PictureState = Field(description="rejected: nothing is learned from it")
    by: str = Field(description="Who said so; proposal: the program")
    at: str
    boxes: list[LabelBox]
    previous: str | None = Field(description="The picture before, of the same shot")
    next: str | None


class PictureLabelsWanted(_Document):
    """All boxes of a picture, and the version that their writer saw."""

    version: Annotated[int, Field(ge=1, le=10**9)]
    state: PictureState
    boxes: Annotated[list[LabelBox], Field(max_length=300)]


class LabelVersion(_Document):
    """What a picture's labels were at some time."""

    version: int
    by: str
    at: str
    state: PictureState
    boxes: list[LabelBox]


class LabelHistory(_Document):
    """All versions of a picture's labels, the oldest first."""

    items: list[LabelVersion]


class TrainingAsked(_Document):
    """What to train a group's model as."""

    model: Literal[NETWORKS] = Field(NETWORKS[0], description="n is the smallest, x the largest")  # type: ignore[valid-type]
    imgsz: Annotated[int, Field(ge=160, le=4096, multiple_of=32)] | None = Field(
        None, description="Longer side of a frame; none: 1280, or the pictures' own"
    )
    epochs: Annotated[int, Field(ge=1, le=10_000)] | None = Field(
        None, description="Passes over the pictures; none: as many as are usual"
    )
    group: Annotated[str, Field(pattern=r"^[A-Za-z0-9][A-Za-z0-9_-]{0,62}$")] | None = Field(
        None,
        description="Whose model's next version it becomes; none: called as the dataset is; "
        "another takes an operator",
    )
    force: bool = Field(
        False, description="The group uses it even where it is worse; takes an operator"
    )


class MemberReached(_Document):
    """What a model reaches of a member on pictures that were held out."""

    name: str
    map50: float
    map50_95: float


class TrainingDocument(_Document):
    """A training of a dataset, how far it is, and what came of it."""

    number: int
    state: Literal["waiting", "working", "done", "failed", "cancelled"]
    group: str
    model: str
    imgsz: int | None
    epochs: int | None
    by: str
    asked_at: str
    at: str = Field(description="When anything was last heard of it")
    step: str = Field(description=f"In this order: {', '.join(STEPS)}; until `pictures` if needed")
    done: int = Field(description="Of the step: rounds of teacher and learning, else pictures")
    total: int
    left_s: float | None = Field(description="Seconds left of the step, as far as can be told")
    cancelled_by: str | None
    failure: str | None
    version: int | None = Field(description="Of the group's model, that came of it")
    is_used: bool = Field(description="The group's runs used it when that was decided")
    worse: list[str] = Field(description="In what it falls short of the version before")
    judged_on: str | None = Field(description="The part of the dataset that the figures are of")
    members: list[MemberReached]


class Training(_Document):
    """The dataset's newest training."""

    training: TrainingDocument | None
    why_not: str | None = Field(description="Why nobody trains for this site, in words")


class TrackletNamed(_Document):
    """Whose all boxes of a tracklet are."""

    member: Annotated[str, Field(max_length=200, pattern=_LINE)] = Field(
        description="Empty: no member"
    )
    state: BoxState = Field(
        "confirmed",
        description="proposed: this name is taken back, where it is the asker's alone; the boxes "
        "are what they were before",
    )
    insist: bool = Field(
        False, description="Also where somebody else has confirmed a box as another's"
    )


class BoxesNamed(_Document):
    """What one click has given."""

    boxes: int


class StripFace(_Document):
    """A face, and the picture to cut it out of."""

    url: str
    size: tuple[int, int]
    box: Corners


class Strip(_Document):
    """A tracklet that has no name yet."""

    tracklet: str
    person: str = Field(description="Whom the run takes it for, in all its shots")
    member: str = Field(description="Who is proposed; may be empty")
    boxes: int
    is_first: bool = Field(description="Nobody has said yet who the person is")
    gives: int = Field(description="Boxes that a name is of; of a first one those of all shots")
    faces: list[StripFace]


class Strips(_Document):
    """The first of all of them."""

    total: int
    people: int = Field(description="Of how many of them nobody has said yet who the person is")
    items: list[Strip]


class PictureWaiting(_Document):
    """A picture to look at, and who said last what is on it."""

    picture: str
    url: str
    by: str
    at: str


class PicturesWaiting(_Document):
    """The first of all of them."""

    total: int
    items: list[PictureWaiting]


class LabelQueue(_Document):
    """What a dataset asks of whoever labels."""

    tracklets: Strips = Field(description="Those with most boxes first: a name gives most there")
    frames: PicturesWaiting = Field(description="Those that teach most first")
    review: PicturesWaiting = Field(description="What others did and nobody has accepted")

"""What the API gives and takes, as a program sees it; what a newer server adds is passed over."""

from collections.abc import Mapping
from typing import Any, Literal

from pydantic import BaseModel, ConfigDict

State = Literal["working", "ready", "failed", "cancelled"]
Place = Literal["seen", "unseen", "elsewhere"]
EventName = Literal["finished", "failed", "needs_review", "published", "deleted"]


class _Document(BaseModel):
    model_config = ConfigDict(extra="ignore", frozen=True)


class Wishes(_Document):
    """What to make of a video; times in seconds."""

    title: str = ""
    from_s: float | None = None
    to_s: float | None = None
    group: str | None = None
    people: int = 0
    framing: str = "full"
    aspects: tuple[str, ...] = ("9:16",)
    external_id: str | None = None
    labels: Mapping[str, str] = {}


class Progress(_Document):
    """How far a stage is, in segments or whole videos."""

    stage: str
    done: int
    total: int


class Source(_Document):
    """The file that was uploaded, as far as it is used."""

    width: int
    height: int
    frames: int
    duration_s: float
    frame_rate: str
    codec: str
    has_audio: bool
    warning: str | None = None


class Video(_Document):
    """One video, and where its newest run stands."""

    id: str
    title: str
    filename: str
    created_at: str
    external_id: str | None = None
    labels: Mapping[str, str] = {}
    group: str | None = None
    framing: str
    aspects: tuple[str, ...]
    state: State
    failure: str | None = None
    failure_kind: str | None = None
    revision: int
    progress: tuple[Progress, ...] = ()
    left_s: float | None = None
    source: Source
    run_id: str
    shown_run_id: str | None = None

    @property
    def is_settled(self) -> bool:
        """Whether nothing is under way."""
        return self.state != "working"


class Page(_Document):
    """One page of videos."""

    items: tuple[Video, ...]
    next_cursor: str | None = None


class Member(_Document):
    """A member of a group."""

    name: str
    color: str


class Group(_Document):
    """A group that has a model of its own."""

    name: str
    members: tuple[Member, ...]


class Groups(_Document):
    """All groups."""

    items: tuple[Group, ...]


class Span(_Document):
    """A stretch that a person should look at; frames, the last one included."""

    id: str
    from_frame: int
    to_frame: int
    why: str
    text: str
    confirmed: bool


class Fancam(_Document):
    """A person's fancam in one shape; no ``url`` while it is not made."""

    aspect: str
    width: int
    height: int
    url: str | None = None


class Publication(_Document):
    """Whether others may see it, and who said so when."""

    state: Literal["draft", "approved", "published"]
    by: str | None = None
    at: str | None = None
    public_run_id: str | None = None


class Person(_Document):
    """Somebody on stage; ``states`` are the frames at which each state begins."""

    id: str
    label: str
    name: str
    names: Mapping[str, str] = {}
    aliases: tuple[str, ...] = ()
    states: tuple[tuple[int, str], ...] = ()
    spans: tuple[Span, ...] = ()
    report: Mapping[str, Any] = {}
    fancams: tuple[Fancam, ...] = ()
    publication: Publication


class Times(_Document):
    """When each frame is shown: the first at 0, then the differences, in units of ``time_base``."""

    time_base: str
    pts: tuple[int, ...]


class Watch(_Document):
    """The newest run of a video that can be shown, with everybody in it."""

    video: Video
    run_id: str
    aspects: tuple[str, ...]
    times: Times
    people: tuple[Person, ...]


class Pin(_Document):
    """Who somebody is at a point or box (source pixels) and time (seconds), or who it is not."""

    from_s: float
    to_s: float | None = None
    x: float | None = None
    y: float | None = None
    w: float | None = None
    h: float | None = None
    of: str | None = None
    person: str | None = None
    nobody: bool = False
    denies: bool = False


class Pins(_Document):
    """All pins of a video, and the revision of the video that they were read at."""

    revision: int
    pins: tuple[Pin, ...] = ()


class Change(_Document):
    """A stretch in which somebody's place changes; frames, the last one included."""

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
    """What pins would change."""

    changes: tuple[Change, ...]
    segments: Segments


class Webhook(_Document):
    """An address that is told of events."""

    id: str
    url: str
    events: tuple[EventName, ...]
    by: str = ""
    created_at: str


class NewWebhook(Webhook):
    """A webhook with the secret that its deliveries are signed with; it is told only once."""

    secret: str


class Webhooks(_Document):
    """All webhooks."""

    items: tuple[Webhook, ...]


class Delivery(_Document):
    """An event that a webhook was told, or is to be told."""

    id: str
    event: EventName
    video_id: str
    state: Literal["waiting", "delivered", "given_up"]
    tries: int
    answer: str
    created_at: str
    next_try_at: str | None = None


class Deliveries(_Document):
    """What a webhook was told, the newest first."""

    items: tuple[Delivery, ...]


class TrainingWishes(_Document):
    """What to train a group's model as; what is none is as usual, ``group`` the dataset's name.

    Another group, and ``force``, take an operator.
    """

    model: str = "yolov5n"
    imgsz: int | None = None
    epochs: int | None = None
    group: str | None = None
    force: bool = False


class MemberReached(_Document):
    """What a model reaches of a member on pictures that were held out."""

    name: str
    map50: float
    map50_95: float


class Training(_Document):
    """A training of a dataset, and how far it is: ``done`` of ``total`` of a step.

    ``left_s`` seconds are left of the step, as far as that can be told.
    """

    number: int
    state: Literal["waiting", "working", "done", "failed", "cancelled"]
    group: str
    model: str
    imgsz: int | None = None
    epochs: int | None = None
    step: str = ""
    done: int = 0
    total: int = 0
    left_s: float | None = None
    cancelled_by: str | None = None
    failure: str | None = None
    version: int | None = None
    is_used: bool = False
    worse: tuple[str, ...] = ()
    judged_on: str | None = None
    members: tuple[MemberReached, ...] = ()

    @property
    def has_ended(self) -> bool:
        """Whether nothing more comes of it."""
        return self.state in ("done", "failed", "cancelled")


class TrainingOf(_Document):
    """A dataset's newest training."""

    training: Training | None


class WebhookEvent(_Document):
    """What a webhook's target is sent; ``id`` is the same in every try of one delivery."""

    id: str
    event: EventName
    at: str
    video: Video

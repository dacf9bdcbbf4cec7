"""Videos to labelled pictures: what ``inyourarea collect`` does.

The runs that are there already are used; a video that was never run is run so far as its people are
told apart.
"""

from collections.abc import Callable, Iterator, Sequence
from contextlib import closing
from dataclasses import dataclass, replace
from fractions import Fraction
from pathlib import Path

from inyourarea.contracts.datasets import LabelledPicture, Members
from inyourarea.contracts.v1 import facts_pb2 as facts
from inyourarea.core.errors import DatasetRejected, Refused, VideoUnreadable
from inyourarea.core.members import fold, tidy
from inyourarea.core.picture import parse_aspect
from inyourarea.embedded.models import find_group
from inyourarea.embedded.outputs import OutputUnwritable
from inyourarea.embedded.own_files import STORE
from inyourarea.embedded.run import Listen, Request, track_video, video_digest
from inyourarea.gateway.journal import Journal, PersonNamed, Submitted, last_of
from inyourarea.runtime.child import Child
from inyourarea.runtime.collecting import (
    Collector,
    Pick,
    TrackedRun,
    pick_every,
    read_run,
)
from inyourarea.runtime.datasets import Dataset, MembersConflict
from inyourarea.runtime.folder_objects import FolderObjects
from inyourarea.runtime.objects import Objects, ObjectsAway

_FANCAM = parse_aspect("9:16")

Choose = Callable[[Sequence[TrackedRun], int, Members], list[list[Pick]]]


@dataclass(frozen=True)
class Wanted:
    """What to collect: ``choose`` frames (`pick_every` or `pick_smart`) by ``number``.

    ``out`` is where the videos were run, or will be; ``members`` are names that the dataset has
    besides those it has; below ``least_height`` pixels a video is warned of. Only what is from
    ``start`` to ``end`` seconds is taken of each. ``place`` is a store, and what all names of the
    dataset begin with there, where it is not in the folder ``dataset``.
    """

    videos: tuple[Path, ...]
    dataset: Path
    out: Path
    choose: Choose = pick_every
    number: int = 15
    group: str | None = None
    members: tuple[str, ...] = ()
    least_height: int = 0
    start: Fraction | None = None
    end: Fraction | None = None
    place: tuple[Objects, str] | None = None

    @property
    def is_of_a_part(self) -> bool:
        """Whether something of each video is left out."""
        return self.start is not None or self.end is not None


@dataclass(frozen=True)
class Collected:
    """What one video gave, as in `Taken`. ``warnings`` are whole sentences for the user."""

    video: Path
    picked: int
    added: tuple[LabelledPicture, ...]
    renewed: int
    lost: int
    warnings: tuple[str, ...]


@dataclass(frozen=True)
class Watching:
    """Who is told how far it is: of a run's facts, and of so many of so many pictures."""

    listen: Listen
    note: Callable[[int, int], None]


def collect_videos(wanted: Wanted, watching: Watching) -> list[Collected]:
    """Pictures of all videos are in the dataset, with labels proposed; what was there stays.

    Raises:
        Refused: a video, the group or the dataset can not be used, or nobody is known to be in it.
    """
    try:
        return _collect(wanted, watching)
    except ObjectsAway as away:
        raise OutputUnwritable(str(away)) from away


def _collect(wanted: Wanted, watching: Watching) -> list[Collected]:
    videos = _videos(wanted.videos)
    place = wanted.place or (FolderObjects(wanted.dataset), "")
    dataset = Dataset(*place)
    group = find_group(wanted.group) if wanted.group else None
    classes = group.members if group else ()
    found = {video: _find_run(wanted, video, digest) for video, digest in videos.items()}
    known = [*wanted.members, *classes, *_named(run for run in found.values() if run)]
    if not known and not dataset.is_made():
        raise DatasetRejected(
            "Nobody is known yet whom the pictures may show. Name the members with --member, one "
            "by one in the order of the classes, or give --group, or a run (--out) with pins."
        )
    for video, run in found.items():
        path = "" if wanted.place else str(video.resolve())
        found[video] = replace(run or _run(wanted, video, watching.listen), path=path)
    runs = [run for run in found.values() if run]
    members = _settle_members(dataset, wanted, [*classes, *_named(runs)])
    picks = wanted.choose(runs, wanted.number, members)
    total, done = sum(map(len, picks)), 0

    def note() -> None:
        nonlocal done
        done += 1
        watching.note(done, total)

    collected = []
    with closing(Child()) as child:
        collector = Collector(_store(wanted), child, place)
        for video, run, some in zip(found, runs, picks, strict=True):
            taken = collector.take(run, some, note)
            warnings = tuple(_warnings(run, wanted, members, taken.lost))
            collected.append(
                Collected(video, len(some), taken.added, taken.renewed, taken.lost, warnings)
            )
    return collected


def _videos(videos: Sequence[Path]) -> dict[Path, str]:
    """Each video and its digest; one that is given twice is there once."""
    found: dict[str, Path] = {}
    for video in videos:
        if not video.is_file():
            raise VideoUnreadable(f"{video} is no file; give the path of a video")
        found.setdefault(video_digest(video), video)
    return {video: digest for digest, video in found.items()}


def _store(wanted: Wanted) -> Objects:
    return FolderObjects(wanted.out / STORE)


def _find_run(wanted: Wanted, video: Path, digest: str) -> TrackedRun | None:
    """A run of the video that is tracked, with the group's model if one is asked for.

    It is of the whole video; the newest of those. Of a part none is looked for: running that again
    finds what is there.
    """
    if wanted.is_of_a_part or not (wanted.out / STORE).is_dir():
        return None
    objects = _store(wanted)
    group = find_group(wanted.group) if wanted.group else None
    stored = [one for one in objects.survey("runs/") if one.key.endswith("/accepted.binpb")]
    for one in sorted(stored, key=lambda one: (-one.written_s, one.key)):
        accepted = facts.VideoAccepted.FromString(objects.get(one.key))
        source = accepted.source
        if source.sha256 != digest or source.frames < source.all_frames:
            continue
        if group and tuple(accepted.spec.model.members) != group.members:
            continue
        if run := read_run(objects, accepted):
            return _as_called(run, video, objects)
    return None


def _as_called(run: TrackedRun, video: Path, objects: Objects) -> TrackedRun:
    """The run with what people of a gateway's page have called the video and who is in it."""
    entries = Journal(objects).read(run.accepted.video_id)
    submitted = last_of(entries, Submitted)
    title = submitted.title if isinstance(submitted, Submitted) else video.stem
    called = {entry.person: entry.name for entry in entries if isinstance(entry, PersonNamed)}
    return replace(run, title=title, called=called)


def _run(wanted: Wanted, video: Path, listen: Listen) -> TrackedRun:
    request = Request(
        video=video,
        out=wanted.out,
        pictures=(_FANCAM,),
        start=wanted.start,
        end=wanted.end,
        group=wanted.group,
    )
    run = read_run(_store(wanted), track_video(request, listen))
    if run is None:
        raise Refused(
            f"parts of the run of {video} are gone or damaged; delete {wanted.out / STORE}"
        )
    return replace(run, title=video.stem)


def _named(runs: Iterator[TrackedRun] | Sequence[TrackedRun]) -> list[str]:
    """Everybody in the runs who has a name, in the order in which they are reported."""
    return [*dict.fromkeys(name for run in runs for name in run.names.values())]


def _settle_members(dataset: Dataset, wanted: Wanted, named: Sequence[str]) -> Members:
    """Who is a member: a new dataset's are all that are known, an old one's those it has.

    What is asked for with names is added to either.
    """
    try:
        if not dataset.is_made():
            dataset.begin(Members(_once([*wanted.members, *named])))
        there = dataset.members()
        new = _once([name for name in wanted.members if there.now(name) is None])
        if new:
            dataset.change(there.with_added(*new))
    except MembersConflict as conflict:
        raise DatasetRejected(
            "Somebody has just changed the dataset's members; try again."
        ) from conflict
    return dataset.members()


def _once(names: Sequence[str]) -> tuple[str, ...]:
    """Each name once, however it is spelt later."""
    found: dict[str, str] = {}
    for name in names:
        found.setdefault(fold(name), tidy(name))
    return tuple(found.values())


def _warnings(run: TrackedRun, wanted: Wanted, members: Members, lost: int) -> Iterator[str]:
    height = run.accepted.source.height
    if height < wanted.least_height:
        yield (
            f"The video is only {height} pixels high; pictures of less than {wanted.least_height} "
            "have made models worse. Take a better copy of it, or leave it out."
        )
    if lost:
        yield f"{lost} frames could not be decoded; the video is damaged."
    strangers = [name for name in _named([run]) if members.now(name) is None]
    if strangers:
        yield (
            f"{', '.join(strangers)}: no member of the dataset, so their boxes have no name; add "
            "one with --member."
        )

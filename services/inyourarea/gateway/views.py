"""From the catalog's rows to the documents of the API."""

from collections.abc import Sequence
from typing import Any

from inyourarea.core.reasons import reason_of
from inyourarea.gateway import documents as doc
from inyourarea.gateway.access import Person, Role
from inyourarea.gateway.browsers import MASTER
from inyourarea.gateway.catalog import Row
from inyourarea.gateway.documents import API, stamp
from inyourarea.gateway.handler import DRAWING, FINDING, READING, STAGES
from inyourarea.gateway.house import House
from inyourarea.gateway.people import only_public, people_of, published_people, published_runs
from inyourarea.gateway.problems import NotThere
from inyourarea.gateway.projection import OUTDATED
from inyourarea.gateway.showing import times


def find_video(house: House, video: str, person: Person) -> Row:
    """The row of a video that this person may know of.

    Raises:
        NotThere: there is none.
    """
    row = house.catalog.video(video)
    if row is None or not person.may_have(row["labels"]) or not _is_open(house, video, person):
        raise NotThere("such video; it may have been deleted")
    return row


def _is_open(house: House, video: str, person: Person) -> bool:
    return person.role > Role.VISITOR or bool(published_runs(house, video))


def video_for(house: House, row: Row, person: Person) -> doc.Video:
    """A video as this person may know it: a visitor, only what goes with what is published.

    Raises:
        NotThere: all of it was withdrawn just now.
    """
    told = video_document(house, row)
    if person.role > Role.VISITOR:
        return told
    published = published_runs(house, row["id"])
    if not published:
        raise NotThere("such video; it may have been withdrawn")
    run = [*published.values()][-1]
    hidden: dict[str, Any] = {"filename": "", "external_id": None, "labels": {}, "revision": 0}
    hidden |= {
        "state": "ready",
        "failure": None,
        "failure_kind": None,
        "progress": [],
        "left_s": None,
        "reused": None,
    }
    hidden |= {"people_asked": 0, "run_id": run, "shown_run_id": run, "is_outdated": False}
    return told.model_copy(update=hidden)


def video_document(house: House, row: Row) -> doc.Video:
    """A video and where its newest run stands."""
    asked = row["asked"]
    run = house.catalog.run(row["run_id"])
    segments = run["segments"] if run else 0
    steps = house.catalog.steps(row["run_id"]) if row["state"] == "working" else {}
    is_done = row["state"] == "ready"
    progress = []
    for stage in STAGES:
        total = segments if stage in (READING, FINDING, DRAWING) else 1
        done = total if is_done else min(total, steps.get(stage, (0, 0, 0))[0])
        progress.append(doc.Progress(stage=stage, done=done, total=total))
    return doc.Video(
        id=row["id"],
        title=row["title"],
        filename=row["filename"],
        created_at=stamp(row["created_ns"]),
        external_id=row["external_id"],
        labels=row["labels"],
        group=asked["group"],
        framing=asked["framing"],
        aspects=asked["aspects"],
        from_s=asked["from_s"],
        to_s=asked["to_s"],
        people_asked=asked["people"],
        state=row["state"],
        failure=row["failure"],
        failure_kind=reason_of(row["failure"]) if row["failure"] else None,
        revision=row["revision"],
        progress=progress,
        left_s=_left_s(progress, house.catalog.pauses_s(row["run_id"])) if steps else None,
        reused=_reused(house, row, segments),
        source=doc.Source(**row["source"]),
        run_id=row["run_id"],
        shown_run_id=row["shown_run_id"],
        stage=_stage(row),
        stage_failure=(row["stage"] or {}).get("failure"),
        is_outdated=is_outdated(row),
        poster_url=f"{API}/videos/{row['id']}/poster.jpg" if poster_key(row, run) else None,
    )


def _left_s(progress: list[doc.Progress], pauses_s: dict[str, list[float]]) -> float | None:
    """How long the slowest stage will take for the rest, if it goes on as it went of late."""
    left = [
        pace_s(pauses) * (stage.total - stage.done)
        for stage in progress
        if len(pauses := pauses_s.get(stage.stage, ())) > 1 and stage.done < stage.total
    ]
    return round(max(left), 1) if left else None


def pace_s(pauses_s: Sequence[float]) -> float:
    """How long a step takes, from at least two pauses between steps.

    The longest counts as the second longest, so that a time in which nobody worked does not count:
    the machine slept, or the program was not running.
    """
    *others, _ = sorted(pauses_s)
    return (sum(others) + others[-1]) / len(pauses_s)


def _reused(house: House, row: Row, segments: int) -> doc.Reused | None:
    """How much of the fancams that are there stays as it is, while those of a newer run are made.

    Known once the newer run is tracked.
    """
    old, new = row["drawn_run_id"], row["run_id"]
    if row["state"] != "working" or old is None or new != row["shown_run_id"]:
        return None
    changed = house.showing.changed_segments(old, new)
    return doc.Reused(done=segments - changed, total=segments)


def is_outdated(row: Row) -> bool:
    """Whether this version of the program does not find what an earlier one made of the video."""
    return bool(row["failure"] == OUTDATED)


def _stage(row: Row) -> doc.Stage | None:
    """The stage as a browser plays it; none while it is being made."""
    stage = row["stage"]
    if stage is None or "key" not in stage:
        return None
    place = f"{API}/videos/{row['id']}"
    grid = {name: value for name, value in stage["sprite"].items() if name != "key"}
    return doc.Stage(
        url=f"{place}/stage.mp4",
        width=stage["width"],
        height=stage["height"],
        hls_url=f"{place}/hls/{MASTER}",
        sprite=doc.Sprite(url=f"{place}/sprite.jpg", **grid),
    )


def poster_key(row: Row, run: Row | None) -> str:
    """The picture that stands for a video: a wide one of the people, else one of the stage."""
    of_people = run["pictures"]["poster_key"] if run else ""
    return of_people or (row["stage"] or {}).get("poster_key", "")


def watch_document(house: House, row: Row, person: Person) -> doc.Watch:
    """All that the player needs of the newest run that can be shown.

    A visitor is given the people whose fancams are published, each from the run that was.

    Raises:
        NotThere: nobody has been found yet.
    """
    is_visitor = person.role <= Role.VISITOR
    video = video_for(house, row, person)
    run = video.shown_run_id
    if run is None:
        raise NotThere("fancam yet; the video is still being worked on")
    shown = house.showing.run(run)
    people, aspects = (
        published_people(house, row)
        if is_visitor
        else (people_of(house, row, shown), shown.aspects)
    )
    return doc.Watch(
        video=video,
        run_id=run,
        aspects=aspects,
        shots=[
            doc.ShotDocument(
                first_frame=shot.first_frame, last_frame=shot.last_frame, kind=shot.kind
            )
            for shot in shown.tracks.shots
        ],
        times=doc.Times(**times(shown)),
        people=people,
        camera_url={shape: f"{API}/runs/{run}/camera/{shape}.json" for shape in aspects},
        boxes_url=None if is_visitor else f"{API}/runs/{run}/boxes.json",
        only_public=[] if is_visitor else only_public(house, row, shown),
    )

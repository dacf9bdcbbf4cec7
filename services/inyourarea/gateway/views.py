"""From the catalog's rows to the documents of the API."""

import time
from datetime import UTC, datetime
from typing import Any

from inyourarea.contracts import keys
from inyourarea.gateway import documents as doc
from inyourarea.gateway.access import Person, Role
from inyourarea.gateway.catalog import Row
from inyourarea.gateway.handler import DRAWING, FINDING, READING, STAGES
from inyourarea.gateway.house import House
from inyourarea.gateway.problems import NotThere
from inyourarea.gateway.showing import Shown, states, times

API = "/api/v1"


def stamp(at_ns: int) -> str:
    """A moment as RFC 3339."""
    return datetime.fromtimestamp(at_ns / 1e9, UTC).isoformat(timespec="milliseconds")


def find_video(house: House, video: str, person: Person) -> Row:
    """The row of a video that this person may know of.

    Raises:
        NotThere: there is none.
    """
    row = house.catalog.video(video)
    if row is None or (person.role == Role.VISITOR and not published_runs(house, video)):
        raise NotThere("such video; it may have been deleted")
    return row


def published_runs(house: House, video: str) -> dict[str, str]:
    """Whose fancams of the video are published, and of which run."""
    return {
        row["subject"]: row["run_id"]
        for row in house.catalog.judgements(video)
        if row["kind"] == "fancam" and row["state"] == "published"
    }


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
        revision=row["revision"],
        progress=progress,
        left_s=_left_s(progress, steps) if row["state"] == "working" else None,
        reused=None,
        source=doc.Source(**row["source"]),
        run_id=row["run_id"],
        shown_run_id=row["shown_run_id"],
        stage=stage_document(row),
        poster_url=None,
    )


def _left_s(progress: list[doc.Progress], steps: dict[str, tuple[int, int, int]]) -> float | None:
    """How long the slowest stage will take for the rest, if it goes on as it went so far."""
    now, left = time.time_ns(), None
    for stage in progress:
        done, first, _ = steps.get(stage.stage, (0, 0, 0))
        if 1 < done < stage.total:
            each_s = (now - first) / 1e9 / done
            left = max(left or 0.0, each_s * (stage.total - done))
    return None if left is None else round(left, 1)


def stage_document(row: Row) -> doc.Stage:
    """The stage as a browser plays it."""
    source = row["source"]
    return doc.Stage(
        url=f"{API}/videos/{row['id']}/stage.mp4", width=source["width"], height=source["height"]
    )


def watch_document(house: House, row: Row, person: Person) -> doc.Watch:
    """All that the player needs of the newest run that can be shown.

    A visitor is given the people whose fancams are published, from the runs that were published.

    Raises:
        NotThere: nobody has been found yet.
    """
    run = row["shown_run_id"]
    if run is None:
        raise NotThere("fancam yet; the video is still being worked on")
    published = published_runs(house, row["id"])
    if person.role == Role.VISITOR:
        run = next(iter(published.values()))
    shown = house.showing.run(run)
    people = _people(house, row, run, shown)
    if person.role == Role.VISITOR:
        people = [somebody for somebody in people if published.get(somebody.id) == run]
    return doc.Watch(
        video=video_document(house, row),
        run_id=run,
        aspects=[picture.label for picture in shown.pictures],
        shots=[
            doc.ShotDocument(
                first_frame=shot.first_frame, last_frame=shot.last_frame, kind=shot.kind
            )
            for shot in shown.tracks.shots
        ],
        times=doc.Times(**times(shown)),
        people=people,
        camera_url={
            picture.label: f"{API}/runs/{run}/camera/{picture.label}.json"
            for picture in shown.pictures
        },
        boxes_url=f"{API}/runs/{run}/boxes.json",
    )


def _people(house: House, row: Row, run: str, shown: Shown) -> list[doc.PersonShown]:
    names = {named["person"]: named for named in house.catalog.people(row["id"])}
    judged = house.catalog.judgements(row["id"])
    confirmed = {one["subject"] for one in judged if one["kind"] == "span" and one["run_id"] == run}
    judged.sort(key=lambda one: one["at_ns"])
    fancams = {one["subject"]: one for one in judged if one["kind"] == "fancam"}
    drawn = house.showing.published(run)
    reports = {report["person"]: report for report in shown.report["people"]}
    people = []
    for track in shown.tracks.people:
        report = reports[track.person]
        named = names.get(track.person)
        people.append(
            doc.PersonShown(
                id=track.person,
                label=track.name,
                name=named["name"] if named else track.name,
                names=named["names"] if named else {},
                aliases=named["aliases"] if named else [],
                face_url=None,
                states=states(track),
                spans=[_span(track.person, span, confirmed) for span in report["look_at"]],
                report=report,
                fancams=[_fancam(run, track.person, fancam, drawn) for fancam in report["fancams"]],
                publication=_publication(fancams.get(track.person)),
            )
        )
    return people


def _span(person: str, span: dict[str, Any], confirmed: set[str]) -> doc.Span:
    name = f"{person}-{span['first_frame']}-{span['last_frame']}-{span['why']}"
    return doc.Span(
        id=name,
        from_frame=span["first_frame"],
        to_frame=span["last_frame"],
        why=span["why"],
        text=span["text"],
        confirmed=name in confirmed,
    )


def _fancam(
    run: str, person: str, report: dict[str, Any], drawn: dict[tuple[str, str], str]
) -> doc.FancamDocument:
    label = report["picture"]
    url = f"{API}/runs/{run}/fancams/{person}-{label}.mp4" if (person, label) in drawn else None
    width, height = report["output"]
    return doc.FancamDocument(aspect=label, width=width, height=height, url=url, hls_url=None)


def _publication(judged: Row | None) -> doc.Publication:
    if judged is None:
        return doc.Publication(state="draft", by=None, at=None)
    return doc.Publication(state=judged["state"], by=judged["by"], at=stamp(judged["at_ns"]))


def stage_key(row: Row) -> str:
    """The object that a browser plays as the stage."""
    return keys.source(row["sha256"])

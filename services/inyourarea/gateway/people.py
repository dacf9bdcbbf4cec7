"""From a run, and what was said of its people, to their documents."""

from collections.abc import Mapping, Sequence
from typing import Any
from urllib.parse import quote

import numpy as np

from inyourarea.gateway import documents as doc
from inyourarea.gateway.catalog import Row
from inyourarea.gateway.documents import API, stamp
from inyourarea.gateway.house import House
from inyourarea.gateway.problems import NotThere
from inyourarea.gateway.showing import Shown, states


def published_runs(house: House, video: str) -> dict[str, str]:
    """Whose fancams of the video are published, and of which run; the newest last."""
    return {person: row["run_id"] for person, row in _published(house, video).items()}


def _published(house: House, video: str) -> dict[str, Row]:
    rows = [row for row in house.catalog.judgements(video) if row["kind"] == "public"]
    return {row["subject"]: row for row in sorted(rows, key=lambda row: row["at_ns"])}


def published_people(house: House, row: Row) -> tuple[list[doc.PersonShown], list[str]]:
    """Whom visitors see, each from the run that was published, and the shapes that all have.

    Without what editors think of it, and who they are. Of an older run that has no shape in
    common with the newer ones, nobody is shown.
    """
    published = _published(house, row["id"])
    runs = dict.fromkeys(one["run_id"] for one in published.values())
    people, shapes = list[doc.PersonShown](), list[str]()
    for run in reversed(runs):
        shown = house.showing.run(run)
        common = [shape for shape in shown.aspects if not people or shape in shapes]
        if not common:
            continue
        shapes = common
        for somebody in people_of(house, row, shown):
            one = published.get(somebody.id)
            if one is not None and one["run_id"] == run:
                told = _publication(one, run, is_behind=False).model_copy(update={"by": None})
                hidden = {"spans": [], "report": {}, "publication": told}
                people.append(somebody.model_copy(update=hidden))
    return people, shapes


def people_of(house: House, row: Row, shown: Shown) -> list[doc.PersonShown]:
    """Everybody of a run, and what became of her since."""
    run = shown.accepted.run_id
    names = {named["person"]: named for named in house.catalog.people(row["id"])}
    judged = house.catalog.judgements(row["id"])
    confirmed = _confirmed(house, judged, run, shown.report["people"])
    fancams = {one["subject"]: one for one in judged if one["kind"] == "fancam"}
    published = published_runs(house, row["id"])
    drawn = house.showing.published(run)
    reports = {report["person"]: report for report in shown.report["people"]}
    seen = house.catalog.run(run) or {"id": run, "pictures": {"faces": {}}, "streams": {}}
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
                face_url=_face_url(seen, track.person),
                states=states(track),
                spans=[_span(track.person, span, confirmed) for span in report["look_at"]],
                report=report,
                fancams=[
                    _fancam(seen, track.person, fancam, drawn) for fancam in report["fancams"]
                ],
                publication=_publication(
                    fancams.get(track.person),
                    published.get(track.person),
                    is_behind=_is_behind(house, track.person, published.get(track.person), run),
                ),
            )
        )
    return people


def _is_behind(house: House, person: str, public_run: str | None, run: str) -> bool:
    if public_run is None or public_run == run:
        return False
    return person in house.showing.changed_people(public_run, run)


def only_public(house: House, row: Row, shown: Shown) -> list[doc.PersonCalledSo]:
    """Whom visitors see of an older run, and who is not in this one."""
    names = {named["person"]: named for named in house.catalog.people(row["id"])}
    here = {track.person for track in shown.tracks.people}
    found = []
    for person, run in published_runs(house, row["id"]).items():
        if person not in here:
            label = house.showing.run(run).person(person).name
            called = names.get(person, {"name": label, "names": {}})
            found.append(doc.PersonCalledSo(id=person, name=called["name"], names=called["names"]))
    return found


def open_spans(house: House, row: Row) -> list[doc.PersonToReview]:
    """The spans of a video's newest run that nobody has looked at, by person.

    None while that run can not be shown: those of an older one may be gone in it.
    """
    run = row["shown_run_id"]
    if run is None or run != row["run_id"]:
        return []
    names = {named["person"]: named["name"] for named in house.catalog.people(row["id"])}
    judged = house.catalog.judgements(row["id"])
    reports = house.showing.report(house.showing.accepted(run))["people"]
    confirmed = _confirmed(house, judged, run, reports)
    found = []
    for report in reports:
        person = report["person"]
        spans = [_span(person, span, confirmed) for span in report["look_at"]]
        spans = [span for span in spans if not span.confirmed]
        if spans:
            called = names.get(person, report["name"])
            found.append(doc.PersonToReview(id=person, name=called, spans=spans))
    return found


def _confirmed(
    house: House, judged: Sequence[Row], run: str, reports: Sequence[Mapping[str, Any]]
) -> set[str]:
    """The spans of a run that somebody has looked at.

    In another run, too, where the person is at the same places then: a pin elsewhere makes
    nobody look again.
    """
    looked_at: dict[str, list[str]] = {}
    for one in judged:
        if one["kind"] == "span":
            looked_at.setdefault(one["subject"], []).append(one["run_id"])
    return {
        name
        for report in reports
        for span in report["look_at"]
        if (name := span_id(report["person"], span)) in looked_at
        and (
            run in looked_at[name]
            or any(_is_same(house, (run, old), report["person"], span) for old in looked_at[name])
        )
    }


def _is_same(house: House, runs: tuple[str, str], person: str, span: Mapping[str, Any]) -> bool:
    """Whether the person is at the same places during the span in both runs."""
    try:
        a, b = (house.showing.run(run).person(person) for run in runs)
    except NotThere:
        return False
    frames = slice(span["first_frame"], span["last_frame"] + 1)
    is_there = np.array_equal(a.xyxy[frames], b.xyxy[frames], equal_nan=True)
    return is_there and np.array_equal(a.state[frames], b.state[frames])


def span_id(person: str, span: Mapping[str, Any]) -> str:
    """What a stretch to look at is called."""
    return f"{person}-{span['first_frame']}-{span['last_frame']}-{span['why']}"


def _span(person: str, span: dict[str, Any], confirmed: set[str]) -> doc.Span:
    name = span_id(person, span)
    return doc.Span(
        id=name,
        from_frame=span["first_frame"],
        to_frame=span["last_frame"],
        why=span["why"],
        text=span["text"],
        confirmed=name in confirmed,
    )


def _face_url(run: Row, person: str) -> str | None:
    if person not in run["pictures"]["faces"]:
        return None
    return f"{API}/runs/{run['id']}/faces/{quote(person, safe='')}.jpg"


def _fancam(
    run: Row, person: str, report: dict[str, Any], drawn: dict[tuple[str, str], str]
) -> doc.FancamDocument:
    label, place = report["picture"], f"{API}/runs/{run['id']}"
    master = run["streams"].get("masters", {}).get(f"{person} {label}")
    width, height = report["output"]
    return doc.FancamDocument(
        aspect=label,
        width=width,
        height=height,
        url=f"{place}/fancams/{quote(person, safe='')}-{label}.mp4"
        if (person, label) in drawn
        else None,
        hls_url=f"{place}/hls/{master}" if master else None,
    )


def _publication(judged: Row | None, public_run: str | None, is_behind: bool) -> doc.Publication:
    return doc.Publication(
        state=judged["state"] if judged else "draft",
        by=judged["by"] if judged else None,
        at=stamp(judged["at_ns"]) if judged else None,
        public_run_id=public_run,
        is_behind=is_behind,
    )

"""Whom somebody has approved: where they are, no later correction of other people moves them."""

from inyourarea.contracts.v1 import facts_pb2 as facts
from inyourarea.gateway.catalog import Row
from inyourarea.gateway.house import House
from inyourarea.gateway.names import names_kept


def settled(house: House, video: str) -> set[str]:
    """The ids of those who are approved or published."""
    return {*_verdicts(house, video)}


def held_people(house: House, video: str, model: facts.Model) -> list[facts.Held]:
    """The same as they were when that was said, for a run with the model that found them."""
    held = []
    for person, verdict in sorted(_verdicts(house, video).items()):
        spec = house.showing.accepted(verdict["run_id"]).spec
        names = names_kept(house.objects, verdict["run_id"])
        if spec.model == model and names is not None:
            one = facts.Held(
                person=person,
                tracks_key=names.tracks_key,
                plan=names.plan,
                framing=spec.framing,
                pictures=spec.pictures,
            )
            held.append(one)
    return held


def _verdicts(house: House, video: str) -> dict[str, Row]:
    """Of each person who is not a draft."""
    return {
        one["subject"]: one
        for one in house.catalog.judgements(video)
        if one["kind"] == "fancam" and one["state"] != "draft"
    }

"""What the store tells a stage of a run: what it is, and how far its segments are."""

from inyourarea.contracts import keys
from inyourarea.contracts.runs import is_current
from inyourarea.contracts.v1 import facts_pb2 as facts
from inyourarea.runtime.objects import Objects, holds


class OtherVersion(Exception):
    """Another version of the program began the run and has not finished it: it is left to that."""


def accepted_run(objects: Objects, run: str) -> facts.VideoAccepted:
    """The run as ingest accepted it, for whoever works on it.

    Raises:
        ObjectNotFound: there is no such run.
        OtherVersion: a part of it made here would not be like those that are there.
    """
    accepted = facts.VideoAccepted.FromString(objects.get(keys.accepted(run)))
    if not is_current(accepted) and not holds(objects, keys.published(run)):
        raise OtherVersion(run)
    return accepted


def is_all_detected(accepted: facts.VideoAccepted, objects: Objects) -> bool:
    """Whether the people of every segment were found."""
    spec = accepted.spec
    first = keys.detections(spec.video_id, spec.model, 0)
    found = set(objects.list(first.rsplit("/", 1)[0] + "/"))
    return all(
        keys.detections(spec.video_id, spec.model, segment.index) in found
        for segment in accepted.segments
    )

"""How far the segments of a run are, as the store tells."""

from inyourarea.contracts import keys
from inyourarea.contracts.v1 import facts_pb2 as facts
from inyourarea.runtime.objects import Objects


def is_all_detected(accepted: facts.VideoAccepted, objects: Objects) -> bool:
    """Whether the people of every segment were found."""
    spec = accepted.spec
    first = keys.detections(spec.video_id, spec.model, 0)
    found = set(objects.list(first.rsplit("/", 1)[0] + "/"))
    return all(
        keys.detections(spec.video_id, spec.model, segment.index) in found
        for segment in accepted.segments
    )

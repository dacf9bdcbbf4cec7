"""What the objects are called that show a run: as when somebody judged it, else as they are today.

Names hold the stages' revisions. What was published is shown by the names that it had then, so
that a newer version of the program neither loses it nor shows something else in its place.
"""

from inyourarea.contracts import keys
from inyourarea.contracts.v1 import facts_pb2 as facts
from inyourarea.contracts.v1 import stored_pb2 as stored
from inyourarea.runtime.objects import ObjectNotFound, Objects, holds


def names_today(accepted: facts.VideoAccepted) -> stored.KeptRun:
    """What this version of the program calls them, there or not."""
    spec = accepted.spec
    return stored.KeptRun(
        tracks_key=keys.tracks(spec),
        plan=keys.plan(spec),
        faces_key=keys.faces_drawn(spec),
        streams_key=keys.streams_ready(accepted.run_id),
        stage_key=keys.stage_ready(spec.video_id),
    )


def names_kept(objects: Objects, run: str) -> stored.KeptRun | None:
    """What they were called when somebody judged the run; none where nobody did."""
    try:
        return stored.KeptRun.FromString(objects.get(keys.kept(run)))
    except ObjectNotFound:
        return None


def keep_names(objects: Objects, accepted: facts.VideoAccepted) -> None:
    """What shows the run today goes on to show it, whatever it would be called later."""
    if not holds(objects, keys.kept(accepted.run_id)):
        written = names_today(accepted).SerializeToString(deterministic=True)
        objects.put_once(keys.kept(accepted.run_id), written)


def find_names(objects: Objects, accepted: facts.VideoAccepted) -> stored.KeptRun | None:
    """The names under which tracks, windows and report are there; none where they are not."""
    for names in (names_kept(objects, accepted.run_id), names_today(accepted)):
        if are_found(objects, names):
            return names
    return None


def are_found(objects: Objects, names: stored.KeptRun | None) -> bool:
    """Whether tracks, windows and report are there under these names."""
    return names is not None and holds(objects, keys.planned_report(names.plan))

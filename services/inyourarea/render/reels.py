"""What a run's fancams are made of, as the store tells it; read by whoever joins or streams."""

from inyourarea.contracts import keys
from inyourarea.contracts.specs import from_rational
from inyourarea.contracts.v1 import facts_pb2 as facts
from inyourarea.contracts.v1 import stored_pb2 as stored
from inyourarea.render.film import Part, Pieces
from inyourarea.runtime.objects import Objects, holds


def note_silence(objects: Objects, fact: facts.AudioReady) -> None:
    """That there is no sound in this part of the video is kept as an empty object."""
    if not fact.key:
        objects.put_once(keys.audio(fact.video_id), b"")


def is_sound_there(objects: Objects, accepted: facts.VideoAccepted) -> bool:
    """Whether it is known what the video sounds like."""
    return not accepted.source.has_audio or holds(objects, keys.audio(accepted.video_id))


def sound_of(objects: Objects, accepted: facts.VideoAccepted) -> str | None:
    """The object with the video's sound; none where there is none."""
    key = keys.audio(accepted.video_id)
    return key if accepted.source.has_audio and objects.size(key) else None


def pieces_of(objects: Objects, run: str, segment: int) -> stored.SegmentPieces:
    """What was encoded of a segment."""
    key = keys.segment_pieces(run, segment)
    return stored.SegmentPieces.FromString(objects.get(key))


def fancams_of(
    objects: Objects, accepted: facts.VideoAccepted
) -> dict[tuple[str, str, int], Pieces]:
    """What each fancam (person, name, number of the picture) is made of."""
    parts: dict[tuple[str, str, int], list[Part]] = {}
    for segment in accepted.segments:
        for piece in pieces_of(objects, accepted.run_id, segment.index).pieces:
            found = parts.setdefault((piece.person, piece.name, piece.picture), [])
            found.append(Part(piece.key, segment.start_pts))
    time_base = from_rational(accepted.source.time_base)
    return {fancam: Pieces(tuple(found), time_base) for fancam, found in parts.items()}

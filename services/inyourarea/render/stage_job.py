"""What is to be made of a video's stage: its rungs, its sprite, and which segment draws what."""

from inyourarea.contracts.specs import from_rational
from inyourarea.contracts.v1 import facts_pb2 as facts
from inyourarea.contracts.v1 import stored_pb2 as stored
from inyourarea.render.encode import PieceFormat, announced_rate
from inyourarea.render.film import Copied, Footage, Part, Pieces
from inyourarea.render.original import Original
from inyourarea.render.pictures import plan_grid
from inyourarea.render.rungs import Rung, stage_rungs
from inyourarea.render.stage import StageTask


class StageJob:
    """What is to be made of one video's stage; ``rungs`` the largest first."""

    def __init__(self, accepted: facts.VideoAccepted, is_copied: bool) -> None:
        self.accepted = accepted
        self.source = accepted.source
        self.is_copied = is_copied
        self.rungs = stage_rungs((self.source.width, self.source.height))
        self.time_base = from_rational(self.source.time_base)
        duration_s = (self.source.end_pts - self.source.start_pts) * self.time_base
        self.grid = plan_grid(duration_s, self.rungs[0].size)

    @property
    def encoded(self) -> tuple[Rung, ...]:
        """The rungs that the source's packets do not serve."""
        return self.rungs[1:] if self.is_copied else self.rungs

    def form(self, rung: Rung) -> PieceFormat:
        """The format of a rung's pieces."""
        rate = announced_rate(from_rational(self.source.average_rate))
        return PieceFormat(rung.size, self.time_base, rate, rung.crf)

    def task(self, segment: facts.Segment, rungs: list[Rung]) -> StageTask:
        """What to draw of a segment."""
        step = self.grid.interval_s / self.time_base
        start = self.source.start_pts
        instants = [start + int(number * step) for number in range(self.grid.tiles)]
        return StageTask(
            source=self.source.decode_key,
            start_pts=segment.start_pts,
            end_pts=segment.end_pts,
            forms=tuple(self.form(rung) for rung in rungs),
            tile=self.grid.tile,
            instants=tuple(pts for pts in instants if segment.start_pts <= pts < segment.end_pts),
        )

    def films(self, drawings: list[stored.StageDrawing]) -> dict[Rung, Footage]:
        """What each rung is made of, the largest first."""
        films: dict[Rung, Footage] = {}
        for rung in self.rungs:
            parts = [
                Part(piece.key, drawing.segment.start_pts)
                for drawing in drawings
                for piece in drawing.pieces
                if piece.rung == rung.name
            ]
            films[rung] = (
                Pieces(parts, self.time_base) if parts else Copied(original_of(self.accepted))
            )
        return films


def original_of(accepted: facts.VideoAccepted) -> Original:
    """The used part of the source."""
    source = accepted.source
    return Original(
        key=source.key,
        start_pts=source.start_pts,
        end_pts=source.end_pts,
        frames=source.frames,
        time_base=from_rational(source.time_base),
        cuts=tuple(segment.start_pts for segment in accepted.segments),
    )


def may_be_copied(source: facts.Source) -> bool:
    """Whether it is worth a look at the source's packets: H.264, small, key frames not too rare."""
    size = (source.width, source.height)
    is_small = stage_rungs(size)[0].size == size
    return source.codec == "h264" and source.decode_key == source.key and is_small

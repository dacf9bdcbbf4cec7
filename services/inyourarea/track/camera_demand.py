"""Second step of the camera: the needs of all people in all shots, gathered at the knots."""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from inyourarea.track.camera_knots import Knots, frames_per_knot
from inyourarea.track.camera_needs import Needs
from inyourarea.track.camera_solver import REACH

Array = NDArray[np.float64]
Index = NDArray[np.int64]


@dataclass(frozen=True, eq=False)
class Demand:
    """What the windows must hold, gathered at knots; a row per knot that has frames, (k,).

    ``knot`` int64: which one. ``faces`` (k, 4) is the mean box of its frames, ``extent`` (k, 4) the
    box around all of them, each moved along with the person to the knot's moment: a window that
    holds a walking face at two knots holds it in between as well. ``height``, ``doubt``, ``trust``,
    ``company`` and ``gone`` (the share of its frames) as in `Needs`; ``seconds`` what the knot
    stands for. Per coefficient, (size,): ``rest`` 0..1, how much of the time around it the face
    hardly moves; ``frame_step`` the longest time between frames there.
    """

    knot: Index
    faces: Array
    extent: Array
    height: Array
    doubt: Array
    trust: Array
    gone: Array
    company: Array
    seconds: Array
    rest: Array
    frame_step: Array


def gather(knots: Knots, needs: list[Needs], seconds: list[Array]) -> Demand:
    """The needs of the blocks in the order of the knots' blocks, per knot."""
    edges, knot = frames_per_knot(knots)
    count = np.diff(np.append(edges, knots.frame_knot.size)).astype(np.float64)

    def mean(values: Array) -> Array:
        total = np.add.reduceat(values, edges, axis=0)
        return np.asarray(total / count.reshape(-1, *[1] * (values.ndim - 1)))

    faces = np.concatenate([need.face for need in needs])
    faces = faces - np.tile(_way_to_knot(knots, faces, np.concatenate(seconds), mean), (1, 2))
    company = np.concatenate([np.tile(need.company, (len(need.gone), 1)) for need in needs])
    centre = (faces[:, :2] + faces[:, 2:]) / 2
    rests = np.concatenate([need.rests for need in needs])
    return Demand(
        knot=knot,
        faces=mean(faces),
        extent=np.concatenate(
            [
                np.minimum.reduceat(faces[:, :2], edges),
                np.maximum.reduceat(faces[:, 2:], edges),
            ],
            axis=1,
        ),
        height=np.exp(mean(np.log(np.concatenate([need.height for need in needs])))),
        doubt=np.maximum.reduceat(np.concatenate([need.doubt for need in needs]), edges),
        trust=mean(np.concatenate([need.trust for need in needs])),
        gone=mean(np.concatenate([need.gone for need in needs]).astype(np.float64)),
        company=mean(np.where(np.isfinite(company), company, centre)),
        seconds=knots.spacing[knots.knot_block[knot]],
        rest=per_coefficient(knots, knot, mean(rests.astype(np.float64))),
        frame_step=_frame_steps(knots, seconds),
    )


def per_coefficient(knots: Knots, knot: Index, values: Array) -> Array:
    """Values at some knots as one per coefficient, (size,)."""
    every = np.arange(knots.knot_block.size)
    return knots.through(np.interp(every, knot, values))


def _way_to_knot(
    knots: Knots, faces: Array, seconds: Array, mean: Callable[[Array], Array]
) -> Array:
    """How far each frame's face has come since its knot's moment, (M, 2), at the local speed."""
    edges, knot = frames_per_knot(knots)
    run = np.repeat(np.arange(edges.size), np.diff(np.append(edges, knots.frame_knot.size)))
    block = knots.knot_block[knot]
    place, time = mean((faces[:, :2] + faces[:, 2:]) / 2), mean(seconds)
    here = np.arange(edges.size)
    before = np.where(np.append(-1, block[:-1]) == block, here - 1, here)
    after = np.where(np.append(block[1:], -1) == block, here + 1, here)
    lasting = np.maximum(time[after] - time[before], 1e-6)
    speed = np.where(
        (before < after)[:, None], (place[after] - place[before]) / lasting[:, None], 0
    )
    first = np.searchsorted(knots.knot_block, np.arange(knots.spacing.size))
    moment = (knot - first[block]) * knots.spacing[block]
    return speed[run] * (seconds - moment[run])[:, None]


def _frame_steps(knots: Knots, seconds: list[Array]) -> Array:
    """The longest time between two frames that each coefficient shapes, (size,) seconds.

    Where the video stands still for long, many coefficients lie between two frames: what they move
    altogether happens in one step.
    """
    steps = np.concatenate([np.diff(times, prepend=times[0]) for times in seconds])
    longest = np.zeros(int(knots.first[-1]))
    for j in range(REACH):
        np.maximum.at(longest, knots.basis_first + j, steps)
        np.maximum.at(longest, knots.basis_first[:-1] + j, steps[1:])
    for i in np.flatnonzero(steps > knots.spacing[knots.frame_block]):
        between = slice(knots.basis_first[i - 1], knots.basis_first[i] + REACH)
        longest[between] = np.maximum(longest[between], steps[i])
    return np.maximum(longest, 1e-3)

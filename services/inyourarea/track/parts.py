"""What tells tracklets apart: their looks part by part, by how much one head's looks vary.

After `tracklets`, before `looks`. Light, pose and the box's own trembling change what is seen of
one head from frame to frame; what changes little within a head and much between heads tells most.
"""

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from inyourarea.core.detections import APPEARANCE_PARTS, LASTING_PARTS
from inyourarea.track.evidence import look_weights
from inyourarea.track.tracklets import Sightings, Tracklets

Floats = NDArray[np.float64]

#: A portrait's parts, by rows of cells: top of the hair, fringe, face, chin and neck.
PORTRAIT_PARTS = 4
#: A portrait's steps of colour in one unit of `detect.appearance`'s opponent colours.
STEPS_PER_UNIT = 72.6
#: A part of which less is in the picture is not known.
LEAST_SEEN_SHARE = 0.5
#: Values of an appearance vector closer than this are one level.
UNSEEN_STEP = 1e-5
#: A part that is seen in less than this share of a tracklet's looks is not relied on.
LEAST_SEEN_LOOKS = 0.3
#: How a head varies is learned from tracklets of at least so many sightings of it.
LEAST_TO_VARY = 8
#: To what varies in each direction this share of the mean over all is added: few heads are seen.
SHRINKAGE = 0.3
#: What every head has in common, in the same units: where all who are seen look nearly alike, they
#: are one person, and what is left of them off the usual look is chance.
COMMON = 3.0


@dataclass(frozen=True, eq=False)
class Parts:
    """What T tracklets look like, by part.

    ``values`` float64 (T, P, d): off the usual look, in units of how much one head varies, the last
    being `COMMON`; zero where the part is not known. The first ``lasting`` parts last through a
    change of clothes.
    """

    values: Floats
    lasting: int


@dataclass(frozen=True, eq=False)
class _Part:
    """One part in every entry of ``member``: ``values`` (r, d), ``is_seen`` (r,)."""

    values: Floats
    is_seen: NDArray[np.bool_]


def telling_parts(sightings: Sightings, tracklets: Tracklets) -> Parts:
    """The parts of everybody's looks: of the head by its portrait and by its colours, of clothes.

    Source: within-class covariance normalisation, Hatch, Kajarekar, Stolcke 2006.
    """
    weight = look_weights(sightings, tracklets) * sightings.confidence[tracklets.member]
    lasting = (PORTRAIT_PARTS if sightings.portrait.shape[1] else 0) + LASTING_PARTS
    every = [
        _told(part, tracklets, weight)
        for parts in (_of_portrait(sightings, tracklets), _of_colours(sightings, tracklets))
        for part in parts
    ]
    longest = max(part.shape[1] for part in every)
    padded = [np.pad(part, ((0, 0), (0, longest - part.shape[1]))) for part in every]
    return Parts(np.stack(padded, axis=1), lasting)


def _of_portrait(sightings: Sightings, tracklets: Tracklets) -> Iterator[_Part]:
    """Bands of the head; a cell that is not known looks as it usually does."""
    steps = sightings.portrait
    if not steps.shape[1]:
        return
    bands = steps.reshape(len(steps), PORTRAIT_PARTS, -1)
    for number in range(PORTRAIT_PARTS):
        band = bands[tracklets.member, number].astype(np.float64)
        is_known = band > 0
        usual = band.sum(axis=0) / np.maximum(is_known.sum(axis=0), 1)
        values = np.where(is_known, band, usual) / STEPS_PER_UNIT
        yield _Part(values, is_known.mean(axis=1) >= LEAST_SEEN_SHARE)


def _of_colours(sightings: Sightings, tracklets: Tracklets) -> Iterator[_Part]:
    """Histograms of hair, face and clothes."""
    vectors = sightings.appearance[tracklets.member]
    parts = vectors.reshape(len(vectors), APPEARANCE_PARTS, -1)
    # Two histograms, of chroma and of lightness, are flat: one step between their two levels.
    steps = np.diff(np.sort(parts, axis=2), axis=2) > UNSEEN_STEP
    is_seen = steps.sum(axis=2) > 1
    for number in range(APPEARANCE_PARTS):
        yield _Part(parts[:, number], is_seen[:, number])


def _told(part: _Part, tracklets: Tracklets, weight: Floats) -> Floats:
    """One part of every tracklet, (T, d), as `Parts` has it."""
    share = np.where(part.is_seen, weight, 0.0)
    total = tracklets.total(share)
    mean = tracklets.total(part.values * share[:, None]) / np.maximum(total, 1e-9)[:, None]
    is_known = total > LEAST_SEEN_LOOKS * tracklets.total(weight)
    if not is_known.any():
        return np.zeros((len(mean), mean.shape[1] + 1))
    usual = np.average(mean[is_known], axis=0, weights=total[is_known])
    often = tracklets.total(part.is_seen.astype(np.float64)) >= LEAST_TO_VARY
    varying = _varying(part.values - mean[tracklets.of_member], share * often[tracklets.of_member])
    common = np.full((len(mean), 1), COMMON)
    told = np.concatenate([(mean - usual) @ varying, common], axis=1)
    return np.where(is_known[:, None], told, 0.0)


def _varying(off: Floats, weight: Floats) -> Floats:
    """The matrix (d, d) that brings vectors to units of what ``off`` (r, d) varies."""
    size = off.shape[1]
    scatter = (off * weight[:, None]).T @ off / max(float(weight.sum()), 1e-9)
    level = float(np.trace(scatter)) / size
    if level <= 0:
        return np.eye(size)
    return np.linalg.cholesky(np.linalg.inv(scatter + SHRINKAGE * level * np.eye(size)))

"""Measure an exported model against exact truth: average precision, and recall by face height.

Everything here works on what the model file itself answers, so the figures are those of the file
that is used, suppression and half weights included. No torch.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from inyourarea.core.boxes import iou

IOU_LEVELS = tuple(np.round(np.arange(0.5, 1.0, 0.05), 2).tolist())
"""The ten overlaps of COCO's mAP50-95."""

RECALL_POINTS = np.linspace(0, 1, 101)
"""COCO's points of the precision-recall curve."""

LEAST_SCORE = 0.001
"""From that score of a class on a box is an answer for average precision, as in ultralytics."""


@dataclass(frozen=True, slots=True)
class Answers:
    """One picture's truth and a model's answer to it.

    ``truth``, ``doubtful`` and ``boxes`` are xyxy (n, 4) in the same pixels; ``truth_class`` and
    ``doubtful_class`` (n,) and ``scores`` (n, C) belong to them. Who is doubtful is hidden so far
    that a box on her is neither right nor wrong.
    """

    truth: NDArray[np.float64]
    truth_class: NDArray[np.int64]
    doubtful: NDArray[np.float64]
    doubtful_class: NDArray[np.int64]
    boxes: NDArray[np.float64]
    scores: NDArray[np.float64]

    @property
    def box_class(self) -> NDArray[np.int64]:
        """Whom each box is taken for, (n,)."""
        return self.scores.argmax(axis=1)

    @property
    def confidence(self) -> NDArray[np.float64]:
        """How surely, (n,)."""
        return self.scores.max(axis=1)


def average_precision(answers: Sequence[Answers], chosen: int, level: float) -> float:
    """Average precision of one class at one overlap, by COCO's 101 points; NaN without truth.

    Each class's score of a box is an answer of its own, as where ultralytics validates.
    """
    wanted = 0
    confidences, hits = [], []
    for one in answers:
        wanted += int((one.truth_class == chosen).sum())
        score = one.scores[:, chosen]
        confidence, hit = _judged(one, chosen, score, score > LEAST_SCORE, level)
        confidences.append(confidence)
        hits.append(hit)
    if not wanted:
        return float("nan")
    order = np.argsort(-np.concatenate(confidences), kind="stable")
    right = np.cumsum(np.concatenate(hits)[order])
    recall = right / wanted
    precision = right / np.arange(1, len(right) + 1)
    # The curve is made to fall: the precision at a recall is the best one at that recall or more.
    falling = np.maximum.accumulate(precision[::-1])[::-1]
    places = np.searchsorted(recall, RECALL_POINTS)
    return float(np.append(falling, 0.0)[np.minimum(places, len(falling))].mean())


def _judged(
    one: Answers,
    chosen: int,
    score: NDArray[np.float64],
    mine: NDArray[np.bool_],
    level: float,
) -> tuple[NDArray[np.float64], NDArray[np.bool_]]:
    """Score of each box that is ``mine``, best first, and if it is right; without the excused."""
    order = np.argsort(-score[mine], kind="stable")
    boxes, confidence = one.boxes[mine][order], score[mine][order]
    hits = _hits(iou(boxes, one.truth[one.truth_class == chosen]), level)
    doubtful = iou(boxes, one.doubtful[one.doubtful_class == chosen])
    judged = hits | (doubtful.max(axis=1, initial=0.0) < level)
    return confidence[judged], hits[judged]


def _hits(overlap: NDArray[np.floating], level: float) -> NDArray[np.bool_]:
    """Which boxes, best first, find a truth that no better box has found."""
    free = np.ones(overlap.shape[1], bool)
    hits = np.zeros(len(overlap), bool)
    for index, row in enumerate(overlap):
        possible = np.where(free, row, 0.0)
        if len(possible) and possible.max() >= level:
            free[possible.argmax()] = False
            hits[index] = True
    return hits


def precision_table(
    answers: Sequence[Answers], classes: Sequence[str]
) -> Mapping[str, tuple[float, float]]:
    """mAP50 and mAP50-95 of each class by name."""
    table = {}
    for index, name in enumerate(classes):
        levels = [average_precision(answers, index, level) for level in IOU_LEVELS]
        table[name] = (levels[0], float(np.mean(levels)))
    return table


@dataclass(frozen=True, slots=True)
class Recall:
    """Of ``faces`` true faces near a height, the shares that were ``found`` and also ``named``."""

    height: float
    faces: int
    found: float
    named: float


def recall_by_height(
    answers: Sequence[Answers], heights: Sequence[float], confidence: float
) -> list[Recall]:
    """Recall of the faces whose height is nearest to each of ``heights`` (as a ratio), IoU .5.

    A height takes the faces within a factor of 1.19 (a quarter of an octave) either way.
    """
    found: dict[float, list[tuple[bool, bool]]] = {height: [] for height in heights}
    for one in answers:
        sure = one.confidence >= confidence
        overlap = iou(one.truth, one.boxes[sure])
        for truth, kind, row in zip(one.truth, one.truth_class, overlap, strict=True):
            tall = max(float(truth[3] - truth[1]), 1e-6)
            near = min(heights, key=lambda height: abs(np.log(tall / height)))
            if abs(np.log2(tall / near)) > 0.25:
                continue
            hit = row >= 0.5
            found[near].append((bool(hit.any()), bool((hit & (one.box_class[sure] == kind)).any())))
    return [_recall(height, outcomes) for height, outcomes in found.items()]


def _recall(height: float, outcomes: list[tuple[bool, bool]]) -> Recall:
    if not outcomes:
        return Recall(height, 0, float("nan"), float("nan"))
    shares = np.mean(outcomes, axis=0)
    return Recall(height, len(outcomes), float(shares[0]), float(shares[1]))


def precision_and_recall(
    answers: Sequence[Answers], chosen: int, confidence: float
) -> tuple[float, float]:
    """Precision and recall of one class at a confidence, IoU .5; NaN of what there is none of.

    A box is of its best class alone.
    """
    right = said = wanted = 0
    for one in answers:
        wanted += int((one.truth_class == chosen).sum())
        hits = _surely_judged(one, chosen, confidence)
        said += len(hits)
        right += int(hits.sum())
    nan = float("nan")
    return right / said if said else nan, right / wanted if wanted else nan


def f1(answers: Sequence[Answers], confidence: float) -> float:
    """Harmonic mean of precision and recall at a confidence, all classes together, IoU .5."""
    right = said = wanted = 0
    for one in answers:
        wanted += len(one.truth)
        for kind in np.unique(one.box_class):
            hits = _surely_judged(one, int(kind), confidence)
            said += len(hits)
            right += int(hits.sum())
    return 2 * right / max(said + wanted, 1)


def _surely_judged(one: Answers, chosen: int, confidence: float) -> NDArray[np.bool_]:
    """Which boxes of a class, best first, are right, IoU .5; of those that are sure enough."""
    mine = (one.box_class == chosen) & (one.confidence >= confidence)
    return _judged(one, chosen, one.confidence, mine, 0.5)[1]

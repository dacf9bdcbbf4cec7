"""A group's own model: what it reaches, and how it comes into the repository.

``inyourarea train`` takes the steps one after another: choose pictures (``group_plan``), spread
names (``group_labels``), learn and export (``group_network``, where torch is), measure, publish.
Each leaves files that the next one reads, and a stopped step is taken up where it was.
"""

import colorsys
import hashlib
import json
from collections.abc import Mapping
from dataclasses import asdict, replace
from typing import Any, NamedTuple

import numpy as np
import onnx

from inyourarea.contracts.datasets import TEST, TRAIN, VAL
from inyourarea.contracts.digests import digest
from inyourarea.contracts.group import Group, group_to_toml
from inyourarea.contracts.model import ModelInfo
from inyourarea.train.answers import look_at_labelled, open_model
from inyourarea.train.graph import model_bytes, with_info
from inyourarea.train.group_card import card
from inyourarea.train.group_figures import (
    EIGHT_BITS,
    FLOAT,
    HALF,
    Figures,
    MemberFigures,
    Runtime,
    are_eight_bits_enough,
    mean_of,
)
from inyourarea.train.group_plan import USUAL_CONFIDENCE, Plan, Wish, group_before
from inyourarea.train.measure import Answers, f1, precision_and_recall, precision_table
from inyourarea.train.mistakes import confusion, write_mistakes
from inyourarea.train.repository import model_file, newest_revision, write_model, write_whole

CONFIDENCES = tuple(np.round(np.arange(0.1, 0.55, 0.05), 2).tolist())
F1_LOSS = 0.005
"""The confidence is the lowest whose F1 is within this of the best, or within one box: who is seen
weakly is seen, and identity weighs it (docs/adr/0005). For the show's model that gives the .3 that
tracks like best."""


def measure(plan: Plan) -> Figures:
    """Choose the file and the confidence, tell figures of the test; mistakes are pictures."""
    could = [FLOAT] if plan.wish.detects_on_gpu else [FLOAT, EIGHT_BITS]
    judged = {numbers: _judged(plan, numbers) for numbers in could}
    marks = {numbers: mean_of(one.members) for numbers, one in judged.items()}
    is_small = EIGHT_BITS in marks and are_eight_bits_enough(marks[FLOAT], marks[EIGHT_BITS])
    numbers = EIGHT_BITS if is_small else FLOAT
    confidence, answers, members = judged[numbers]
    found = confusion(answers, plan.members, confidence)
    images = plan.pictures / "images" / plan.judged_on
    shown = write_mistakes(found.mistakes, images, plan.folder / "mistakes")
    exported = json.loads(plan.exported.read_text())
    course = plan.course
    judged_by = [plan.chosen.labels[picture] for picture in plan.chosen.of(plan.judged_on)]
    return Figures(
        judged_on=plan.judged_on,
        numbers=numbers,
        marks=marks,
        confidence=confidence,
        members=members,
        confusion=found.table(),
        mistakes=tuple((file.name, mistake.picture, mistake.words) for file, mistake in shown),
        runtimes=tuple(Runtime(**one) for one in exported["runtimes"]),
        pictures={split: len(plan.chosen.of(split)) for split in (TRAIN, VAL, TEST)},
        windows=course.rounds * course.windows_per_round,
        spread=plan.spread,
        placed=plan.placed,
        hidden=sum(box.is_unsaid for one in judged_by for box in one.boxes),
        start=exported["start"],
        warnings=plan.chosen.warnings,
        exam=_exam(plan),
        before=_before(plan),
    )


_MEASURES = "exam 2"
"""How a model is judged: figures of another way are of another exam."""


def _exam(plan: Plan) -> str:
    """The digest of the pictures that it is judged on, of what is asked for in them, and of how."""
    asked = [
        # In whole pixels: machines differ by less in where a network places a box.
        [picture, [[*map(round, box.box), box.member, box.is_unsaid] for box in labels.boxes]]
        for picture, labels in sorted(plan.chosen.labels.items())
        if labels.split == plan.judged_on
    ]
    return digest([_MEASURES, json.dumps(asked)])


def _before(plan: Plan) -> Mapping[str, Any] | None:
    """What the file in use reaches in the same test; none: it can not be asked the same."""
    content = plan.wish.before
    if content is None or plan.judged_on != TEST:
        return None
    _, info = open_model(content)
    if (info.width, info.height) != plan.size:  # it takes other frames
        return None
    names = tuple(dict.fromkeys([*plan.members, *info.classes]))
    # Its scores in the order of the names; whom it does not know it never sees.
    known = np.eye(len(names))[[names.index(name) for name in info.classes]]
    answers = [
        replace(one, scores=one.scores @ known)
        for one in look_at_labelled(content, plan.labelled(TEST)).values()
    ]
    reached = precision_table(answers, names)
    members = {
        name: {"map50": reached[name][0], "map50_95": reached[name][1]}
        for name in info.classes
        if not np.isnan(reached[name][0])
    }
    return {"sha256": hashlib.sha256(content).hexdigest(), "members": members} if members else None


class _Judged(NamedTuple):
    """What one file says of the pictures that it is judged on, and what that comes to."""

    confidence: float
    answers: Mapping[str, Answers]
    members: Mapping[str, MemberFigures]


def _judged(plan: Plan, numbers: str) -> _Judged:
    """The confidence is chosen on ``val``; all else is of the test, where there is one."""
    content = plan.file(numbers).read_bytes()
    answers = held_out = look_at_labelled(content, plan.labelled(VAL))
    confidence = choose_confidence(list(held_out.values()))
    if plan.judged_on == TEST:
        answers = look_at_labelled(content, plan.labelled(TEST))
    members = _member_figures(list(answers.values()), plan.members, confidence)
    return _Judged(confidence, answers, members)


def choose_confidence(answers: list[Answers]) -> float:
    """The lowest score from which on to believe a box that costs next to no F1."""
    asked = sum(len(one.truth) for one in answers)
    if not asked:
        return USUAL_CONFIDENCE
    reached = {level: f1(answers, level) for level in CONFIDENCES}
    best = max(reached.values())
    return min(level for level, value in reached.items() if value >= best - max(F1_LOSS, 1 / asked))


def _member_figures(
    answers: list[Answers], members: tuple[str, ...], confidence: float
) -> Mapping[str, MemberFigures]:
    table = precision_table(answers, members)
    return {
        name: MemberFigures(
            *table[name],
            *precision_and_recall(answers, number, confidence),
            boxes=sum(int((one.truth_class == number).sum()) for one in answers),
        )
        for number, name in enumerate(members)
    }


def group_to_run(plan: Plan, figures: Figures) -> Group:
    """The group that the file is of which is served, before it has a version."""
    return _group(plan.wish, replace(plan.info, confidence=figures.confidence))


def publish(plan: Plan, figures: Figures) -> Group:
    """The model is in the repository, a new version unless it is there already, with its card.

    The group file names it. The other files say the same of themselves.
    """
    wish = plan.wish
    model = onnx.load(plan.file(figures.numbers))
    info = replace(plan.info, confidence=figures.confidence)
    revision = newest_revision(wish.models, wish.name)
    info = replace(info, revision=max(revision, 1))
    content = model_bytes(with_info(model, info))
    file = model_file(wish.models, info)
    if file.is_file() and file.read_bytes() != content:
        info = replace(info, revision=revision + 1)
        content = model_bytes(with_info(model, info))
    file = write_model(wish.models, info, content)
    for one in (FLOAT, HALF, EIGHT_BITS):
        told_now = model_bytes(with_info(onnx.load(plan.file(one)), info))
        write_whole(plan.file(one), told_now)
    told = {"model": info.name, "version": info.revision, **asdict(figures), **figures.test()}
    told["whole_run"]["words"] = figures.whole_run.words
    told |= {"size": plan.size, "network": wish.network, "members": list(plan.members)}
    text = json.dumps(_without_nan(told), ensure_ascii=False, indent=1)
    for folder in (plan.folder, file.parent):
        write_whole(folder / "card.json", text.encode())
        write_whole(folder / "card.md", card(info, wish.network, figures).encode())
    group = _group(wish, info)
    write_whole(wish.group_file, group_to_toml(group).encode())
    return group


def _without_nan(value: Any) -> Any:
    """The same as JSON knows it: what is not known is null."""
    if isinstance(value, dict):
        return {key: _without_nan(one) for key, one in value.items()}
    if isinstance(value, list | tuple):
        return [_without_nan(one) for one in value]
    return None if isinstance(value, float) and np.isnan(value) else value


def _group(wish: Wish, info: ModelInfo) -> Group:
    """The group, in the colours that its members had."""
    colours = _colours(len(info.classes))
    if before := group_before(wish):
        had = dict(zip(before.members, before.colours, strict=True))
        colours = tuple(map(had.get, info.classes, colours))
    return Group(
        name=info.name,
        members=info.classes,
        colours=colours,
        model=info.name,
        version=info.revision,
        confidence=info.confidence,
    )


def _colours(count: int) -> tuple[str, ...]:
    """As many hues, evenly apart, light enough for a dark page."""
    tones = (colorsys.hls_to_rgb(number / count, 0.65, 0.7) for number in range(count))
    return tuple("#" + "".join(f"{round(255 * part):02x}" for part in tone) for tone in tones)

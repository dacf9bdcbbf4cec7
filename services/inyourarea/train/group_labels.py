"""More and better labels for a group's model, by networks that look at its pictures (ADR 39)."""

import json
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Protocol

import numpy as np

from inyourarea.contracts.datasets import (
    PROPOSAL,
    TRAIN,
    Box,
    LabelledPicture,
    read_labels,
    write_labels,
)
from inyourarea.contracts.trainings import LOOKING, NAMING, TEACHER, TEACHERS_PICTURES
from inyourarea.runtime.datasets import Dataset
from inyourarea.train.answers import look_at, open_model
from inyourarea.train.group_figures import FLOAT
from inyourarea.train.group_pictures import decoded, says_something, write_pictures
from inyourarea.train.group_plan import Plan
from inyourarea.train.repository import write_whole
from inyourarea.train.spreading import (
    Labels,
    Look,
    count_named,
    knows_such_faces,
    with_boxes_of,
    with_names_of,
)
from inyourarea.train.telling import Told


class Learner(Protocol):
    """Whoever learns, and makes files of it that look at pictures: `group_network`."""

    def export_start(self, plan: Plan) -> None:
        """The weights that are started from are a file."""
        ...

    def learn(self, plan: Plan, tell: Callable[[int, int, int], None]) -> None:
        """A network has learned what is planned; ``tell`` of rounds, those there are, a batch."""
        ...

    def export_teacher(self, plan: Plan) -> None:
        """What was learned is a file, and weights to go on from."""
        ...


def with_spread_names(
    plan: Plan, dataset: Dataset, network: Learner, begin: Callable[[str], Told]
) -> Plan:
    """The plan with more and better labels, by networks that look at the pictures.

    ``begin`` is told of each step.

    Raises:
        DatasetRejected: a picture is none.
        TrainingStopped: the disk or the memory is full.
    """
    spreads = plan.spreads
    if plan.looks_first:
        network.export_start(plan)
        plan = see_as_start(plan, dataset, begin(LOOKING))
    if not spreads:
        return plan
    teacher = plan.teacher
    some = begin(TEACHERS_PICTURES)
    write_pictures(dataset, teacher.chosen, teacher.pictures, teacher.size, some)
    step = begin(TEACHER)
    network.learn(teacher, lambda done, rounds, _: step(done, rounds))
    network.export_teacher(teacher)
    return spread(plan, dataset, begin(NAMING))


def see_as_start(plan: Plan, dataset: Dataset, tell: Told) -> Plan:
    """The plan with the boxes of the network it starts from, where that knows such faces.

    Raises:
        DatasetRejected: a picture is none.
    """
    everything = {**plan.everything, **plan.chosen.labels}

    def find() -> dict[str, LabelledPicture]:
        looks = _looks(plan.start_model, everything, dataset, tell, plan.enlarged_model)
        if not knows_such_faces(everything, looks):
            return everything
        proposed = {picture: _untouched(dataset, picture) for picture in everything}
        return with_boxes_of(everything, looks, proposed)

    seen = _kept(plan.folder / "seen.json", find)
    placed = sum(
        box.box != was.box
        for picture in plan.chosen.of(plan.judged_on)
        for box, was in zip(seen[picture].boxes, plan.chosen.labels[picture].boxes, strict=False)
        if box.member
    )
    return replace(_with_labels(plan, seen), placed=placed)


def _untouched(dataset: Dataset, picture: str) -> set[Box]:
    """The boxes that the program ever proposed: who moves one makes it another."""
    proposals = (version for version in dataset.history(picture) if version.by == PROPOSAL)
    return {box.box for proposal in proposals for box in proposal.boxes}


def spread(plan: Plan, dataset: Dataset, tell: Told) -> Plan:
    """The plan with the names that the network of its `teacher` is sure of, beside people's.

    Raises:
        DatasetRejected: a picture is none.
    """

    def find() -> dict[str, LabelledPicture]:
        looks = _looks(plan.teacher.file(FLOAT), plan.everything, dataset, tell)
        return with_names_of(plan.everything, looks, plan.members)

    named = _kept(plan.folder / "spread.json", find)
    more = count_named(named) - count_named(plan.everything)
    found = _with_labels(plan, {**plan.chosen.labels, **named})
    return replace(found, start=plan.teacher.weights, spread=plan.spread + more)


def _with_labels(plan: Plan, labels: Labels) -> Plan:
    everything = {picture: one for picture, one in labels.items() if one.split == TRAIN}
    chosen = {picture: one for picture, one in labels.items() if says_something(one)}
    return replace(plan, chosen=replace(plan.chosen, labels=chosen), everything=everything)


def _kept(file: Path, find: Callable[[], dict[str, LabelledPicture]]) -> dict[str, LabelledPicture]:
    """Labels that were found once, by picture."""
    if not file.is_file():
        found = {picture: write_labels(one).decode() for picture, one in find().items()}
        write_whole(file, json.dumps(found, ensure_ascii=False).encode())
    told = json.loads(file.read_text(encoding="utf-8"))
    return {picture: read_labels(one.encode()) for picture, one in told.items()}


def _looks(
    model: Path, labels: Labels, dataset: Dataset, tell: Told, enlarged: Path | None = None
) -> dict[str, Look]:
    """What a network sees in each picture; small faces where another sees them ``enlarged``."""
    session, info = open_model(model.read_bytes())
    closer = open_model(enlarged.read_bytes()) if enlarged else None
    looks = {}
    for done, picture in enumerate(labels, 1):
        content = np.ascontiguousarray(decoded(picture, dataset.picture(picture))[..., ::-1])
        look = Look(*look_at(session, info, content))
        if closer and look.suspected.sees_small:
            look = look.with_small_of(Look(*look_at(*closer, content)))
        looks[picture] = look
        tell(done, len(labels))
    return looks

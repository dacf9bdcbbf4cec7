"""All steps from a labelled dataset to a group's model, in order, told to whoever waits for it."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path

from inyourarea.contracts.datasets import TEST
from inyourarea.contracts.group import Group
from inyourarea.contracts.published import PublishedFile
from inyourarea.contracts.trainings import EXPORTING, LEARNING, PICTURES
from inyourarea.core.errors import Refused
from inyourarea.runtime.datasets import Dataset
from inyourarea.runtime.disk import words_for
from inyourarea.train import group_labels, group_model, group_pictures, group_plan
from inyourarea.train.group_figures import FLOAT, NOT_RUN, Figures, Runtime, WholeRun
from inyourarea.train.group_plan import Plan, Wish
from inyourarea.train.installed import torch_within
from inyourarea.train.parity import Look
from inyourarea.train.repository import describe_file
from inyourarea.train.telling import Teller

SERVED = "Triton"
"""The step in which a server that has the model is asked, too; in pictures."""


@dataclass(frozen=True, slots=True)
class Tried:
    """A model's file before it is published, its group, and the pictures to judge it by."""

    model: Path
    group: Group
    unseen: frozenset[str]


RunWith = Callable[[Tried, Teller], WholeRun]
"""Runs the dataset's own videos with a model."""


@dataclass(frozen=True, slots=True)
class Made:
    """The files that came of it, and the numbers that the model computes in."""

    model: Path
    card: Path
    group: Path
    numbers: str = FLOAT

    @property
    def published(self) -> PublishedFile:
        """As a group's versions keep it, and servers know it."""
        described = describe_file(self.model)
        return PublishedFile(described.versions[0], described.is_quantised)


def make_model(
    dataset: Dataset,
    wish: Wish,
    teller: Teller,
    triton: str | None = None,
    run_with: RunWith | None = None,
) -> Made:
    """The group's model is trained, exported, measured and in the repository ``wish.models``.

    What was done by an earlier try is not done again. ``triton`` is the address of a server that
    is asked as well, once it has the model. ``run_with`` measures a whole run.

    Raises:
        DatasetRejected: there is not enough in the dataset to learn from.
        Refused: it can not be made here, and why.
    """
    try:
        return _made(dataset, wish, teller, triton, run_with)
    except OSError as error:
        place = error.filename or wish.out
        raise Refused(f"{place} can not be written: {words_for(error)}") from error


def _made(
    dataset: Dataset, wish: Wish, teller: Teller, triton: str | None, run_with: RunWith | None
) -> Made:
    served = _triton_of(triton) if triton else None
    plan = group_plan.plan_training(dataset, wish)
    with torch_within(wish.out):
        from inyourarea.train import group_network as network  # noqa: PLC0415 - it needs torch

        device = network.find_device(wish.device)
        plan = replace(plan, wish=replace(wish, device=device))
        start = network.describe_start(plan.course)
        size = "{}x{}".format(*plan.size)
        on = device if device == "cpu" else f"GPU {device}"
        teller.say(f"{wish.network} of {size}, from {start}, on {on}; in {plan.folder}")
        for warning in plan.chosen.warnings:
            teller.say(warning)
        plan = group_labels.with_spread_names(plan, dataset, network, teller.begin)
        if plan.spread:
            teller.say(f"{plan.spread} boxes that nobody has named are learned as well")
        if done := network.rounds_done(plan.course):
            teller.say(f"going on after round {done} of {plan.course.rounds}")
        step = teller.begin(PICTURES)
        group_pictures.write_pictures(dataset, plan.chosen, plan.pictures, plan.size, step)
        network.learn(plan, learning(teller, wish.batch))
        network.export(plan, start, teller.begin(EXPORTING))
        figures = group_model.measure(plan)
        group = group_model.group_to_run(plan, figures)
        tried = Tried(plan.file(figures.numbers), group, frozenset(plan.chosen.of(TEST)))
        whole_run = run_with(tried, teller) if run_with else NOT_RUN
        made = _published(plan, replace(figures, whole_run=whole_run), teller.say)
        if served:
            look = served((made.published.name, wish.name), int(made.model.parent.name))
            step = teller.begin(SERVED)
            tell_doubt(network.compare_served(plan, made.numbers, SERVED, look, step), teller.say)
            figures = replace(group_model.measure(plan), whole_run=whole_run)
            made = _published(plan, figures, lambda _: None)
    return made


def _triton_of(address: str) -> Callable[[Sequence[str], int], Look]:
    """How the server there is asked for a version by its names: known before anything is learned.

    Raises:
        Refused: its client is not installed.
    """
    try:
        from inyourarea.train.served import served  # noqa: PLC0415 - few ask a server
    except ModuleNotFoundError as missing:
        raise Refused("--triton needs its client: pip install 'inyourarea[triton]'") from missing
    return partial(served, address)


def learning(teller: Teller, batch: int) -> Callable[[int, int, int], None]:
    """The step that learns; it is said when the memory was too small for ``batch`` pictures."""
    step = teller.begin(LEARNING)

    def tell(done: int, rounds: int, now: int) -> None:
        nonlocal batch
        if now < batch:
            teller.say(f"The memory was full with {batch} pictures at a time; going on with {now}.")
            batch = now
        step(done, rounds)

    return tell


def tell_doubt(runtime: Runtime, say: Callable[[str], None]) -> None:
    """It is said of a runtime that it does not answer as it should."""
    if runtime.is_true is False:
        say(
            f"{runtime.name} differs from {runtime.like} by {runtime.box_px:.2f} px and "
            f"{runtime.score:.4f} in score, which is more than may be: do not use it"
        )


def _published(plan: Plan, figures: Figures, say: Callable[[str], None]) -> Made:
    for one in figures.runtimes:
        tell_doubt(one, say)
    group = group_model.publish(plan, figures)
    mean = figures.mean
    say(
        f"{group.model} {group.version}, in {figures.numbers}: mAP50 {mean[0]:.3f}, mAP50-95 "
        f"{mean[1]:.3f} on {figures.judged_on}; see {plan.folder / 'card.md'}"
    )
    say(figures.whole_run.words)
    file = plan.wish.models / group.model / str(group.version) / "model.onnx"
    return Made(file, file.with_name("card.json"), plan.wish.group_file, figures.numbers)

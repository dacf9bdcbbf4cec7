"""A group's model from a dataset: somebody wants it, whoever trains does it, everybody sees."""

import time

from fastapi import APIRouter, Response

from inyourarea.contracts.trainings import (
    CANCELLED,
    WAITING,
    Training,
    TrainingState,
    TrainingWish,
)
from inyourarea.gateway import documents as doc
from inyourarea.gateway.access import Person, Role
from inyourarea.gateway.api.asking import HouseOf, problems
from inyourarea.gateway.api.datasets import DatasetName, Labeller
from inyourarea.gateway.documents import stamp
from inyourarea.gateway.house import House
from inyourarea.gateway.problems import NotThere, Problem

router = APIRouter(prefix="/datasets/{dataset}/training", tags=["datasets"])
_TAKES_AN_OPERATOR = (
    "A training for another group than the dataset's own, or by `force`, takes the role operator; "
    "leave `group` and `force` out, or ask an operator."
)


@router.get("", operation_id="get_training", responses=problems(404))
def get(dataset: DatasetName, house: HouseOf, person: Labeller) -> doc.Training:  # noqa: ARG001
    """The newest training of a dataset, how far it is, and whether there can be another."""
    house.datasets.find(dataset)
    return _document(house, house.trainings.newest(dataset))


@router.post(
    "",
    operation_id="train_dataset",
    status_code=202,
    responses={
        **problems(404, 409),
        200: {"model": doc.Training, "description": "One is under way, whatever it was asked as"},
    },
)
def want(
    dataset: DatasetName,
    asked: doc.TrainingAsked,
    house: HouseOf,
    person: Labeller,
    response: Response,
) -> doc.Training:
    """A model is trained from what is labelled: the next version of its group's.

    Of a dataset one training at a time is under way; who asks again is told of that one. 409 where
    nobody trains for this site, with what is to be done about it. ``force``, and another group than
    the dataset's own, take an operator: they replace what others rely on.
    """
    house.datasets.find(dataset)
    group = asked.group or dataset
    _check_role(person, dataset, group, asked.force)
    if why := house.settings.why_no_training:
        raise Problem(409, "no-training", why)
    wish = TrainingWish(
        group=group,
        network=asked.model,
        imgsz=asked.imgsz,
        epochs=asked.epochs,
        is_forced=asked.force,
        has_model=group in house.models,
    )
    training, is_new = house.trainings.want(dataset, wish, person.name)
    if house.trainings.state(training).state == WAITING:  # told again, where that was lost
        house.stages.publish(training.fact)
    if not is_new:
        response.status_code = 200
    return _document(house, training)


@router.post("/cancel", operation_id="cancel_training", responses=problems(404, 409))
def cancel(dataset: DatasetName, house: HouseOf, person: Labeller) -> doc.Training:
    """Nobody works on the training any more, and nothing comes of it.

    It takes the role that asking for it did. Who cancels it again is told the same. 409 where it
    has ended otherwise, or what came of it is being published.
    """
    house.datasets.find(dataset)
    training = house.trainings.newest(dataset)
    if training is None:
        raise NotThere("training of this dataset")
    wish = training.wish
    _check_role(person, dataset, wish.group, wish.is_forced)
    state = house.trainings.cancel(training, person.name)
    if state.state != CANCELLED:
        now = state.state if state.has_ended else "being published"
        raise Problem(409, "not-working", f"This training is {now}; nothing is to be cancelled.")
    return _document(house, training)


def _check_role(person: Person, dataset: str, group: str, is_forced: bool) -> None:
    if person.role < Role.OPERATOR and (is_forced or group != dataset):
        raise Problem(403, "role", _TAKES_AN_OPERATOR)


def _document(house: House, training: Training | None) -> doc.Training:
    told = training and _told(house, training)
    return doc.Training(training=told, why_not=house.settings.why_no_training or None)


def _told(house: House, training: Training) -> doc.TrainingDocument:
    state, wish = house.trainings.state(training), training.wish
    return doc.TrainingDocument(
        number=training.number,
        state=state.state,
        group=wish.group,
        model=wish.network,
        imgsz=wish.imgsz,
        epochs=wish.epochs,
        by=training.by,
        asked_at=stamp(training.at_ns),
        at=stamp(state.at_ns),
        step=state.step,
        done=state.done,
        total=state.total,
        left_s=_left_s(state),
        cancelled_by=(state.by or "somebody") if state.state == CANCELLED else None,
        failure=state.failure or None,
        version=state.version or None,
        is_used=state.is_used,
        worse=list(state.worse),
        judged_on=state.judged_on or None,
        members=[
            doc.MemberReached(name=name, map50=map50, map50_95=map50_95)
            for name, (map50, map50_95) in state.members.items()
        ],
    )


def _left_s(state: TrainingState) -> float | None:
    """What is left of what was left when it was told."""
    if state.left_s is None:
        return None
    return max(0.0, state.left_s - (time.time_ns() - state.at_ns) / 1e9)

"""``inyourarea train --server``: the same, but where the site trains."""

import argparse
import time
from collections.abc import Callable, Iterator

from inyourarea.cli.server import open_client, plain
from inyourarea.client import Client, ServerAway, Training, TrainingWishes
from inyourarea.core.errors import Refused
from inyourarea.train.telling import Teller

#: Seconds between two questions how far it is, and for which a server may be away meanwhile.
_POLL_S, _AWAY_S = 2.0, 600.0
#: Options that say how this machine trains.
_HERE = ("batch", "device", "weights", "flip", "only_named", "triton", "out", "models")


def train_there(args: argparse.Namespace, network: str, teller: Teller) -> str:
    """The server's training has ended well; what came of it, in words.

    Raises:
        Refused: it has not, or was asked for what only this machine can be told.
    """
    if told := [
        f"--{'from' if name == 'weights' else name.replace('_', '-')}"
        for name in _HERE
        if getattr(args, name)
    ]:
        raise Refused(f"{', '.join(told)}: how it trains is the server's own to know; leave it out")
    name, group = str(args.dataset), args.group and args.group.name.removesuffix(".toml")
    wishes = TrainingWishes(
        model=network, imgsz=args.imgsz, epochs=args.epochs, group=group, force=args.force
    )
    with open_client(args) as client:
        training = client.train(name, wishes)
        for line in _first_words(name, wishes, training):
            teller.say(plain(line))
        try:
            return _words(_followed(client, name, training, teller))
        except KeyboardInterrupt:
            teller.say(
                f"training {training.number} of {name} goes on there; "
                f"`inyourarea train --dataset {name} --server {args.server} --cancel` ends it"
            )
            raise


def cancel_there(args: argparse.Namespace) -> str:
    """The server's training is cancelled; so in words.

    Raises:
        Refused: there is none to cancel.
    """
    with open_client(args) as client:
        training = client.cancel_training(str(args.dataset))
    return plain(f"training {training.number} of {args.dataset} is cancelled")


def _first_words(name: str, wishes: TrainingWishes, training: Training) -> Iterator[str]:
    asked = (wishes.group or name, wishes.model, wishes.imgsz, wishes.epochs)
    if asked != (training.group, training.model, training.imgsz, training.epochs):
        own = [f"{training.imgsz} pixels"] if training.imgsz else []
        own += [f"{training.epochs} epochs"] if training.epochs else []
        yield (
            f"training {training.number} of {name} was under way already, asked for as "
            f"{', '.join([training.model, *own])} for {training.group}; this follows that one"
        )
    if training.state == "waiting":
        yield f"training {training.number} of {name} waits until the site has room for it"


def _followed(client: Client, name: str, training: Training, teller: Teller) -> Training:
    """The training once it has ended; its steps are told on the way."""
    step, heard = "", time.monotonic()
    tell: Callable[[int, int], None] | None = None
    while not training.has_ended:
        if training.state == "working" and (tell is None or training.step != step):
            step = training.step
            tell = teller.begin(plain(step))
        if tell and training.total:
            tell(training.done, training.total)
        time.sleep(_POLL_S)
        try:
            found = client.training(name)
        except ServerAway:
            if time.monotonic() - heard > _AWAY_S:
                raise
            continue
        heard = time.monotonic()
        if found is None or found.number != training.number:
            raise Refused(f"the server knows nothing more of training {training.number} of {name}")
        training = found
    return training


def _words(training: Training) -> str:
    if training.state == "failed":
        raise Refused(plain(training.failure or "it failed, and the server does not say why"))
    if training.state == "cancelled":
        raise Refused(plain(f"{training.cancelled_by or 'somebody'} has cancelled it"))
    count = max(1, len(training.members))
    map50, map50_95 = (
        sum(getattr(one, figure) for one in training.members) / count
        for figure in ("map50", "map50_95")
    )
    text = f"{training.group} {training.version}: mAP50 {map50:.3f}, mAP50-95 {map50_95:.3f}"
    text += f" on {training.judged_on}"
    if training.is_used:
        return plain(f"{text}; its runs use it from now on")
    worse = "; ".join(training.worse)
    use = f"inyourarea models use {training.group} {training.version} --force"
    return plain(f"{text}; kept, but not used: {worse}. `{use}` uses it")

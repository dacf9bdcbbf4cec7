"""``inyourarea dead-letters``: what no worker could use, and what becomes of it."""

import argparse
import json
import time
from typing import Any

from rich.console import Console

from inyourarea.cli.operating import WHERE, add_place, open_bus, open_objects
from inyourarea.cli.server import plain, say
from inyourarea.contracts import keys
from inyourarea.contracts.runs import RENDITION
from inyourarea.contracts.trainings import CANCELLED
from inyourarea.contracts.trainings import STAGE as TRAINING
from inyourarea.core.errors import Refused
from inyourarea.gateway.explaining import span
from inyourarea.runtime.bus import Sender
from inyourarea.runtime.letters import Letter, drop, find_letters, open_letters, retry
from inyourarea.runtime.objects import Objects
from inyourarea.runtime.trainings import Trainings

_EXAMPLES = f"""\
examples:
  inyourarea dead-letters list
      all that nobody has dealt with, the newest first
  inyourarea dead-letters show 5f0c2b7a91de
      one of them wholly: what the record says, and where it came from
  inyourarea dead-letters retry 5f0c2b7a91de
      when what was wrong is mended: the record goes on its topic again
  inyourarea dead-letters drop --all
      let all of them go

{WHERE}"""

_NONE_HERE = (
    "on one machine there are no dead letters: a run that failed says why, and goes on when it is "
    "asked for again"
)


def add_parser(subparsers: "argparse._SubParsersAction[argparse.ArgumentParser]") -> None:
    """Teach the command line this command."""
    parser = subparsers.add_parser(
        "dead-letters",
        help="list what no worker could use; try it again, or let it go",
        description="Records that no worker of a cluster could use.",
        epilog=_EXAMPLES,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    verbs = parser.add_subparsers(dest="verb", metavar="VERB", required=True)
    every = verbs.add_parser("list", help="all that nobody has dealt with, the newest first")
    show = verbs.add_parser("show", help="one, wholly")
    again = verbs.add_parser("retry", help="the record goes on its topic again")
    gone = verbs.add_parser("drop", help="nothing more is done about it")
    show.add_argument("id", metavar="ID", nargs=1, help="as `dead-letters list` tells it")
    for verb in (again, gone):
        verb.add_argument("id", metavar="ID", nargs="*", help="as `dead-letters list` tells it")
        verb.add_argument("--all", action="store_true", help="all that are listed")
    for verb in (every, show, again, gone):
        add_place(verb)
    for verb in (every, show):
        verb.add_argument("--json", action="store_true", help="print the result as JSON")


def main(args: argparse.Namespace) -> int:
    """Do one thing with dead letters."""
    if args.data is not None:
        open_objects(args.data)  # it is there
        return _say_none(args)
    with open_bus() as (archive, sender):
        letters = open_letters(archive)
        if args.verb == "list":
            _list(letters, args)
        elif args.verb == "show":
            _show(find_letters(letters, args.id)[0], args)
        else:
            _settle(args, letters, sender)
    return 0


def _say_none(args: argparse.Namespace) -> int:
    """A bus in memory ends with its process, and what it has buried; the store says what failed."""
    if args.verb != "list":
        raise Refused(_NONE_HERE)
    print("[]" if args.json else _NONE_HERE)
    return 0


def _list(letters: list[Letter], args: argparse.Namespace) -> None:
    if args.json:
        print(json.dumps([_document(letter) for letter in letters], ensure_ascii=False))
        return
    console, now_s = Console(highlight=False, markup=False), time.time()
    for letter in letters:
        tries = f"{letter.attempts} tries" if letter.attempts != 1 else "1 try"
        age = span(now_s - letter.buried_s)
        what = f"{letter.stage} on {letter.channel} {letter.record.key}, {tries}, {age} ago"
        say(console, f"{letter.id}  {what}: {letter.reason}")
    if not letters:
        say(console, "there are no dead letters")


def _show(letter: Letter, args: argparse.Namespace) -> None:
    document = {**_document(letter), "fact": letter.fact, "record": letter.record.value.hex()}
    if args.json:
        print(json.dumps(document, ensure_ascii=False))
        return
    console = Console(highlight=False, markup=False)
    for name, value in document.items():
        text = json.dumps(value, ensure_ascii=False) if isinstance(value, dict) else str(value)
        say(console, f"{name}: {text}")


def _document(letter: Letter) -> dict[str, Any]:
    return {
        "id": letter.id,
        "stage": letter.stage,
        "channel": letter.channel,
        "key": letter.record.key,
        "origin": letter.origin,
        "reason": plain(letter.reason),
        "attempts": letter.attempts,
        "buried_at": round(letter.buried_s, 3),
        "run_id": letter.fact.get("run_id"),
        "trace_id": letter.trace_id or None,
    }


def _settle(args: argparse.Namespace, letters: list[Letter], sender: Sender) -> None:
    if bool(args.id) == args.all:
        raise Refused("name dead letters by their ids, or say --all")
    chosen = letters if args.all else find_letters(letters, args.id)
    objects = open_objects(None) if args.verb == "retry" else None
    if objects is not None:
        _check_worth(chosen, objects)
    for letter in chosen:
        if objects is None:
            drop(letter, sender)
        else:
            _forget_failure(letter, objects)
            retry(letter, sender)
    done = "on their topics again" if objects is not None else "dropped"
    print(f"{len(chosen)} dead letters are {done}")


def _check_worth(letters: list[Letter], objects: Objects) -> None:
    """Something would come of each of them.

    Raises:
        Refused: it would not, of these and why.
    """
    worthless: dict[str, list[str]] = {}
    for letter in letters:
        if why := _why_not(letter, objects):
            worthless.setdefault(why, []).append(letter.id)
    if worthless:
        told = "; ".join(f"{', '.join(ids)}: {why}" for why, ids in worthless.items())
        raise Refused(f"{told}; such can only be dropped; nothing was tried again")


def _why_not(letter: Letter, objects: Objects) -> str:
    """Why nothing good would come of trying it again; empty: it may."""
    if not letter.fact:
        return "no fact that this program knows"
    if letter.stage != TRAINING:
        return ""
    trainings, number = Trainings(objects), letter.fact["number"]
    newest = trainings.newest(letter.fact["dataset"])
    if newest is not None and newest.number > number:  # a dataset has one under way
        return "a later training of the dataset was asked for since"
    mine = trainings.find(letter.fact["dataset"], number)
    if mine is None:
        return "the dataset is not there any more"
    return "the training was cancelled" if trainings.state(mine).state == CANCELLED else ""


def _forget_failure(letter: Letter, objects: Objects) -> None:
    """Users are told no more that it failed; what is only for browsers fails no run."""
    if letter.stage == RENDITION:
        objects.delete(keys.stage_failed(letter.fact["video_id"]))
    elif letter.stage == TRAINING:
        fact = letter.fact
        Trainings(objects).revive(fact["dataset"], fact["number"])
    elif run := letter.fact.get("run_id"):
        objects.delete(keys.failed(run))

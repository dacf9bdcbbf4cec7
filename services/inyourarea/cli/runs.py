"""``inyourarea runs``: where runs stand, and what one of them waits for."""

import argparse
import json
import sys
import time
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

from rich.console import Console
from rich.table import Table

from inyourarea.cli.operating import WHERE, add_place, open_bus, open_objects
from inyourarea.cli.server import plain, say
from inyourarea.contracts.v1 import facts_pb2 as facts
from inyourarea.gateway.explaining import (
    Explanation,
    State,
    UnitNow,
    explain,
    list_runs,
    look_at_run,
    span,
)
from inyourarea.runtime.bus import BusAway
from inyourarea.runtime.letters import Letter, open_letters

_EXAMPLES = f"""\
examples:
  inyourarea runs list --data inyourarea-data
      all runs, the newest first
  inyourarea runs explain 9f2c6d0e4a1b8c3d5e7f90a1b2c3d4e5 --json
      segments by stage and state, who is at it, what went wrong, and what is waited for

{WHERE}"""
_STATES: tuple[State, ...] = ("done", "at work", "waiting", "held back")


def add_parser(subparsers: "argparse._SubParsersAction[argparse.ArgumentParser]") -> None:
    """Teach the command line this command."""
    parser = subparsers.add_parser(
        "runs",
        help="tell where runs stand, and what one waits for",
        description="Where runs stand, and what one of them waits for, by the object store.",
        epilog=_EXAMPLES,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    verbs = parser.add_subparsers(dest="verb", metavar="VERB", required=True)
    every = verbs.add_parser("list", help="all runs, the newest first")
    one = verbs.add_parser("explain", help="one run: how each stage stands, and why")
    one.add_argument("run", metavar="RUN", help="as `runs list` tells it")
    for verb in (every, one):
        add_place(verb)
        verb.add_argument("--json", action="store_true", help="print the result as JSON")


def main(args: argparse.Namespace) -> int:
    """Tell it."""
    if args.verb == "list":
        _list(args)
    else:
        _explain(args)
    return 0


def _list(args: argparse.Namespace) -> None:
    lines = list_runs(open_objects(args.data))
    if args.json:
        print(json.dumps([{**vars(line), "accepted_at": _at(line.accepted_s)} for line in lines]))
        return
    console = Console(highlight=False, markup=False)
    for line in lines:
        drawn = f"{line.drawn} of {line.segments} segments drawn"
        when = _at(line.accepted_s)
        say(console, f"{line.run_id}  {line.ending:<9}  {when}  video {line.video_id}, {drawn}")
    if not lines:
        say(console, "nothing was run here")


def _explain(args: argparse.Namespace) -> None:
    now_s = time.time()
    told = explain(look_at_run(open_objects(args.data), args.run), now_s)
    letters = [] if args.data else _letters(told.run)
    # Whoever has given a unit up leaves no mark at it, and its letter has the trace.
    trace_id = told.trace_id or next((one.trace_id for one in letters if one.trace_id), "")
    told = replace(told, trace_id=trace_id)
    if args.json:
        found = {**_document(told, now_s), "dead_letters": [letter.id for letter in letters]}
        print(json.dumps(found, ensure_ascii=False))
        return
    console = Console(highlight=False, markup=False)
    table = Table("Work", *map(str.capitalize, _STATES), box=None, pad_edge=False)
    for work in dict.fromkeys(one.unit.work for one in told.units):
        table.add_row(work, *(str(told.count(work, state) or "-") for state in _STATES))
    console.print(table)
    for one in told.units:
        if one.start is not None:
            say(console, f"{_name(one)}: {one.start.worker}, for {span(now_s - one.since_s)}")
    if told.oldest:
        age = span(now_s - told.oldest.since_s)
        say(console, f"oldest waiting: {_name(told.oldest)}, for {age}")
    if told.trouble:
        say(console, f"last trouble: {told.trouble}")
    for letter in letters:
        tries = f", {letter.attempts} tries" if letter.attempts > 1 else ""
        say(console, f"dead letter {letter.id}: {letter.stage}{tries}: {letter.reason}")
    if told.trace_id:
        say(console, f"trace: {told.trace_id}")
    say(console, told.sentence)


def _letters(run: facts.VideoAccepted) -> list[Letter]:
    """The run's dead letters, if its bus can be asked; of what nobody can read, its video's."""
    try:
        with open_bus() as (archive, _):
            return [one for one in open_letters(archive) if _is_of(one, run)]
    except BusAway as away:
        print(f"its dead letters are not known: {away}", file=sys.stderr)
        return []


def _is_of(letter: Letter, run: facts.VideoAccepted) -> bool:
    if letter.fact:
        return bool(letter.fact.get("run_id") == run.run_id)
    return letter.record.key.partition("/")[0] == run.video_id


def _name(one: UnitNow) -> str:
    part = "" if one.unit.segment is None else f" {one.unit.segment}"
    return f"{one.unit.work}{part}"


def _document(told: Explanation, now_s: float) -> dict[str, Any]:
    works = dict.fromkeys(one.unit.work for one in told.units)
    return {
        "run_id": told.run.run_id,
        "video_id": told.run.video_id,
        "state": told.ending,
        "stages": [
            {
                "work": work,
                **{state.replace(" ", "_"): told.count(work, state) for state in _STATES},
            }
            for work in works
        ],
        "at_work": [_unit(one, now_s) for one in told.units if one.state == "at work"],
        "oldest_waiting": _unit(told.oldest, now_s) if told.oldest else None,
        "last_trouble": told.trouble or None,
        "trace_id": told.trace_id or None,
        "waits_for": told.sentence,
    }


def _unit(one: UnitNow, now_s: float) -> dict[str, Any]:
    return {
        "work": one.unit.work,
        "stage": one.unit.stage,
        "segment": one.unit.segment,
        "for_s": round(now_s - one.since_s, 1),
        "starts": one.starts,
        "worker": one.start.worker if one.start else None,
        "trouble": plain(one.start.trouble) or None if one.start else None,
    }


def _at(seconds: float) -> str:
    return datetime.fromtimestamp(seconds, UTC).strftime("%Y-%m-%dT%H:%M:%SZ")

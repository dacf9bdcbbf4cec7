"""``inyourarea models show | publish | use | back | retire``: versions of groups' models."""

import argparse
import getpass
import json
import shlex
from contextlib import ExitStack
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, NamedTuple

from inyourarea.cli.operating import open_objects
from inyourarea.cli.published_place import Place, given_digest, is_of_cluster, opened
from inyourarea.contracts.cards import Card, read_card, why_incomparable, worse_by
from inyourarea.contracts.datasets import TEST
from inyourarea.contracts.group import Group, group_from_toml
from inyourarea.contracts.published import NO_VERSION, PublishedFile, PublishedVersion
from inyourarea.core.errors import Refused
from inyourarea.embedded.models import models_folder
from inyourarea.gateway.explaining import unfinished_runs_of
from inyourarea.runtime.model_versions import ModelVersions, earlier_choice

_EXAMPLES = """\
examples:
  inyourarea models publish --group ive.toml --use
      what `inyourarea train --group ive.toml` made is the next version of the group's model; from
      now on its runs use it
  inyourarea models show ive
      all versions, what they reach, and who chose which one when
  inyourarea models back ive
      the version that was used before

Where INYOURAREA_S3_ENDPOINT is set these are the models of that cluster, else those of this machine
(INYOURAREA_MODELS, or --models DIR). With INYOURAREA_TRITON_ADDRESS the server there has a version
before any run may use it. Runs under way end with the version that they began with."""


def add_verbs(actions: "argparse._SubParsersAction[argparse.ArgumentParser]") -> None:
    """Add the verbs that speak of versions."""
    show = _verb(actions, "show", "a group's versions, what they reach, and which one is used")
    show.add_argument("group", metavar="GROUP")
    show.add_argument("--json", action="store_true", help="print the result as JSON")
    publish = _verb(actions, "publish", "make a model file the next version of its group's model")
    publish.add_argument(
        "file",
        type=Path,
        nargs="?",
        metavar="FILE",
        help="keeps the model contract (the one in the repository that the group file names)",
    )
    publish.add_argument("--group", type=Path, required=True, metavar="FILE", help="group file")
    publish.add_argument(
        "--card", type=Path, metavar="FILE", help="card as JSON (card.json beside the model file)"
    )
    publish.add_argument("--use", action="store_true", help="the group's runs use it from now on")
    use = _verb(actions, "use", "have a group's runs use a version from now on")
    use.add_argument("group", metavar="GROUP")
    use.add_argument("version", type=int, metavar="VERSION")
    for verb in (publish, use):
        verb.add_argument(
            "--force",
            action="store_true",
            help="also a worse one, or in place of the program's own",
        )
    back = _verb(actions, "back", "have a group's runs use what they used before")
    back.add_argument("group", metavar="GROUP")
    for verb in (publish, use, back):
        verb.add_argument("--by", default=_user(), metavar="NAME", help="who you are (%(default)s)")
    retire = _verb(actions, "retire", "take a version away that nobody uses")
    retire.add_argument("group", metavar="GROUP")
    retire.add_argument("version", type=int, metavar="VERSION")
    retire.add_argument(
        "--data",
        type=Path,
        action="append",
        default=[],
        metavar="DIR",
        help="of `inyourarea serve` or `run` on this machine, whose runs may use it; repeatable",
    )


def _verb(
    actions: "argparse._SubParsersAction[argparse.ArgumentParser]", name: str, text: str
) -> argparse.ArgumentParser:
    parser = actions.add_parser(
        name,
        help=text,
        epilog=_EXAMPLES,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("--models", type=Path, metavar="DIR", help="the model repository")
    return parser


def main(args: argparse.Namespace) -> int:
    """Do it, or say in words why not."""
    if args.action == "publish":
        asked = _asked(args)  # before anything is made where versions are kept
        with opened(args.models, may_be_new=True) as place:
            _publish(place, asked, args)
        return 0
    verbs = {"show": _show, "use": _use, "back": _back, "retire": _retire}
    with opened(args.models, may_be_new=False) as place:
        verbs[args.action](place, args)
    return 0


class _Asked(NamedTuple):
    """What is to be published, as it was read."""

    path: Path
    content: bytes
    file: PublishedFile
    group: Group
    card: Card


def _asked(args: argparse.Namespace) -> _Asked:
    from inyourarea.train.repository import describe_file  # noqa: PLC0415 - loads onnxruntime

    group = group_from_toml(_read(args.group))
    folder = (args.models or models_folder()) / group.model / str(group.version)
    path = args.file or folder / "model.onnx"
    content = _read(path)
    description = describe_file(path)
    file = PublishedFile(description.versions[0], description.is_quantised)
    card = read_card(_read(args.card or path.with_name("card.json")))
    return _Asked(path, content, file, group, card)


def _publish(place: Place, asked: _Asked, args: argparse.Namespace) -> None:
    path, content, file, group, card = asked
    version = place.versions.publish(content, file, group, card, args.by)
    name, number = version.group.name, version.number
    print(f"{path} is version {number} of {name!r}: {version.file.name}")
    place.serve(version)
    if args.use:
        _choose(place, version, args)
    else:
        print(f"its runs use it from `{_use_command(name, number)}` on")


def _use(place: Place, args: argparse.Namespace) -> None:
    _choose(place, place.versions.version(args.group, args.version), args)


def _choose(place: Place, version: PublishedVersion, args: argparse.Namespace) -> None:
    versions, group = place.versions, version.group.name
    seen = len(versions.choices(group))
    before = versions.current(group)
    if before and before.number == version.number:
        print(f"{group!r} uses version {version.number} already")
        return
    if not args.force:
        _check_not_worse(before, version, args.models)
    if before and (why := why_incomparable(before.card_beside(version), version.card)):
        print(
            f"whether version {version.number} of {group!r} is better than version "
            f"{before.number} can not be told: {why}"
        )
    place.serve(version)
    versions.choose(group, version.number, seen, args.by)
    _tell_change(group, before, version.number)


def _check_not_worse(
    before: PublishedVersion | None, version: PublishedVersion, models: Path | None
) -> None:
    group, number = version.group.name, version.number
    why = ""
    if before is None:
        if given_digest(models, group) not in (None, version.file.served.sha256):
            why = (
                f"can not be compared with the model {group} that came with the program, which has "
                "no figures and stays"
            )
    elif worse := worse_by(before.card_beside(version), version.card, version.group.members):
        why = (
            f"is worse on the test shots than version {before.number}, which stays: "
            f"{'; '.join(worse)}"
        )
    if why:
        raise Refused(
            f"version {number} of {group!r} {why}. `{_use_command(group, number)} --force` uses it "
            "all the same."
        )


def _use_command(group: str, number: int) -> str:
    return f"inyourarea models use {shlex.quote(group)} {number}"


def _back(place: Place, args: argparse.Namespace) -> None:
    versions, group = place.versions, args.group
    choices = versions.choices(group)
    before = versions.current(group)
    number = earlier_choice(group, choices).version
    if number != NO_VERSION:
        place.serve(versions.version(group, number))
    versions.go_back(group, choices, args.by)
    _tell_change(group, before, number)


def _tell_change(group: str, before: PublishedVersion | None, number: int) -> None:
    was = f", which used version {before.number}," if before else ""
    now = f"version {number}" if number else "what came with the program, if anything did"
    print(f"new runs of {group!r}{was} use {now}; those under way end as they began")


def _retire(place: Place, args: argparse.Namespace) -> None:
    versions, group, number = place.versions, args.group, args.version
    version = versions.known(group, number)
    if not versions.is_retired(group, number) or versions.has_file(version):  # else it is done
        _mark_retired(place, version, args)
    if versions.forget_file(version):
        place.unload(version)
    print(f"version {number} of {group!r} is retired; its number is not given again")


def _mark_retired(place: Place, version: PublishedVersion, args: argparse.Namespace) -> None:
    versions, group, number = place.versions, version.group.name, version.number
    stores = [
        *([place.objects] if is_of_cluster(args.models) else []),
        *map(open_objects, args.data),
    ]
    with ExitStack() as unless_free:
        versions.retire(group, number)
        unless_free.callback(versions.take_back, group, number)
        sha256 = version.file.served.sha256
        if runs := [run for store in stores for run in unfinished_runs_of(store, sha256)]:
            some = ", ".join(runs[:3]) + (", ..." if len(runs) > 3 else "")
            raise Refused(
                f"version {number} of {group!r} is what runs need that have not ended "
                f"({some}); wait for them, or cancel them"
            )
        unless_free.pop_all()


def _show(place: Place, args: argparse.Namespace) -> None:
    told = document(place.versions, args.group)
    if args.json:
        print(json.dumps(told, ensure_ascii=False, indent=2))
        return
    for one in told["versions"]:
        mark = "retired" if one["is_retired"] else "in use" if one["is_used"] else ""
        print(f"{one['version']:>3}  {one['model']}  {one['at']}  by {one['by']}  {mark}".rstrip())
        if (judged_on := one["judged_on"]) != TEST:
            print(f"     of `{judged_on}`, since no shot was kept for the test:")
        for name, found in one["members"].items():
            print(f"     {name}: mAP50 {found['map50']:.3f}, mAP50-95 {found['map50_95']:.3f}")
        if whole_run := one["whole_run"]:
            print(f"     {whole_run}")
    for choice in told["choices"]:
        chosen = f"version {choice['version']}" if choice["version"] else "no version"
        print(f"{chosen} since {choice['at']}, by {choice['by']}")


def document(versions: ModelVersions, group: str) -> dict[str, Any]:
    """All that is known of a group's versions, for JSON.

    Raises:
        Refused: nothing was published for it.
    """
    known = versions.versions(group)
    if not known:
        names = ", ".join(versions.groups()) or "none"
        raise Refused(f"nothing was published for {group!r}; known groups are: {names}")
    current = versions.current(group)
    return {
        "group": group,
        "uses": current.number if current else None,
        "versions": [
            {
                "version": one.number,
                "model": one.file.name,
                "sha256": one.file.served.sha256,
                "by": one.by,
                "at": _at(one.at_ns),
                "is_used": one.number == (current.number if current else None),
                "is_retired": versions.is_retired(group, one.number),
                "judged_on": one.card.judged_on,
                "members": {
                    name: {"map50": found.map50, "map50_95": found.map50_95}
                    for name, found in one.card.members.items()
                },
                "whole_run": one.card.whole_run,
                "card": one.card.told,
            }
            for one in known
        ],
        "choices": [
            {"version": choice.version or None, "by": choice.by, "at": _at(choice.at_ns)}
            for choice in versions.choices(group)
        ],
    }


def _read(file: Path) -> bytes:
    try:
        return file.read_bytes()
    except OSError as error:
        raise Refused(f"{file} can not be read: {error.strerror}") from error


def _at(nanoseconds: int) -> str:
    return datetime.fromtimestamp(nanoseconds // 10**9, UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def _user() -> str:
    try:
        return getpass.getuser()
    except (KeyError, OSError):  # a container's user has no name
        return "operator"

"""``inyourarea train``: labelled pictures in, a group's own model and its group file out."""

import argparse
import time
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

from rich.console import Console
from rich.progress import BarColumn, Progress, TaskID, TextColumn, TimeRemainingColumn

from inyourarea.cli.server import TOKEN
from inyourarea.cli.train_server import train_there
from inyourarea.contracts.trainings import NETWORKS
from inyourarea.core.errors import DatasetRejected, Refused
from inyourarea.embedded.models import models_folder
from inyourarea.runtime.datasets import Dataset
from inyourarea.runtime.disk import words_for
from inyourarea.runtime.folder_objects import FolderObjects
from inyourarea.runtime.objects import ObjectsAway
from inyourarea.train.course import BATCH

if TYPE_CHECKING:
    from inyourarea.train.group_plan import Wish

_EXAMPLES = """\
examples:
  inyourarea train --dataset pictures/ --group ive.toml
      learns from the labelled pictures, writes the model and ive.toml, which
      `inyourarea run --group ive.toml` takes
  inyourarea train --dataset pictures/ --group ive.toml --model yolov5s --device 0
      a larger network, on a GPU
  inyourarea train --dataset tour --server https://fans.example --epochs 40
      where that site trains, from its own dataset `tour`; the group's runs there use what comes
      out, unless it is worse than what they use (--force, for operators: even then)

Stop it at any moment: the same command goes on from there. Weights for --from are unpickled, which
runs what is in them: take them only from people whom you trust. Nothing is fetched."""

#: Where nobody looks at a terminal, a line is written each time a step has done so much more and
#: so many seconds have gone by.
_QUIET_STEP_PERCENT, _QUIET_S = 10, 5.0


def add_parser(subparsers: "argparse._SubParsersAction[argparse.ArgumentParser]") -> None:
    """Teach the command line this command."""
    parser = subparsers.add_parser(
        "train",
        help="make a group's own model from a labelled dataset",
        description="Train a YOLOv5 that names a group's members, export it, and tell how good it "
        "is on shots that it has not seen. Needs the extra `train`.",
        epilog=_EXAMPLES,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument(
        "--dataset", type=Path, required=True, metavar="DIR", help="with --server, its name there"
    )
    parser.add_argument(
        "--group",
        type=Path,
        metavar="FILE",
        help="NAME.toml, which is written; with --server a name (default: the dataset's; "
        "operators: any)",
    )
    sizes = "yolov5n (default), s, m, l, x; n6, s6, m6, l6, x6 for large pictures"
    parser.add_argument("--model", default="yolov5n", metavar="NETWORK", help=sizes)
    parser.add_argument(
        "--imgsz",
        type=int,
        metavar="N",
        help="longer side of a frame, in training and in use (default: 1280, or the pictures')",
    )
    parser.add_argument("--epochs", type=_count, metavar="N", help="passes over the pictures")
    parser.add_argument("--batch", type=_count, metavar="N", help=f"(default {BATCH})")
    parser.add_argument("--device", metavar="cpu|0|0,1", help="GPUs by number (default cpu)")
    parser.add_argument(
        "--from",
        dest="weights",
        type=Path,
        metavar="WEIGHTS",
        help="start from these .pt (default: the show's, for yolov5n)",
    )
    parser.add_argument(
        "--flip", action="store_true", help="mirror half of the pictures: outfits are symmetric"
    )
    parser.add_argument(
        "--only-named",
        action="store_true",
        help="learn nobody else; else a teacher network names whom it is sure of",
    )
    parser.add_argument(
        "--triton",
        metavar="HOST:PORT",
        help="once a Triton there has the model: ask it too, and tell how true it is",
    )
    parser.add_argument("--out", type=Path, metavar="DIR", help="(default: NAME-training)")
    parser.add_argument("--models", type=Path, help="the model repository to write to")
    there = parser.add_argument_group("where a site trains")
    there.add_argument("--server", metavar="URL", help="such as http://127.0.0.1:8000")
    there.add_argument(
        "--token-file", type=Path, metavar="FILE", help=f"holds your token; else {TOKEN} does"
    )
    there.add_argument(
        "--force", action="store_true", help="use what comes out even if worse (operators)"
    )
    parser.set_defaults(main=main)


def main(args: argparse.Namespace) -> int:
    """Take all steps; 0 when the group file is there, or the server has the group's version."""
    network = _network(args.model)
    console = Console(stderr=True)

    def say(text: str) -> None:
        console.print(text, highlight=False, markup=False, soft_wrap=True)

    if args.server:
        with _Steps(console) as steps:
            told = train_there(args, network, steps.begin, say)
        print(told)
        return 0
    theirs = {"--token-file": args.token_file, "--force": args.force}
    if given := [name for name, value in theirs.items() if value]:
        raise Refused(
            f"{', '.join(given)}: only where a site trains, so --server URL is needed too"
        )
    if args.group is None:
        raise Refused("--group FILE is needed, which is written; or --server, where a site trains")
    wish = _wish(args, network)
    try:
        _train(_dataset(args.dataset), wish, args.triton, _Steps(console), say)
    except ObjectsAway as error:
        raise Refused(str(error)) from error
    except OSError as error:
        place = error.filename or wish.out
        raise Refused(f"{place} can not be written: {words_for(error)}") from error
    print(wish.group_file)
    return 0


def _train(
    dataset: Dataset, wish: "Wish", triton: str | None, steps: "_Steps", say: Callable[[str], None]
) -> None:
    # Imported here, so that no other command waits for what training needs.
    from inyourarea.train import group_labels, group_model, group_pictures, group_plan  # noqa: PLC0415
    from inyourarea.train.installed import with_torch  # noqa: PLC0415

    plan = group_plan.plan_training(dataset, wish)
    network = with_torch("group_network", wish.out)
    network.check_device(wish.device)
    start = network.describe_start(plan.course)
    say(f"{wish.network} of {plan.size[0]}x{plan.size[1]}, from {start}; in {plan.folder}")
    for warning in plan.chosen.warnings:
        say(warning)
    with steps:
        plan = group_labels.with_spread_names(plan, dataset, network, steps.begin)
        if plan.spread:
            say(f"{plan.spread} boxes that nobody has named are learned as well")
        if done := network.rounds_done(plan.course):
            say(f"going on after round {done} of {plan.course.rounds}")
        step = steps.begin("pictures")
        group_pictures.write_pictures(dataset, plan.chosen, plan.pictures, plan.size, step)
        network.learn(plan, _Learning(steps, say, wish.batch))
        network.export(plan, start, steps.begin("exporting"))
        figures = group_model.measure(plan)
        group = group_model.publish(plan, figures)
        if triton:
            look = with_torch("served", wish.out).served(triton, group.model, group.version)
            network.compare_served(plan, "Triton", look, steps.begin("Triton"))
            group = group_model.publish(plan, group_model.measure(plan))
    mean = figures.mean
    say(
        f"{group.model} {group.version}: mAP50 {mean[0]:.3f}, mAP50-95 {mean[1]:.3f} on "
        f"{figures.judged_on}; see {plan.folder / 'card.md'}"
    )


def _network(asked: str) -> str:
    name = asked if asked.startswith("yolov5") else f"yolov5{asked}"
    if name not in NETWORKS:
        raise Refused(f"There is no network {asked!r}; there are: {', '.join(NETWORKS)}.")
    return name


def _wish(args: argparse.Namespace, network: str) -> "Wish":
    from inyourarea.train.group_plan import Wish, starting_weights  # noqa: PLC0415

    return Wish(
        group_file=args.group,
        out=(args.out or args.group.with_name(f"{args.group.stem}-training")).resolve(),
        models=(args.models or models_folder()).resolve(),
        network=network,
        imgsz=args.imgsz,
        epochs=args.epochs,
        batch=args.batch or BATCH,
        device=args.device or "cpu",
        weights=args.weights or starting_weights(models_folder(), network),
        can_mirror=args.flip,
        only_named=args.only_named,
    )


def _dataset(folder: Path) -> Dataset:
    if not folder.is_dir():
        raise DatasetRejected(f"There is no dataset {folder}; `inyourarea collect` makes one.")
    return Dataset(FolderObjects(folder))


class _Steps:
    """A bar for each step on a terminal, with the time left; elsewhere a line now and then."""

    def __init__(self, console: Console) -> None:
        self._console = console
        self._bars = Progress(
            TextColumn("{task.description:<10}"),
            BarColumn(),
            TextColumn("{task.percentage:>3.0f}%"),
            TimeRemainingColumn(elapsed_when_finished=True),
            console=console,
            disable=not console.is_terminal,
        )

    def __enter__(self) -> "_Steps":
        self._bars.start()
        return self

    def __exit__(self, *trouble: object) -> None:
        self._bars.stop()

    def begin(self, name: str) -> "_Step":
        """Show one more step."""
        return _Step(name, self._console, self._bars, self._bars.add_task(name, total=None))


class _Step:
    """Told how much is done, and of how much; counts the time from the first it hears."""

    def __init__(self, name: str, console: Console, bars: Progress, task: TaskID) -> None:
        self._name, self._console, self._bars, self._task = name, console, bars, task
        self._first: tuple[float, int] | None = None
        self._told, self._said = 0, time.monotonic()

    def __call__(self, done: int, total: int) -> None:
        self._bars.update(self._task, completed=done, total=total)
        now = time.monotonic()
        self._first = self._first or (now, done)
        percent = 100 * done // total
        step = percent // _QUIET_STEP_PERCENT
        if self._console.is_terminal or step <= self._told or now - self._said < _QUIET_S:
            return
        self._told, self._said = step, now
        began, before = self._first
        text = f"{self._name}: {percent} %"
        if before < done < total:
            left_s = round((now - began) * (total - done) / (done - before))
            text += f", {left_s // 60}:{left_s % 60:02} left"
        self._console.print(text, highlight=False)


class _Learning:
    """The step that learns, and what is said when the memory was too small for a batch."""

    def __init__(self, steps: _Steps, say: Callable[[str], None], batch: int) -> None:
        self._step, self._say, self._batch = steps.begin("learning"), say, batch

    def __call__(self, done: int, rounds: int, batch: int) -> None:
        if batch < self._batch:
            self._say(
                f"The memory was full with {self._batch} pictures at a time; going on with {batch}."
            )
            self._batch = batch
        self._step(done, rounds)


def _count(text: str) -> int:
    value = int(text) if text.isdecimal() else 0
    if value < 1:
        raise argparse.ArgumentTypeError(f"{text!r} is no number of 1 or more")
    return value

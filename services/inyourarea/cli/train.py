"""``inyourarea train``: labelled pictures in, a group's own model and its group file out."""

import argparse
import os
import time
from contextlib import suppress
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from rich.console import Console
from rich.progress import BarColumn, Progress, TaskID, TextColumn, TimeRemainingColumn

from inyourarea.cli.published_place import open_published
from inyourarea.cli.server import TOKEN
from inyourarea.cli.train_server import cancel_there, train_there
from inyourarea.contracts.trainings import NETWORKS
from inyourarea.core.errors import DatasetRejected, Refused
from inyourarea.embedded.models import models_folder
from inyourarea.runtime.datasets import Dataset
from inyourarea.runtime.folder_objects import FolderObjects
from inyourarea.runtime.model_versions import ModelVersions
from inyourarea.runtime.objects import ObjectsAway
from inyourarea.runtime.settings import Environment
from inyourarea.train.course import BATCH
from inyourarea.train.telling import Pace

if TYPE_CHECKING:
    from inyourarea.train.group_plan import Wish

_EXAMPLES = """\
examples:
  inyourarea train --dataset pictures/ --group ive.toml
      learns from the labelled pictures, writes the model and ive.toml, which
      `inyourarea run --group ive.toml` takes
  inyourarea train --dataset pictures/ --group ive.toml --model yolov5s --device 0,1
      a larger network, on two GPUs
  inyourarea train --dataset tour --server https://fans.example --epochs 40
      where that site trains, from its own dataset `tour`; the group's runs there use what comes
      out, unless it is worse than what they use, or there are no test shots to tell
      by (--force, for operators: even then)
  inyourarea train --dataset tour --server https://fans.example --cancel
      the site's training of `tour` is ended, and nothing comes of it

Stop it at any moment: the same command goes on from there; a site goes on without you. Weights for
--from are unpickled, which runs what is in them: take them only from people whom you trust. Nothing
is fetched."""

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
    parser.add_argument(
        "--device",
        metavar="cpu|0|0,1",
        help="the CPU, or GPUs by number (default: INYOURAREA_TRAIN_DEVICE, else the first GPU, "
        "without one the CPU)",
    )
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
        "--force",
        action="store_true",
        help="use what comes out even if worse, or not to be compared (operators)",
    )
    there.add_argument("--cancel", action="store_true", help="end the training that is under way")
    parser.set_defaults(main=main)


def main(args: argparse.Namespace) -> int:
    """Take all steps; 0 when the group file is there, or the server has the group's version."""
    network = _network(args.model)
    console = Console(stderr=True)
    if args.server:
        if args.cancel:
            print(cancel_there(args))
            return 0
        with _Steps(console) as steps:
            told = train_there(args, network, steps)
        print(told)
        return 0
    theirs = {"--token-file": args.token_file, "--force": args.force, "--cancel": args.cancel}
    if given := [name for name, value in theirs.items() if value]:
        raise Refused(
            f"{', '.join(given)}: only where a site trains, so --server URL is needed too"
        )
    if args.group is None:
        raise Refused("--group FILE is needed, which is written; or --server, where a site trains")
    wish = _wish(args, network)
    # Imported here, so that no other command waits for what training needs.
    from inyourarea.embedded.judging import run_own_videos  # noqa: PLC0415
    from inyourarea.train.group_steps import make_model  # noqa: PLC0415

    dataset = _dataset(args.dataset)
    run_with = partial(run_own_videos, args.dataset)
    with _Steps(console) as steps:
        make_model(dataset, wish, steps, args.triton, run_with)
    print(wish.group_file)
    return 0


def _network(asked: str) -> str:
    name = asked if asked.startswith("yolov5") else f"yolov5{asked}"
    if name not in NETWORKS:
        raise Refused(f"There is no network {asked!r}; there are: {', '.join(NETWORKS)}.")
    return name


def _wish(args: argparse.Namespace, network: str) -> "Wish":
    from inyourarea.train.group_plan import Wish, starting_weights  # noqa: PLC0415
    from inyourarea.train.settings import read_detects_on_gpu, read_device  # noqa: PLC0415

    asked = Environment(os.environ)
    device, detects_on_gpu = read_device(asked), read_detects_on_gpu(asked)
    asked.check()
    return Wish(
        group_file=args.group,
        out=(args.out or args.group.parent / f"{args.group.stem}-training").resolve(),
        models=(args.models or models_folder()).resolve(),
        network=network,
        imgsz=args.imgsz,
        epochs=args.epochs,
        batch=args.batch or BATCH,
        device=args.device or device,
        weights=args.weights or starting_weights(models_folder(), network),
        can_mirror=args.flip,
        only_named=args.only_named,
        detects_on_gpu=detects_on_gpu,
        before=_in_use(args),
    )


def _in_use(args: argparse.Namespace) -> bytes | None:
    """The file that the group's runs use by now, where that can be known here."""
    with suppress(Refused, ObjectsAway):
        if objects := open_published(args.models):
            return ModelVersions(objects).content_in_use(args.group.stem)
    return None


def _dataset(folder: Path) -> Dataset:
    if not (folder / "dataset").is_dir():
        raise DatasetRejected(f"There is no dataset {folder}; `inyourarea collect` makes one.")
    return Dataset(FolderObjects(folder))


class _Steps:
    """A bar for each step on a terminal, with the time left; elsewhere a line now and then."""

    def __init__(self, console: Console) -> None:
        self._console = console
        self._bars = Progress(
            TextColumn("{task.description:<18}"),
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

    def say(self, text: str) -> None:
        """A line of its own."""
        self._console.print(text, highlight=False, markup=False, soft_wrap=True)


class _Step:
    """Told how much is done, and of how much; counts the time from the first it hears."""

    def __init__(self, name: str, console: Console, bars: Progress, task: TaskID) -> None:
        self._name, self._console, self._bars, self._task = name, console, bars, task
        self._pace = Pace()
        self._told, self._said = 0, time.monotonic()

    def __call__(self, done: int, total: int) -> None:
        self._bars.update(self._task, completed=done, total=total)
        now, left_s = time.monotonic(), self._pace.left_s(done, total)
        percent = 100 * done // total
        step = percent // _QUIET_STEP_PERCENT
        if self._console.is_terminal or step <= self._told or now - self._said < _QUIET_S:
            return
        self._told, self._said = step, now
        text = f"{self._name}: {percent} %"
        if left_s:
            text += f", {round(left_s) // 60}:{round(left_s) % 60:02} left"
        self._console.print(text, highlight=False)


def _count(text: str) -> int:
    value = int(text) if text.isdecimal() else 0
    if value < 1:
        raise argparse.ArgumentTypeError(f"{text!r} is no number of 1 or more")
    return value

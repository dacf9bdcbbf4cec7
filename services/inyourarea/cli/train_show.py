"""``inyourarea train-show``: make the stage show's model from nothing, step by step."""

import argparse
import os
from pathlib import Path

from inyourarea.embedded.models import models_folder

STEPS = ("draw", "learn", "export", "quantise", "measure")


def add_parser(subparsers: "argparse._SubParsersAction[argparse.ArgumentParser]") -> None:
    """Add ``train-show``."""
    parser = subparsers.add_parser(
        "train-show",
        help="make the stage show's own model: draw pictures, learn, export, measure",
        description="Without a step it takes all five. A stopped step goes on where it was.",
    )
    parser.add_argument("step", nargs="?", choices=STEPS, help="take only this step")
    parser.add_argument(
        "--work",
        type=Path,
        default=Path("build/show-model"),
        help="folder for pictures and weights",
    )
    parser.add_argument("--hours", type=float, default=1.5, help="how long to learn (default 1.5)")
    parser.add_argument(
        "--workers", type=int, default=os.cpu_count() or 1, help="drawing processes"
    )
    parser.add_argument("--models", type=Path, help="the model repository to write to")
    parser.set_defaults(main=main)


def main(args: argparse.Namespace) -> int:
    """Take the steps; 0 when all that was asked for is done."""
    # Imported here, so that no other command waits for what training needs.
    from inyourarea.train.show_model import Workshop, draw, measure, quantise  # noqa: PLC0415

    workshop = Workshop(args.work.resolve(), args.models or models_folder())
    for step in (args.step,) if args.step else STEPS:
        print(f"{step} ...", flush=True)
        if step == "draw":
            draw(workshop, args.workers)
        elif step == "quantise":
            print(f"the model is {quantise(workshop)}")
        elif step == "measure":
            mean = measure(workshop).mean_precision
            print(
                f"mAP50 {mean[0]:.3f}, mAP50-95 {mean[1]:.3f}; see {workshop.models}/show/README.md"
            )
        else:
            _with_torch(step, args)
    return 0


def _with_torch(step: str, args: argparse.Namespace) -> None:
    from inyourarea.train.installed import torch_within  # noqa: PLC0415
    from inyourarea.train.show_model import Workshop  # noqa: PLC0415

    with torch_within(args.work):
        from inyourarea.train import show_network  # noqa: PLC0415

    workshop = Workshop(args.work.resolve(), args.models or models_folder())
    if step == "learn":
        show_network.learn(workshop, args.hours)
    else:
        show_network.export(workshop)

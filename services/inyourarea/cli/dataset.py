"""``inyourarea dataset``: what a dataset has of whom; labels from and for other tools."""

import argparse
import json
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import asdict
from pathlib import Path

from inyourarea.cli.dataset_table import lines_of
from inyourarea.cli.operating import place_on_cluster
from inyourarea.core.errors import Refused
from inyourarea.runtime.datasets import Dataset, MembersConflict
from inyourarea.runtime.folder_objects import FolderObjects
from inyourarea.runtime.objects import Objects

#: Lower pictures hurt the original authors' model (360p).
MIN_HEIGHT = 720
_FORMS = ("yolo", "voc", "cvat", "coco")

_EXAMPLES = """\
examples:
  inyourarea dataset show tour/
      boxes of each member against the advice, balance, views, what is confirmed, each part
  inyourarea dataset import tour/ labelled.zip
      LabelImg (YOLO txt with classes.txt, or VOC xml), CVAT for images 1.1, COCO JSON:
      all of it comes in, or nothing, with the file, the line and the reason
  inyourarea dataset export tour/ tour.zip --format cvat
      labels and pictures for CVAT; edit them there, export again, and import what comes out
  inyourarea dataset rename tour/ Arya Aria
      she is called so in every label

A dataset that is not there yet is made by `import`, with the classes of the files in their order.
Into one that is there, classes come by their names, whatever their order in the files.
docs/datasets.md says what is in the folder."""


def add_parser(subparsers: "argparse._SubParsersAction[argparse.ArgumentParser]") -> None:
    """Add ``dataset show``, ``import``, ``export`` and ``rename``."""
    parser = subparsers.add_parser(
        "dataset",
        help="count, import and export labelled pictures",
        description="Labelled pictures that a group's own model is trained from.",
        epilog=_EXAMPLES,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    verbs = parser.add_subparsers(dest="verb", metavar="VERB", required=True)
    show = verbs.add_parser("show", help="say what there is of each member")
    _add_folder(show)
    show.add_argument("--json", action="store_true", help="as one JSON object, for programs")
    _add_min_height(show)
    _add_import(verbs)
    _add_export(verbs)
    rename = verbs.add_parser("rename", help="call a member otherwise, in all labels")
    _add_folder(rename)
    rename.add_argument("old", metavar="OLD", help="as she is called now")
    rename.add_argument("new", metavar="NEW", help="as she is called from now on")


def _add_import(verbs: "argparse._SubParsersAction[argparse.ArgumentParser]") -> None:
    parser = verbs.add_parser(
        "import",
        help="take in labelled pictures of another tool, all or none",
        description="Pictures (.jpg, .png) and their labels. Boxes count as confirmed; a picture "
        "in a folder called train, val or test (or of such a subset) goes into that part, others "
        "by their digest. Pictures that this dataset exported get their new labels.",
    )
    _add_folder(parser)
    parser.add_argument("source", type=Path, metavar="SOURCE", help="a folder or a .zip")
    parser.add_argument("--format", choices=_FORMS, help="where SOURCE has labels of several")
    parser.add_argument(
        "--add-members",
        action="store_true",
        help="classes that are no members of the dataset become some (else they are refused)",
    )
    parser.add_argument("--by", default="import", metavar="NAME", help="who labelled them (import)")
    parser.add_argument("--dry-run", action="store_true", help="check everything, change nothing")
    _add_min_height(parser)


def _add_export(verbs: "argparse._SubParsersAction[argparse.ArgumentParser]") -> None:
    parser = verbs.add_parser(
        "export",
        help="write pictures and labels for another tool",
        description="Everything but rejected pictures and boxes that have no member; CVAT and COCO "
        "get those that are known to be nobody's.",
    )
    _add_folder(parser)
    parser.add_argument("target", type=Path, metavar="TARGET", help="a new folder, or a new .zip")
    parser.add_argument(
        "--format", choices=_FORMS, required=True, help="yolo and voc are LabelImg's"
    )
    parser.add_argument("--confirmed", action="store_true", help="leave proposed boxes out")


def _add_folder(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "folder",
        type=Path,
        metavar="DIR",
        help="the dataset's folder; where INYOURAREA_S3_* name a cluster, its name there",
    )


def _add_min_height(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "--min-height",
        type=int,
        default=MIN_HEIGHT,
        metavar="PIXELS",
        help=f"warn of pictures that are lower ({MIN_HEIGHT})",
    )


def main(args: argparse.Namespace) -> int:
    """Do one thing with a dataset; 0 when it is done."""
    verbs = {"show": _show, "import": _import, "export": _export, "rename": _rename}
    return verbs[args.verb](args)


def _show(args: argparse.Namespace) -> int:
    with _opened(args.folder) as dataset:
        counts = dataset.counts()
        low = sum(one.size[1] < args.min_height for _, one in dataset.everything())
    if args.json:
        told = asdict(counts) | {"balance": counts.balance, "lower_than_min_height": low}
        print(json.dumps(told, ensure_ascii=False, indent=2))
        return 0
    print("\n".join(lines_of(counts)))
    _warn_of_low(low, args.min_height)
    return 0


def _import(args: argparse.Namespace) -> int:
    # Imported here, so that no other command waits for OpenCV.
    from inyourarea.train.formats.files import open_files  # noqa: PLC0415
    from inyourarea.train.formats.known import FORMS, form_of  # noqa: PLC0415
    from inyourarea.train.importing import carry_out, plan_import  # noqa: PLC0415

    with open_files(args.source) as files, _left_as_it_was(args.folder):
        form = FORMS[args.format] if args.format else form_of(files)
        dataset = _at(args.folder, place_on_cluster(args.folder))
        plan = plan_import(dataset, files, form, by=args.by, adds_members=args.add_members)
        if not args.dry_run:
            carry_out(dataset, files, plan)
    new = [one.labels for one in plan.arrivals if one.labels.version == 1]
    boxes = sum(len(one.labels.boxes) for one in plan.arrivals)
    verb = "would come" if args.dry_run else "came"
    print(
        f"{len(new)} new pictures {verb}, {len(plan.arrivals) - len(new)} got new labels, "
        f"{plan.unchanged} are as they were; {boxes} boxes"
    )
    for note in plan.notes:
        print(f"note: {note}")
    low = sum(one.labels.size[1] < args.min_height for one in plan.arrivals)
    _warn_of_low(low, args.min_height)
    return 0


def _export(args: argparse.Namespace) -> int:
    from inyourarea.train.exporting import export_dataset  # noqa: PLC0415  (as above)
    from inyourarea.train.formats.files import MOST_FILES  # noqa: PLC0415
    from inyourarea.train.formats.known import FORMS  # noqa: PLC0415

    with _opened(args.folder) as dataset:
        form = FORMS[args.format]
        done = export_dataset(dataset, form, args.target, with_proposals=not args.confirmed)
    print(f"{done.pictures} pictures with {done.boxes} boxes are in {args.target}")
    if done.unnamed:
        print(f"note: {done.unnamed} boxes have no member and were left out")
    if done.files > MOST_FILES:
        print(
            f"note: that is {done.files} files; `dataset import` takes {MOST_FILES} at a time, so "
            "bring them back in parts"
        )
    return 0


def _rename(args: argparse.Namespace) -> int:
    with _opened(args.folder) as dataset:
        members = dataset.members().renamed(args.old, args.new)
        try:
            dataset.change(members)
        except MembersConflict as conflict:
            raise Refused("Somebody else changed the members meanwhile; ask again.") from conflict
    print(f"members: {', '.join(members.names)}")
    return 0


@contextmanager
def _opened(folder: Path) -> Iterator[Dataset]:
    place = place_on_cluster(folder)
    is_there = place or (folder / "dataset").is_dir()
    if not is_there or not (dataset := _at(folder, place)).is_made():
        raise Refused(f"{folder} is no dataset; `collect` or `dataset import` makes one.")
    yield dataset


def _at(folder: Path, place: tuple[Objects, str] | None) -> Dataset:
    return Dataset(*(place or (FolderObjects(folder), "")))


@contextmanager
def _left_as_it_was(folder: Path) -> Iterator[None]:
    """A folder where nothing was made in the end is not there either."""
    try:
        yield
    finally:
        if not (folder / "dataset").is_dir():
            with suppress(OSError):  # something else is in it, or it never was there
                (folder / ".pending").rmdir()
                folder.rmdir()


def _warn_of_low(pictures: int, min_height: int) -> None:
    if pictures:
        print(
            f"warning: {pictures} pictures are lower than {min_height} pixels; models learn little "
            "from such footage, look for a larger version"
        )

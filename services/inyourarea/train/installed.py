"""The way to the modules that need torch, which only the extra ``train`` brings."""

import importlib.util
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from inyourarea.core.errors import Refused


def is_installed() -> bool:
    """Whether there is what learning needs; it is not loaded to find out."""
    return all(importlib.util.find_spec(name) for name in ("torch", "ultralytics"))


@contextmanager
def torch_within(work: Path) -> Iterator[None]:
    """Within, modules of this package that need torch can be imported.

    Raises:
        Refused: torch, ultralytics or what these need is not installed.
    """
    # Read by ultralytics and the thread library when they are imported: nothing is fetched,
    # installed or sent, settings stay in the work folder, and threads that wait leave the core to
    # others.
    os.environ |= {
        "YOLO_OFFLINE": "true",
        "YOLO_AUTOINSTALL": "false",
        "YOLO_VERBOSE": "false",
        "YOLO_CONFIG_DIR": str(work.resolve() / "settings"),
        "OMP_WAIT_POLICY": "PASSIVE",
    }
    try:
        yield
    except ModuleNotFoundError as error:
        if (error.name or "").partition(".")[0] in ("", "inyourarea"):
            raise
        raise Refused(
            f"{error.name} is not installed; learning and exporting need `pip install .[train]`."
        ) from error

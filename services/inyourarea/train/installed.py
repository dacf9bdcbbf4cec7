"""The way to the modules that need torch, which only the extra ``train`` brings."""

import importlib
import importlib.util
import os
from pathlib import Path
from types import ModuleType

from inyourarea.core.errors import Refused


def is_installed() -> bool:
    """Whether there is what learning needs; it is not loaded to find out."""
    return all(importlib.util.find_spec(name) for name in ("torch", "ultralytics"))


def with_torch(module: str, work: Path) -> ModuleType:
    """A module of this package that needs torch.

    Raises:
        Refused: torch or ultralytics is not installed.
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
        return importlib.import_module(f"inyourarea.train.{module}")
    except ModuleNotFoundError as error:
        raise Refused(
            f"{error.name} is not installed; learning and exporting need `pip install .[train]`."
        ) from error

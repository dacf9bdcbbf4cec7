"""What only some machines have installed."""

import importlib.util
import os

import pytest

NEEDS_TRAIN = pytest.mark.skipif(
    importlib.util.find_spec("ultralytics") is None and not os.environ.get("CI"),
    reason="the extra `train` is not installed",
)

"""What holds for all tests."""

import gc
import logging
from collections.abc import Generator

import pytest

# In an outage kafka-python logs hundreds of errors, and a test that fails would show them all.
logging.getLogger("kafka").setLevel(logging.CRITICAL)


@pytest.hookimpl(wrapper=True)
def pytest_collection() -> Generator[None, object, object]:
    """Nothing that is imported goes away again: the garbage collector never looks through it."""
    gc.disable()
    found = yield
    gc.enable()
    gc.collect()
    gc.freeze()
    return found

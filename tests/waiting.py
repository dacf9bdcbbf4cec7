"""Waiting for what comes about by itself: on another thread, in another process, on a server."""

import time
from collections.abc import Callable
from pathlib import Path


def until(is_so: Callable[[], object], within_s: float = 15.0, what: str = "") -> None:
    """It is so; where it does not become so, ``what`` says what is wrong."""
    end = time.monotonic() + within_s
    while not is_so():
        assert time.monotonic() < end, what or f"it is not so within {within_s:g} s"
        time.sleep(0.02)


def lives(pid: int) -> bool:
    """Whether a process is there and has not ended."""
    try:
        state = Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()[0]
    except FileNotFoundError:
        return False
    return state != "Z"

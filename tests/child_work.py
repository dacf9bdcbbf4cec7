"""What child processes do in tests; a module of its own, so that they can import it."""

import os
import signal
import sys
import time
from pathlib import Path

import numpy as np

from inyourarea.core.errors import VideoTooLarge
from inyourarea.runtime.folder_objects import FolderObjects


def add(one: int, other: int) -> int:
    return one + other


def refuse() -> None:
    raise VideoTooLarge("too large")


def page_faults_of_pictures() -> int:
    """Pages that the system had to give for a hundred pictures of 2.8 MB, one after the other."""
    import resource  # noqa: PLC0415 - not there on Windows

    for pictures in (4, 100):
        before = resource.getrusage(resource.RUSAGE_SELF).ru_minflt
        for _ in range(pictures):
            # Two of them at a time, as where one is made of another.
            np.ones((720, 1280, 3), np.uint8) + np.ones((720, 1280, 3), np.uint8)
    return resource.getrusage(resource.RUSAGE_SELF).ru_minflt - before


def freed_kib() -> int:
    """What is resident in KiB once 150 MB of pictures are done with."""
    pictures = [np.ones((720, 1280, 3), np.uint8) for _ in range(55)]
    pictures.clear()
    return resident_kib()


def resident_kib() -> int:
    return int(Path("/proc/self/statm").read_text().split()[1]) * 4


def leave_a_circle() -> int:
    """What is resident in KiB before 50 MB are left that hold themselves."""
    before = resident_kib()
    circle: list[object] = [np.ones(50 * 2**20, np.uint8)]
    circle.append(circle)
    return before


class Unpicklable(Exception):
    """Takes arguments that it does not pass on."""

    def __init__(self, one: str, other: str) -> None:
        super().__init__(one + other)


def raise_unpicklable() -> None:
    raise Unpicklable("odd ", "trouble")


def crash() -> None:
    os.kill(os.getpid(), signal.SIGSEGV)


def leave() -> None:
    os._exit(3)


def swell() -> int:
    return int(np.ones(800 * 2**20, np.uint8).sum())


def chatter() -> int:
    os.write(1, b"a library talks\n")
    return 1


class CrashingObjects(FolderObjects):
    """Reading from it crashes the process, as a decoder's fault does; not the test's own."""

    def read(self, key: str, start: int, length: int) -> bytes:
        if "pytest" not in sys.modules:
            os.kill(os.getpid(), signal.SIGSEGV)
        return super().read(key, start, length)


class HangingObjects(FolderObjects):
    """Reading from it never ends."""

    def read(self, key: str, start: int, length: int) -> bytes:
        time.sleep(60)
        return super().read(key, start, length)


class ShrinkingObjects(FolderObjects):
    """The file loses its second half after the first read."""

    reads = 0

    def read(self, key: str, start: int, length: int) -> bytes:
        self.reads += 1
        whole = super().read(key, 0, self.size(key))
        kept = whole if self.reads < 2 else whole[: len(whole) // 2]
        return kept[start : start + length]


def burn(seconds: float) -> None:
    """So much of a processor is used."""
    end = time.thread_time() + seconds
    while time.thread_time() < end:
        pass


def slowly(seconds: float) -> bytes:
    time.sleep(seconds)
    return b"made"


def slow_pid() -> int:
    time.sleep(0.6)
    return os.getpid()


def has_imported(module: str) -> bool:
    return module in sys.modules

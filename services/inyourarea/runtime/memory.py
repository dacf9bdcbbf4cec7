"""Where a process says how much memory it may take, and that it keeps what it took."""

import contextlib
import ctypes
import sys

#: Bytes: whatever is smaller lies on the heap; the most that glibc takes.
_ON_HEAP = 32 << 20
#: Bytes that may lie free on the heap until they are given back: a segment's pictures.
_KEPT_FREE = 256 << 20
#: Names of both in glibc's ``malloc.h``.
_M_TRIM_THRESHOLD, _M_MMAP_THRESHOLD = -1, -3


def keep_freed_memory() -> None:
    """The pages of a picture that is done with serve the next one, where the C library is glibc.

    As it comes, it gives them back at once, and the system zeroes new ones for the next picture: a
    fifth of what ingest took at 1080p. It is for who works on pictures: among small things of many
    sizes free pieces add up instead, in track nearly a MiB a video.
    """
    if sys.platform != "linux":
        return
    set_option = getattr(ctypes.CDLL(None), "mallopt", None)  # other C libraries have none
    if set_option is not None:
        set_option(_M_MMAP_THRESHOLD, _ON_HEAP)
        set_option(_M_TRIM_THRESHOLD, _KEPT_FREE)


def give_back_memory() -> None:
    """What lies free on the heap is the system's again, where the C library is glibc."""
    trim = getattr(ctypes.CDLL(None), "malloc_trim", None) if sys.platform == "linux" else None
    if trim is not None:
        trim(0)


def limit_memory(memory_mib: int) -> None:
    """Private memory is limited where the system can; elsewhere time limits must do."""
    if sys.platform == "win32":
        return
    import resource  # noqa: PLC0415 - not there on Windows

    limit = memory_mib * 1024 * 1024
    with contextlib.suppress(OSError, ValueError):
        resource.setrlimit(resource.RLIMIT_DATA, (limit, limit))

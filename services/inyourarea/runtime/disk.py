"""Files for the user: a name is seen only when its bytes are whole, and trouble is put in words."""

import errno
import os
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from inyourarea.core.reasons import told

#: How a file is called while it is written.
_PENDING = ".inyourarea-"
#: What to say of an error that means that nothing more fits.
FULL = {
    errno.ENOSPC: told("disk-full"),
    errno.EDQUOT: told("disk-share"),
}


def words_for(trouble: OSError) -> str:
    """What is wrong with the disk, and what to do where that is plain."""
    return FULL.get(trouble.errno or 0) or trouble.strerror or str(trouble)


@contextmanager
def whole(target: Path) -> Iterator[Path]:
    """A temporary file beside ``target`` that takes its name only when the block ends well.

    Raises:
        OSError: the folder can not be written.
    """
    target.parent.mkdir(parents=True, exist_ok=True)
    handle, name = tempfile.mkstemp(dir=target.parent, prefix=_PENDING, suffix=".part")
    os.close(handle)
    pending = Path(name)
    try:
        yield pending
        pending.chmod(0o644)
        pending.replace(target)
    finally:
        pending.unlink(missing_ok=True)


def sweep(folder: Path) -> None:
    """What a killed process had half written in the folder itself is gone."""
    for left in folder.glob(f"{_PENDING}*.part"):
        left.unlink(missing_ok=True)

"""What a folder holds, as digests."""

import hashlib
from pathlib import Path


def digests(out: Path) -> dict[str, str]:
    """The digest of every file that a run wrote for its user, but for the timings."""
    found = {}
    for path in sorted(out.rglob("*")):
        name = path.relative_to(out).as_posix()
        if path.is_file() and not name.startswith(".inyourarea") and name != "timings.json":
            found[name] = hashlib.sha256(path.read_bytes()).hexdigest()
    return found

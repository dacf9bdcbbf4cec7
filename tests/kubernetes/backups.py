"""What a backup is made of, on servers that the chart brought: a dump, and names of objects."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from release import NAME, Failed, Release, eventually

_SITE = f"deploy/{NAME}-inyourarea-gateway"
_CATALOG = """
export PATH="$PATH:$(ls -d /usr/lib/postgresql/*/bin | tail -1)"
export PGPASSWORD="$(cat /etc/catalog/password)"
"""
_WHERE = "--host 127.0.0.1 --username inyourarea --dbname inyourarea"
_STORE = """
import os, sys
from inyourarea.runtime.minio_objects import MinioObjects
from inyourarea.runtime.minio_settings import read_settings
objects = MinioObjects(read_settings({**os.environ, "INYOURAREA_S3_BUCKET": sys.argv[1]}))
"""


def dump_database(release: Release) -> None:
    """The database as it is now is kept beside it."""
    _on_catalog(release, f"pg_dump --clean --if-exists {_WHERE} > /tmp/dump.sql")


def bring_back_database(release: Release) -> None:
    """It is as it was then."""
    _on_catalog(release, f"psql --quiet -v ON_ERROR_STOP=1 {_WHERE} -f /tmp/dump.sql > /tmp/said")


def names_in_bucket(release: Release, bucket: str = "inyourarea") -> set[str]:
    """Every object's; the bucket is there."""
    return set(_by_stage(release, "print(*objects.list(''), sep='\\n')", bucket).split())


def take_out_of_bucket(release: Release, names: set[str]) -> None:
    """Those objects are not there."""
    _by_stage(
        release, "for name in sys.argv[2:]: objects.delete(name)", "inyourarea", *sorted(names)
    )


def put_into_bucket(release: Release, folder: Path, prefix: str) -> None:
    """Every file of the folder is an object whose name is the prefix and its place."""
    pod = release.only_pod("track")
    release.kubectl("cp", folder, f"{pod}:/tmp/put")
    _by_stage(
        release,
        "from pathlib import Path; there = Path('/tmp/put'); "
        "[objects.put(sys.argv[2] + path.relative_to(there).as_posix(), path.read_bytes())"
        " for path in there.rglob('*') if path.is_file()]",
        "inyourarea",
        prefix,
    )


def checked(release: Release, *words: str) -> str:
    """What `inyourarea store check` prints, whatever it ends with."""
    try:
        return release.operator("store", "check", *words)
    except Failed as failed:
        return str(failed)


@contextmanager
def no_site(release: Release) -> Iterator[None]:
    """The site is away until this ends."""
    release.kubectl("scale", _SITE, "--replicas=0")
    eventually(lambda: not release.pods("gateway"), 180)
    try:
        yield
    finally:
        release.kubectl("scale", _SITE, "--replicas=1")
        release.wait()


def _on_catalog(release: Release, command: str) -> None:
    pod = f"{NAME}-inyourarea-dev-catalog-0"
    release.kubectl("exec", pod, "--", "sh", "-ec", _CATALOG + command)


def _by_stage(release: Release, code: str, *words: str) -> str:
    command = ["exec", f"deploy/{NAME}-inyourarea-track", "--", "python3", "-c", _STORE + code]
    return release.kubectl(*command, *words)

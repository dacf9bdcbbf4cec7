"""Make the file system that images begin with: `root.py FOLDER`, run in the base.

It has this Python, what that and the packages are linked with, certificates, time zones and, for
scanners, whose these are. It has no shell, no package manager and nobody's documentation.
"""

import os
import re
import shutil
import subprocess
import sys
import sysconfig
from collections.abc import Iterator
from pathlib import Path

#: Parts of the standard library for builders, for people at a keyboard, and for its own tests.
_LEFT_OUT = shutil.ignore_patterns(
    *("config-*", "ensurepip", "idlelib", "lib2to3", "pydoc_data", "test", "tkinter", "turtledemo"),
    *("*-packages", "__pycache__"),
)
#: What `kubectl cp` and `skaffold dev` ask a container for.
_PROGRAMS = ("tar", "rm")
#: What wheels for Linux expect to find, and what looks names up.
_LIBRARY = re.compile(
    r"(ld-linux.*|lib(c|m|mvec|dl|rt|util|pthread|resolv|nss_dns|nss_files|gcc_s|stdc\+\+|z))\.so\.\d+"
)
_MORE = (
    "/etc/group",
    "/etc/ld.so.cache",
    "/etc/nsswitch.conf",
    "/etc/os-release",
    "/etc/passwd",
    "/etc/ssl/certs/ca-certificates.crt",
    "/etc/ssl/openssl.cnf",
    "/usr/lib/ssl",
    "/usr/share/zoneinfo",
)


class Root:
    """A file system in the making."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self.kept: set[str] = set()
        for place in ("dev", "etc", "proc", "run", "sys", "tmp", "usr"):
            (folder / place).mkdir(parents=True)
        (folder / "tmp").chmod(0o1777)
        for place in (path for path in Path("/").iterdir() if path.is_symlink()):
            target = folder / place.readlink()
            if place.resolve().is_relative_to("/usr"):
                target.mkdir(parents=True, exist_ok=True)
                (folder / place.name).symlink_to(place.readlink())

    def keep(self, path: Path) -> None:
        """It is there, and what it is a link to."""
        self.kept.add(str(path))
        path = path.parent.resolve() / path.name
        to = self._folder / path.relative_to("/")
        if str(path) in self.kept and os.path.lexists(to):
            return
        self.kept.add(str(path))
        to.parent.mkdir(parents=True, exist_ok=True)
        if path.is_symlink():
            to.symlink_to(path.readlink())
            if path.exists():
                self.keep(path.parent / path.readlink())
        elif path.is_dir():
            shutil.copytree(path, to, symlinks=True, dirs_exist_ok=True)
        else:
            shutil.copy2(path, to)

    def keep_origins(self) -> None:
        """Which Debian packages they are from, as distroless images say it, with the licences."""
        asked = ["dpkg-query", "--search", *sorted(self.kept)]
        # Some files are nobody's, which is said as an error.
        found = subprocess.run(asked, capture_output=True, text=True, check=False).stdout
        to = self._folder / "var/lib/dpkg/status.d"
        to.mkdir(parents=True)
        for package in sorted({line.partition(":")[0] for line in found.splitlines()}):
            said = subprocess.run(
                ["dpkg-query", "--status", package], capture_output=True, check=True
            ).stdout
            (to / package).write_bytes(said)
            licence = Path("/usr/share/doc", package, "copyright")
            if licence.exists():
                self.keep(licence)


def _linked(program: Path) -> Iterator[Path]:
    said = subprocess.run(["ldd", program], capture_output=True, text=True, check=True).stdout
    yield from (Path(found) for found in re.findall(r"(/\S+) \(0x", said))


def _libraries() -> Iterator[Path]:
    said = subprocess.run(["/sbin/ldconfig", "-p"], capture_output=True, text=True, check=True)
    for name, path in re.findall(r"^\s*(\S+) .*=> (\S+)$", said.stdout, re.MULTILINE):
        if _LIBRARY.fullmatch(name):
            yield Path(path)


def main(folder: Path) -> None:
    """The folder is such a file system."""
    root = Root(folder)
    python, library = Path(sys.executable), Path(sysconfig.get_path("stdlib"))
    to = folder / library.relative_to("/")
    shutil.copytree(library, to, symlinks=True, ignore=_LEFT_OUT)
    programs = [python, *(Path(shutil.which(name) or name) for name in _PROGRAMS)]
    modules = list(library.glob("lib-dynload/*.so"))
    root.kept.update(map(str, modules))
    linked = (path for program in (*programs, *modules) for path in _linked(program))
    for path in (*programs, *linked, *_libraries(), *map(Path, _MORE)):
        root.keep(path)
    root.keep_origins()
    compiled = ["-m", "compileall", "-q", "--invalidation-mode", "unchecked-hash"]
    subprocess.run([python, *compiled, "-s", folder, "-p", "/", to], check=True)


if __name__ == "__main__":
    main(Path(sys.argv[1]))

"""Make libraries hollow that nothing calls: `hollow.py SITE-PACKAGES GLOB...`; it needs gcc.

An extension of a wheel is linked with all of them and does not load without. So each stays, with
just the names that others ask it for, and whoever calls one ends at once instead of reckoning
wrongly; but for x265, of which FFmpeg asks what it can before anybody wants it: nothing, as it
may say.
"""

import subprocess
import sys
from collections import defaultdict
from pathlib import Path

_MADE = ["-shared", "-nostdlib", "-Os", "-Wl,--build-id=none", "-Wl,-z,noseparate-code"]


#: `const x265_api *x265_api_get_216(int depth)`: NULL where it can not encode that.
_SAYS_NO = "x265_api_get"


def _said(*words: str | Path) -> str:
    return subprocess.run(words, check=True, capture_output=True, text=True).stdout


def _names(library: Path, which: str) -> set[str]:
    """Names with their versions, such as `av_malloc@LIBAVUTIL_60`."""
    listed = _said("nm", "-D", "--with-symbol-versions", which, library)
    return {line.split()[-1].replace("@@", "@") for line in listed.splitlines()}


def hollow(library: Path, asked: set[str]) -> None:
    """The library has those names and no more."""
    versions: dict[str, list[str]] = defaultdict(list)
    for name in sorted(asked):
        plain, _, version = name.partition("@")
        versions[version].append(plain)
    script = library.with_suffix(".map")
    # Names without a version are a node without a name, which is the only one then.
    nodes = (f"{of} {{ global: {'; '.join(names)}; }};" for of, names in versions.items())
    script.write_text("\n".join(nodes) or "{ local: *; };")
    code = library.with_suffix(".c")
    each = (name for names in versions.values() for name in names)
    code.write_text("\n".join(map(_function, each)))
    soname = f"-Wl,-soname,{library.name}"
    _said("gcc", *_MADE, soname, f"-Wl,--version-script={script}", "-o", library, code)
    script.unlink()
    code.unlink()


def _function(name: str) -> str:
    if name.startswith(_SAYS_NO):
        return f"void *{name}(int depth) {{ return 0; }}"
    return f"void {name}(void) {{ __builtin_trap(); }}"


def main(packages: Path, *globs: str) -> None:
    """Those libraries have what others ask them for; what none is linked with is gone."""
    libraries = {path for glob in globs for path in packages.glob(glob)}
    named = (path for path in packages.rglob("*.so*") if ".so" in path.suffixes and path.is_file())
    wanted = {path: _said("readelf", "-d", path) for path in named if path not in libraries}
    for library in sorted(libraries):
        users = [path for path, said in wanted.items() if f"[{library.name}]" in said]
        if not users:
            library.unlink()
            continue
        asked = set[str]().union(*(_names(path, "--undefined-only") for path in users))
        # Some ask for a name without its version.
        plain = {name.partition("@")[0] for name in asked}
        has = _names(library, "--defined-only")
        hollow(library, {name for name in has if name.partition("@")[0] in plain})


if __name__ == "__main__":
    main(Path(sys.argv[1]), *sys.argv[2:])

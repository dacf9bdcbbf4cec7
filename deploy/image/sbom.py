"""Print what an image holds as a CycloneDX list: `sbom.py SITE-PACKAGES [PACKAGE-LOCK]`."""

import json
import re
import sys
from importlib.metadata import Distribution, distributions
from pathlib import Path
from typing import Any


def component(package: Distribution) -> dict[str, Any]:
    """One package, by the name that PyPI knows it by."""
    name = re.sub(r"[-_.]+", "-", package.metadata["Name"]).lower()
    return _library("pypi", name, package.version, package.metadata.get("License-Expression"))


def page_components(lock: Path) -> list[dict[str, Any]]:
    """The page's packages by npm's lock, its typeface too; not what only builds or tests it."""
    packages = json.loads(lock.read_text(encoding="utf-8"))["packages"]
    return [
        _library("npm", path.rpartition("node_modules/")[2], about["version"], about.get("license"))
        for path, about in packages.items()
        if path and not about.get("dev")
    ]


def _library(kind: str, name: str, version: str, license_: str | None) -> dict[str, Any]:
    purl = f"pkg:{kind}/{name.replace('@', '%40')}@{version}"
    about: dict[str, Any] = {"type": "library", "name": name, "version": version, "purl": purl}
    return about | ({"licenses": [{"expression": license_}]} if license_ else {})


def main(folder: str, *locks: str) -> None:
    """The packages in that folder and of the page, in order: the same ones give the same bytes."""
    found = [component(package) for package in distributions(path=[folder])]
    found += [each for lock in locks for each in page_components(Path(lock))]
    components = sorted(found, key=lambda each: str(each["purl"]))
    bom = {"bomFormat": "CycloneDX", "specVersion": "1.6", "version": 1, "components": components}
    print(json.dumps(bom, indent=1))  # noqa: T201 - the program's answer


if __name__ == "__main__":
    main(*sys.argv[1:])

"""Print what an image holds as a CycloneDX list: `sbom.py SITE-PACKAGES`."""

import json
import re
import sys
from importlib.metadata import Distribution, distributions
from typing import Any


def component(package: Distribution) -> dict[str, Any]:
    """One package, by the name that PyPI knows it by."""
    name = re.sub(r"[-_.]+", "-", package.metadata["Name"]).lower()
    about: dict[str, Any] = {
        "type": "library",
        "name": name,
        "version": package.version,
        "purl": f"pkg:pypi/{name}@{package.version}",
    }
    said = package.metadata.get("License-Expression")
    return about | ({"licenses": [{"expression": said}]} if said else {})


def main(folder: str) -> None:
    """The packages in that folder, in order, so that the same packages give the same bytes."""
    found = (component(package) for package in distributions(path=[folder]))
    components = sorted(found, key=lambda each: str(each["name"]))
    bom = {"bomFormat": "CycloneDX", "specVersion": "1.6", "version": 1, "components": components}
    print(json.dumps(bom, indent=1))  # noqa: T201 - the program's answer


if __name__ == "__main__":
    main(sys.argv[1])

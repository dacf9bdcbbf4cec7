"""What the chart asks a cluster: what it lacks is told before an install, and a job stays."""

import base64
import copy
import json
import subprocess
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest
import yaml

from tools import CHART, FULL_CLUSTER, Manifest, helm, of_kind

#: Secrets and their keys, as an operator with servers of their own makes them.
SECRETS = {
    "store": ("access-key", "secret-key"),
    "catalog": ("url",),
    "mutual": ("tls.crt", "tls.key", "ca.crt"),
    "site": ("tls.crt", "tls.key"),
    "registry": (".dockerconfigjson",),
}
OWN = (
    "kafka.servers={broker:9092}",
    "objectStore.endpoint=https://s3.example",
    "objectStore.secretName=store",
    "catalog.secretName=catalog",
)
DEV = ("dev.enabled=true",)
INGRESS = ("site.route.kind=ingress", "site.hosts={fans.example}", "site.route.tlsSecretName=site")
INGRESS += ("site.proxies={10.0.0.0/8}",)
_KINDS = {"serviceaccounts": "ServiceAccount", "secrets": "Secret"}
_KINDS["persistentvolumeclaims"] = "PersistentVolumeClaim"


class _Cluster(BaseHTTPRequestHandler):
    """A Kubernetes to read: secrets, claims, one job, and each namespace's own account."""

    there: dict[str, tuple[str, ...]]
    job: Manifest

    @property
    def place_of_job(self) -> list[str]:
        return ["jobs", self.job["metadata"]["name"]] if self.job else []

    def do_GET(self) -> None:
        place = self.path.partition("?")[0].strip("/").split("/")
        found = self.job if place[-2:] == self.place_of_job else _found(place, self.there)
        content = json.dumps(found or {"kind": "Status", "status": "Failure", "code": 404})
        self.send_response(200 if found else 404)
        self.send_header("Content-Type", "application/json")
        self.end_headers()
        self.wfile.write(content.encode())

    def log_message(self, *_: object) -> None:
        """Nobody reads it."""


def _found(place: list[str], there: dict[str, tuple[str, ...]]) -> Manifest:
    if place == ["version"]:
        return {"major": "1", "minor": "34", "gitVersion": "v1.34.4"}
    if place == ["api"]:
        return {"kind": "APIVersions", "versions": ["v1"]}
    if place == ["apis"]:
        version = {"groupVersion": "batch/v1", "version": "v1"}
        batch = {"name": "batch", "versions": [version], "preferredVersion": version}
        return {"kind": "APIGroupList", "apiVersion": "v1", "groups": [batch]}
    if place in (["api", "v1"], ["apis", "batch", "v1"]):
        known = [
            {"name": name, "namespaced": True, "kind": kind, "verbs": ["get"], "singularName": ""}
            for name, kind in (_KINDS if place[0] == "api" else {"jobs": "Job"}).items()
        ]
        version_of = "/".join(place[1:])
        return {"kind": "APIResourceList", "groupVersion": version_of, "resources": known}
    *_, what, name = place
    if what in _KINDS and (name in there or what == "serviceaccounts"):
        data = {key: base64.b64encode(b"it").decode() for key in there.get(name, ())}
        about = {"name": name, "namespace": "somewhere"}
        return {"kind": _KINDS[what], "apiVersion": "v1", "metadata": about, "data": data}
    return {}


@contextmanager
def cluster(there: dict[str, tuple[str, ...]], job: Manifest) -> Iterator[str]:
    """The address of a cluster where these secrets or claims are, with their keys, and that job."""
    handler = type("Cluster", (_Cluster,), {"there": there, "job": job})
    with ThreadingHTTPServer(("127.0.0.1", 0), handler) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield f"http://127.0.0.1:{server.server_port}"
        server.shutdown()


def asked(
    there: dict[str, tuple[str, ...]], folder: Path, *sets: str, job: Manifest | None = None
) -> "subprocess.CompletedProcess[str]":
    """What helm makes of these values on such a cluster, or says of them."""
    words = [str(helm()), "template", "x", str(CHART), "--namespace", "somewhere"]
    words += ["--dry-run=server", *(word for each in sets for word in ("--set", each))]
    words += [word for api in FULL_CLUSTER for word in ("--api-versions", api)]
    environment = {"HOME": str(folder), "KUBECONFIG": str(folder / "none")}
    with cluster(there, job or {}) as address:
        words += ["--kube-apiserver", address]
        return subprocess.run(words, env=environment, capture_output=True, text=True, check=False)


def said(there: dict[str, tuple[str, ...]], folder: Path, *sets: str) -> str:
    """What helm says of these values on such a cluster; nothing, where it is content."""
    done = asked(there, folder, *sets)
    return done.stderr if done.returncode else ""


@pytest.mark.parametrize(
    ("values", "missing"),
    [
        (OWN, "secret catalog"),
        ((*OWN, "triton.enabled=true", "triton.repository=s3://m:9000/a",
          "objectStore.secretNames.triton=gone"), "secret gone"),
        ((*OWN, "train.enabled=true", "train.claim=models", "train.publish={--use}",
          "objectStore.secretNames.train=gone"), "secret gone"),
        ((*OWN, "image.pullSecrets={registry}"), "secret registry"),
        ((*OWN, "site.grpc.enabled=true", "site.grpc.tlsSecretName=site"), "secret site"),
        ((*OWN, *INGRESS), "secret site"),
        ((*OWN, "train.enabled=true", "train.claim=models"), "persistent volume claim models"),
        ((*OWN, "triton.enabled=true", "triton.engines.claim=engines"),
         "persistent volume claim engines"),
        ((*DEV, "tls.secretName=mutual"), "secret mutual"),
    ],
)  # fmt: skip
def test_what_is_named_and_missing_is_told(
    values: tuple[str, ...], missing: str, tmp_path: Path
) -> None:
    name = missing.rsplit(" ", 1)[1]
    there = {**SECRETS, "gone": SECRETS["store"], "models": (), "engines": ()}
    assert said(there, tmp_path, *values) == ""
    del there[name]
    assert f"there is no {missing} in namespace somewhere" in said(there, tmp_path, *values)
    if name in SECRETS:
        lacks = said({**there, name: SECRETS[name][1:]}, tmp_path, *values)
        assert f"has no key `{SECRETS[name][0]}`" in lacks


def test_an_ingresss_secret_that_cert_manager_makes_is_not_waited_for(tmp_path: Path) -> None:
    there = {name: keys for name, keys in SECRETS.items() if name != "site"}
    issuer = r"site.route.annotations.cert-manager\.io/cluster-issuer=letsencrypt"
    assert said(there, tmp_path, *OWN, *INGRESS, issuer) == ""


def training(folder: Path, *sets: str, job: Manifest | None = None) -> Manifest:
    """The job by hand that the chart makes of these values, where that job is there already."""
    values = (*DEV, "train.enabled=true", "train.claim=models", "train.publish={--use}", *sets)
    done = asked({"models": ()}, folder, *values, job=job)
    assert done.returncode == 0, done.stderr
    return of_kind(filter(None, yaml.safe_load_all(done.stdout)), "Job")["train"]


def test_a_training_that_was_made_stays_as_it_is_when_all_else_is_upgraded(tmp_path: Path) -> None:
    """A job's pods can not be changed: the whole upgrade would be refused."""
    made = training(tmp_path)
    kept = copy.deepcopy(made)  # with what Kubernetes says for itself
    kept["spec"]["selector"] = {"matchLabels": {"batch.kubernetes.io/controller-uid": "1"}}
    kept["spec"]["template"]["metadata"]["labels"] |= {
        f"{prefix}{name}": "1"
        for prefix in ("", "batch.kubernetes.io/")
        for name in ("controller-uid", "job-name")
    }
    newer = ("image.tag=v2", "train.gpus=2")
    after = training(tmp_path, *newer, job=kept)
    assert after["metadata"]["name"] == made["metadata"]["name"]
    assert after["spec"] == made["spec"]
    other = training(tmp_path, *newer, "train.command={train,--dataset,/models/x}", job=kept)
    assert other["metadata"]["name"] != made["metadata"]["name"]
    assert all(
        each["image"].endswith(":v2") for each in other["spec"]["template"]["spec"]["containers"]
    )

"""JSON Schemas of all kinds in the chart, for kubeconform, made of what Go modules carry.

kubeconform's own come from addresses that not every machine reaches. Kubernetes' are in the OpenAPI
document of its module; KEDA, the Gateway API and the Prometheus Operator ship their definitions of
resources in theirs. All are made strict: what a schema does not know is refused.
"""

import json
import os
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import yaml

from own_servers import ServerNotHad
from tools import KUBERNETES, go

Schema = dict[str, Any]

#: Modules, and where their definitions of resources are.
_OTHERS = {
    "github.com/kedacore/keda/v2@v2.21.0": "config/crd/bases/*.yaml",
    "sigs.k8s.io/gateway-api@v1.4.1": "config/crd/standard/*.yaml",
    "github.com/prometheus-operator/prometheus-operator@v0.92.1": (
        "example/prometheus-operator-crd/*.yaml"
    ),
}
#: How kubeconform is told to find them.
PATTERN = "{{.ResourceKind}}_{{.Group}}_{{.ResourceAPIVersion}}.json"


def write_schemas(folder: Path) -> None:
    """A file for each kind is in the folder.

    Raises:
        ServerNotHad: a module can not be had.
    """
    folder.mkdir(parents=True, exist_ok=True)
    for name, schema in (*_kubernetes(), *_resources()):
        (folder / name).write_text(json.dumps(schema))


def _module(name: str) -> Path:
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


def _name(kind: str, group: str, version: str) -> str:
    # kubeconform knows a group by its first word.
    return f"{kind.lower()}_{group.split('.')[0]}_{version}.json"


def _kubernetes() -> Iterator[tuple[str, Schema]]:
    document = json.loads((_module(KUBERNETES) / "api/openapi-spec/swagger.json").read_text())
    definitions = {name: _strict(schema) for name, schema in document["definitions"].items()}
    for name, schema in document["definitions"].items():
        for of in schema.get("x-kubernetes-group-version-kind", ()):
            root = {"$ref": f"#/definitions/{name}", "definitions": definitions}
            yield _name(of["kind"], of["group"], of["version"]), root


def _resources() -> Iterator[tuple[str, Schema]]:
    for module, pattern in _OTHERS.items():
        files = sorted(_module(module).glob(pattern))
        if not files:
            raise ServerNotHad(f"{module} has no {pattern}")
        for file in files:
            for found in yaml.safe_load_all(file.read_text()):
                if found and found["kind"] == "CustomResourceDefinition":
                    yield from _versions(found["spec"])


def _versions(spec: dict[str, Any]) -> Iterator[tuple[str, Schema]]:
    for version in spec["versions"]:
        schema = _strict(version["schema"]["openAPIV3Schema"])
        schema["properties"] |= {"apiVersion": {}, "kind": {}, "metadata": {}}
        yield _name(spec["names"]["kind"], spec["group"], version["name"]), schema


def _strict(schema: Any) -> Any:
    """The same in plain JSON Schema, and closed where it names its properties."""
    if isinstance(schema, list):
        return [_strict(part) for part in schema]
    if not isinstance(schema, dict):
        return schema
    closed = {name: _strict(part) for name, part in schema.items() if name != "format"}
    if schema.get("x-kubernetes-int-or-string") or schema.get("format") == "int-or-string":
        return {"type": ["string", "integer"]}
    is_open = schema.get("x-kubernetes-preserve-unknown-fields")
    if isinstance(schema.get("properties"), dict) and "type" in schema and not is_open:
        closed.setdefault("additionalProperties", False)
    return closed

"""JSON Schemas of all kinds in the chart, for kubeconform, made of what Go modules carry.

kubeconform's own come from addresses that not every machine reaches. Kubernetes' are in the OpenAPI
document of its module; KEDA, the Gateway API and the Prometheus Operator ship their definitions of
resources in theirs. All are made strict: what a schema does not know is refused.
"""

import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import yaml

from own_servers import ServerNotHad
from tools import KUBERNETES, module

Schema = dict[str, Any]


class _Loader(yaml.SafeLoader):
    """YAML in which a lone = is text, as whoever wrote these files meant it."""


_Loader.add_constructor("tag:yaml.org,2002:value", _Loader.construct_yaml_str)

#: Modules, and where their definitions of the resources that the chart makes are.
_OTHERS = {
    "github.com/kedacore/keda/v2@v2.21.0": (
        "config/crd/bases/*_scaledobjects.yaml",
        "config/crd/bases/*_scaledjobs.yaml",
        "config/crd/bases/*_triggerauthentications.yaml",
    ),
    "sigs.k8s.io/gateway-api@v1.4.1": ("config/crd/standard/*_httproutes.yaml",),
    "github.com/prometheus-operator/prometheus-operator@v0.92.1": (
        "example/prometheus-operator-crd/*_servicemonitors.yaml",
        "example/prometheus-operator-crd/*_prometheusrules.yaml",
    ),
}
#: How kubeconform is told to find them.
PATTERN = "{{.ResourceKind}}{{.KindSuffix}}.json"


def write_schemas(folder: Path) -> None:
    """A file for each kind is in the folder.

    Raises:
        ServerNotHad: a module can not be had.
    """
    folder.mkdir(parents=True, exist_ok=True)
    for name, schema in (*_kubernetes(), *_resources()):
        (folder / name).write_text(json.dumps(schema))


def _name(kind: str, group: str, version: str) -> str:
    # kubeconform knows a group by its first word, and Kubernetes' oldest by none.
    parts = (kind.lower(), group.split(".", maxsplit=1)[0], version)
    return "-".join(filter(None, parts)) + ".json"


def _kubernetes() -> Iterator[tuple[str, Schema]]:
    document = json.loads((module(KUBERNETES) / "api/openapi-spec/swagger.json").read_text())
    # What is text there may be written as a number.
    quantity = {"io.k8s.apimachinery.pkg.api.resource.Quantity": {"type": ["string", "number"]}}
    known = document["definitions"] | quantity
    for name, schema in known.items():
        for of in schema.get("x-kubernetes-group-version-kind", ())[:1]:
            definitions = {each: _strict(known[each]) for each in _reached(known, name)}
            root = {"$ref": f"#/definitions/{name}", "definitions": definitions}
            yield _name(of["kind"], of["group"], of["version"]), root


def _reached(known: Schema, name: str) -> set[str]:
    """The definitions that one leads to, itself among them."""
    found, coming = set(), [name]
    while coming:
        if (here := coming.pop()) not in found:
            found.add(here)
            coming += re.findall(r'"#/definitions/([^"]+)"', json.dumps(known[here]))
    return found


def _resources() -> Iterator[tuple[str, Schema]]:
    for name, patterns in _OTHERS.items():
        folder = module(name)
        for pattern in patterns:
            files = sorted(folder.glob(pattern))
            if len(files) != 1:
                raise ServerNotHad(f"{name} has {len(files)} files {pattern}")
            for found in yaml.load_all(files[0].read_text(), _Loader):
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

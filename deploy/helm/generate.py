"""README.md and values.schema.json of the chart, made of values.yaml: `generate.py [--check]`.

In values.yaml each value has a line `# --` above it that says what it is for, and, where its type
says too little, a line `# @schema` with what JSON Schema adds.
"""

import json
import re
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml

CHART = Path(__file__).parent / "inyourarea"
SETTINGS = CHART.parents[2] / "docs" / "settings.md"
_TYPES = {bool: "boolean", int: "integer", str: "string", list: "array", dict: "object"}
#: Kubernetes' own kind of value, as it is written there.
_RESOURCES = {
    "type": "object",
    "properties": {
        kind: {"type": "object", "additionalProperties": {"type": ["string", "integer"]}}
        for kind in ("requests", "limits")
    },
    "additionalProperties": False,
}
_QUANTITY = {"type": "string", "pattern": "^[0-9]+(\\.[0-9]+)?(k|[KMGT]i|[MGT])?$"}


class Undocumented(Exception):
    """A value has no line that says what it is for."""


@dataclass(frozen=True)
class Value:
    """One value: where it stands, what it is for, what it is if nobody says, what it may be."""

    path: tuple[str, ...]
    text: str
    default: Any
    schema: dict[str, Any]


def read_values(text: str) -> list[Value]:
    """All values, in order.

    Raises:
        Undocumented: a value's comment is missing.
    """
    return list(_values(yaml.compose(text), text.splitlines(), ()))


def _values(node: Any, lines: list[str], path: tuple[str, ...]) -> Iterator[Value]:
    for key, value in node.value:
        here = (*path, str(key.value))
        text, schema = _comment(lines, key.start_mark.line)
        if text:
            default = yaml.safe_load(yaml.serialize(value))
            yield Value(here, text, default, _schema(here, default, schema))
        elif isinstance(value, yaml.MappingNode):
            yield from _values(value, lines, here)
        else:
            raise Undocumented(f"{'.'.join(here)} needs a line `# -- what it is for`")


def _comment(lines: list[str], line: int) -> tuple[str, dict[str, Any]]:
    text, schema = "", {}
    for above in reversed(lines[:line]):
        words = above.strip()
        if words.startswith("# -- "):
            text = words[5:]
        elif words.startswith("# @schema "):
            schema = json.loads(words[10:])
        else:
            break
    return text, schema


def _schema(path: tuple[str, ...], default: Any, more: dict[str, Any]) -> dict[str, Any]:
    name = path[-1]
    if name == "resources":
        return _RESOURCES
    if name == "scratch":
        return {**_QUANTITY, **more}
    if name == "settings":
        pattern = more["propertyNames"]["pattern"]
        known = [setting for setting in _settings(path[-2]) if re.match(pattern, setting)]
        more = {**more, "propertyNames": {"enum": known}}
    return {"type": _TYPES[type(default)], **more}


def _settings(service: str) -> list[str]:
    """What a service can be told and the templates do not tell it, without INYOURAREA_."""
    told = (CHART / "templates" / "_environment.tpl").read_text()
    section = re.split(r"(?m)^## ", SETTINGS.read_text().split(f"\n## {service}\n")[1])[0]
    rows = re.findall(r"(?m)^\|([^|]+)\|", section)
    names = (name for row in rows for name in re.findall("`([A-Z0-9_]+)`", row))
    return [name for name in names if f"INYOURAREA_{name}," not in told]


def schema_of(values: list[Value]) -> dict[str, Any]:
    """A JSON Schema that takes these values and no others."""
    root = _closed("Values of the chart inyourarea")
    root["$schema"] = "http://json-schema.org/draft-07/schema#"
    for value in values:
        place = root
        for part in value.path[:-1]:
            place = place["properties"].setdefault(part, _closed())
        place["properties"][value.path[-1]] = {**value.schema, "description": value.text}
    # Helm's own, by which a chart above this one hands values down.
    root["properties"]["global"] = {"type": "object"}
    return root


def _closed(title: str = "") -> dict[str, Any]:
    said = {"title": title} if title else {}
    return {**said, "type": "object", "additionalProperties": False, "properties": {}}


def table_of(values: list[Value]) -> str:
    """The values as a Markdown table."""
    lines = ["| value | default | what it is for |", "|---|---|---|"]
    for value in values:
        default = json.dumps(value.default).replace("|", "\\|")
        text = value.text.replace("|", "\\|")
        lines.append(f"| `{'.'.join(value.path)}` | `{default}` | {text} |")
    return "\n".join(lines)


def made() -> dict[Path, str]:
    """Each generated file and what it should hold."""
    values = read_values((CHART / "values.yaml").read_text())
    readme = (CHART.parent / "README.template.md").read_text()
    schema = json.dumps(schema_of(values), indent=2) + "\n"
    return {
        CHART / "values.schema.json": schema,
        CHART / "README.md": re.sub("{{values}}", lambda _: table_of(values), readme),
    }


def drift() -> list[str]:
    """The generated files that are not what values.yaml makes of them."""
    return [
        path.name for path, text in made().items() if not path.exists() or path.read_text() != text
    ]


def main() -> int:
    """Write the files, or say which are not as they should be."""
    if "--check" in sys.argv:
        old = drift()
        if old:
            print(f"not as values.yaml says: {', '.join(old)}; run `make chart-docs`")  # noqa: T201
        return int(bool(old))
    for path, text in made().items():
        path.write_text(text)
    return 0


if __name__ == "__main__":
    sys.exit(main())

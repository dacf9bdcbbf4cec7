"""Versions of the tiny model to publish, each with its group file and its card."""

import hashlib
import json
from dataclasses import replace
from pathlib import Path
from typing import Any

from inyourarea.contracts.cards import Card, card_of
from inyourarea.contracts.group import Group
from inyourarea.contracts.model import ModelInfo
from inyourarea.contracts.published import PublishedFile, PublishedVersion
from inyourarea.contracts.served import ServedVersion
from inyourarea.runtime.model_versions import ModelVersions
from tiny_model import INFO, tiny_model

PAIR = Group("pair", INFO.classes, ("#ff0000", "#00ff00"), "tiny", 1, 0.5)
PAIR_TOML = """
name = "pair"
model = "tiny"
version = 1
confidence = 0.5
[[member]]
name = "red"
colour = "#ff0000"
[[member]]
name = "green"
colour = "#00ff00"
"""


def told(red: float = 0.8, green: float = 0.8) -> dict[str, Any]:
    """A card whose members reach these mAP50-95."""
    found = {"red": red, "green": green}
    members = {name: {"map50": 0.95, "map50_95": value} for name, value in found.items()}
    return {"test": {"members": members}, "epochs": 3}


def card(red: float = 0.8, green: float = 0.8) -> Card:
    return card_of(told(red, green))


def dim(floor: float) -> ModelInfo:
    """The tiny model, seeing only what is brighter than that share."""
    return replace(INFO, floor=floor)


def file_of(info: ModelInfo = INFO) -> PublishedFile:
    digest = hashlib.sha256(tiny_model(info)).hexdigest()
    return PublishedFile(ServedVersion(info, digest), is_quantised=False)


def publish(
    versions: ModelVersions, info: ModelInfo = INFO, of: Card | None = None, group: Group = PAIR
) -> PublishedVersion:
    """The next version of the group is this model."""
    return versions.publish(tiny_model(info), file_of(info), group, of or card(), "kim")


def write(folder: Path, info: ModelInfo = INFO, red: float = 0.8, green: float = 0.8) -> list[str]:
    """The files of a version, as words for ``models publish``."""
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "model.onnx").write_bytes(tiny_model(info))
    (folder / "pair.toml").write_text(PAIR_TOML)
    (folder / "card.json").write_text(json.dumps(told(red, green)))
    files = (folder / name for name in ("model.onnx", "pair.toml", "card.json"))
    model, group, figures = map(str, files)
    return [model, "--group", group, "--card", figures]

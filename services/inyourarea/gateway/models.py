"""Which models runs may ask for."""

import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass

from google.protobuf import json_format

from inyourarea.contracts.group import Group
from inyourarea.contracts.v1 import facts_pb2 as facts
from inyourarea.core.errors import ModelRejected


@dataclass(frozen=True)
class KnownModel:
    """A model that runs may ask for; the face detector knows no group."""

    model: facts.Model
    group: Group | None = None


#: By group; the face detector's name is the empty one.
Models = Mapping[str, KnownModel]


def write_models(models: Models) -> str:
    """The models as JSON, for a gateway that has no model files beside it."""
    listed = [
        {
            "model": json_format.MessageToDict(known.model, preserving_proto_field_name=True),
            "group": asdict(known.group) if known.group else None,
        }
        for known in models.values()
    ]
    return json.dumps(listed, indent=2, ensure_ascii=False) + "\n"


def read_models(text: str) -> Models:
    """What `write_models` wrote.

    Raises:
        ModelRejected: it is something else.
    """
    models = {}
    try:
        for known in json.loads(text):
            group = known["group"]
            if group is not None:
                names = {name: tuple(group[name]) for name in ("members", "colours")}
                group = Group(**{**group, **names})
            model = json_format.ParseDict(known["model"], facts.Model())
            models[group.name if group else ""] = KnownModel(model, group)
    except (ValueError, KeyError, TypeError, json_format.ParseError) as error:
        raise ModelRejected(
            f"The list of models can not be read ({error}); `inyourarea models list --json` "
            "writes one."
        ) from error
    return models

"""Which models runs may ask for."""

import json
from collections.abc import Callable, Iterator, Mapping
from dataclasses import asdict, dataclass

from google.protobuf import json_format

from inyourarea.contracts.group import Group
from inyourarea.contracts.v1 import facts_pb2 as facts
from inyourarea.core.errors import ModelRejected
from inyourarea.runtime.model_versions import ModelVersions


@dataclass(frozen=True)
class KnownModel:
    """A model that runs may ask for; the face detector knows no group."""

    model: facts.Model
    group: Group | None = None


#: By group; the face detector's name is the empty one.
Models = Mapping[str, KnownModel]


class CurrentModels(Models):
    """The models that came with the program, and of each published group the version of now.

    The store is asked each time, so that a run is given what its group uses when it is asked for.
    A published group takes the place of one that came with the program. ``versions`` gives those
    that were published, or nothing while none ever was.
    """

    def __init__(self, given: Models, versions: Callable[[], ModelVersions | None]) -> None:
        self._given = given
        self._versions = versions

    def __getitem__(self, group: str) -> KnownModel:
        versions = self._versions() if group else None
        current = versions.current(group) if versions else None
        return KnownModel(current.model, current.group) if current else self._given[group]

    def __iter__(self) -> Iterator[str]:
        versions = self._versions()
        names = versions.groups() if versions else []
        published = (name for name in names if versions and versions.current(name))
        return iter(dict.fromkeys([*self._given, *published]))

    def __len__(self) -> int:
        return sum(1 for _ in self)


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

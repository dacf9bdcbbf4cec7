"""``python -m inyourarea.detect``: finds people, on a Triton server or in this process."""

import hashlib
import sys
from functools import cache, lru_cache
from typing import TYPE_CHECKING

from inyourarea.contracts.v1 import facts_pb2 as facts
from inyourarea.core.errors import ModelRejected
from inyourarea.core.reasons import told
from inyourarea.detect.detector import Detector
from inyourarea.detect.handler import DetectHandler, Detectors
from inyourarea.detect.settings import DetectSettings, TritonSettings, read_settings
from inyourarea.runtime.memory import keep_freed_memory
from inyourarea.runtime.model_versions import ModelVersions
from inyourarea.runtime.objects import ObjectNotFound
from inyourarea.runtime.service import Ground, Need, Service, run_service

if TYPE_CHECKING:
    from inyourarea.detect.triton import TritonServer

#: Models in memory, some 200 MB each: the faces', two groups', and one that runs are leaving.
MODELS_AT_A_TIME = 4


def open_service(ground: Ground, settings: DetectSettings) -> Service:
    """Detect's handlers; their pictures lie in this process, those of other stages in a child."""
    keep_freed_memory()
    detectors = detectors_of(settings, ModelVersions(ground.objects))
    return Service({"detect": DetectHandler(ground.objects, detectors).handlers})


def needs(_: Ground, settings: DetectSettings) -> dict[str, Need]:
    """The server that models are on, if one was named."""
    if settings.triton is None:
        return {}
    return {"triton": Need(settings.triton.address, _server(settings.triton).check)}


@cache
def _server(settings: TritonSettings) -> "TritonServer":
    """The one client of this process: for its work, and for whoever asks whether it is there."""
    # Imported here: whoever runs models in the process needs no client of a server.
    from inyourarea.detect.triton import TritonServer  # noqa: PLC0415

    return TritonServer(settings)


def detectors_of(settings: DetectSettings, versions: ModelVersions) -> Detectors:
    """Where a run's model is found: on the server that was named, else in the repository here.

    A published version that is not there is fetched from the store.
    """
    if settings.triton is not None:
        from inyourarea.detect.supply import SuppliedServer  # noqa: PLC0415 - see `_server`

        return SuppliedServer(_server(settings.triton), versions).detector

    def loaded(model: facts.Model) -> Detector:
        return _loaded(settings, versions, model.name, model.sha256)

    return loaded


@lru_cache(MODELS_AT_A_TIME)
def _loaded(settings: DetectSettings, versions: ModelVersions, name: str, sha256: str) -> Detector:
    """The version of a model that has this digest."""
    from inyourarea.detect.onnx import OnnxDetector  # noqa: PLC0415 - see `_server`, and back

    repository = settings.model_repository
    for file in sorted((repository / name).glob("*/model.onnx")):
        content = file.read_bytes()
        if hashlib.sha256(content).hexdigest() == sha256:
            return OnnxDetector(content, settings.threads)
    try:
        return OnnxDetector(versions.content(sha256), settings.threads)
    except ObjectNotFound:
        raise ModelRejected(told("model-gone", model=name, repository=repository)) from None


if __name__ == "__main__":
    sys.exit(run_service("detect", read_settings, open_service, needs))

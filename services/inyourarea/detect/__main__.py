"""``python -m inyourarea.detect``: finds people, on a Triton server or in this process."""

import os
import sys
from functools import lru_cache

from inyourarea.contracts.v1 import facts_pb2 as facts
from inyourarea.core.errors import ModelRejected
from inyourarea.detect.detector import Detector
from inyourarea.detect.handler import DetectHandler, Detectors
from inyourarea.detect.settings import DetectSettings, read_settings
from inyourarea.runtime.dependencies import Ask
from inyourarea.runtime.model_versions import ModelVersions
from inyourarea.runtime.objects import ObjectNotFound
from inyourarea.runtime.service import Ground, Service, run_service

#: Models in memory, some 200 MB each: the faces', two groups', and one that runs are leaving.
MODELS_AT_A_TIME = 4


def open_service(ground: Ground) -> Service:
    """Detect's handlers."""
    detectors = detectors_of(read_settings(os.environ), ModelVersions(ground.objects))
    return Service({"detect": DetectHandler(ground.objects, detectors).handlers})


def needs() -> dict[str, Ask]:
    """The server that models are on, if one was named."""
    settings = read_settings(os.environ)
    if settings.triton is None:
        return {}
    from inyourarea.detect.triton import TritonServer  # noqa: PLC0415 - see `detectors_of`

    return {"triton": TritonServer(settings.triton).check}


def detectors_of(settings: DetectSettings, versions: ModelVersions) -> Detectors:
    """Where a run's model is found: on the server that was named, else in the repository here.

    A published version that is not there is fetched from the store.
    """
    if settings.triton is not None:
        # Imported here: whoever runs models in the process needs no client of a server, and back.
        from inyourarea.detect.supply import SuppliedServer  # noqa: PLC0415
        from inyourarea.detect.triton import TritonServer  # noqa: PLC0415

        return SuppliedServer(TritonServer(settings.triton), versions).detector

    def loaded(model: facts.Model) -> Detector:
        return _loaded(settings, versions, model.name, model.sha256)

    return loaded


@lru_cache(MODELS_AT_A_TIME)
def _loaded(settings: DetectSettings, versions: ModelVersions, name: str, sha256: str) -> Detector:
    """The version of a model that has this digest."""
    from inyourarea.detect.onnx import OnnxDetector  # noqa: PLC0415 - as above

    repository = settings.model_repository
    for file in sorted((repository / name).glob("*/model.onnx")):
        detector = OnnxDetector(file.read_bytes(), settings.threads)
        if detector.sha256 == sha256:
            return detector
    try:
        return OnnxDetector(versions.content(sha256), settings.threads)
    except ObjectNotFound:
        raise ModelRejected(
            f"No version of the model {name!r} in {repository} is the run's, nor is one that was "
            "published; run again."
        ) from None


if __name__ == "__main__":
    sys.exit(run_service("detect", open_service, needs))

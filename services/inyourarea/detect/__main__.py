"""``python -m inyourarea.detect``: finds people, on a Triton server or in this process."""

import os
import sys
from functools import cache
from pathlib import Path

from inyourarea.contracts.v1 import facts_pb2 as facts
from inyourarea.core.errors import ModelRejected
from inyourarea.detect.detector import Detector
from inyourarea.detect.handler import DetectHandler, Detectors
from inyourarea.detect.settings import DetectSettings, read_settings
from inyourarea.runtime.dependencies import Ask
from inyourarea.runtime.service import Ground, Service, run_service


def open_service(ground: Ground) -> Service:
    """Detect's handlers."""
    detectors, needs = detectors_of(read_settings(os.environ))
    handlers = DetectHandler(ground.objects, detectors).handlers
    return Service({"detect": handlers}, needs=needs)


def detectors_of(settings: DetectSettings) -> tuple[Detectors, dict[str, Ask]]:
    """Where a run's model is found: on the server that was named, else in the repository here.

    Also what is needed for that, by name.
    """
    if settings.triton is not None:
        # Imported here: whoever runs models in the process needs no client of a server, and back.
        from inyourarea.detect.triton import TritonServer  # noqa: PLC0415

        server = TritonServer(settings.triton)
        return server.detector, {"triton": server.check}

    def loaded(model: facts.Model) -> Detector:
        return _loaded(settings.model_repository, settings.threads, model.name, model.sha256)

    return loaded, {}


@cache
def _loaded(repository: Path, threads: int, name: str, sha256: str) -> Detector:
    """The version of a model that has this digest."""
    from inyourarea.detect.onnx import OnnxDetector  # noqa: PLC0415 - as above

    for file in sorted((repository / name).glob("*/model.onnx")):
        detector = OnnxDetector(file.read_bytes(), threads)
        if detector.sha256 == sha256:
            return detector
    raise ModelRejected(f"No version of the model {name!r} in {repository} is the run's.")


if __name__ == "__main__":
    sys.exit(run_service("detect", open_service))

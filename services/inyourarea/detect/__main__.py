"""``python -m inyourarea.detect``: finds people, on a Triton server or in this process."""

import os
import sys
from functools import cache
from pathlib import Path

from inyourarea.core.errors import ModelRejected
from inyourarea.detect.detector import Detector
from inyourarea.detect.handler import DetectHandler, Detectors
from inyourarea.detect.settings import DetectSettings, read_settings
from inyourarea.runtime.service import Ground, Service, run_service


def open_service(ground: Ground) -> Service:
    """Detect's handlers."""
    detectors = detectors_of(read_settings(os.environ))
    return Service({"detect": DetectHandler(ground.objects, detectors).handlers})


def detectors_of(settings: DetectSettings) -> Detectors:
    """Where a run's model is found: on the server that was named, else in the repository here."""
    if settings.triton is not None:
        # Imported here: whoever runs models in the process needs no client of a server, and back.
        from inyourarea.detect.triton import TritonServer  # noqa: PLC0415

        return TritonServer(settings.triton).detector
    return lambda model: _loaded(
        settings.model_repository, settings.threads, model.name, model.sha256
    )


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

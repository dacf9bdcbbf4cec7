"""A server is brought the published versions that runs name and that it lacks."""

import logging
import threading
from concurrent.futures import Future, ThreadPoolExecutor

from inyourarea.contracts.published import PublishedFile
from inyourarea.contracts.v1 import facts_pb2 as facts
from inyourarea.core.errors import ModelRejected
from inyourarea.core.reasons import told
from inyourarea.detect.detector import Detector, DetectorAway
from inyourarea.detect.triton import ModelAbsent, TritonServer
from inyourarea.runtime.model_versions import ModelVersions
from inyourarea.runtime.objects import ObjectNotFound

log = logging.getLogger(__name__)

#: Seconds that a unit waits for its model before it is laid aside and tried again: on a CPU a model
#: is there in two, on a GPU it may take minutes.
_WAIT_S = 20.0


class SuppliedServer:
    """A Triton server that has every published version as soon as a run asks for it.

    So a version may be published, and a server started anew or beside others, at any time.
    """

    def __init__(self, server: TritonServer, versions: ModelVersions) -> None:
        self._server = server
        self._versions = versions
        self._loader = ThreadPoolExecutor(1, thread_name_prefix="loader")
        self._loading: dict[str, Future[None]] = {}
        self._lock = threading.Lock()

    def detector(self, model: facts.Model) -> Detector:
        """See `TritonServer.detector`."""
        try:
            return self._server.detector(model)
        except ModelAbsent:
            file = self._versions.file(model.sha256)
            if file is None or file.name != model.name:
                raise
        self._bring(file)
        return self._server.detector(model)

    def _bring(self, file: PublishedFile) -> None:
        """The server has the file; only one thread of this process brings it.

        Raises:
            DetectorAway: it is still loading it, or can not be reached.
            DetectorFailed: it can not load it, and why.
            ModelRejected: the version was retired.
        """
        with self._lock:
            under_way = self._loading.get(file.name)
            if under_way is None:
                under_way = self._loader.submit(self._load, file)
                self._loading[file.name] = under_way
        try:
            under_way.result(_WAIT_S)
        except TimeoutError:
            raise DetectorAway(f"The server is loading the model {file.name!r}.") from None
        finally:
            with self._lock:
                if under_way.done() and self._loading.get(file.name) is under_way:
                    del self._loading[file.name]

    def _load(self, file: PublishedFile) -> None:
        log.info("the server is brought the model %s", file.name)
        try:
            content = self._versions.content(file.served.sha256)
        except ObjectNotFound:
            raise ModelRejected(told("model-retired", model=file.name)) from None
        self._server.load(file.description, content)

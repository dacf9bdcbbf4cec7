"""``draining.py FOLDER``: a service that answers a question once the file ``may-end`` is there."""

import sys
import time
from contextlib import ExitStack
from pathlib import Path

from inyourarea.contracts.v1 import facts_pb2 as facts
from inyourarea.contracts.v1 import track_pb2, track_pb2_grpc
from inyourarea.runtime.folder_objects import FolderObjects
from inyourarea.runtime.json_logs import log_as_json
from inyourarea.runtime.service import Ground, Service, read_settings, serve, stop_at_signals
from inyourarea.track.rpc import TrackAnswers


class Solver:
    """Answers for track, once it is let."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def solve(self, _: facts.VideoAccepted) -> None:
        """See `TrackHandler.solve`."""
        (self._folder / "begun").touch()
        while not (self._folder / "may-end").exists():
            time.sleep(0.02)


def main(folder: Path) -> None:
    """Serve until told to end, without any server to need."""
    answers = TrackAnswers(Solver(folder))  # type: ignore[arg-type]
    store = {
        "INYOURAREA_S3_ENDPOINT": "http://127.0.0.1:1",
        "INYOURAREA_S3_ACCESS_KEY": "key",
        "INYOURAREA_S3_SECRET_KEY": "secret",
    }
    log_as_json("track")
    stop = stop_at_signals()
    with ExitStack() as opened:
        ground = Ground("track", read_settings(store), opened)
        ground.objects = FolderObjects(folder / "store")
        service = Service(
            {},
            lambda server: track_pb2_grpc.add_TrackServicer_to_server(answers, server),
            (track_pb2.DESCRIPTOR,),
        )
        serve(ground, service, {}, stop)


if __name__ == "__main__":
    main(Path(sys.argv[1]))

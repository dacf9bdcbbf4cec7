"""``python -m inyourarea.render``: draws fancams, and what browsers are given, for two groups."""

import sys

from inyourarea.render.faces_handler import FacesHandler
from inyourarea.render.handler import RenderHandler
from inyourarea.render.settings import RenderSettings, read_settings
from inyourarea.render.stage_handler import StageHandler
from inyourarea.render.streams_handler import StreamsHandler
from inyourarea.runtime.service import Ground, Service, run_service


def open_service(ground: Ground, settings: RenderSettings) -> Service:
    """Render's handlers; fancams and browsers' files do not wait for each other (ADR 11)."""
    fancams = RenderHandler(ground.objects, ground.child(), settings)
    parts = (ground.objects, ground.child(), settings)
    browsers = {
        **StageHandler(*parts).handlers,
        **StreamsHandler(*parts).handlers,
        **FacesHandler(*parts).handlers,
    }
    return Service({"render": fancams.handlers, "rendition": browsers})


if __name__ == "__main__":
    sys.exit(run_service("render", read_settings, open_service))

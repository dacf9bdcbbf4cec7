"""The whole way of a video as operators see it: one trace, and lines that tell whose."""

import threading
from pathlib import Path

import pytest

from inyourarea.contracts.v1 import facts_pb2 as facts
from inyourarea.embedded.serving import add_video, open_site
from inyourarea.gateway.settings import GatewaySettings
from small_show import SmallShow
from waiting import until
from watched import counted, log_lines, spans

pytestmark = pytest.mark.slow

GROUPS = {"ingest", "detect", "track", "render", "rendition", "gateway"}


def test_one_video_is_one_trace_of_all_stages(small_show: SmallShow, tmp_path: Path) -> None:
    # A site that was closed just before may still have a unit in hand.
    until(lambda: GROUPS.isdisjoint(thread.name for thread in threading.enumerate()), 60)
    pictures = counted("detector_pictures_total", model="show")
    with (
        spans() as kept,
        log_lines() as lines,
        open_site(tmp_path, GatewaySettings(trusts_everybody=True)) as site,
    ):
        watcher = site.line.watch()
        video = add_video(site, small_show.video, "show")
        run = site.house.catalog.video(video)["run_id"]
        *_, last = watcher.facts(run)
        assert isinstance(last, facts.FancamsPublished), last
    units = [span for span in kept.get_finished_spans() if span.parent is not None]
    assert {span.name.split(" ")[0] for span in units} == GROUPS
    (root,) = {span.context.trace_id for span in units}
    known = {span.context.span_id for span in kept.get_finished_spans()}
    assert {span.parent.span_id for span in units if span.parent} <= known
    assert {(span.attributes or {})["inyourarea.run_id"] for span in units} == {run}
    of_units = [line for line in lines if line["thread"] in GROUPS]
    assert of_units
    for line in of_units:
        assert (line["video_id"], line["run_id"]) == (video, run)
        assert line["trace_id"] == f"{root:032x}"
        assert "segment" in line or "frames" not in line["text"]  # sound and faces are a video's
    assert counted("detector_pictures_total", model="show") > pictures

"""Videos on their way through a release, and the same on the laptop."""

from pathlib import Path

from inyourarea.client import Client, Wishes
from release import Release, digests, eventually
from small_show import SmallShow, inyourarea

STAGES = ("ingest", "detect", "track", "render", "gateway")
_DONE_S = 900


def laptop(show: SmallShow, to_s: str, out: Path) -> dict[str, str]:
    """What the laptop form makes of the video up to that second."""
    inyourarea("run", show.video, "--group", "show", "--to", to_s, "--out", out)
    return digests(out / "fancams")


def sent(release: Release, token: str, show: SmallShow, to_s: float) -> str:
    """The video was sent in; up to each second it is another."""
    with release.tunnel() as address, Client(address, token=token) as client:
        return client.submit(show.video, Wishes(group="show", to_s=to_s)).id


def fetched(release: Release, token: str, video: str, out: Path) -> dict[str, str]:
    """What the release has made of it."""
    with release.tunnel() as address, Client(address, token=token) as client:
        eventually(lambda: client.video(video).state != "working", _DONE_S)
        shown = client.video(video)
        assert shown.state == "ready", shown.failure
        for wanted in client.wanted(client.watch(video)):
            client.fetch(wanted, out)
    return digests(out)

"""What goes wrong is told as a problem document, whatever it is."""

import asyncio
from fractions import Fraction
from math import ceil

import httpx
import pytest

from inyourarea.contracts import keys
from inyourarea.gateway.documents import VideoAsked
from rehearsal_house import RehearsedSite


@pytest.mark.parametrize("path", ["%00", "a" * 5000, "../../../etc/passwd", "assets/%2e%2e/x"])
def test_what_no_file_can_be_called_is_not_there(path: str, site: RehearsedSite) -> None:
    answer = site.http.get(f"http://site/{path}")
    assert answer.status_code == 404
    assert answer.headers["content-type"] == "application/problem+json"


def test_a_defect_is_told_as_a_problem(
    site: RehearsedSite, monkeypatch: pytest.MonkeyPatch
) -> None:
    def broken(video: str) -> None:
        raise RuntimeError(video)

    monkeypatch.setattr(site.catalog, "video", broken)
    with pytest.raises(RuntimeError):
        site.http.get(f"/videos/{'a' * 32}")  # raised once more, for the log
    transport = httpx.ASGITransport(site.app, raise_app_exceptions=False)  # type: ignore[arg-type]
    answer = asyncio.run(_answer(transport, f"http://site/api/v1/videos/{'a' * 32}"))
    assert answer.status_code == 500
    assert answer.headers["content-type"] == "application/problem+json"
    assert answer.json()["title"] == "Internal Server Error"


def test_a_damaged_object_is_named_with_what_to_do(site: RehearsedSite) -> None:
    video = site.ready()
    person = site.watch(video)["people"][0]["id"]
    accepted = site.house.showing.accepted(video["run_id"])
    site.objects.put(keys.signals(accepted.video_id, accepted.spec.model, 0), b"cut short")
    pin = {"of": person, "from_s": 1, "to_s": 2, "nobody": True}
    asked = {"revision": video["revision"], "pins": [pin]}
    answer = site.http.post(f"/videos/{video['id']}/pins/preview", json=asked)
    assert answer.status_code == 500
    assert answer.json()["type"].endswith(":damaged")
    assert "delete it and try again" in answer.json()["detail"]


async def _answer(transport: httpx.ASGITransport, url: str) -> httpx.Response:
    async with httpx.AsyncClient(transport=transport) as client:
        return await client.get(url)


def test_a_time_of_many_digits_is_a_time(site: RehearsedSite) -> None:
    for from_s, to_s in ((5.5e-17, None), (0, 0.0012345678901234567)):
        body = {"upload_id": site.upload(), "from_s": from_s, "to_s": to_s}
        assert site.http.post("/videos", json=body).status_code == 202


@pytest.mark.parametrize("rate", [24, 30, 50, 60])
def test_the_frame_that_begins_at_a_time_is_not_lost_to_its_rounding(rate: int) -> None:
    for frame in range(3 * rate):
        asked = VideoAsked(upload_id="0" * 32, from_s=frame / rate)
        assert asked.from_s is not None
        assert ceil(Fraction(str(asked.from_s)) * rate) == frame

"""What goes wrong is told as a problem document, whatever it is."""

import asyncio

import httpx
import pytest

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


async def _answer(transport: httpx.ASGITransport, url: str) -> httpx.Response:
    async with httpx.AsyncClient(transport=transport) as client:
        return await client.get(url)

"""Tokens and sessions: what they open, when they end, and what is kept of them."""

import pytest
import sqlalchemy as sa

from doors import bearer, close_door, key, new_token, told
from inyourarea.gateway import tokens as tokens_module
from inyourarea.gateway.access import Role
from inyourarea.gateway.changes import shown_now
from inyourarea.gateway.invitations import CODE_S, Invitations
from inyourarea.gateway.schema import METADATA
from inyourarea.gateway.tokens import NoEntry, TokenAsked, TokenRefused
from rehearsal_house import RehearsedSite

EDITOR, VIEWER, OPERATOR = Role.EDITOR, Role.VIEWER, Role.OPERATOR


def cookie(site: RehearsedSite, **body: str) -> dict[str, str]:
    """Signs in; the cookie as the browser sends it from then on."""
    answer = site.http.post("/session", json=body)
    assert answer.status_code == 200, answer.text
    site.http.cookies.clear()
    name, _, value = answer.headers["set-cookie"].partition(";")[0].partition("=")
    return {"Cookie": f"{name}={value}"}


def test_a_token_is_told_once_and_only_its_digest_is_kept(site: RehearsedSite) -> None:
    token = new_token(site, EDITOR)
    secret = token.split("_", 2)[2]
    close_door(site)
    session = cookie(site, token=token)["Cookie"].partition("=")[2]
    with site.catalog.connected() as connection:
        for table in METADATA.sorted_tables:
            rows = str(connection.execute(sa.select(table)).all())
            assert secret not in rows and session not in rows, table.name


def test_a_token_says_who_asks(site: RehearsedSite) -> None:
    close_door(site)
    mine = key(site, EDITOR, name="Mina")
    assert site.get("/me", headers=mine) == {"role": "editor", "name": "Mina"}
    assert site.get("/me") == {"role": "stranger", "name": ""}


@pytest.mark.parametrize(
    "wrong", ["", "x", "iya_0_0", "iya_000000000000_" + "a" * 43, "iya_é_" + "a" * 43]
)
def test_a_wrong_token_is_refused_and_said_so(wrong: str, site: RehearsedSite) -> None:
    answer = site.http.get("/me", headers={"Authorization": f"Bearer {wrong}".encode()})
    assert told(answer) == (401, "token-unknown")
    assert 'error="invalid_token"' in answer.headers["www-authenticate"]


def test_another_secret_of_a_known_id_is_refused(site: RehearsedSite) -> None:
    token = new_token(site, EDITOR)
    other = token[:-1] + ("A" if token[-1] != "A" else "B")
    assert told(site.http.get("/me", headers=bearer(other))) == (401, "token-unknown")


def test_an_expired_token_is_said_to_be(
    site: RehearsedSite, monkeypatch: pytest.MonkeyPatch
) -> None:
    close_door(site)
    mine = key(site, EDITOR, days=1)
    assert told(site.http.get("/videos", headers=mine)) == (200, "")
    now = tokens_module.time.time_ns() + 25 * 3600 * 10**9
    monkeypatch.setattr(tokens_module.time, "time_ns", lambda: now)
    assert told(site.http.get("/videos", headers=mine)) == (401, "token-expired")


def test_a_revoked_token_is_said_to_be_and_its_browsers_are_signed_out(
    site: RehearsedSite,
) -> None:
    close_door(site)
    token = new_token(site, EDITOR)
    browser = cookie(site, token=token)
    assert told(site.http.get("/videos", headers=browser)) == (200, "")
    operator = key(site, OPERATOR)
    number = token.split("_")[1]
    assert site.http.delete(f"/tokens/{number}", headers=operator).status_code == 204
    assert told(site.http.get("/videos", headers=bearer(token))) == (401, "token-revoked")
    answer = site.http.get("/videos", headers=browser)
    assert told(answer) == (401, "sign-in")
    assert "session has ended" in answer.json()["detail"]


def test_a_stream_of_events_ends_when_its_token_is_revoked(site: RehearsedSite) -> None:
    video = site.ready()
    token = new_token(site, VIEWER)
    person = site.house.tokens.holder(token)
    assert shown_now(site.house, video["id"], person)
    site.house.tokens.revoke(token.split("_")[1])
    with pytest.raises(NoEntry):
        shown_now(site.house, video["id"], person)


def test_a_session_is_a_cookie_that_no_script_and_no_other_site_can_use(
    site: RehearsedSite,
) -> None:
    close_door(site)
    answer = site.http.post("/session", json={"token": new_token(site, EDITOR)})
    words = {word.strip().lower() for word in answer.headers["set-cookie"].split(";")}
    assert {"httponly", "samesite=strict", "path=/"} <= words
    assert "secure" not in words  # the site was reached by http


def test_signing_out_ends_the_session(site: RehearsedSite) -> None:
    close_door(site)
    browser = cookie(site, token=new_token(site, EDITOR))
    assert site.http.delete("/session", headers=browser).status_code == 204
    assert told(site.http.get("/videos", headers=browser)) == (401, "sign-in")


def test_a_rebuilt_catalog_keeps_its_tokens(site: RehearsedSite) -> None:
    close_door(site)
    mine = key(site, EDITOR)
    site.house.projection.rebuild()
    assert told(site.http.get("/videos", headers=mine)) == (200, "")


@pytest.mark.parametrize(
    "asked",
    [
        TokenAsked("", EDITOR),
        TokenAsked("x", Role.VISITOR),
        TokenAsked("x", EDITOR, days=0),
        TokenAsked("x", EDITOR, labels=()),
        TokenAsked("x", EDITOR, labels=("tour",)),
        TokenAsked("x", OPERATOR, labels=("tour:2026",)),
        TokenAsked("in use", EDITOR),
        TokenAsked("proposal", EDITOR),
    ],
)
def test_a_token_that_makes_no_sense_is_refused(asked: TokenAsked, site: RehearsedSite) -> None:
    new_token(site, EDITOR, name="in use")
    with pytest.raises(TokenRefused):
        site.house.tokens.create(asked)


def test_operators_make_and_list_tokens_by_the_api(site: RehearsedSite) -> None:
    close_door(site)
    mine = key(site, OPERATOR, name="me")
    body = {"name": "Mina", "role": "editor", "labels": ["tour:2026"], "days": 3}
    made = site.http.post("/tokens", json=body, headers=mine).json()
    assert site.get("/me", headers=bearer(made["token"])) == {"role": "editor", "name": "Mina"}
    listed = site.http.get("/tokens", headers=mine)
    assert [one["name"] for one in listed.json()["items"]] == ["Mina", "me"]
    assert made["token"].split("_", 2)[2] not in listed.text
    again = site.http.post("/tokens", json=body, headers=mine)
    assert told(again) == (422, "refused")


class TestATokenForSomeVideos:
    def test_opens_those_that_carry_one_of_its_labels(self, site: RehearsedSite) -> None:
        mine = site.ready(b"mine", labels={"tour": "2026", "city": "Seoul"})
        other = site.ready(b"other", labels={"tour": "2025"})
        close_door(site)
        viewer = key(site, VIEWER, labels=("tour:2026", "tour:2027"))
        assert [one["id"] for one in site.get("/videos", headers=viewer)["items"]] == [mine["id"]]
        for path in ("", "/watch", "/stage.mp4"):
            assert site.http.get(f"/videos/{mine['id']}{path}", headers=viewer).is_success
            answer = site.http.get(f"/videos/{other['id']}{path}", headers=viewer)
            assert answer.status_code == 404
        for name in ("boxes.json", "report.json", "tracks.csv", "camera/9x16.json"):
            assert site.http.get(f"/runs/{mine['run_id']}/{name}", headers=viewer).is_success
            answer = site.http.get(f"/runs/{other['run_id']}/{name}", headers=viewer)
            assert answer.status_code == 404

    def test_takes_no_video_out_of_them_and_brings_none_in_from_elsewhere(
        self, site: RehearsedSite
    ) -> None:
        mine = site.ready(b"mine", labels={"tour": "2026"})
        site.ready(b"other", title="Theirs", labels={"tour": "2025"})
        close_door(site)
        site.http.headers.update(key(site, EDITOR, labels=("tour:2026",)))
        away = site.http.patch(f"/videos/{mine['id']}", json={"labels": {}})
        assert told(away) == (403, "scope")
        renamed = site.http.patch(f"/videos/{mine['id']}", json={"title": "Encore"})
        assert renamed.json()["title"] == "Encore"
        for labels in ({}, {"tour": "2026"}):
            body = {"upload_id": site.upload(b"other"), "title": "Mine now", "labels": labels}
            assert told(site.http.post("/videos", json=body)) == (403, "scope")
        site.http.headers.update(key(site, OPERATOR))
        titles = {one["title"] for one in site.get("/videos")["items"]}
        assert titles == {"Encore", "Theirs"}


class TestAnInvitation:
    def test_lets_one_browser_watch(self, site: RehearsedSite) -> None:
        close_door(site)
        code = site.house.invitations.invite()
        browser = cookie(site, code=code)
        assert site.get("/me", headers=browser)["role"] == "viewer"
        assert told(site.http.post("/session", json={"code": code})) == (401, "code-used")
        assert told(site.http.delete("/videos/" + "0" * 32, headers=browser)) == (403, "role")

    def test_is_over_after_ten_minutes(self, site: RehearsedSite) -> None:
        now = [0.0]
        invitations = Invitations(site.house.tokens, clock=lambda: now[0])
        code = invitations.invite()
        now[0] = CODE_S + 1
        with pytest.raises(NoEntry):
            invitations.accept(code)

    def test_makes_a_guest_who_can_be_shown_out(self, site: RehearsedSite) -> None:
        close_door(site)
        browser = cookie(site, code=site.house.invitations.invite())
        (guest,) = site.house.tokens.all()
        site.house.tokens.revoke(guest["id"])
        assert told(site.http.get("/videos", headers=browser)) == (401, "sign-in")

"""Tokens and the browsers that are signed in with them: made, found, revoked. Kept as digests."""

import hashlib
import hmac
import re
import secrets
import time
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

import sqlalchemy as sa

from inyourarea.contracts.datasets import PROPOSAL
from inyourarea.core.errors import Refused
from inyourarea.gateway.access import Person, Role
from inyourarea.gateway.catalog import Catalog, Row
from inyourarea.gateway.schema import SESSIONS, TOKENS

_DAY_NS = 24 * 3600 * 10**9
#: How long a browser stays signed in: a month of evenings without typing a token again.
SESSION_S = 30 * 24 * 3600
#: Days: past them nobody knows who holds a token.
MOST_DAYS = 3650
#: Bytes of randomness: nobody guesses 256 bits, so one round of SHA-256 hides them well enough.
_SECRET = 32
_TOKEN = re.compile(r"iya_([0-9a-f]{12})_([\w-]{43})", re.ASCII)
_LABEL = re.compile(r"[\w.-]{1,63}:.{1,300}")
_LONGEST_NAME = 100


class TokenRefused(Refused):
    """A token can not be made so; the message says why."""


class NoEntry(Exception):
    """What was presented opens nothing; the message says why, ``kind`` names it for programs."""

    def __init__(self, kind: str, message: str) -> None:
        super().__init__(message)
        self.kind = kind


@dataclass(frozen=True)
class TokenAsked:
    """A token to make: for ``days`` days from now, or for ever; ``labels`` none: all videos."""

    name: str
    role: Role
    labels: tuple[str, ...] | None = None
    days: float | None = None

    def check(self) -> None:
        """It makes sense.

        Raises:
            TokenRefused: it does not.
        """
        if not 0 < len(self.name) <= _LONGEST_NAME:
            raise TokenRefused(f"a token's name has 1 to {_LONGEST_NAME} letters")
        if self.name == PROPOSAL:
            raise TokenRefused(f"labels that the program proposes are by {PROPOSAL!r}")
        if self.role < Role.VIEWER:
            raise TokenRefused("a token's role is viewer, editor or operator")
        if self.days is not None and not 0 < self.days <= MOST_DAYS:
            raise TokenRefused(f"a token lives for more than 0 and at most {MOST_DAYS} days")
        if self.labels is None:
            return
        if self.role == Role.OPERATOR:
            raise TokenRefused("an operator's token is for all videos: it could make others")
        if not self.labels or not all(map(_LABEL.fullmatch, self.labels)):
            raise TokenRefused("a token's labels are written name:value; leave them out for all")


class Tokens:
    """All tokens of a catalog. A token is ``iya_<id>_<secret>``; its secret is shown once."""

    def __init__(self, catalog: Catalog) -> None:
        self._catalog = catalog

    def create(self, asked: TokenAsked) -> tuple[str, Row]:
        """A new token, to be told to its holder now and never again, and its row.

        Raises:
            TokenRefused: it makes no sense, or its name is in use.
        """
        asked.check()
        number, secret, now = secrets.token_hex(6), secrets.token_urlsafe(_SECRET), time.time_ns()
        row = {
            "id": number,
            "sha256": _digest(secret),
            "name": asked.name,
            "role": asked.role.name.lower(),
            "labels": None if asked.labels is None else list(asked.labels),
            "created_ns": now,
            "expires_ns": None if asked.days is None else now + round(asked.days * _DAY_NS),
            "revoked_ns": None,
        }
        with self._catalog.connected() as connection:
            if connection.scalar(_usable(now).where(TOKENS.c.name == asked.name)):
                raise TokenRefused(
                    f"there is a token called {asked.name!r}; revoke it or choose another name, "
                    "since the records tell people apart by it"
                )
            connection.execute(TOKENS.insert().values(row))
        return f"iya_{number}_{secret}", row

    def all(self) -> list[Row]:
        """All tokens that were ever made, the newest first."""
        return self._rows(sa.select(TOKENS).order_by(TOKENS.c.created_ns.desc()))

    def are_there(self) -> bool:
        """Whether anybody can sign in."""
        return bool(self._rows(_usable(time.time_ns())))

    def revoke(self, number: str) -> bool:
        """The token opens nothing any more, nor do its sessions; false where there is none."""
        now = time.time_ns()
        revoked = sa.func.coalesce(TOKENS.c.revoked_ns, now)
        with self._catalog.connected() as connection:
            connection.execute(SESSIONS.delete().where(SESSIONS.c.token_id == number))
            changed = connection.execute(
                TOKENS.update().where(TOKENS.c.id == number).values(revoked_ns=revoked)
            )
            return changed.rowcount > 0

    def holder(self, token: str) -> Person:
        """Who presents the token.

        Raises:
            NoEntry: it is unknown, has expired or was revoked.
        """
        found = _TOKEN.fullmatch(token)
        row = self._token(found[1]) if found else None
        if not found or row is None or not hmac.compare_digest(row["sha256"], _digest(found[2])):
            raise NoEntry("token-unknown", "This token is not known here.")
        return _person(row)

    def open_session(self, person: Person) -> str:
        """A secret for the browser of this person, who presented a token."""
        secret, now = secrets.token_urlsafe(_SECRET), time.time_ns()
        row = self._token(person.token)
        until = now + SESSION_S * 10**9
        if row is not None and row["expires_ns"] is not None:
            until = min(until, row["expires_ns"])
        entry = {"sha256": _digest(secret), "token_id": person.token, "expires_ns": until}
        with self._catalog.connected() as connection:
            connection.execute(SESSIONS.delete().where(SESSIONS.c.expires_ns < now))
            connection.execute(SESSIONS.insert().values(entry))
        return secret

    def member(self, secret: str) -> Person:
        """Whose browser presents the secret of a session.

        Raises:
            NoEntry: it was signed out, or its token has expired or was revoked.
        """
        same = sa.and_(SESSIONS.c.sha256 == _digest(secret), SESSIONS.c.expires_ns > time.time_ns())
        rows = self._rows(
            sa.select(TOKENS).join(SESSIONS, TOKENS.c.id == SESSIONS.c.token_id).where(same)
        )
        if not rows:
            raise NoEntry("session-ended", "This session has ended; sign in again.")
        return _person(rows[0])

    def close_session(self, secret: str) -> None:
        """The browser is signed out."""
        with self._catalog.connected() as connection:
            connection.execute(SESSIONS.delete().where(SESSIONS.c.sha256 == _digest(secret)))

    def check(self, person: Person) -> None:
        """Whatever the person presented some time ago is good still.

        Raises:
            NoEntry: it is not.
        """
        if person.token:
            row = self._token(person.token)
            if row is None:
                raise NoEntry("token-unknown", "This token is not known here.")
            _person(row)

    def _token(self, number: str) -> Row | None:
        return next(iter(self._rows(sa.select(TOKENS).where(TOKENS.c.id == number))), None)

    def _rows(self, asked: "sa.Select[Any]") -> list[Row]:
        with self._catalog.connected() as connection:
            return [dict(row) for row in connection.execute(asked).mappings()]


def _usable(now: int) -> "sa.Select[Any]":
    alive = sa.or_(TOKENS.c.expires_ns.is_(None), TOKENS.c.expires_ns > now)
    return sa.select(TOKENS).where(TOKENS.c.revoked_ns.is_(None), alive)


def _person(row: Row) -> Person:
    if row["revoked_ns"] is not None:
        raise NoEntry("token-revoked", "This token was revoked; ask an operator for another.")
    if row["expires_ns"] is not None and row["expires_ns"] <= time.time_ns():
        day = datetime.fromtimestamp(row["expires_ns"] / 1e9, UTC).strftime("%Y-%m-%d %H:%M UTC")
        raise NoEntry(
            "token-expired", f"This token has expired on {day}; ask an operator for another."
        )
    labels = None if row["labels"] is None else tuple(row["labels"])
    return Person(Role[row["role"].upper()], row["name"], labels, row["id"])


def _digest(secret: str) -> str:
    return hashlib.sha256(secret.encode()).hexdigest()

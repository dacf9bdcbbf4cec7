"""One-time codes that let a phone watch: shown in the terminal as a picture, and soon over."""

import hashlib
import secrets
import threading
import time
from collections.abc import Callable

from inyourarea.gateway.access import Person, Role
from inyourarea.gateway.tokens import NoEntry, TokenAsked, Tokens

#: Seconds: long enough to pick up a phone.
CODE_S = 600
#: Days that a phone watches; a guest who comes again is shown another code.
_GUEST_DAYS = 1.0


class Invitations:
    """Codes of this process; they end with it. ``clock`` counts seconds."""

    def __init__(self, tokens: Tokens, clock: Callable[[], float] = time.monotonic) -> None:
        self._tokens = tokens
        self._clock = clock
        self._lock = threading.Lock()
        self._until: dict[str, float] = {}

    def invite(self) -> str:
        """A code that lets one browser watch."""
        code, now = secrets.token_urlsafe(16), self._clock()
        with self._lock:
            self._until = {key: until for key, until in self._until.items() if until > now}
            self._until[_digest(code)] = now + CODE_S
        return code

    def accept(self, code: str) -> Person:
        """A new viewer, who has a token of his own and can be shown out by revoking it.

        Raises:
            NoEntry: the code is unknown, was used, or is too old.
        """
        with self._lock:
            until = self._until.pop(_digest(code), 0.0)
        if until <= self._clock():
            raise NoEntry(
                "code-used", "This link works once and for ten minutes; ask for another one."
            )
        name = f"guest {secrets.token_hex(4)}"
        token, _ = self._tokens.create(TokenAsked(name, Role.VIEWER, days=_GUEST_DAYS))
        return self._tokens.holder(token)


def _digest(code: str) -> str:
    return hashlib.sha256(code.encode()).hexdigest()

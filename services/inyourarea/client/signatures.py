"""For programs that are told of events: whether it is really the server that tells them."""

import hashlib
import hmac
import time

from pydantic import ValidationError

from inyourarea.client.documents import WebhookEvent

#: Seconds by which the clocks of both sides may differ, and which a delivery may take.
TOLERANCE_S = 300.0


class WebhookForged(Exception):
    """The request does not come from who holds the secret, or it came long ago."""


def verify_webhook(
    secret: str,
    header: str,
    body: bytes,
    tolerance_s: float = TOLERANCE_S,
    now_s: float | None = None,
) -> WebhookEvent:
    """The event that a webhook was sent.

    ``header`` is ``X-InYourArea-Signature``; ``body`` is the request's body, byte for byte.

    Raises:
        WebhookForged: it was not signed with the secret, or not within ``tolerance_s`` of now.
    """
    fields = [part.strip().partition("=") for part in header.split(",")]
    stamps = [value for name, _, value in fields if name == "t"]
    if len(stamps) != 1 or not (stamps[0].isascii() and stamps[0].isdecimal()):
        raise WebhookForged("the signature does not say when it was made")
    signed = hmac.new(secret.encode(), f"{stamps[0]}.".encode() + body, hashlib.sha256).hexdigest()
    given = [value.encode() for name, _, value in fields if name == "v1"]
    if not any(hmac.compare_digest(signed.encode(), value) for value in given):
        raise WebhookForged("the signature was not made with this secret, or of another body")
    if abs((time.time() if now_s is None else now_s) - int(stamps[0])) > tolerance_s:
        raise WebhookForged(f"the signature is more than {tolerance_s:g} s old")
    try:
        return WebhookEvent.model_validate_json(body)
    except ValidationError as error:
        raise WebhookForged("the body is no event of InYourArea") from error

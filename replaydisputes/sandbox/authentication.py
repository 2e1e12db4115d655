"""Who is calling: the key of a request, and whether the sandbox lets it in."""

from __future__ import annotations

import base64
import binascii

from replaydisputes.model import Request
from replaydisputes.sandbox import refusals
from replaydisputes.sandbox.refusals import LiveKeyError
from replaydisputes.stripe_api.keys import key_mode


def authenticated_key(request: Request) -> str:
    """The API key of a request that may go on.

    Any test-mode secret or restricted key will do, except one that holds the word `invalid`: that one is refused
    as Stripe refuses a key it does not know. Raises Refusal (401), or LiveKeyError.
    """
    key = _presented_key(request.header("Authorization") or "")
    if not key:
        raise refusals.no_key()
    mode = key_mode(key)
    if mode == "live":
        raise LiveKeyError
    if mode == "unknown" or "invalid" in key:
        raise refusals.invalid_key(key)
    return key


def _presented_key(authorization: str) -> str:
    scheme, _, value = authorization.strip().partition(" ")
    value = value.strip()
    if scheme.lower() == "bearer":
        return value
    if scheme.lower() != "basic":
        return ""
    try:
        decoded = base64.b64decode(value, validate=True).decode()
    except (binascii.Error, UnicodeDecodeError):
        return ""
    return decoded.partition(":")[0]

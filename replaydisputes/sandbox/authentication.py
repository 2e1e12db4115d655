"""Who is calling: the key of a request, and whether the sandbox lets it in."""

from __future__ import annotations

import base64
import binascii
import re

from replaydisputes.model import Request
from replaydisputes.sandbox import refusals
from replaydisputes.sandbox.refusals import LiveKeyError
from replaydisputes.stripe_api.keys import key_mode

_WITHOUT = re.compile(r"without_(account|balance_transaction|charge|dispute|event|payment_intent)_(read|write)")
_FAILS = re.compile(r"fails_(500|503)")


def authenticated_key(request: Request) -> str:
    """The API key of a request that may go on.

    Any test-mode secret or restricted key will do. A key's own text can ask for trouble: `invalid` makes it one that
    Stripe does not know, `fails_500` and `fails_503` make Stripe fail, and see `check_permission`.
    Raises Refusal (401, 500, 503), or LiveKeyError.
    """
    key = _presented_key(request.header("Authorization") or "")
    if not key:
        raise refusals.no_key()
    mode = key_mode(key)
    if mode == "live":
        raise LiveKeyError
    if mode == "unknown" or "invalid" in key:
        raise refusals.invalid_key(key)
    failing = _FAILS.search(key)
    if failing:
        raise refusals.api_error(int(failing[1]))
    return key


def check_permission(key: str, method: str, path: str, account: str) -> None:
    """Hold a restricted key against the endpoint. It lacks what it says: `rk_test_without_dispute_write_1`.

    Who may not read may not write. path: of a known endpoint. Raises Refusal (403).
    """
    if not key.startswith("rk_"):
        return
    resource = path.split("/")[2].removesuffix("s")
    access = "write" if method == "POST" else "read"
    lacking = set(_WITHOUT.findall(key))
    if (resource, access) in lacking or (resource, "read") in lacking:
        raise refusals.not_permitted(key, f"rak_{resource}_{access}", account)


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

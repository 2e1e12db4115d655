"""What kind of API key a string is, by its prefix (docs.stripe.com/keys)."""

from __future__ import annotations

import re
from typing import Literal

SANDBOX_KEY = "sk_test_" + "sandbox" + "0" * 17
SANDBOX_RESTRICTED_KEY = "rk_test_without_dispute_write_0000"
"""Keys that belong to no one: what is sent to a sandbox by a recorder that was given none."""

KeyMode = Literal["test", "live", "unknown"]

_TEST = re.compile(r"(?:sk|rk|rkcs)_test_[A-Za-z0-9_]+\Z")
_LIVE = re.compile(r"_live_|\Ask_org_|\A(?:sk|rk|rkcs|pk)_live")


def key_mode(key: str) -> KeyMode:
    """`test` for a secret or restricted test-mode key, `live` for anything that could move money, else `unknown`.

    Organization keys (`sk_org_…`) reach live accounts and count as live.
    """
    if _LIVE.search(key):
        return "live"
    return "test" if _TEST.match(key) else "unknown"

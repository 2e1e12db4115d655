"""Seeded randomness and the ids made from it. Same seed and same order of calls, same values."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Sequence
from typing import TypeVar

from replaydisputes.stripe_api.ids import is_id_suffix

T = TypeVar("T")

_BASE62 = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"
_BASE64URL = _BASE62 + "-_"
_ACCOUNT = re.compile(r"acct_[A-Za-z0-9]{16}\Z")

_ID_EPOCH = 1_342_389_380
"""Where the time in an id starts counting, worked out from the ids and times on the reference page."""


class Draw:
    """A stream of values that depends on nothing but its name."""

    def __init__(self, name: str) -> None:
        self._name, self._count = name, 0

    def below(self, bound: int) -> int:
        self._count += 1
        digest = hashlib.sha256(f"{self._name}/{self._count}".encode()).digest()
        return int.from_bytes(digest, "big") % bound

    def pick(self, choices: Sequence[T]) -> T:
        return choices[self.below(len(choices))]

    def digits(self, length: int) -> str:
        """Decimal digits, the first not 0."""
        return str(10 ** (length - 1) + self.below(9 * 10 ** (length - 1)))

    def base62(self, length: int) -> str:
        """Characters that look drawn: never lower-case letters alone, so that it passes for an id suffix."""
        text = "".join(self.pick(_BASE62) for _ in range(length))
        return text if is_id_suffix(text) else self.base62(length)

    def base64url(self, length: int) -> str:
        return "".join(self.pick(_BASE64URL) for _ in range(length))


class Mint:
    """Makes ids with Stripe's anatomy for one account (see stripe_api.ids)."""

    def __init__(self, seed: int, account: str | None = None, name: str = "") -> None:
        """name: a stream of its own for a connected account, so that no two accounts draw the same ids."""
        self._draw = Draw(f"ids/{seed}{name}")
        made = account or f"acct_1{Draw(f'account/{seed}{name}').base62(15)}"
        if not _ACCOUNT.match(made):
            raise ValueError(f"account must be acct_ and 16 letters or digits, got {made!r}")
        self.account = made

    def object_id(self, prefix: str, now: int, version: str = "1") -> str:
        """`prefix_` + version, 5 of time, 10 of the account, 8 drawn. now: unix seconds."""
        return f"{prefix}_{version}{_time_digits(now)}{self.account[-10:]}{self._draw.base62(8)}"

    def short_id(self, prefix: str) -> str:
        """The kind that names no account: `req_`, 14 characters."""
        return f"{prefix}_{self._draw.base62(14)}"

    def client_secret(self, payment_intent: str) -> str:
        return f"{payment_intent}_secret_{self._draw.base62(25)}"

    def token(self, length: int) -> str:
        """An opaque URL-safe token, such as the one in each Content-Security-Policy."""
        return self._draw.base64url(length)


def _time_digits(now: int) -> str:
    rest, digits = max(now - _ID_EPOCH, 0), ""
    for _ in range(5):
        rest, digit = divmod(rest, 62)
        digits = _BASE62[digit] + digits
    return digits

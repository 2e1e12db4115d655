"""Stripe's rate limit, for an account that has one switched on."""

from __future__ import annotations

from collections import deque

from replaydisputes.sandbox import refusals


class Limiter:
    """At most `per_second` requests in any second of the clock; None lets everything through."""

    def __init__(self, per_second: int | None) -> None:
        self._let_in: deque[float] = deque(maxlen=per_second or 0)

    def let_in(self, moment: float) -> None:
        """Count one request. Raises Refusal (429), which is not counted."""
        full = self._let_in.maxlen and len(self._let_in) == self._let_in.maxlen
        if full and moment < self._let_in[0] + 1:
            raise refusals.rate_limited()
        self._let_in.append(moment)

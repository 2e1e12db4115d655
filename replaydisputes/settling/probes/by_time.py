"""What requests that are under way together make of each other."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from replaydisputes.settling.asking import Answer, Ask, Call, NotObservableError
from replaydisputes.settling.probes.seen import Probe, Seen

_TOO_MANY = 50
"""Reads sent at once: twice what test mode allows in a second."""


def _idempotency_in_use(ask: Ask) -> Iterator[Seen]:
    dispute, key = ask.dispute(), ask.fresh_key()
    answers = ask.send_at_once(*(ask.closing(dispute, once=key) for _ in range(2)))
    yield from _refused(answers, 409, "the second close with a key whose first is under way")


def _lock_timeout(ask: Ask) -> Iterator[Seen]:
    dispute = ask.dispute()
    answers = ask.send_at_once(*(ask.closing(dispute) for _ in range(2)))
    yield from _refused(answers, 429, "the second close of a dispute whose first is under way")


def _rate_limit(ask: Ask) -> Iterator[Seen]:
    answers = ask.send_at_once(*[Call("GET", "/v1/disputes", (("limit", "1"),))] * _TOO_MANY)
    yield from _refused(answers, 429, "a read beyond the limit")
    limited = next(answer for answer in answers if answer.status == 429)
    yield Seen("its Stripe-Rate-Limited-Reason", limited.header("Stripe-Rate-Limited-Reason"))


def _refused(answers: Sequence[Answer], status: int, what: str) -> Iterator[Seen]:
    refused = next((answer for answer in answers if answer.status == status), None)
    if refused is None:
        came = ", ".join(sorted({answer.words for answer in answers}))
        raise NotObservableError(f"{len(answers)} calls sent at once did not meet; they were answered: {came}")
    yield Seen(what, refused.words)
    yield Seen("its Stripe-Should-Retry", refused.header("Stripe-Should-Retry"))


BY_TIME: dict[str, Probe] = {
    "idempotency-in-use": _idempotency_in_use,
    "lock-timeout": _lock_timeout,
    "rate-limit": _rate_limit,
}

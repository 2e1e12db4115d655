"""What Idempotency-Keys remember, and what is in use while an answer travels."""

from __future__ import annotations

from collections.abc import Hashable
from dataclasses import dataclass, replace

from replaydisputes.sandbox import refusals
from replaydisputes.sandbox.answers import Answer
from replaydisputes.stripe_api.forms import Params

_KEPT_S = 24 * 3600


@dataclass(frozen=True, slots=True)
class Attempt:
    """One POST with a key. params: normalised. moment: seconds of the clock."""

    account: str
    key: str
    path: str
    params: Params
    moment: float


class InUse:
    """What a write holds until its answer has arrived. latency_s: how long that takes."""

    def __init__(self, latency_s: float) -> None:
        self._latency_s = latency_s
        self._until: dict[Hashable, float] = {}

    def take(self, name: Hashable, moment: float) -> None:
        self._until[name] = moment + self._latency_s

    def taken(self, name: Hashable, moment: float) -> bool:
        return moment < self._until.get(name, moment)


class Idempotency:
    """The answers that keys were given, by account, for 24 hours."""

    def __init__(self) -> None:
        self._kept: dict[tuple[str, str], tuple[Attempt, str, Answer]] = {}

    def recall(self, attempt: Attempt) -> tuple[Answer, str] | None:
        """The first answer to this key, and the id of the request that got it; None for a new or forgotten key.

        Raises Refusal (400) where the key stood for another request.
        """
        kept = self._kept.get((attempt.account, attempt.key))
        if kept is None:
            return None
        first, request_id, answer = kept
        if attempt.moment >= first.moment + _KEPT_S:
            return None
        if (first.path, first.params) != (attempt.path, attempt.params):
            raise refusals.key_reused(attempt.key, other_path=first.path != attempt.path)
        return answer, request_id

    def keep(self, attempt: Attempt, request_id: str, answer: Answer) -> None:
        """Remember a first answer. That a refusal is kept at all is an assumption, told when it is said again."""
        if answer.status >= 400:
            answer = replace(answer, assumed=answer.assumed | {"idempotent-refusals"})
        self._kept[attempt.account, attempt.key] = (attempt, request_id, answer)

    def assumed_of_new(self, attempt: Attempt) -> frozenset[str]:
        """What it rests on that this attempt is executed although its key was met before."""
        elsewhere = any(key == attempt.key and account != attempt.account for account, key in self._kept)
        expired = (attempt.account, attempt.key) in self._kept
        return frozenset(
            name for name, holds in (("idempotency-account", elsewhere), ("idempotency-expiry", expired)) if holds
        )

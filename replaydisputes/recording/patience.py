"""When a call is made again, and how long to wait: Stripe's own rules, so that trying again never closes twice."""

from __future__ import annotations

import json
import time
from collections.abc import Callable
from dataclasses import dataclass, replace
from email.utils import parsedate_to_datetime

from replaydisputes.model import Interaction, Response, header, without_headers

MOST_ASKED_S = 60.0
"""The longest wait between two attempts that an answer may ask for with `Retry-After`."""

_TRIED_AGAIN = frozenset({409, 429, 500, 502, 503, 504})


@dataclass(frozen=True, slots=True)
class Patience:
    """attempts: how often a call is made in all. wait_s: before the second attempt, doubled before each further one."""

    sleep: Callable[[float], None] = time.sleep
    attempts: int = 4
    wait_s: float = 0.5

    def wait_before(self, attempt: int, asked_s: float = 0.0) -> None:
        """Sleep before the attempt with this number; the first is 1, and waits for nothing.

        asked_s: the least wait that the last answer asked for.
        """
        if attempt > 1:
            self.sleep(max(asked_s, self.wait_s * 2 ** (attempt - 2)))


class Pace:
    """The least time from call to call, over every recording that shares it.

    between_s: 0.05 keeps below the 25 requests a second that test mode allows. monotonic_s: the clock.
    """

    def __init__(self, between_s: float = 0.05, monotonic_s: Callable[[], float] = time.monotonic) -> None:
        self._between_s, self._monotonic_s = between_s, monotonic_s
        self._next_s = 0.0

    def keep(self, sleep: Callable[[float], None]) -> None:
        """Sleep until the next call may be made, which is about to be."""
        now_s = self._monotonic_s()
        if self._next_s > now_s:
            sleep(self._next_s - now_s)
        self._next_s = max(now_s, self._next_s) + self._between_s


def is_to_be_tried_again(response: Response) -> bool:
    """What `Stripe-Should-Retry` says; without it, the statuses that Stripe's SDKs send again.

    Not if the answer asks for a longer wait than MOST_ASKED_S: then it is taken as the answer.
    """
    said = response.header("stripe-should-retry")
    is_asked = said == "true" if said in ("true", "false") else response.status in _TRIED_AGAIN
    return is_asked and retry_after_s(response) <= MOST_ASKED_S


def retry_after_s(response: Response) -> float:
    """The seconds that `Retry-After` asks for, as a number or as a date after the answer's own; 0 without it."""
    asked = (response.header("retry-after") or "").strip()
    if asked.isascii() and asked.isdigit():
        return float(asked[:9])
    try:
        until, now = parsedate_to_datetime(asked), parsedate_to_datetime(response.header("date") or "")
        return max(0.0, (until - now).total_seconds())
    except (ValueError, TypeError, OverflowError):
        return 0.0


def is_whole(response: Response) -> bool:
    """Whether a JSON answer ends where its JSON does: one without a length that broke off looks like any other."""
    if "json" not in (response.header("content-type") or "") or response.header("content-encoding"):
        return True
    try:
        json.loads(response.body)
    except RecursionError:
        return True
    except ValueError:
        return not response.body
    return True


def as_first_answered(interaction: Interaction) -> Interaction:
    """The first answer to an Idempotency-Key, from the copy that Stripe gave when the first one got lost on its way.

    Stripe keeps status and body; the copy differs in its own request id and in `Idempotent-Replayed`.
    """
    response = interaction.response
    original = header(response.headers, "original-request")
    headers = tuple(
        (name, original if name.lower() == "request-id" and original else value)
        for name, value in without_headers(response.headers, ["idempotent-replayed"])
    )
    return replace(interaction, response=replace(response, headers=headers))

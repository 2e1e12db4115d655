"""Where each interaction of a cassette stands in its history: cut into epochs by the writes that took effect."""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from typing import NamedTuple

from replaydisputes.model import Outline, Response
from replaydisputes.playback.matching import READS, Asked

WRITE, REPEAT, KEY_REFUSAL = -1, -2, -3
"""The stages of writes. A read's stage is its epoch; a repeat and a refusal answer the second use of a key only."""

_NOT_SAVED = frozenset({409, 429})
"""Answers that Stripe does not keep for an Idempotency-Key: the request was never begun (docs.stripe.com)."""


class Place(NamedTuple):
    """Where an interaction stands. `cuts`: it ended its epoch. `settled`: its key answers the same ever after."""

    epoch: int
    stage: int
    cuts: bool
    settled: bool


def places_of(
    outlines: Sequence[Outline], asked: Callable[[int], Asked], response: Callable[[int], Response]
) -> list[Place]:
    """The place of each interaction. A refused write (4xx) and a repeated one changed nothing, so they cut nothing.

    A failed write (5xx) may have taken effect, so it cuts, unless the next write tries the same again.
    asked, response: read an interaction's; called only where a key comes twice or a write failed.
    """
    stages = _stages(outlines, asked, response)
    retried = _retried(outlines, asked, stages)
    places = []
    epoch = 0
    for index, (method, _, _, _, status) in enumerate(outlines):
        settled = status not in _NOT_SAVED and index not in retried
        if method in READS:
            places.append(Place(epoch, epoch, False, settled))
            continue
        cuts = stages[index] == WRITE and not 400 <= status < 500 and index not in retried
        places.append(Place(epoch, stages[index], cuts, settled))
        epoch += cuts
    return places


def _stages(
    outlines: Sequence[Outline], asked: Callable[[int], Asked], response: Callable[[int], Response]
) -> list[int]:
    """Which write each interaction is, judged by the keys in the cassette; for reads the answer means nothing."""
    stages = [WRITE] * len(outlines)
    used: dict[tuple[str, str], int] = {}
    for index, (method, _, key, account, _) in enumerate(outlines):
        if not key or method in READS:
            continue
        first = used.setdefault((key, account), index)
        if first == index:
            continue
        if asked(first) == asked(index):
            stages[index] = REPEAT if response(index).header("idempotent-replayed") else WRITE
        elif is_key_refusal(response(index)):
            stages[index] = KEY_REFUSAL
    return stages


def _retried(outlines: Sequence[Outline], asked: Callable[[int], Asked], stages: Sequence[int]) -> frozenset[int]:
    """The writes that failed (5xx) and were tried again by the next write."""
    retried = set()
    following: int | None = None
    for index in reversed(range(len(outlines))):
        if outlines[index].method in READS:
            continue
        failed = following is not None and outlines[index].status >= 500 and stages[following] == WRITE
        if following is not None and failed and asked(following) == asked(index):
            retried.add(index)
        following = index
    return frozenset(retried)


def is_key_refusal(response: Response) -> bool:
    """Whether Stripe refused a write because its Idempotency-Key had been used for another one."""
    if response.status != 400 or b"idempotency_error" not in response.body:
        return False
    try:
        error = json.loads(response.body)["error"]
        return bool(error["type"] == "idempotency_error")
    except (ValueError, KeyError, TypeError):
        return False

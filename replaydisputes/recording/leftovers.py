"""What a recording that ended early leaves behind at Stripe, from what was captured until then."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

from replaydisputes.model import Interaction
from replaydisputes.recording.scenarios.steps import json_object
from replaydisputes.stripe_api.urls import dispute_id_in_path, split_url

_OPEN = frozenset(("needs_response", "warning_needs_response"))
_PAYMENTS = "/v1/payment_intents"


def leftovers(interactions: Sequence[Interaction], unanswered: str = "") -> str:
    """Sentences that name each dispute left open, by its real id; empty where none is.

    unanswered: the path of a write that was sent and never answered. For a terminal, never for a file.
    """
    closing = dispute_id_in_path(unanswered) if unanswered.endswith("/close") else None
    said = []
    statuses = dict(_statuses(interactions))
    if closing and statuses.get(closing, "") in {*_OPEN, ""}:
        said.append(f"Whether {closing} is closed is not known: its close was not answered.")
    if unanswered == _PAYMENTS:
        said.append("A payment was asked for and not answered: it may leave a dispute open.")
    still_open = [dispute for dispute, status in statuses.items() if status in _OPEN and dispute != closing]
    if still_open:
        said.append(f"Left open: {', '.join(still_open)}.")
    if not statuses:
        said += [
            f"The payment {payment} leaves a dispute open, which has not appeared." for payment in _paid(interactions)
        ]
    return " ".join(said)


def _statuses(interactions: Sequence[Interaction]) -> Iterator[tuple[str, str]]:
    """Each dispute and its status, as often as one was answered."""
    for interaction in interactions:
        value = json_object(interaction.response)
        listed = value.get("data")
        for each in (value, *(listed if isinstance(listed, list) else ())):
            if _is_a(each, "dispute"):
                yield str(each.get("id")), str(each.get("status"))


def _paid(interactions: Sequence[Interaction]) -> Iterator[str]:
    for interaction in interactions:
        value = json_object(interaction.response)
        if split_url(interaction.request.url).path == _PAYMENTS and _is_a(value, "payment_intent"):
            yield str(value.get("id"))


def _is_a(value: Any, kind: str) -> bool:
    return isinstance(value, dict) and value.get("object") == kind

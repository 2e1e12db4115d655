"""The named recipes of calls worth recording, as data."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from replaydisputes.errors import UnknownScenarioError
from replaydisputes.model import Interaction, Response

UNKNOWN_DISPUTE_ID = "du_1AAAAAreplaydisp99999999"
"""Well-formed and nobody's: what the refusal scenarios ask for."""


@dataclass(frozen=True, slots=True)
class Call:
    """One recorded call on the dispute; `statuses`: HTTP statuses that keep the scenario's promise."""

    what: str
    method: str
    path: str
    statuses: tuple[int, ...] = (200,)
    dispute_statuses: tuple[str, ...] = ()

    def broken_by(self, response: Response) -> tuple[str, str] | None:
        """What was expected and what came instead, where an answer breaks the promise; None where it keeps it."""
        value = json_object(response)
        if response.status not in self.statuses:
            return " or ".join(f"HTTP {wanted}" for wanted in self.statuses), f"HTTP {response.status}{said(value)}"
        if self.dispute_statuses and value.get("status") not in self.dispute_statuses:
            return f"status {' or '.join(self.dispute_statuses)}", f"{value.get('status')}"
        return None


@dataclass(frozen=True, slots=True)
class Scenario:
    """A recipe. `payment_method`: the test card that makes the dispute; None where the scenario needs no dispute."""

    name: str
    proves: str
    calls: tuple[Call, ...]
    payment_method: str | None = None
    bad_key: bool = False

    @property
    def makes_dispute(self) -> bool:
        return self.payment_method is not None

    def broken_promise(self, interactions: Sequence[Interaction]) -> str | None:
        """The first call whose answer breaks the scenario's promise, in words; None where all keep it."""
        for call, interaction in zip(self.calls, interactions, strict=True):
            broken = call.broken_by(interaction.response)
            if broken:
                return f"{call.what}: expected {broken[0]}, got {broken[1]}"
        return None


def json_object(response: Response) -> dict[str, Any]:
    """The answer as a JSON object; empty where it is none."""
    try:
        value = json.loads(response.body)
    except ValueError:
        return {}
    return value if isinstance(value, dict) else {}


def said(value: Mapping[str, Any]) -> str:
    """Type and code of an error body. Its message is left out: it may quote a key or an id."""
    error = value.get("error")
    return f" ({error.get('code') or error.get('type')})" if isinstance(error, dict) else ""


_OBJECT = "/v1/disputes/{dispute}"
_CLOSE = "/v1/disputes/{dispute}/close"


def _read(*dispute_statuses: str) -> Call:
    return Call("read the dispute", "GET", _OBJECT, dispute_statuses=dispute_statuses)


def _close(*dispute_statuses: str) -> Call:
    return Call("close the dispute", "POST", _CLOSE, dispute_statuses=dispute_statuses)


def _refused(status: int) -> tuple[Call, Call]:
    return (
        Call("read the dispute", "GET", _OBJECT, statuses=(status,)),
        Call("close the dispute", "POST", _CLOSE, statuses=(status,)),
    )


_SCENARIOS = (
    Scenario(
        "close-lost",
        "closing a dispute that needs a response makes it lost, at once and for good",
        (_read("needs_response"), _close("lost"), _read("lost")),
        "pm_card_createDispute",
    ),
    Scenario(
        "close-twice",
        "a closed dispute cannot be closed again: the second close is refused with HTTP 400",
        (
            _read("needs_response"),
            _close("lost"),
            Call("close it again", "POST", _CLOSE, statuses=(400,)),
            _read("lost"),
        ),
        "pm_card_createDispute",
    ),
    Scenario(
        "close-product-not-received",
        "a product_not_received dispute closes as a fraudulent one does",
        (_read("needs_response"), _close("lost"), _read("lost")),
        "pm_card_createDisputeProductNotReceived",
    ),
    Scenario(
        "close-inquiry",
        "an inquiry, where no money has moved yet, can be closed too",
        (_read("warning_needs_response"), _close("warning_closed", "lost"), _read("warning_closed", "lost")),
        "pm_card_createDisputeInquiry",
    ),
    Scenario("close-unknown", "an unknown dispute id is refused with HTTP 404, code resource_missing", _refused(404)),
    Scenario("close-bad-key", "a key that Stripe does not know is refused with HTTP 401", _refused(401), bad_key=True),
)

SCENARIOS: dict[str, Scenario] = {scenario.name: scenario for scenario in _SCENARIOS}


def scenario_named(name: str) -> Scenario:
    """Raises UnknownScenarioError, with the nearest names, for a name that is none."""
    try:
        return SCENARIOS[name]
    except KeyError:
        raise UnknownScenarioError(name, tuple(SCENARIOS)) from None

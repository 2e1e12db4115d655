"""The named recipes of calls worth recording, as data."""

from __future__ import annotations

from dataclasses import dataclass

from replaydisputes.errors import UnknownScenarioError

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

"""The scenarios of this package. What test mode cannot produce on demand (429, 409, 500, timeouts) is not here."""

from __future__ import annotations

from replaydisputes.errors import UnknownScenarioError
from replaydisputes.recording.scenarios.by_dispute import BY_DISPUTE
from replaydisputes.recording.scenarios.by_request import BY_REQUEST, REFUSALS
from replaydisputes.recording.scenarios.recipe import Scenario

OLDER_VERSION = "2025-03-31.basil"
"""The Stripe-Version at which every scenario that shows an object is recorded once more."""

_SHOWING_OBJECTS = (*BY_DISPUTE, *BY_REQUEST)
_ALL = (*_SHOWING_OBJECTS, *REFUSALS, *(scenario.at(OLDER_VERSION) for scenario in _SHOWING_OBJECTS))

SCENARIOS: dict[str, Scenario] = {scenario.name: scenario for scenario in _ALL}


def scenario_named(name: str) -> Scenario:
    """A shipped one. Raises UnknownScenarioError, with the nearest names, for a name that is none."""
    try:
        return SCENARIOS[name]
    except KeyError:
        raise UnknownScenarioError(name, tuple(SCENARIOS)) from None

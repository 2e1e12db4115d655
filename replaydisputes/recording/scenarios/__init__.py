"""The named recipes of calls worth recording, as data; and the words in which users write their own."""

from replaydisputes.recording.scenarios.recipe import Scenario, ScenarioError
from replaydisputes.recording.scenarios.shipped import OLDER_VERSION, SCENARIOS, scenario_named
from replaydisputes.recording.scenarios.sources import Catalogue, ScenarioFileError, catalogue
from replaydisputes.recording.scenarios.steps import (
    Call,
    FindAccount,
    Pay,
    Step,
    WaitForDisputes,
    WaitForEvent,
    WaitForField,
    json_object,
    said,
)
from replaydisputes.recording.scenarios.wording import UNKNOWN_DISPUTE_ID

__all__ = [
    "OLDER_VERSION",
    "SCENARIOS",
    "UNKNOWN_DISPUTE_ID",
    "Call",
    "Catalogue",
    "FindAccount",
    "Pay",
    "Scenario",
    "ScenarioError",
    "ScenarioFileError",
    "Step",
    "WaitForDisputes",
    "WaitForEvent",
    "WaitForField",
    "catalogue",
    "json_object",
    "said",
    "scenario_named",
]

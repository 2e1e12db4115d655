"""Where a recording is made, and what it needs of the world around it."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from replaydisputes.recording.patience import Pace
from replaydisputes.recording.scenarios.steps import KeyUsed
from replaydisputes.redaction import DEFAULT_POLICY, Policy

UNKNOWN_KEY = "sk_test_" + "invalid" * 3 + "000"
"""Shaped like a test key, belongs to nobody: what `close-bad-key` sends instead of yours."""


@dataclass(frozen=True, slots=True)
class Target:
    """Where recordings are made: an origin such as https://api.stripe.com, and the keys to use there."""

    api_base: str
    key: str
    restricted_key: str = ""

    @property
    def secrets(self) -> frozenset[str]:
        """The keys that belong to somebody."""
        return frozenset({self.key, self.restricted_key} - {""})

    def key_of(self, used: KeyUsed) -> str:
        return {"yours": self.key, "unknown": UNKNOWN_KEY, "none": "", "restricted": self.restricted_key}[used]


@dataclass(frozen=True, slots=True)
class Surroundings:
    """What the recorder needs of the world: time, patience, somewhere to say how far it is, and leave to close."""

    now_utc: Callable[[], str]
    sleep: Callable[[float], None]
    on_step: Callable[[str], None]
    confirm: Callable[[Mapping[str, Any]], bool]
    """Asked before an existing dispute is changed, with the dispute as read; False ends the recording."""
    policy: Policy = DEFAULT_POLICY
    keeps_captures: bool = True
    """False for a sandbox that ends with the recording: there is nothing to recover from it, and nothing left open."""
    pace: Pace = field(default_factory=Pace)
    """Kept from call to call through all recordings that are made in these surroundings."""

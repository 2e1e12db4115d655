"""What a test wants recorded."""

from __future__ import annotations

import re
from dataclasses import dataclass, field, replace
from pathlib import Path

from replaydisputes.recording.recorder import Target
from replaydisputes.recording.scenarios import SCENARIOS, Call, Pay, Scenario, WaitForDisputes
from replaydisputes.redaction import DEFAULT_POLICY, Policy

DISPUTE_CARD = "pm_card_createDispute"
"""The test card that makes `dispute_id`'s dispute where neither the test nor a scenario of that name says another."""

_NOT_PLAIN = re.compile(r"[^A-Za-z0-9._/+-]+")
_LONGEST = 100


@dataclass(frozen=True, slots=True)
class Wanted:
    """A cassette to record: its name and file, where from, and what its test says of it."""

    name: str
    path: Path
    target: Target = field(repr=False)
    payment_method: str | None = None
    policy: Policy = field(default=DEFAULT_POLICY, repr=False)

    @property
    def scenario(self) -> str:
        """What the provenance calls it: `test:` and the name, for its calls are the test's and no scenario's."""
        plain = _NOT_PLAIN.sub("-", self.name.removesuffix(self.path.suffix))[-_LONGEST:]
        return f"test:{plain.strip('-._/+') or 'unnamed'}"

    @property
    def recipe(self) -> Scenario:
        """How the dispute is made: as the scenario of that name does it, or by a payment with a dispute test card."""
        known = SCENARIOS.get(self.name)
        if known is None or known.needs:
            steps = (Pay(DISPUTE_CARD), WaitForDisputes(), Call("what the test calls", "GET", "/v1/disputes"))
            known = Scenario("recording-from-a-test", "what the test asks for", steps)
        if self.payment_method is None:
            return known
        card = self.payment_method
        return replace(
            known, steps=tuple(Pay(card, step.form) if isinstance(step, Pay) else step for step in known.steps)
        )

    @property
    def key(self) -> str:
        """The one key that is sent, whatever the code under test holds: yours, or a scenario's for all of its calls."""
        used = {call.key for call in self.recipe.calls}
        return self.target.key_of(used.pop()) if len(used) == 1 else self.target.key

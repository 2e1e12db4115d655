"""A scenario: a named list of steps that cannot be written down wrong."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, replace

from replaydisputes.errors import ReplayDisputesError
from replaydisputes.model import Interaction
from replaydisputes.recording.scenarios.steps import (
    Call,
    FindAccount,
    Pay,
    Step,
    WaitForDisputes,
    WaitForEvent,
    WaitForField,
)
from replaydisputes.recording.scenarios.templates import TemplateError, check
from replaydisputes.stripe_api.facts import API_VERSION

_VERSION = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}(?:\.[a-z]{1,20})?")
_NAME = re.compile(rf"[a-z0-9][a-z0-9_-]{{0,60}}(?:{_VERSION.pattern})?")


class ScenarioError(ReplayDisputesError):
    """A recipe that nobody could follow."""

    exit_code = 2

    def __init__(self, name: str, problem: str) -> None:
        self.name, self.problem = name, problem
        super().__init__(f"scenario {name!r}: {problem}.")


@dataclass(frozen=True, slots=True)
class Scenario:
    """A recipe: `steps` in order. Raises ScenarioError where a step uses what no step before it gives.

    name: lower-case words with dashes; it names the cassette. proves: one clause, for people.
    """

    name: str
    proves: str
    steps: tuple[Step, ...]
    stripe_version: str = API_VERSION

    def __post_init__(self) -> None:
        if not isinstance(self.name, str) or not _NAME.fullmatch(self.name):
            raise ScenarioError(str(self.name), "a name is lower-case letters, digits and dashes, such as close-lost")
        if not _VERSION.fullmatch(self.stripe_version):
            raise ScenarioError(self.name, f"{self.stripe_version!r} is no Stripe-Version such as {API_VERSION}")
        known: list[str] = []
        for step in self.steps:
            self._check(step, known)
            known += [] if isinstance(step, Call) else step.gives
        if not self.calls:
            raise ScenarioError(self.name, "no step is a recorded Call, so there is nothing to replay")

    @property
    def calls(self) -> tuple[Call, ...]:
        """The calls that the cassette will hold, in order."""
        return tuple(step for step in self.steps if isinstance(step, Call) and step.recorded)

    @property
    def takes_dispute(self) -> bool:
        """Whether an existing dispute can stand in for the one that the scenario makes."""
        waits = [step for step in self.steps if isinstance(step, WaitForDisputes)]
        return [wait.count for wait in waits] == [1] and not self.needs

    @property
    def needs(self) -> tuple[str, ...]:
        """What it takes beside a test-mode key, in words."""
        keys = {step.key for step in self.steps if isinstance(step, Call)}
        has_account = any(isinstance(step, FindAccount) for step in self.steps)
        return (
            *(["a connected account"] if has_account else []),
            *(["a restricted key"] if "restricted" in keys else []),
        )

    @property
    def needs_key(self) -> bool:
        """Whether any call is made with the user's own key."""
        return any(not isinstance(step, Call) or step.key == "yours" for step in self.steps)

    def broken_promise(self, interactions: Sequence[Interaction]) -> str | None:
        """The first call whose answer breaks the scenario's promise, in words; None where all answered ones keep it."""
        for call, interaction in zip(self.calls, interactions, strict=False):
            broken = call.broken_by(interaction.response)
            if broken:
                return f"{call.what}: expected {broken[0]}, got {broken[1]}"
        return None

    def at(self, stripe_version: str) -> Scenario:
        """The same recipe at another Stripe-Version, under a name that says so."""
        return replace(self, name=f"{self.name}-{stripe_version}", stripe_version=stripe_version)

    def _check(self, step: object, known: Sequence[str]) -> None:
        if not isinstance(step, Step):
            raise ScenarioError(self.name, f"{type(step).__name__} is no step")
        wanted = {WaitForDisputes: "payment_intent", WaitForField: "dispute"}.get(type(step))
        if isinstance(step, WaitForEvent):
            wanted = step.about
        templates = [f"{{{wanted}}}"] if wanted else []
        if isinstance(step, Call | Pay):
            templates += [value for _, value in step.form]
        if isinstance(step, Call):
            templates.append(step.path)
            if not step.path.startswith("/v1/"):
                raise ScenarioError(self.name, f"{step.path!r} is no path such as /v1/disputes/{{dispute}}")
        for template in templates:
            try:
                check(template, known)
            except TemplateError as error:
                raise ScenarioError(self.name, str(error)) from None

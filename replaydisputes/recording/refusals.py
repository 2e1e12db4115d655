"""Why a recording is not made, or not to its end, though nothing went wrong on the way."""

from __future__ import annotations

from replaydisputes.errors import ReplayDisputesError, UnreachableError
from replaydisputes.model import Interaction


class UnusableAnswerError(UnreachableError):
    """A whole answer that no recording can hold. `interaction`: the call with it, for the journal alone."""

    def __init__(self, host: str, cause: str, interaction: Interaction) -> None:
        super().__init__(host, cause, may_pass=False)
        self.interaction = interaction


class RecordingDeclinedError(ReplayDisputesError):
    """The person asked said no, so nothing was closed."""

    exit_code = 2

    def __init__(self, dispute: str) -> None:
        self.dispute = dispute
        super().__init__(f"{dispute} was not closed: not confirmed. Use --yes where nobody can be asked.")


class NeedMissingError(ReplayDisputesError):
    """The scenario takes something that is not there: a connected account, a restricted key."""

    exit_code = 4

    def __init__(self, scenario: str, problem: str, remedy: str) -> None:
        self.scenario, self.problem, self.remedy = scenario, problem, remedy
        super().__init__(f"{scenario}: {problem}. {remedy}, or record it from the sandbox with --sandbox.")


class WriteRefusedError(ReplayDisputesError):
    """A run that may only read has come to a write: what became of it the first time is not known."""

    def __init__(self, scenario: str, call: str) -> None:
        self.scenario, self.call = scenario, call
        super().__init__(f"{scenario}: {call}: it was never answered, and only reads are made again.")

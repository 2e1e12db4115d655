"""Finishing a capture whose last reads could not be made: they are made now, and nothing else ever is."""

from __future__ import annotations

from collections.abc import Sequence

from replaydisputes.model import Interaction
from replaydisputes.recording.publishing import RawCapture
from replaydisputes.recording.quarantine import Quarantined
from replaydisputes.recording.recorder import check_target
from replaydisputes.recording.running import Run
from replaydisputes.recording.scenarios import Call, Pay, Scenario
from replaydisputes.recording.surroundings import UNKNOWN_KEY, Surroundings, Target


def lacks_only_reads(capture: Quarantined, scenario: Scenario) -> bool:
    """Whether every write of the scenario was answered as it promises, and at most reads are missing or went wrong."""
    writes = [step for step in scenario.steps if _is_write(step)]
    if _adopted(capture, scenario):
        writes = [step for step in writes if isinstance(step, Call)]
    answered = [interaction for interaction in capture.interactions if interaction.request.method == "POST"]
    return (
        not capture.unanswered
        and len(answered) == len(writes)
        and not any(
            step.broken_by(interaction.response)
            for step, interaction in zip(writes, answered, strict=True)
            if isinstance(step, Call)
        )
    )


def continued(capture: Quarantined, scenario: Scenario, target: Target, around: Surroundings) -> RawCapture:
    """The whole capture: what was answered up to the last write, and every read after it made anew.

    Raises what `record` raises for keys and answers, and WriteRefusedError for a scenario that `lacks_only_reads`
    does not hold of. The journal stays as it is.
    """
    check_target(target, scenario)
    run = Run(scenario, target, None, around, _up_to_the_last_write(capture.interactions))
    kept = run.calls(_adopted(capture, scenario))
    return RawCapture(
        scenario.name,
        target.api_base,
        tuple(run.raw),
        tuple(kept),
        capture.path,
        capture.started_at,
        tuple({*target.secrets, UNKNOWN_KEY}),
        around.policy,
    )


def _is_write(step: object) -> bool:
    return isinstance(step, Pay) or (isinstance(step, Call) and step.method == "POST")


def _up_to_the_last_write(interactions: Sequence[Interaction]) -> Sequence[Interaction]:
    last = max((at for at, each in enumerate(interactions, 1) if each.request.method == "POST"), default=0)
    return interactions[:last]


def _adopted(capture: Quarantined, scenario: Scenario) -> str | None:
    """The existing dispute that the recording was given to close; it began by reading it, where others pay first."""
    if not scenario.takes_dispute or not capture.interactions or capture.interactions[0].request.method != "GET":
        return None
    return capture.interactions[0].request.url.rpartition("/")[2]

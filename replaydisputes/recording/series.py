"""Several scenarios recorded one after the other: what became of each, and of none twice."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from replaydisputes.errors import ReplayDisputesError
from replaydisputes.recording.progress import Progress
from replaydisputes.recording.publishing import Recorded
from replaydisputes.recording.recorder import NeedMissingError, Surroundings, Target, record
from replaydisputes.recording.scenarios import Scenario

Outcome = Literal["recorded", "kept", "skipped", "failed"]


@dataclass(frozen=True, slots=True)
class Entry:
    """What became of one scenario. why: of `kept`, when it was recorded; made: of `recorded`; error: of the others."""

    scenario: str
    outcome: Outcome
    why: str = ""
    made: Recorded | None = None
    error: ReplayDisputesError | None = None


def record_each(  # noqa: PLR0913, PLR0917 - what one recording takes, and how far the run got
    chosen: Sequence[Scenario],
    target: Target,
    directory: Path,
    around: Surroundings,
    progress: Progress | None = None,
    on_start: Callable[[int, Scenario], None] = lambda number, scenario: None,
) -> Iterator[Entry]:
    """Record each scenario into `directory`, in order; the entries as they come.

    One that fails with a finding, or lacks what it needs, does not stop the others; anything else is raised, and
    what was recorded until then stays noted in `progress`. on_start: told of each, counted from 1, before it is made.
    """
    is_complete = True
    for number, scenario in enumerate(chosen, 1):
        recorded_at = progress.recorded_at(scenario) if progress else None
        if recorded_at is not None:
            yield Entry(scenario.name, "kept", recorded_at)
            continue
        on_start(number, scenario)
        entry = _recorded(scenario, target, directory, around)
        if entry.outcome == "recorded" and progress:
            progress.add(scenario, around.now_utc())
        is_complete = is_complete and entry.outcome != "failed"
        yield entry
    if progress and is_complete:
        progress.complete()


def _recorded(scenario: Scenario, target: Target, directory: Path, around: Surroundings) -> Entry:
    try:
        made = record(scenario, target, directory / f"{scenario.name}.yaml", around)
    except NeedMissingError as error:
        return Entry(scenario.name, "skipped", f"{error.problem}. {error.remedy}", error=error)
    except ReplayDisputesError as error:
        if error.exit_code != 3:
            raise
        return Entry(scenario.name, "failed", str(error), error=error)
    return Entry(scenario.name, "recorded", made.outcome, made)

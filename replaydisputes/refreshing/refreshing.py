"""Records each cassette's scenario again and puts the new one in its place where it differs in substance."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from replaydisputes.comparing import Drifts, compare, masked
from replaydisputes.errors import LeakFoundError, ReplayDisputesError, UnreachableError
from replaydisputes.model import Cassette
from replaydisputes.recording.recorder import NeedMissingError, RecordingInterruptedError, Surroundings, Target, record
from replaydisputes.recording.scenarios import Catalogue, Scenario
from replaydisputes.refreshing.chosen import Candidate, why_left_out
from replaydisputes.stripe_api.facts import API_ORIGIN

Outcome = Literal["unchanged", "redated", "replaced", "would be replaced", "left out", "failed"]

_GIVEN_UP_AFTER = 2
"""Recordings in a row that nobody answered: each has tried every call several times."""


@dataclass(frozen=True, slots=True)
class Refreshed:
    """What became of one cassette. drifts: None where nothing was compared; then `reason` says why.

    exit_code: of the error that made it fail.
    """

    name: str
    path: Path
    outcome: Outcome
    drifts: Drifts | None = None
    reason: str = ""
    exit_code: int = 0

    @property
    def has_drifted(self) -> bool:
        return bool(self.drifts)


@dataclass(frozen=True, slots=True)
class Purpose:
    """Where to record, by which recipes, and what to do. dry_run: change no file. redate: write unchanged ones too."""

    target: Target
    around: Surroundings
    known: Catalogue
    dry_run: bool = False
    redate: bool = False

    @property
    def against_stripe(self) -> bool:
        return self.target.api_base == API_ORIGIN


def refresh_all(chosen: Iterable[Candidate], purpose: Purpose) -> Iterator[Refreshed]:
    """One after the other, each told as soon as it is done. One that fails does not stop the others.

    Raises RecordingInterruptedError on Ctrl-C, with every file whole and what was sent in the quarantine.
    """
    unanswered = 0
    for one in chosen:
        reason = why_left_out(one, purpose.known, against_stripe=purpose.against_stripe)
        if reason or one.cassette is None or one.cassette.provenance is None:
            yield Refreshed(one.name, one.path, "left out", reason=reason)
        elif unanswered == _GIVEN_UP_AFTER:
            reason = f"not tried, as {purpose.target.api_base} had not answered {_GIVEN_UP_AFTER} times in a row"
            yield Refreshed(one.name, one.path, "failed", reason=reason, exit_code=UnreachableError.exit_code)
        else:
            purpose.around.on_step(f"{one.name}:")
            try:
                scenario = purpose.known.named(one.cassette.provenance.scenario)
                yield _refreshed(one, one.cassette, scenario, purpose)
                unanswered = 0
            except RecordingInterruptedError:
                raise
            except NeedMissingError as error:
                yield Refreshed(one.name, one.path, "left out", reason=str(error))
            except ReplayDisputesError as error:
                unanswered = unanswered + 1 if isinstance(error, UnreachableError) else 0
                reason = _published(error, purpose.around.on_step)
                yield Refreshed(one.name, one.path, "failed", reason=reason, exit_code=error.exit_code)


def _published(error: ReplayDisputesError, say: Callable[[str], None]) -> str:
    """The error as a pull request may show it. Ids name the account: where the capture is, only the user is told."""
    public = LeakFoundError(error.path, error.leaks) if isinstance(error, LeakFoundError) else error
    text = str(public).removesuffix(getattr(error, "kept", "")).rstrip()
    if text != str(error):
        say(str(error))
    return masked(text)


def _refreshed(one: Candidate, old: Cassette, scenario: Scenario, purpose: Purpose) -> Refreshed:
    found: list[Refreshed] = []

    def is_wanted(new: Cassette) -> bool:
        found.append(_judged(one, old, new, purpose))
        return found[0].outcome in ("replaced", "redated")

    record(scenario, purpose.target, one.path, purpose.around, is_wanted=is_wanted)
    return found[0]


def _judged(one: Candidate, old: Cassette, new: Cassette, purpose: Purpose) -> Refreshed:
    made = [cassette.provenance.made_against for cassette in (old, new) if cassette.provenance]
    if made[0] != made[1]:
        reason = f"{purpose.target.api_base} is not what it was recorded from: {made[0]} then, {made[1]} now"
        return Refreshed(one.name, one.path, "left out", reason=reason)
    drifts = compare(old, new, purpose.around.policy)
    outcome: Outcome = "unchanged"
    if drifts:
        outcome = "would be replaced" if purpose.dry_run else "replaced"
    elif purpose.redate and not purpose.dry_run:
        outcome = "redated"
    return Refreshed(one.name, one.path, outcome, drifts)

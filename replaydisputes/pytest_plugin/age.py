"""`max_age`: a recording of Stripe that is older than the suite allows is warned of, once in a run.

What the sandbox made, or an origin nobody verified, has no age of Stripe's: recording it again would tell nothing.
"""

from __future__ import annotations

import time
import tomllib
from calendar import timegm
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from replaydisputes.errors import OldRecordingWarning, ReplayDisputesError
from replaydisputes.settings import AGE

if TYPE_CHECKING:
    from replaydisputes.replaying import Playing, Replay

_DAYS = {"d": 1, "w": 7}
_DAY_S = 24 * 3600
_TIME = "%Y-%m-%dT%H:%M:%SZ"

_told: pytest.StashKey[set[tuple[str, str]]] = pytest.StashKey()


class MaxAgeError(ReplayDisputesError):
    """A `max_age` that says no age, or a pyproject.toml in which it cannot be looked up."""

    exit_code = 2


def checked(max_age: object) -> str:
    """An age such as `90d` or `12w`. Raises MaxAgeError."""
    if not isinstance(max_age, str) or not AGE.fullmatch(max_age):
        raise MaxAgeError(f"max_age must be days or weeks, such as '90d' or '12w'; got {max_age!r}")
    return max_age


def of_project(path: Path, text: bytes) -> object:
    """What `[tool.replaydisputes]` in a pyproject.toml says; None where it says nothing. Raises MaxAgeError."""
    try:
        found = tomllib.loads(text.decode()).get("tool", {}).get("replaydisputes", {})
    except ValueError as error:
        raise MaxAgeError(f"{path}: cannot be read: {error}") from error
    return found.get("max_age")


def warn_of_age(item: pytest.Item, running: Replay, max_age: str) -> None:
    """Warn of each cassette of a test that is older than `max_age`, unless an earlier test has."""
    from replaydisputes.settings import AGE  # noqa: PLC0415

    found = AGE.fullmatch(max_age)
    if found is None:
        return
    allowed_s = int(found[1]) * _DAYS[found[2]] * _DAY_S
    told = item.config.stash.setdefault(_told, set())
    for playing in running.cassettes:
        recorded_at = _recorded_at(playing)
        age_s = time.time() - _unix(recorded_at) if recorded_at else 0
        if age_s > allowed_s and (playing.name, recorded_at) not in told:
            told.add((playing.name, recorded_at))
            item.warn(OldRecordingWarning(playing.name, recorded_at, int(age_s // _DAY_S), max_age))


def _recorded_at(playing: Playing) -> str:
    provenance = playing.cassette.provenance
    return provenance.recorded_at if provenance and provenance.made_against == "stripe-test-mode" else ""


def _unix(recorded_at: str) -> float:
    """A time that cannot be read counts as now: `check` finds it, and no test should fail for it."""
    try:
        return timegm(time.strptime(recorded_at, _TIME))
    except ValueError:
        return time.time()

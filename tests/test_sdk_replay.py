"""Every shipped scenario through the official SDK, in a process whose sockets are disabled."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest

from replaydisputes.recording.scenarios import SCENARIOS

ROOT = Path(__file__).parent.parent


@pytest.fixture(scope="module")
def failures() -> dict[str, str]:
    """What failed, by scenario; empty texts where nothing did."""
    done = subprocess.run(
        [sys.executable, "-W", "error", "-m", "tests.sdk_scenarios"],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
    )
    assert (done.returncode, done.stderr) == (0, "")
    found: dict[str, str] = json.loads(done.stdout)
    return found


@pytest.mark.parametrize("scenario", SCENARIOS)
def test_the_sdk_gives_the_typed_result(scenario: str, failures: dict[str, str]) -> None:
    assert failures[scenario] == ""


def test_every_scenario_is_shipped_and_nothing_else() -> None:
    shipped = {path.stem for path in (ROOT / "cassettes").glob("*.yaml")}

    assert shipped == set(SCENARIOS)

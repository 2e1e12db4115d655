"""The marker and the fixture beside plugins that run a test again, in another order, or several times over.

Each suite runs in a pytest of its own with just that plugin.
"""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from tests.neighbour_support import needs_neighbour

CALLS = """
import pytest, requests
import replaydisputes as package
API = "https://api.stripe.com/v1/disputes/"
DISPUTE = "du_1AAAAAreplaydisp00000001"
def close(dispute=DISPUTE): return requests.post(f"{API}{dispute}/close").json().get("status", "refused")
def read(dispute=DISPUTE): return requests.get(f"{API}{dispute}").json().get("status", "refused")
"""


def outcome(directory: Path, source: str, *plugins: str, options: tuple[str, ...] = ()) -> tuple[str, str]:
    """The last line of pytest, without its time, and all that it printed."""
    (directory / "calls.py").write_text(CALLS, encoding="utf-8")
    (directory / "test_it.py").write_text(f"from calls import *\n{source}", encoding="utf-8")
    (directory / "pytest.ini").write_text("[pytest]\nfilterwarnings = error\n", encoding="utf-8")
    chosen = [
        part for plugin in ("no:cacheprovider", "replaydisputes.pytest_plugin", *plugins) for part in ("-p", plugin)
    ]
    done = subprocess.run(
        [sys.executable, "-m", "pytest", *chosen, *options],
        cwd=directory,
        env=os.environ | {"PYTEST_DISABLE_PLUGIN_AUTOLOAD": "1", "PYTEST_ADDOPTS": ""},
        capture_output=True,
        text=True,
        check=False,
        timeout=120,
    )
    assert done.returncode in (0, 1), done.stdout + done.stderr
    return done.stdout.splitlines()[-1].strip("= ").rpartition(" in ")[0], done.stdout


# --- pytest-rerunfailures ----------------------------------------------------------------------------------


def reruns(directory: Path, source: str) -> str:
    needs_neighbour("pytest_rerunfailures")
    return outcome(directory, source, "pytest_rerunfailures", options=("--reruns", "2"))[0]


def test_a_test_that_is_run_again_begins_its_cassette_anew(tmp_path: Path) -> None:
    source = """
runs = []

@pytest.mark.replaydisputes("close-lost")
def test_flaky(replaydisputes):
    assert [read(), close(), read()] == ["needs_response", "lost", "lost"]
    runs.append(replaydisputes)
    assert len(runs) == 3
    assert len(set(map(id, runs))) == 3
    assert len(replaydisputes.played) == 3

def test_no_replay_is_left():
    with pytest.raises(package.NoReplayError):
        package.fail_next("timeout")
"""
    assert reruns(tmp_path, source) == "2 passed, 2 rerun"


def test_a_mismatch_that_was_swallowed_fails_each_run(tmp_path: Path) -> None:
    source = """
@pytest.mark.replaydisputes("close-lost")
def test_swallowing():
    with pytest.raises(package.MismatchError):
        close("du_1MtJUT2eZvKYlo2CNaw2HvEv")

@pytest.mark.replaydisputes("close-lost")
def test_hiding():
    try:
        close("du_1MtJUT2eZvKYlo2CNaw2HvEv")
    except Exception:
        pass
"""
    assert reruns(tmp_path, source) == "2 failed, 4 rerun"


def test_a_fault_of_the_first_run_is_not_left_for_the_second(tmp_path: Path) -> None:
    source = """
runs = []

@pytest.mark.replaydisputes("close-lost")
def test_flaky():
    if not runs:
        runs.append(package.fail_next("timeout", on="POST */close"))
        assert read() == "lost"
    assert close() == "lost"
"""
    assert reruns(tmp_path, source) == "1 passed, 1 rerun"


# --- pytest-randomly ---------------------------------------------------------------------------------------

SHUFFLED = """
import random

@pytest.mark.replaydisputes("close-lost")
class TestOne:
    @pytest.mark.parametrize("number", range(6))
    def test_each_has_its_own_history(self, number):
        random.random()
        assert [read(), close(), read()] == ["needs_response", "lost", "lost"]

@pytest.mark.parametrize("name", ["close-lost", "close-inquiry"])
def test_with(name):
    with package.replay(name) as replay:
        assert close(replay.dispute_id) in ("lost", "warning_closed")

@package.replay("close-lost", any_dispute=True)
def test_decorated():
    assert close("du_1MtJUT2eZvKYlo2CNaw2HvEv") == "lost"
"""


@pytest.mark.parametrize("seed", [1, 2, 3])
def test_in_any_order_each_test_has_its_own_history(tmp_path: Path, seed: int) -> None:
    needs_neighbour("pytest_randomly")

    said, output = outcome(tmp_path, SHUFFLED, "pytest_randomly", options=("-v", f"--randomly-seed={seed}"))

    ran = [line.split(" ")[0] for line in output.splitlines() if " PASSED" in line]
    assert (said, len(ran)) == ("9 passed", 9)
    assert ran != sorted(ran, key=lambda one: ("TestOne" not in one, "test_with" not in one))


# --- hypothesis --------------------------------------------------------------------------------------------


def test_each_example_can_have_a_replay_of_its_own(tmp_path: Path) -> None:
    needs_neighbour("hypothesis")
    source = """
from hypothesis import given, settings, strategies

@settings(max_examples=20, database=None, deadline=None)
@given(strategies.text("abcdefgh0123456789", min_size=8, max_size=24))
def test_any_id(tail):
    with package.replay("close-lost", any_dispute=True):
        assert [close(f"du_{tail}"), read(f"du_{tail}")] == ["lost", "lost"]

@settings(max_examples=20, database=None, deadline=None)
@given(strategies.integers())
@package.replay("close-lost")
def test_decorated(number):
    assert [read(), close(), read()] == ["needs_response", "lost", "lost"]
"""
    assert outcome(tmp_path, source, "hypothesis.extra.pytestplugin")[0] == "2 passed"


def test_the_examples_of_a_marked_test_share_its_history(tmp_path: Path) -> None:
    needs_neighbour("hypothesis")
    source = """
from hypothesis import given, settings, strategies
seen = []

@pytest.mark.replaydisputes("close-lost")
@settings(max_examples=20, database=None, deadline=None)
@given(strategies.integers())
def test_reading(number):
    seen.append(close() if not seen else read())
    assert seen[-1] == "lost"

@pytest.mark.replaydisputes("close-lost")
@settings(max_examples=20, database=None, deadline=None)
@given(strategies.integers())
def test_closing_twice(number):
    close()
"""
    said, output = outcome(tmp_path, source, "hypothesis.extra.pytestplugin")

    assert said == "1 failed, 1 passed"
    assert "It was recorded, but" in output


# --- the subtests of pytest 9 ------------------------------------------------------------------------------

needs_subtests = pytest.mark.skipif(not hasattr(pytest, "Subtests"), reason="pytest has subtests from 9 on")


@needs_subtests
def test_subtests_share_the_replay_of_their_test(tmp_path: Path) -> None:
    source = """
@pytest.mark.replaydisputes("close-lost")
def test_parts(subtests, replaydisputes):
    for call, status in ((read, "needs_response"), (close, "lost"), (read, "lost")):
        with subtests.test(call=call.__name__):
            assert call() == status
    assert len(replaydisputes.played) == 3

@pytest.mark.parametrize("name", ["close-lost", "close-inquiry"])
def test_a_replay_in_each(name, subtests):
    for number in range(2):
        with subtests.test(number=number), package.replay(name) as replay:
            assert close(replay.dispute_id) in ("lost", "warning_closed")
"""
    assert outcome(tmp_path, source)[0] == "3 passed"


@needs_subtests
def test_a_mismatch_in_a_subtest_fails_it_and_what_it_swallowed_fails_the_test(tmp_path: Path) -> None:
    source = """
@pytest.mark.replaydisputes("close-lost")
def test_a_part_fails(subtests):
    with subtests.test("wrong"):
        close("du_1MtJUT2eZvKYlo2CNaw2HvEv")
    with subtests.test("right"):
        assert close() == "lost"

@pytest.mark.replaydisputes("close-lost")
def test_hiding(subtests):
    with subtests.test("hidden"):
        try:
            close("du_1MtJUT2eZvKYlo2CNaw2HvEv")
        except Exception:
            pass
"""
    said, output = outcome(tmp_path, source)

    assert said == "3 failed"
    failed = [line.split(" - ")[0] for line in output.splitlines() if line.startswith(("FAILED", "SUBFAILED"))]
    assert failed == [
        "SUBFAILED[wrong] test_it.py::test_a_part_fails",
        "FAILED test_it.py::test_a_part_fails",
        "FAILED test_it.py::test_hiding",
    ]

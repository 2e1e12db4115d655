"""A shop's suite of fifty tests is recorded from the sandbox, and replays: elsewhere, in any order, on any day."""

from __future__ import annotations

import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from replaydisputes.sandbox import Sandbox
from tests.at_length import all_at_length
from tests.plugin_support import run_apart
from tests.programs.shop_suite import CONNECTED
from tests.record_from_test_support import Suite, studio

PROGRAMS = Path(__file__).parent / "programs"
INI = "[pytest]\nasyncio_default_fixture_loop_scope = function\n"
SHORT = ("-k", "order_is_noted or filter or unknown_parameter or configured or OfUnittest")
"""What `make test` records; `make long` records all."""


@pytest.fixture
def suite(pytester: pytest.Pytester, monkeypatch: pytest.MonkeyPatch) -> Iterator[Suite]:
    pytester.makeini(INI)
    for name in ("conftest.py", "test_shop.py"):
        program = {"conftest.py": "shop_conftest.py", "test_shop.py": "shop_suite.py"}[name]
        (pytester.path / name).write_bytes((PROGRAMS / program).read_bytes())
    sandbox = Sandbox(seed=4, clock=time.time, connected=[CONNECTED])
    with studio(pytester.path / "cassettes", sandbox) as made:
        yield Suite(made.directory, made.sandbox, made.url, pytester, monkeypatch)


def outcome(result: pytest.RunResult) -> dict[str, int]:
    """What came of the tests; warnings of other packages and what was not chosen do not count."""
    return {name: count for name, count in result.parseoutcomes().items() if name not in ("deselected", "warnings")}


@pytest.mark.parametrize("chosen", all_at_length([((),), (SHORT,)], [(SHORT,)]), ids=["all", "some"])
def test_what_a_suite_records_it_replays_in_a_new_process_in_any_order_on_another_day(
    suite: Suite, chosen: tuple[str, ...]
) -> None:
    recording = outcome(suite.run_apart("missing", *chosen))
    asked = len(suite.sandbox.seen)
    suite.monkeypatch.delenv("STRIPE_API_KEY")
    suite.monkeypatch.setenv("SHUFFLE_SEED", "12")
    suite.monkeypatch.setenv("TRAVEL_TO", "2031-02-03T04:05:06")
    replaying = outcome(run_apart(suite.pytester, *chosen))
    suite.monkeypatch.setenv("SHUFFLE_SEED", "13")
    by_workers = outcome(run_apart(suite.pytester, *chosen, "-n", "2"))

    assert set(recording) == {"passed"}
    assert recording["passed"] >= (40 if not chosen else 5)
    assert replaying == by_workers == recording
    assert len(suite.sandbox.seen) == asked

"""`max_age`: which recordings a suite is warned of, and where it says how old they may be."""

from __future__ import annotations

import time
from dataclasses import replace

import pytest

from replaydisputes.cassette_file import load, serialize
from replaydisputes.model import Cassette, MadeAgainst
from tests.plugin_support import own_cassette, prepare, run

USE = """
    from calls import *

    @pytest.mark.replaydisputes("old")
    def test_one(replaydisputes): assert close() == "lost"

    @pytest.mark.replaydisputes("old")
    def test_other(replaydisputes): assert close() == "lost"
"""


def recorded(pytester: pytest.Pytester, name: str, days_ago: float, made_against: MadeAgainst) -> str:
    """A cassette of the suite's own, made as long ago; the day it was made."""
    path = own_cassette(pytester, name)
    cassette = load(path)
    assert cassette.provenance is not None
    at = time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(time.time() - days_ago * 86_400))
    provenance = replace(cassette.provenance, made_against=made_against, recorded_at=at)
    path.write_bytes(serialize(Cassette(cassette.interactions, provenance)))
    return at[:10]


def warned(result: pytest.RunResult) -> list[str]:
    return [line.strip() for line in result.outlines if "OldRecordingWarning" in line]


def with_ini(pytester: pytest.Pytester, *lines: str) -> pytest.Pytester:
    prepared = prepare(pytester)
    default = [] if any("filterwarnings" in line for line in lines) else ["filterwarnings = default"]
    prepared.makeini("\n".join(["[pytest]", "asyncio_default_fixture_loop_scope = function", *default, *lines]))
    return prepared


def test_an_old_recording_of_stripe_is_warned_of_once_in_a_run(pytester: pytest.Pytester) -> None:
    with_ini(pytester, "replaydisputes_max_age = 90d").makepyfile(USE)
    day = recorded(pytester, "old", 90.5, "stripe-test-mode")

    result = run(pytester)

    result.assert_outcomes(passed=2, warnings=1)
    assert warned(result) == [
        f"test_an_old_recording_of_stripe_is_warned_of_once_in_a_run.py:3: OldRecordingWarning: cassette 'old' was "
        f"recorded from Stripe on {day}, 90 days ago; max_age allows 90d. `replaydisputes refresh old` records it "
        f"again and tells what changed; with --redate it also gives an unchanged one today's date."
    ]


@pytest.mark.parametrize(
    ("days_ago", "made_against", "max_age"),
    [
        (89.5, "stripe-test-mode", "90d"),
        (83.9, "stripe-test-mode", "12w"),
        (999, "sandbox", "1d"),
        (999, "imported", "1d"),
        (999, "stripe-test-mode", ""),
    ],
)
def test_what_is_young_enough_or_has_no_age_of_stripes_is_not_warned_of(
    days_ago: float, made_against: MadeAgainst, max_age: str, pytester: pytest.Pytester
) -> None:
    with_ini(pytester, f"replaydisputes_max_age = {max_age}", "filterwarnings = error").makepyfile(USE)
    recorded(pytester, "old", days_ago, made_against)

    run(pytester).assert_outcomes(passed=2)


def test_the_project_table_says_it_too_and_a_marker_comes_before_both(pytester: pytest.Pytester) -> None:
    pytester.makepyprojecttoml('[tool.replaydisputes]\nkeep = ["header:X-Region"]\nmax_age = "12w"\n')
    with_ini(pytester).makepyfile(
        """
        from calls import *

        @pytest.mark.replaydisputes("old", max_age="13w")
        def test_marked(replaydisputes): pass

        @pytest.mark.replaydisputes("older", max_age=None)
        def test_any(replaydisputes): pass

        @pytest.mark.replaydisputes("older")
        def test_it(replaydisputes): pass
        """
    )
    for name in ("old", "older"):
        recorded(pytester, name, 85, "stripe-test-mode")

    result = run(pytester)

    result.assert_outcomes(passed=3, warnings=1)
    assert ["'older'" in line and "max_age allows 12w" in line for line in warned(result)] == [True]


def test_an_old_recording_fails_its_test_where_warnings_are_errors(pytester: pytest.Pytester) -> None:
    with_ini(
        pytester,
        "replaydisputes_max_age = 1w",
        "filterwarnings = error::replaydisputes.OldRecordingWarning",
    ).makepyfile(USE)
    recorded(pytester, "old", 8, "stripe-test-mode")

    result = run(pytester)

    result.assert_outcomes(passed=1, errors=1)
    result.stdout.fnmatch_lines(["*OldRecordingWarning: cassette 'old' was recorded from Stripe on *"])


@pytest.mark.parametrize("max_age", ["90", "0d", "3m", "d", "-1w", "12 w"])
def test_what_says_no_age_fails_the_test_with_one_line(max_age: str, pytester: pytest.Pytester) -> None:
    with_ini(pytester, f"replaydisputes_max_age = {max_age}").makepyfile(USE)
    own_cassette(pytester, "old")

    result = run(pytester)

    result.assert_outcomes(errors=2)
    assert f"max_age must be days or weeks, such as '90d' or '12w'; got '{max_age}'" in result.outlines

"""A fixture that outlives its test may read under a marker; what it changes would be unknown to the next test."""

from __future__ import annotations

import pytest

from tests.plugin_support import prepare, run

SUITE = """
import pytest
from calls import *

@pytest.fixture(scope="{scope}")
def before():
    return {call}()

class TestIt:
    @pytest.mark.replaydisputes("close-lost")
    @pytest.mark.parametrize("number", [1, 2])
    def test_it(self, before, number):
        assert {claim}
"""


@pytest.mark.parametrize("scope", ["class", "module", "package", "session"])
def test_a_fixture_of_a_wider_scope_that_closes_is_refused(pytester: pytest.Pytester, scope: str) -> None:
    prepare(pytester)
    pytester.makepyfile(SUITE.format(scope=scope, call="close", claim="read() == 'lost'"))

    result = run(pytester)

    result.assert_outcomes(errors=2)
    result.stdout.fnmatch_lines([f"*the fixture 'before' changed something at Stripe, and its scope is '{scope}'*"])


@pytest.mark.parametrize("scope", ["class", "session"])
def test_a_fixture_of_a_wider_scope_that_reads_is_kept(pytester: pytest.Pytester, scope: str) -> None:
    prepare(pytester)
    pytester.makepyfile(SUITE.format(scope=scope, call="read", claim="before == read() == 'needs_response'"))

    run(pytester).assert_outcomes(passed=2)


def test_a_fixture_of_each_test_that_closes_is_kept(pytester: pytest.Pytester) -> None:
    prepare(pytester)
    pytester.makepyfile(SUITE.format(scope="function", call="close", claim="read() == 'lost'"))

    run(pytester).assert_outcomes(passed=2)

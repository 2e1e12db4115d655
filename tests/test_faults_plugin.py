"""Faults in a pytest suite: through the marker alone, and told once where they never came."""

from __future__ import annotations

import pytest

OTHERS = ("-p", "no:cassetter", "-p", "no:recording", "-p", "no:cacheprovider")


@pytest.fixture
def suite(pytester: pytest.Pytester) -> pytest.Pytester:
    pytester.makeini("[pytest]\nasyncio_default_fixture_loop_scope = function\nfilterwarnings = error")
    return pytester


def test_a_marked_test_and_its_fixtures_ask_for_faults_by_name(suite: pytest.Pytester) -> None:
    suite.makepyfile(
        """
        import pytest, replaydisputes, requests
        CLOSE = "https://api.stripe.com/v1/disputes/du_1AAAAAreplaydisp00000001/close"

        @pytest.fixture
        def busy():
            replaydisputes.fail_next("lock-timeout")

        @pytest.mark.replaydisputes("close-lost")
        def test_busy(busy):
            assert [requests.post(CLOSE).status_code for _ in range(2)] == [429, 200]
        """
    )

    suite.runpytest_subprocess(*OTHERS).assert_outcomes(passed=1)


def test_a_fault_that_never_came_fails_the_test_itself_once(suite: pytest.Pytester) -> None:
    suite.makepyfile(
        """
        import pytest, replaydisputes

        @pytest.mark.replaydisputes("close-lost")
        def test_nothing_asked():
            replaydisputes.fail_next("timeout", times=2)

        @pytest.mark.replaydisputes("close-lost")
        def test_fails_anyway():
            replaydisputes.fail_next("timeout")
            raise ValueError("mine")
        """
    )

    result = suite.runpytest_subprocess(*OTHERS)

    result.assert_outcomes(failed=2)
    result.stdout.fnmatch_lines(["never injected: 2 of 2 'timeout'. The code under test made no further request*"])
    result.stdout.fnmatch_lines(["E *ValueError: mine", "E *never injected: 1 of 1 'timeout'. *"])

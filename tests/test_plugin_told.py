"""What the plugin tells: recordings left over, what a failing test had played, and the header under -v."""

from __future__ import annotations

import pytest

from tests.plugin_support import prepare, run, section

LEFT_OVER = """
2 recordings of cassette 'close-lost' not played, of 4
  in the cassette (✓ played):
      1. GET /v1/disputes/du_1AAAAAreplaydisp00000001 -> 200
    ✓ 2. POST /v1/disputes/du_1AAAAAreplaydisp00000001/close -> 200
      3. GET /v1/disputes/du_1AAAAAreplaydisp00000001 -> 200
      4. GET /v1/events/evt_1AAAAAreplaydisp00000001 -> 200

  what to do:
    Make the calls that are missing, or record a cassette without them: `replaydisputes record`.
    Where it does not matter what is left over:
      replay("close-lost", unplayed="ignore")
      @pytest.mark.replaydisputes("close-lost", unplayed="ignore")
""".strip().splitlines()


def test_recordings_left_over_fail_the_test_itself_and_say_which(pytester: pytest.Pytester) -> None:
    prepare(pytester).makepyfile(
        """
        from calls import *

        @pytest.mark.replaydisputes("close-lost", unplayed="fail")
        def test_it():
            assert close() == "lost"
        """
    )

    result = run(pytester)

    result.assert_outcomes(failed=1)
    assert section(result, " test_it ")[: len(LEFT_OVER)] == LEFT_OVER


def test_nothing_is_said_where_all_was_played_or_the_test_did_not_succeed(pytester: pytest.Pytester) -> None:
    prepare(pytester, "replaydisputes_unplayed = fail\n").makepyfile(
        """
        from calls import *
        pytestmark = pytest.mark.replaydisputes("close-lost")

        def test_all_played():
            assert (read(), close(), read()) == ("needs_response", "lost", "lost")

        @pytest.mark.replaydisputes(unplayed="ignore")
        def test_ignored(): pass

        def test_failed(): assert "mine" == 1

        def test_skipped(): pytest.skip("mine")

        @pytest.mark.xfail(strict=True)
        def test_expected_to_fail(): assert False

        @pytest.fixture
        def broken(): raise ValueError("mine")

        def test_not_set_up(broken): pass
        """
    )

    result = run(pytester)

    result.assert_outcomes(passed=2, failed=1, errors=1, skipped=1, xfailed=1)
    result.stdout.no_fnmatch_line("*not played*")


def test_recordings_left_over_can_warn_at_the_place_of_the_test(pytester: pytest.Pytester) -> None:
    prepare(pytester, "replaydisputes_unplayed = warn\n").makepyfile(
        """
        from calls import *

        @pytest.mark.filterwarnings("default")
        @pytest.mark.replaydisputes("close-lost")
        def test_warns(): close()

        @pytest.mark.replaydisputes("close-lost")
        def test_where_warnings_are_errors(): close()
        """
    )

    result = run(pytester)

    result.assert_outcomes(passed=1, failed=1, warnings=1)
    result.stdout.fnmatch_lines(
        [
            "E * replaydisputes.errors.UnplayedWarning: 2 recordings of cassette 'close-lost' not played, of 4",
            "test_*.py::test_warns",
            "*.py:3: UnplayedWarning: 2 recordings of cassette 'close-lost' not played, of 4",
        ]
    )


def test_every_cassette_of_several_is_looked_over(pytester: pytest.Pytester) -> None:
    prepare(pytester).makepyfile(
        """
        from calls import *

        @pytest.mark.replaydisputes("close-lost", "close-inquiry", unplayed="fail")
        def test_it(replaydisputes):
            other = replaydisputes["close-inquiry"].dispute_id
            assert (read(other), close(other), read(), close(), read()) != ()
        """
    )

    result = run(pytester)

    result.assert_outcomes(failed=1)
    assert section(result, " test_it ")[:5] == [
        "1 recording of cassette 'close-inquiry' not played, of 4",
        "  in the cassette (✓ played):",
        "    ✓ 1. GET /v1/disputes/du_1AAAAAreplaydisp3mVC6LxY -> 200",
        "    ✓ 2. POST /v1/disputes/du_1AAAAAreplaydisp3mVC6LxY/close -> 200",
        "      3. GET /v1/disputes/du_1AAAAAreplaydisp3mVC6LxY -> 200",
    ]


def test_a_failing_test_shows_what_was_played(pytester: pytest.Pytester) -> None:
    prepare(pytester).makepyfile(
        """
        from calls import *

        @pytest.mark.replaydisputes("close-lost", "close-twice")
        def test_it(replaydisputes):
            read()
            requests.post(API + replaydisputes["close-twice"].dispute_id + "/close", auth=("sk_test_mine", ""))
            assert close() == "won"
        """
    )

    result = run(pytester)

    result.assert_outcomes(failed=1)
    assert section(result, "- replaydisputes -") == [
        "<'close-lost': 2 of 4 recordings played, dispute du_1AAAAAreplaydisp00000001>",
        "<'close-twice': 1 of 4 recordings played, dispute du_1AAAAAreplaydisp1MxbtBkz>",
        "  1. GET /v1/disputes/du_1AAAAAreplaydisp00000001 -> 200",
        "  2. POST /v1/disputes/du_1AAAAAreplaydisp1MxbtBkz/close -> 200  (close-twice)",
        "  3. POST /v1/disputes/du_1AAAAAreplaydisp00000001/close -> 200",
    ]


def test_a_long_story_is_cut_and_a_mismatch_is_not_told_twice(pytester: pytest.Pytester) -> None:
    prepare(pytester).makepyfile(
        """
        from calls import *
        pytestmark = pytest.mark.replaydisputes("close-lost")

        def test_long():
            for _ in range(25): read()
            assert not close()

        def test_mismatch():
            close("du_other")

        def test_none():
            assert not DISPUTE
        """
    )

    result = run(pytester)

    result.assert_outcomes(failed=3)
    told = section(result, "- replaydisputes -")
    assert (len(told), told[1], told[2][:9]) == (22, "     … 6 before", "  7. GET ")
    assert sum("- replaydisputes -" in line for line in result.outlines) == 2
    result.stdout.fnmatch_lines(["nothing was played"])


def test_the_header_tells_where_cassettes_come_from_under_v_alone(pytester: pytest.Pytester) -> None:
    prepare(pytester, close_own="close-lost").makepyfile("def test_it(): pass")

    line = "replaydisputes: 1 of your own in cassettes, tests/cassettes; 42 shipped; record mode: none"
    assert line in run(pytester, "-v").outlines
    assert not [line for line in run(pytester).outlines if line.startswith("replaydisputes:")]


def test_a_unittest_case_is_set_up_and_torn_down_inside(pytester: pytest.Pytester) -> None:
    prepare(pytester).makepyfile(
        """
        import unittest
        from calls import *

        @pytest.mark.replaydisputes("close-lost", unplayed="fail")
        class TestMarked(unittest.TestCase):
            def setUp(self): assert read() == "needs_response"
            def tearDown(self): assert read() == "lost"
            def test_it(self): self.assertEqual(close(), "lost")

        @pytest.mark.replaydisputes("close-lost", any_dispute=True)
        class TestAsync(unittest.IsolatedAsyncioTestCase):
            async def test_it(self): self.assertEqual(close("du_mine"), "lost")
        """
    )

    run(pytester).assert_outcomes(passed=2)

"""Which cassettes a test gets: several, by class, module and parameter, by pattern; and the options, by nearness."""

from __future__ import annotations

import pytest

from tests.plugin_support import own_cassette, prepare, run, run_apart, section


def test_several_cassettes_each_have_a_dispute_and_a_history_of_their_own(pytester: pytest.Pytester) -> None:
    prepare(pytester).makepyfile(
        """
        from calls import *

        @pytest.mark.replaydisputes("close-lost", "close-inquiry", "close-lost")
        def test_one_marker(replaydisputes):
            first, inquiry, again = replaydisputes.cassettes
            assert replaydisputes["close-inquiry"] is replaydisputes[1] is inquiry
            assert len({first.dispute_id, inquiry.dispute_id, again.dispute_id}) == 3
            assert first.dispute_id == replaydisputes.dispute_id == DISPUTE
            assert close(inquiry.dispute_id) == "warning_closed"
            assert read(first.dispute_id) == read(again.dispute_id) == "needs_response"
            assert close(again.dispute_id) == "lost"
            assert read(first.dispute_id) == "needs_response"
            assert [played.index for played in inquiry.played] == [1]
            assert [played.index for played in replaydisputes.played] == [1, 0, 0, 1, 0]

        @pytest.mark.replaydisputes("close-inquiry")
        @pytest.mark.replaydisputes("close-lost")
        def test_several_markers_in_reading_order(replaydisputes):
            assert [each.name for each in replaydisputes.cassettes] == ["close-inquiry", "close-lost"]
            assert [close(each.dispute_id) for each in replaydisputes.cassettes] == ["warning_closed", "lost"]

        def test_as_a_context_manager():
            with package.replay("close-lost", "close-inquiry") as replay:
                assert [close(each.dispute_id) for each in replay.cassettes] == ["lost", "warning_closed"]
                with pytest.raises(KeyError, match="'close-twice' is not being replayed; <Replay of <'close-lost'"):
                    replay["close-twice"]
        """
    )

    run(pytester).assert_outcomes(passed=3)


def test_the_nearest_level_that_names_cassettes_wins_and_each_option_is_the_nearest(pytester: pytest.Pytester) -> None:
    prepare(pytester).makepyfile(
        """
        from calls import *
        marked = pytest.mark.replaydisputes
        pytestmark = [marked("close-lost", any_dispute=True), marked("close-twice")]

        def names(replay): return [each.name for each in replay.cassettes]

        def test_module(replaydisputes):
            assert (names(replaydisputes), close("du_mine")) == (["close-lost", "close-twice"], "lost")

        @pytest.mark.replaydisputes("close-inquiry")
        class TestClass:
            def test_class(self, replaydisputes):
                assert (names(replaydisputes), close("du_mine")) == (["close-inquiry"], "warning_closed")

            @pytest.mark.replaydisputes("close-twice", on_exhausted="repeat")
            def test_function(self, replaydisputes):
                assert names(replaydisputes) == ["close-twice"]
                assert [close("du_mine") for _ in range(3)] == ["lost", "refused", "refused"]

            @pytest.mark.parametrize("status", [
                pytest.param("lost", marks=pytest.mark.replaydisputes("close-lost")),
                pytest.param("warning_closed"),
            ])
            def test_parameter(self, status):
                assert close("du_mine") == status

            @pytest.mark.replaydisputes(any_dispute=False)
            def test_option_alone(self, replaydisputes):
                assert names(replaydisputes) == ["close-inquiry"]
                with pytest.raises(package.MismatchError):
                    close("du_mine")
                replaydisputes.unreported()

        class TestInherits(TestClass):
            test_function = test_option_alone = test_parameter = None

        @pytest.mark.replaydisputes("close-product-not-received")
        class TestOverrides(TestInherits):
            def test_class(self, replaydisputes):
                assert names(replaydisputes) == ["close-product-not-received"]
        """
    )

    run(pytester).assert_outcomes(passed=8)


def test_options_alone_on_a_module_ask_for_no_cassette(pytester: pytest.Pytester) -> None:
    prepare(pytester).makepyfile(
        """
        from calls import *
        pytestmark = pytest.mark.replaydisputes(any_dispute=True)

        def test_without(request):
            assert "replaydisputes" not in request.fixturenames

        @pytest.mark.replaydisputes("close-lost")
        def test_with():
            assert close("du_mine") == "lost"
        """
    )

    run(pytester).assert_outcomes(passed=2)


def test_scenarios_run_a_test_once_for_each_cassette_that_a_pattern_matches(pytester: pytest.Pytester) -> None:
    prepare(pytester, close_own="close-lost").makepyfile(
        """
        from calls import *

        @pytest.mark.replaydisputes_scenarios("close-lost*", "close-own", any_dispute=True)
        def test_each(replaydisputes):
            assert close("du_mine") == "lost"

        @pytest.mark.replaydisputes_scenarios("close-twic[e]", "close-inq*y")
        class TestClass:
            @pytest.mark.parametrize("number", [1, 2])
            def test_without_the_fixture(self, number):
                assert close() in ("lost", "warning_closed")

            @pytest.mark.replaydisputes("close-lost")
            def test_nearer_marker(self, replaydisputes):
                assert replaydisputes.name == "close-lost"
        """
    )

    result = run(pytester, "-v")

    result.assert_outcomes(passed=8)
    ran = [line.partition("::")[2].partition(" ")[0] for line in result.outlines if " PASSED" in line]
    assert ran == [
        "test_each[close-lost]",
        "test_each[close-lost-2025-03-31.basil]",
        "test_each[close-own]",
        "TestClass::test_without_the_fixture[close-inquiry-1]",
        "TestClass::test_without_the_fixture[close-inquiry-2]",
        "TestClass::test_without_the_fixture[close-twice-1]",
        "TestClass::test_without_the_fixture[close-twice-2]",
        "TestClass::test_nearer_marker",
    ]


@pytest.mark.parametrize(
    ("markers", "said"),
    [
        (
            '@pytest.mark.replaydisputes_scenarios("clos-lost")',
            "*no cassette matches 'clos-lost'; did you mean close-lost*",
        ),
        ("@pytest.mark.replaydisputes_scenarios", '*takes patterns, such as "close-[*]"; got args=()'),
        (
            '@pytest.mark.replaydisputes_scenarios("close-*")\n@pytest.mark.replaydisputes("close-lost")',
            "*mark it with replaydisputes or with replaydisputes_scenarios, not with both",
        ),
    ],
)
def test_scenarios_that_cannot_be_fail_the_collection(pytester: pytest.Pytester, markers: str, said: str) -> None:
    prepare(pytester).makepyfile(f"import pytest\n{markers}\ndef test_it():\n    pass\n")

    result = run(pytester)

    result.assert_outcomes(errors=1)
    result.stdout.fnmatch_lines([said])
    result.stdout.no_fnmatch_line("*Traceback*")


def test_scenarios_on_a_unittest_case_say_that_they_cannot(pytester: pytest.Pytester) -> None:
    prepare(pytester).makepyfile(
        """
        import unittest
        from calls import *

        @pytest.mark.replaydisputes_scenarios("close-*")
        class TestIt(unittest.TestCase):
            def test_it(self):
                close()
        """
    )

    result = run(pytester)

    result.assert_outcomes(errors=1)
    result.stdout.fnmatch_lines(
        ["@pytest.mark.replaydisputes_scenarios cannot parametrize this test*unittest.TestCase*"]
    )


def test_scenarios_are_spread_over_the_workers_of_xdist(pytester: pytest.Pytester) -> None:
    prepare(pytester).makepyfile(
        """
        from calls import *

        @pytest.mark.replaydisputes_scenarios("close-lost*", "close-inquiry*")
        def test_each(replaydisputes):
            read(replaydisputes.dispute_id)
        """
    )

    run_apart(pytester, "-n", "2").assert_outcomes(passed=6)


def test_a_mismatch_among_several_is_the_nearest_cassettes(pytester: pytest.Pytester) -> None:
    prepare(pytester).makepyfile(
        """
        from calls import *

        @pytest.mark.replaydisputes("close-lost", "close-inquiry")
        def test_it(replaydisputes):
            requests.post(f"{API}{replaydisputes['close-inquiry'].dispute_id}")
        """
    )

    result = run(pytester)

    result.assert_outcomes(failed=1)
    result.stdout.fnmatch_lines(["*cassette 'close-inquiry' has no answer to this request"])
    result.stdout.fnmatch_lines(
        [
            "*  the cassettes of this run, and their disputes:",
            "*    'close-lost'     du_1AAAAAreplaydisp00000001",
            "*    'close-inquiry'  du_1AAAAAreplaydisp3mVC6LxY",
        ]
    )


@pytest.mark.parametrize(
    ("ini", "said"),
    [
        (
            "replaydisputes_any_dispute = maybe\n",
            "replaydisputes_any_dispute in the pytest configuration: expected true or false; "
            "invalid truth value 'maybe'",
        ),
        (
            "replaydisputes_cassettes = tests nowhere\n",
            "replaydisputes_cassettes in the pytest configuration: no such directory: {root}/nowhere; "
            "correct it, make the directory, or record into it with --replaydisputes-record=missing",
        ),
    ],
    ids=["bool", "directory"],
)
def test_an_ini_file_that_says_what_cannot_be_is_told_in_one_line(
    pytester: pytest.Pytester, ini: str, said: str
) -> None:
    prepare(pytester, ini).mkdir("tests")
    pytester.makepyfile('import pytest\n@pytest.mark.replaydisputes("close-lost")\ndef test_it(): pass\n')

    result = run(pytester)

    result.assert_outcomes(errors=1)
    assert section(result, " ERROR at setup of test_it ") == [said.format(root=pytester.path)]


@pytest.mark.parametrize("more", [(), ("--setup-show",)], ids=["plain", "shown"])
def test_wherever_a_test_names_the_fixture_all_others_are_under_its_cassette(
    more: tuple[str, ...], pytester: pytest.Pytester
) -> None:
    """A close in a set-up or a tear-down would else be sent to Stripe, with the key of whoever runs the test."""
    prepare(pytester).makepyfile(
        test_places="""
        from calls import *

        @pytest.fixture
        def closed(): return close()

        @pytest.fixture(scope="module")
        def read_once(): return read()

        @pytest.fixture
        def closes_at_the_end():
            yield
            assert close() == "lost"

        close_lost = pytest.mark.replaydisputes("close-lost")

        @close_lost
        def test_behind_another(closed, replaydisputes): assert (closed, len(replaydisputes.played)) == ("lost", 1)

        @close_lost
        def test_behind_a_module_s(read_once, replaydisputes): assert read_once == "needs_response"

        @close_lost
        @pytest.mark.usefixtures("closed")
        def test_behind_one_that_is_used(replaydisputes): assert read() == "lost"

        @close_lost
        def test_at_the_end(closes_at_the_end, replaydisputes): assert read() == "needs_response"

        @close_lost
        async def test_in_a_loop(closed, replaydisputes): assert (closed, len(replaydisputes.played)) == ("lost", 1)

        @close_lost
        class TestMarked:
            @pytest.fixture(autouse=True)
            def each(self): self.before = read() in ("needs_response", "lost")
            def setup_method(self): self.closed = close()
            def teardown_method(self): assert read() == "lost"
            def test_it(self, replaydisputes): assert (self.closed, self.before) == ("lost", True)

        @pytest.mark.replaydisputes_scenarios("close-lost")
        def test_of_scenarios(closed, replaydisputes): assert closed == "lost"
        """,
    )

    run(pytester, "-o", "asyncio_mode=auto", *more).assert_outcomes(passed=7)


def test_the_config_fixture_gives_defaults_between_the_ini_file_and_the_marker(pytester: pytest.Pytester) -> None:
    own_cassette(prepare(pytester, "replaydisputes_any_dispute = true\nreplaydisputes_on_exhausted = repeat\n"), "mine")
    pytester.makeconftest(
        """
        import pytest

        @pytest.fixture(scope="session")
        def replaydisputes_config(): return {"any_dispute": False}
        """
    )
    pytester.makepyfile(
        test_session="""
        from calls import *

        @pytest.mark.replaydisputes("close-lost")
        def test_fixture_beats_ini():
            assert (close(), close()) == ("lost", "lost")
            close("du_mine")

        @pytest.mark.replaydisputes("close-lost", any_dispute=True, on_exhausted="fail")
        def test_marker_beats_fixture_and_ini():
            close("du_mine")
            close("du_mine")
        """,
        test_module="""
        from calls import *

        @pytest.fixture(scope="module")
        def replaydisputes_config(): return {"any_dispute": True, "cassettes": "nowhere"}

        @pytest.mark.replaydisputes("close-lost")
        def test_module(): assert close("du_mine") == "lost"

        @pytest.mark.replaydisputes("mine")
        def test_cassettes(): pass

        class TestInherited:
            @pytest.mark.replaydisputes("close-lost")
            def test_module_in_a_class(self): assert close("du_mine") == "lost"

        class TestClass:
            @pytest.fixture
            def replaydisputes_config(self): return {"any_disputes": True}

            @pytest.mark.replaydisputes("close-lost")
            def test_unknown_key(self): pass

        class TestNothing:
            @pytest.fixture
            def replaydisputes_config(self): pass

            @pytest.mark.replaydisputes("close-lost")
            def test_no_mapping(self): pass
        """,
        test_parameter="""
        from calls import *

        @pytest.mark.replaydisputes("close-lost")
        @pytest.mark.parametrize("replaydisputes_config", [{"any_dispute": True}, {"stripe_version": "ignore"}])
        def test_parameter(replaydisputes_config):
            assert close("du_mine" if replaydisputes_config.get("any_dispute") else DISPUTE) == "lost"
        """,
    )

    result = run(pytester)

    result.assert_outcomes(passed=4, failed=2, errors=3)
    result.stdout.fnmatch_lines(
        [
            "*no cassette is called 'mine'*Looked in: nowhere*",
            "the fixture replaydisputes_config has no option 'any_disputes'; did you mean any_dispute[?]",
            "the fixture replaydisputes_config must return a mapping of options, such as *; got None",
            "*path: asked /v1/disputes/du_mine/close, recorded /v1/disputes/du_1AAAAAreplaydisp00000001/close",
            "*It was recorded, but only once, and that is played*",
        ]
    )


def test_a_test_that_is_over_keeps_nothing_of_its_replay_alive(pytester: pytest.Pytester) -> None:
    """A thousand of them would be gone through by every collection of garbage."""
    prepare(pytester).makepyfile(
        """
        import gc
        from calls import *
        from replaydisputes.replaying import Replay

        @pytest.mark.replaydisputes("close-lost")
        @pytest.mark.parametrize("number", range(3))
        def test_one(number):
            assert close() == "lost"

        def test_none_is_left():
            gc.collect()
            assert [found for found in gc.get_objects() if isinstance(found, Replay)] == []
        """
    )

    run_apart(pytester).assert_outcomes(passed=4)


def test_setup_show_lists_the_fixture_of_a_marked_test(pytester: pytest.Pytester) -> None:
    prepare(pytester).makepyfile(
        """
        from calls import *

        @pytest.mark.replaydisputes("close-lost")
        def test_it():
            assert close() == "lost"
        """
    )

    run(pytester, "--setup-show").stdout.fnmatch_lines(["*SETUP    F replaydisputes*", "*TEARDOWN F replaydisputes"])


def test_what_a_test_sets_up_is_under_its_cassette_and_what_outlives_it_is_torn_down_outside(
    pytester: pytest.Pytester,
) -> None:
    prepare(pytester).makepyfile(
        """
        from calls import *
        from replaydisputes.interception import active_route
        seen = []

        @pytest.fixture(scope="module", autouse=True)
        def of_the_module():
            seen.append(active_route() is not None)
            yield
            seen.append(active_route() is not None)
            assert seen == [True, True, True, True, False]

        @pytest.fixture
        def of_the_test():
            seen.append(active_route() is not None)
            yield
            seen.append(active_route() is not None)

        @pytest.mark.replaydisputes("close-lost")
        def test_it(of_the_test, request):
            assert close() == "lost"
            seen.append(request.getfixturevalue("replaydisputes").played[0].status == 200)
        """
    )

    run(pytester).assert_outcomes(passed=1)


def test_a_marker_that_a_conftest_puts_on_after_the_collection_counts_like_any_other(pytester: pytest.Pytester) -> None:
    prepare(pytester).makeconftest(
        """
        import pytest

        def pytest_collection_modifyitems(items):
            for item in items:
                item.add_marker(pytest.mark.replaydisputes("close-lost"))
        """
    )
    pytester.makepyfile(
        """
        import unittest
        from calls import *

        @pytest.fixture
        def closed(): return close(DISPUTE)

        def test_function(closed): assert closed == "lost" and read(DISPUTE) == "lost"

        def test_that_swallows():
            with pytest.raises(Exception, match="no answer"):
                read("du_unknown")

        class TestMethod:
            def test_method(self, closed, replaydisputes): assert closed == "lost" and read(DISPUTE) == "lost"

        class TestCase(unittest.TestCase):
            def setUp(self): self.closed = close(DISPUTE)
            def test_case(self): assert self.closed == "lost" and read(DISPUTE) == "lost"
        """
    )

    result = run(pytester)

    result.assert_outcomes(passed=3, failed=1)
    result.stdout.fnmatch_lines(["FAILED *test_that_swallows*"])


def test_a_test_that_is_run_again_is_replayed_and_judged_anew(pytester: pytest.Pytester) -> None:
    """As pytest-rerunfailures and its like run a test: the same item, set up again."""
    prepare(pytester).makeconftest(
        """
        from _pytest.runner import runtestprotocol

        def pytest_runtest_protocol(item, nextitem):
            for _ in range(3):
                item._initrequest()
                runtestprotocol(item, nextitem=nextitem, log=True)
            return True
        """
    )
    pytester.makepyfile(
        """
        from calls import *
        runs = []

        @pytest.mark.replaydisputes("close-lost")
        def test_swallowing(replaydisputes):
            runs.append(replaydisputes)
            assert close(DISPUTE) == "lost"
            if len(runs) == 2:
                with pytest.raises(Exception, match="no answer"):
                    close("du_unknown")
            assert [len(one.played) for one in runs] == [1] * len(runs)
        """
    )

    result = run(pytester)

    result.assert_outcomes(passed=2, failed=1)
    assert result.outlines.count("cassette 'close-lost' has no answer to this request") == 1

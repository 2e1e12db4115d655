"""Real pytest inside pytest: what the marker and the fixture do in another team's suite."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from tests.plugin_support import run, run_apart

CASSETTES = Path(__file__).parent.parent / "cassettes"


@pytest.fixture
def suite(pytester: pytest.Pytester) -> pytest.Pytester:
    pytester.makeini("[pytest]\nasyncio_default_fixture_loop_scope = function\nfilterwarnings = error")
    return pytester


def test_a_marked_test_closes_a_dispute_through_the_ordinary_sdk(suite: pytest.Pytester) -> None:
    suite.makepyfile(
        """
        import pytest
        import stripe

        @pytest.mark.replaydisputes("close-lost")
        def test_closing(replaydisputes):
            client = stripe.StripeClient("sk_test_anything")
            assert client.v1.disputes.retrieve(replaydisputes.dispute_id).status == "needs_response"
            assert client.v1.disputes.close(replaydisputes.dispute_id).status == "lost"
            assert client.v1.disputes.retrieve(replaydisputes.dispute_id).status == "lost"
            assert [played.status for played in replaydisputes.played] == [200, 200, 200]
        """
    )

    run(suite).assert_outcomes(passed=1)


def test_the_marker_alone_is_enough_on_a_class_and_a_module(suite: pytest.Pytester) -> None:
    body = """
        import pytest, requests
        URL = "https://api.stripe.com/v1/disputes/du_1AAAAAreplaydisp00000001/close"

        @pytest.mark.replaydisputes("close-lost")
        class TestClosing:
            def test_one(self):
                assert requests.post(URL).json()["status"] == "lost"

            def test_each_test_has_a_history_of_its_own(self):
                assert requests.post(URL).json()["status"] == "lost"
        """
    suite.makepyfile(test_class=body)
    suite.makepyfile(
        test_module="""
        import pytest, requests
        pytestmark = pytest.mark.replaydisputes("close-lost")

        def test_it():
            url = "https://api.stripe.com/v1/disputes/du_1AAAAAreplaydisp00000001/close"
            assert requests.post(url).json()["status"] == "lost"
        """
    )

    run(suite).assert_outcomes(passed=3)


def test_the_marker_takes_the_options_of_replay(suite: pytest.Pytester) -> None:
    suite.makepyfile(
        """
        import pytest, requests, stripe
        CLOSE = "https://api.stripe.com/v1/disputes/{}/close"

        @pytest.mark.replaydisputes("close-lost", any_dispute=True)
        def test_any_dispute():
            closed = stripe.Dispute.close("du_1MtJUT2eZvKYlo2CNaw2HvEv", api_key="sk_test_any")
            assert (closed.id, closed.status) == ("du_1MtJUT2eZvKYlo2CNaw2HvEv", "lost")

        @pytest.mark.replaydisputes("close-twice", on_exhausted="repeat")
        def test_repeat(replaydisputes):
            close = CLOSE.format(replaydisputes.dispute_id)
            assert [requests.post(close).status_code for _ in range(3)] == [200, 400, 400]

        @pytest.mark.replaydisputes("close-lost", stripe_version="fail")
        def test_fail(replaydisputes):
            requests.post(CLOSE.format(replaydisputes.dispute_id), headers={"Stripe-Version": "2025-03-31.basil"})

        @pytest.mark.replaydisputes("close-lost", any_dispute=True)
        class TestNearest:
            @pytest.mark.replaydisputes("close-lost", any_dispute=False)
            def test_the_marker_of_the_test_itself_counts(self):
                requests.post(CLOSE.format("du_1"))
        """
    )

    result = run(suite)

    result.assert_outcomes(passed=2, failed=2)
    result.stdout.fnmatch_lines(["*cassette 'close-lost' was recorded at another Stripe-Version"])


def test_a_mismatch_fails_the_test_even_where_the_code_swallows_it(suite: pytest.Pytester) -> None:
    suite.makepyfile(
        """
        import pytest, requests

        @pytest.mark.replaydisputes("close-lost")
        def test_swallows():
            try:
                requests.post("https://api.stripe.com/v1/disputes/du_other/close")
            except Exception:
                pass
        """
    )

    result = run(suite)

    result.assert_outcomes(failed=1)
    result.stdout.fnmatch_lines(
        [
            "cassette 'close-lost' has no answer to this request",
            "*asked     POST /v1/disputes/du_other/close",
            "*path: asked /v1/disputes/du_other/close, recorded /v1/disputes/du_1AAAAAreplaydisp00000001/close",
        ]
    )


def test_a_mismatch_under_the_sdk_is_reported_once(suite: pytest.Pytester) -> None:
    suite.makepyfile(
        """
        import pytest, stripe

        @pytest.mark.replaydisputes("close-lost")
        def test_wrapped():
            stripe.StripeClient("sk_test_anything").v1.disputes.close("du_other")
        """
    )

    result = run(suite)

    result.assert_outcomes(failed=1)
    result.stdout.fnmatch_lines(["*cassette 'close-lost' has no answer to this request*"])
    shown = "\n".join(result.outlines).partition("short test summary info")[0]  # which is longer where CI is set
    assert shown.count("in the cassette (✓ played)") == 1
    assert "support@stripe.com" not in shown


def test_a_connection_by_another_path_is_refused_and_fails_the_test(suite: pytest.Pytester) -> None:
    suite.makepyfile(
        """
        import pytest, socket

        @pytest.mark.replaydisputes("close-lost")
        def test_opens():
            try:
                socket.create_connection(("203.0.113.1", 443), timeout=1)
            except Exception:
                pass
        """
    )

    result = run(suite)

    result.assert_outcomes(failed=1)
    result.stdout.fnmatch_lines(["*refused: a cassette is active here*"])


def test_a_thread_of_a_wider_fixture_sees_the_cassette_of_the_running_test(
    suite: pytest.Pytester,
) -> None:
    suite.makepyfile(
        """
        import queue, threading
        import pytest, requests
        URL = "https://api.stripe.com/v1/disputes/du_1AAAAAreplaydisp00000001/close"

        @pytest.fixture(scope="session")
        def worker():
            jobs, done = queue.Queue(), queue.Queue()
            def work():
                while (job := jobs.get()) is not None:
                    done.put(requests.post(job).json()["status"])
            thread = threading.Thread(target=work)
            thread.start()
            yield lambda job: (jobs.put(job), done.get(timeout=10))[1]
            jobs.put(None)
            thread.join()

        @pytest.mark.replaydisputes("close-lost")
        def test_one(worker):
            assert worker(URL) == "lost"

        @pytest.mark.replaydisputes("close-lost")
        def test_other(worker):
            assert worker(URL) == "lost"
        """
    )

    run(suite).assert_outcomes(passed=2)


def test_a_thread_of_one_test_that_outlives_it_is_not_answered_by_the_next(suite: pytest.Pytester) -> None:
    suite.makepyfile(
        """
        import queue, threading
        import pytest, requests
        URL = "https://api.stripe.com/v1/disputes/du_1AAAAAreplaydisp00000001/close"
        jobs, done = queue.Queue(), queue.Queue()

        def work():
            while (job := jobs.get()) is not None:
                try:
                    done.put(requests.post(job).json()["status"])
                except Exception as error:
                    done.put(str(error))

        def ask():
            jobs.put(URL)
            return done.get(timeout=10)

        @pytest.mark.replaydisputes("close-lost")
        def test_one():
            threading.Thread(target=work).start()
            assert ask() == "lost"

        @pytest.mark.replaydisputes("close-inquiry")
        def test_other():
            assert "the replay of 'close-lost' in which this thread or task began has ended" in ask()

        def test_unmarked():
            assert "the replay of 'close-lost'" in ask()
            jobs.put(None)
        """
    )

    run(suite).assert_outcomes(passed=3)


def test_an_async_test_replays(suite: pytest.Pytester) -> None:
    suite.makepyfile(
        """
        import pytest, stripe

        @pytest.mark.asyncio
        @pytest.mark.replaydisputes("close-lost")
        async def test_closing(replaydisputes):
            client = stripe.StripeClient("sk_test_anything", http_client=stripe.HTTPXClient())
            dispute = await client.v1.disputes.close_async(replaydisputes.dispute_id)
            assert dispute.status == "lost"
        """
    )

    run(suite).assert_outcomes(passed=1)


def test_a_unittest_test_case_replays(suite: pytest.Pytester) -> None:
    suite.makepyfile(
        """
        import unittest
        import pytest, requests

        class TestClosing(unittest.TestCase):
            @pytest.mark.replaydisputes("close-lost")
            def test_it(self):
                url = "https://api.stripe.com/v1/disputes/du_1AAAAAreplaydisp00000001/close"
                self.assertEqual(requests.post(url).json()["status"], "lost")
        """
    )

    run(suite).assert_outcomes(passed=1)


def test_the_suites_own_cassettes_come_before_the_shipped_ones(suite: pytest.Pytester) -> None:
    suite.makeini("[pytest]\nasyncio_default_fixture_loop_scope = function\nreplaydisputes_cassettes = recordings\n")
    own = suite.mkdir("recordings") / "close-lost.yaml"
    own.write_bytes((CASSETTES / "close-unknown.yaml").read_bytes())
    suite.makepyfile(
        """
        import pytest

        @pytest.mark.replaydisputes("close-lost")
        def test_own(replaydisputes):
            assert replaydisputes.cassette.provenance.scenario == "close-unknown"

        @pytest.mark.replaydisputes("close-twice")
        def test_shipped(replaydisputes):
            assert replaydisputes.cassette.provenance.scenario == "close-twice"
        """
    )

    run(suite).assert_outcomes(passed=2)


@pytest.mark.parametrize(
    ("marker", "said"),
    [
        ('"close-lots"', "*no cassette is called 'close-lots'; did you mean close-lost*"),
        ("", "*takes the names of cassettes, such as *close-lost*; got args=()*"),
        ("1", "*takes the names of cassettes, such as *close-lost*; got args=(1,)*"),
        ("any_dispute=True", '*needs @pytest.mark.replaydisputes("close-lost") on the test, its class or its module'),
        ('"close-lost", any_disputes=1', "*has no option 'any_disputes'; did you mean any_dispute[?]"),
        ('"close-lost", unplayed="never"', "*unplayed='never' is none of 'fail', 'warn', 'ignore'*"),
        ('"close-lost", on_exhausted="loop"', "*on_exhausted='loop' is none of 'fail', 'repeat'*"),
    ],
)
def test_a_marker_that_cannot_work_says_so_in_one_line(suite: pytest.Pytester, marker: str, said: str) -> None:
    suite.makepyfile(f"import pytest\n@pytest.mark.replaydisputes({marker})\ndef test_it():\n    pass\n")

    result = run(suite)

    result.assert_outcomes(errors=1)
    result.stdout.fnmatch_lines([said])
    result.stdout.no_fnmatch_line("*During handling*")


def test_the_fixture_without_the_marker_says_what_it_needs(suite: pytest.Pytester) -> None:
    suite.makepyfile("def test_it(replaydisputes):\n    pass\n")

    result = run(suite)

    result.assert_outcomes(errors=1)
    result.stdout.fnmatch_lines(['*needs @pytest.mark.replaydisputes("close-lost") on the test*'])


def test_an_edited_cassette_replays_with_a_warning(suite: pytest.Pytester) -> None:
    own = suite.mkdir("cassettes") / "close-lost.yaml"
    text = (CASSETTES / "close-lost.yaml").read_text(encoding="utf-8")
    own.write_text(text.replace('"amount": 1000,', '"amount": 2000,'), encoding="utf-8")
    suite.makeini("[pytest]\nasyncio_default_fixture_loop_scope = function\n")
    suite.makepyfile(
        """
        import pytest, requests

        @pytest.mark.replaydisputes("close-lost")
        def test_it(replaydisputes):
            url = f"https://api.stripe.com/v1/disputes/{replaydisputes.dispute_id}"
            assert requests.get(url).json()["amount"] == 2000
        """
    )

    result = run_apart(suite)

    result.assert_outcomes(passed=1, warnings=1)
    result.stdout.fnmatch_lines(["*EditedCassetteWarning*close-lost.yaml*"])


def test_under_xdist_every_worker_replays(suite: pytest.Pytester) -> None:
    suite.makepyfile(
        """
        import pytest, requests

        @pytest.mark.replaydisputes("close-lost")
        @pytest.mark.parametrize("number", range(8))
        def test_it(number):
            url = "https://api.stripe.com/v1/disputes/du_1AAAAAreplaydisp00000001/close"
            assert requests.post(url).json()["status"] == "lost"
        """
    )

    run_apart(suite, "-n", "2").assert_outcomes(passed=8)


def test_an_unmarked_suite_imports_nothing_of_ours_but_the_plugin(suite: pytest.Pytester) -> None:
    suite.makepyfile(
        """
        import sys

        def test_it():
            ours = {name for name in sys.modules if name.startswith("replaydisputes")}
            heavy = {"vcr", "yaml", "requests", "rich", "click", "filelock"} & set(sys.modules)
            own = {"replaydisputes", "replaydisputes.pytest_plugin", "replaydisputes.suite_directories"}
            assert (ours, heavy) == (own, set())
        """
    )
    suite.makeini("[pytest]")
    environment = {**os.environ, "PYTEST_DISABLE_PLUGIN_AUTOLOAD": "1"}

    result = subprocess.run(
        [sys.executable, "-m", "pytest", "-p", "replaydisputes.pytest_plugin", "-p", "no:cacheprovider"],
        cwd=suite.path,
        env=environment,
        capture_output=True,
        text=True,
        check=False,
    )

    assert "1 passed" in result.stdout, result.stdout

"""Real pytest inside pytest: a suite records its cassettes from its own tests, then replays them."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from replaydisputes.cassette_file import load
from tests.at_length import all_at_length
from tests.plugin_support import INI, prepare, run, section
from tests.record_from_test_support import Suite, studio

CALLS = """
import pytest, requests, stripe, unittest
API = "https://api.stripe.com/v1/disputes/"
def read(dispute): return requests.get(API + dispute).json().get("status", "refused")
def close(dispute): return requests.post(f"{API}{dispute}/close").json().get("status", "refused")
"""
"""What the inner suites begin with, as the module `calls`."""

FEW_WORKERS = ("2", ("one", "two", "one"))
MANY_WORKERS = ("3", ("one", "two", "one", "two", "three", "one"))
"""How many, and the cassettes of their tests."""


@pytest.fixture
def suite(pytester: pytest.Pytester, monkeypatch: pytest.MonkeyPatch) -> Iterator[Suite]:
    prepare(pytester)
    pytester.makepyfile(calls=CALLS)
    with studio(pytester.path / "cassettes") as made:
        yield Suite(made.directory, made.sandbox, made.url, pytester, monkeypatch)


def write(suite: Suite, body: str) -> None:
    suite.pytester.makepyfile(test_it="from calls import *\n" + body)


ONE = """
@pytest.mark.replaydisputes("my-flow")
def test_closing(replaydisputes):
    client = stripe.StripeClient("sk_test_any")
    dispute = client.v1.disputes.retrieve(replaydisputes.dispute_id)
    assert (dispute.id, dispute.status) == (replaydisputes.dispute_id, "needs_response")
    assert client.v1.disputes.close(dispute.id).status == "lost"
    assert client.v1.disputes.retrieve(dispute.id).charge == dispute.charge
    assert [played.status for played in replaydisputes.played] == [200, 200, 200]
"""


def test_a_missing_cassette_is_recorded_once_and_the_same_test_then_replays_it(suite: Suite) -> None:
    write(suite, ONE)

    recording = suite.run("missing")
    asked, content = len(suite.sandbox.seen), suite.file().read_bytes()
    again = suite.run("missing")
    replaying = suite.run("none", key="")

    for result in (recording, again, replaying):
        result.assert_outcomes(passed=1)
    assert suite.calls() == [("GET", 200), ("POST", 200), ("GET", 200)]
    assert (len(suite.sandbox.seen), suite.file().read_bytes(), suite.kept) == (asked, content, [])


def test_the_run_says_from_where_it_records_and_what_it_wrote(suite: Suite) -> None:
    write(suite, ONE)

    result = suite.run("missing")

    assert f"replaydisputes: records missing from {suite.url}" in result.outlines
    assert section(result, "replaydisputes: recorded")[0] == f"{suite.file()}: written; interactions: 3, from sandbox"


def test_without_the_option_a_missing_cassette_is_missing(suite: Suite) -> None:
    write(suite, ONE)

    result = run(suite.pytester)

    result.assert_outcomes(errors=1)
    assert (suite.sandbox.seen, suite.written) == ([], [])


def test_recording_all_makes_every_cassette_anew_once_a_run(suite: Suite) -> None:
    write(suite, ONE + ONE.replace("test_closing", "test_closing_too"))

    outcomes = [suite.run("all").parseoutcomes() for _ in range(2)]

    assert [outcome["passed"] for outcome in outcomes] == [2, 2]
    assert len(suite.sandbox.closes) == 2


def test_a_shipped_cassette_stays_as_it_is_and_the_suite_gets_its_own(suite: Suite) -> None:
    write(suite, ONE.replace("my-flow", "close-lost"))

    missing = suite.run("missing").parseoutcomes(), suite.written
    everything = suite.run("all").parseoutcomes(), suite.written

    assert missing == ({"passed": 1}, [])
    assert everything == ({"passed": 1}, ["close-lost.yaml"])


def test_marks_of_module_class_function_and_parameter_each_record(suite: Suite) -> None:
    write(
        suite,
        """
pytestmark = pytest.mark.replaydisputes("of-module")

def test_module(replaydisputes): assert close(replaydisputes.dispute_id) == "lost"

@pytest.mark.replaydisputes("of-class")
class TestMarked:
    def test_it(self, replaydisputes): assert close(replaydisputes.dispute_id) == "lost"

class OfUnittest(unittest.TestCase):
    @pytest.mark.replaydisputes("of-unittest")
    def test_it(self):
        (listed,) = requests.get("https://api.stripe.com/v1/disputes?limit=1").json()["data"]
        assert close(listed["id"]) in {"lost", "refused"}

@pytest.mark.parametrize("status", [
    pytest.param("needs_response", marks=pytest.mark.replaydisputes("of-parameter")),
    pytest.param("warning_needs_response", marks=pytest.mark.replaydisputes(
        "of-card", payment_method="pm_card_createDisputeInquiry")),
])
def test_each(status, replaydisputes): assert read(replaydisputes.dispute_id) == status
""",
    )

    recording, replaying = suite.run("missing"), suite.run("none", key="")

    recording.assert_outcomes(passed=5)
    replaying.assert_outcomes(passed=5)
    assert suite.written == [f"of-{name}.yaml" for name in ("card", "class", "module", "parameter", "unittest")]


@pytest.mark.parametrize(
    ("body", "outcome"),
    [
        ("def test_it(replaydisputes):\n    close(replaydisputes.dispute_id)\n    assert False", {"failed": 1}),
        ("def test_it(replaydisputes):\n    close(replaydisputes.dispute_id)\n    pytest.skip()", {"skipped": 1}),
        (
            "@pytest.mark.xfail(strict=True)\n"
            "def test_it(replaydisputes):\n    close(replaydisputes.dispute_id)\n    assert False",
            {"xfailed": 1},
        ),
        (
            "@pytest.fixture\ndef after(replaydisputes):\n    yield\n    assert False\n"
            "def test_it(replaydisputes, after):\n    close(replaydisputes.dispute_id)",
            {"passed": 1, "errors": 1},
        ),
        (
            "@pytest.fixture\ndef before(replaydisputes):\n    close(replaydisputes.dispute_id)\n    assert False\n"
            "def test_it(before): pass",
            {"errors": 1},
        ),
        (
            "class TestIt(unittest.TestCase):\n"
            "    @pytest.fixture(autouse=True)\n    def _replay(self, replaydisputes): self.replay = replaydisputes\n"
            "    def test_it(self):\n        close(self.replay.dispute_id)\n        self.fail('no')",
            {"failed": 1},
        ),
    ],
    ids=["assertion", "skip", "xfail", "teardown", "setup", "unittest"],
)
def test_a_test_that_does_not_pass_leaves_its_close_in_quarantine(
    suite: Suite, body: str, outcome: dict[str, int]
) -> None:
    write(suite, f'pytestmark = pytest.mark.replaydisputes("my-flow")\n{body}')

    result = suite.run("missing")

    result.assert_outcomes(**outcome)
    assert (suite.written, suite.kept) == ([], [("test:my-flow", ("POST",))])
    (said,) = section(result, "replaydisputes: recorded")[:1]
    assert said.startswith(f"{suite.file()}: not written, its test did not pass. A close of du_1")


def test_a_subtest_that_fails_counts_as_a_test_that_does(suite: Suite) -> None:
    write(
        suite,
        """
class TestIt(unittest.TestCase):
    @pytest.fixture(autouse=True)
    def _replay(self, replaydisputes): self.replay = replaydisputes

    @pytest.mark.replaydisputes("my-flow")
    def test_it(self):
        close(self.replay.dispute_id)
        with self.subTest("a"):
            self.fail("no")
""",
    )

    suite.run("missing")

    assert (suite.written, suite.kept) == ([], [("test:my-flow", ("POST",))])


def test_a_test_that_fails_before_it_closes_leaves_nothing(suite: Suite) -> None:
    write(
        suite,
        """
@pytest.mark.replaydisputes("my-flow")
def test_it(replaydisputes): assert read(replaydisputes.dispute_id) == "lost"
""",
    )

    suite.run("missing").assert_outcomes(failed=1)

    assert (suite.written, suite.kept, suite.sandbox.closes) == ([], [], [])


def test_a_refusal_that_the_test_swallows_fails_it_and_nothing_is_written(suite: Suite) -> None:
    write(
        suite,
        """
@pytest.mark.replaydisputes("my-flow")
def test_it(replaydisputes):
    assert read(replaydisputes.dispute_id) == "needs_response"
    try:
        requests.get("https://hooks.shop.test/told")
    except Exception:
        pass
""",
    )

    result = suite.run("missing")

    result.assert_outcomes(failed=1)
    assert "GET https://hooks.shop.test was not sent: a recording forwards to" in result.stdout.str()
    assert suite.written == []


def test_a_run_without_a_key_is_told_of_the_option_that_names_a_sandbox(suite: Suite) -> None:
    write(suite, ONE)

    refused = run(suite.pytester, "--replaydisputes-record=missing")
    as_it_says = suite.run("missing", key="")

    refused.assert_outcomes(errors=1)
    assert "or point --replaydisputes-api-base at a running `replaydisputes sandbox`." in refused.stdout.str()
    as_it_says.assert_outcomes(passed=1)
    assert suite.written == ["my-flow.yaml"]


def test_a_live_key_fails_what_would_record_and_nothing_else(suite: Suite) -> None:
    write(suite, ONE + ONE.replace("my-flow", "close-twice").replace("_closing", "_shipped"))

    result = suite.run("missing", "-k", "closing", key="sk_live_" + "8" * 24)
    shipped = suite.run("missing", "-k", "shipped", key="sk_live_" + "8" * 24)

    result.assert_outcomes(errors=1, deselected=1)
    assert "cassette 'my-flow' cannot be recorded: the key is a live-mode key" in result.stdout.str()
    assert "sk_live" not in result.stdout.str()
    shipped.assert_outcomes(passed=1, deselected=1)
    assert (suite.sandbox.seen, suite.written) == ([], [])


def test_a_key_that_the_suite_sets_later_is_not_the_one_that_records(suite: Suite) -> None:
    write(
        suite,
        """
@pytest.mark.replaydisputes("my-flow")
def test_it(monkeypatch, replaydisputes):
    monkeypatch.setenv("STRIPE_API_KEY", "sk_live_" + "8" * 24)
    assert close(replaydisputes.dispute_id) == "lost"
""",
    )

    suite.run("missing").assert_outcomes(passed=1)

    assert suite.calls() == [("POST", 200)]


def test_a_test_with_several_cassettes_is_told_to_record_them_one_by_one(suite: Suite) -> None:
    write(suite, '@pytest.mark.replaydisputes("my-flow", "close-lost")\ndef test_it(): pass')

    result = suite.run("missing")

    result.assert_outcomes(errors=1)
    assert "several cassettes in one place cannot be recorded (missing: my-flow)" in result.stdout.str()
    assert (suite.sandbox.seen, suite.written) == ([], [])


def test_the_ini_file_can_ask_for_recordings_and_the_command_line_has_the_last_word(suite: Suite) -> None:
    suite.pytester.makeini(INI + "replaydisputes_record = missing")
    write(suite, ONE)
    suite.monkeypatch.setenv("STRIPE_API_KEY", "sk_test_" + "5" * 24)

    overruled = run(suite.pytester, "--replaydisputes-record=none")
    recorded = run(suite.pytester, f"--replaydisputes-api-base={suite.url}")

    overruled.assert_outcomes(errors=1)
    recorded.assert_outcomes(passed=1)
    assert suite.written == ["my-flow.yaml"]


@pytest.mark.parametrize(
    ("ini", "args", "problem"),
    [
        ("replaydisputes_record = misssing", (), "record='misssing' is no way to record; did you mean missing?"),
        (
            "",
            ("--replaydisputes-record=all", "--replaydisputes-api-base=https://stripe.test"),
            "--replaydisputes-api-base https://stripe.test: expected an http origin on this machine",
        ),
    ],
)
def test_what_cannot_be_asked_for_ends_the_run_before_it_begins(
    pytester: pytest.Pytester, ini: str, args: tuple[str, ...], problem: str
) -> None:
    pytester.makeini(INI + ini)

    result = run(pytester, *args)

    assert (result.ret, problem in result.stderr.str()) == (pytest.ExitCode.USAGE_ERROR, True)


@pytest.mark.parametrize(
    ("workers", "names"), all_at_length([MANY_WORKERS, FEW_WORKERS], [FEW_WORKERS]), ids=["many", "few"]
)
def test_workers_record_side_by_side_and_each_cassette_once(suite: Suite, workers: str, names: tuple[str, ...]) -> None:
    write(suite, "\n".join(ONE.replace("my-flow", name).replace("_closing", f"_{at}") for at, name in enumerate(names)))

    recording = suite.run_apart("all", "-n", workers)
    replaying = run(suite.pytester)

    recording.assert_outcomes(passed=len(names))
    replaying.assert_outcomes(passed=len(names))
    written = sorted(f"{name}.yaml" for name in set(names))
    assert (len(suite.sandbox.closes), suite.written) == (len(written), written)
    assert {load(suite.file(name)).provenance.scenario for name in names} == {f"test:{name}" for name in names}
    assert len([line for line in recording.outlines if ": written; interactions: 3" in line]) == len(written)


def test_a_run_that_is_broken_off_keeps_the_close_that_was_sent(suite: Suite) -> None:
    write(
        suite,
        """
@pytest.mark.replaydisputes("my-flow")
def test_it(replaydisputes):
    close(replaydisputes.dispute_id)
    raise KeyboardInterrupt
""",
    )

    suite.run_apart("missing")

    assert (suite.written, suite.kept) == ([], [("test:my-flow", ("POST",))])


def test_a_clock_that_the_test_froze_does_not_date_the_recording(suite: Suite) -> None:
    write(suite, "import freezegun\n" + ONE.replace("def test", '@freezegun.freeze_time("1999-01-01")\ndef test'))

    suite.run_apart("missing").assert_outcomes(passed=1)

    provenance = load(suite.file()).provenance
    assert provenance is not None
    assert provenance.recorded_at > "2026"


def test_a_mark_says_nothing_about_recording(suite: Suite) -> None:
    write(suite, '@pytest.mark.replaydisputes("my-flow", record="all")\ndef test_it(): pass')

    result = suite.run("missing")

    assert "@pytest.mark.replaydisputes has no option 'record'" in result.stdout.str()

"""Real pytest inside pytest: a test that recorded is run once more on its recording, in the same session."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from replaydisputes.pytest_plugin import running_again
from tests.at_length import all_at_length
from tests.plugin_support import prepare, section
from tests.record_from_test_support import Suite, studio

CALLS = """
import asyncio, pathlib, pytest, requests, stripe, unittest
API = "https://api.stripe.com/v1/disputes/"
def read(dispute): return requests.get(API + dispute).json()
def close(dispute): return requests.post(f"{API}{dispute}/close").json()["status"]
def note(word):
    with open("noted", "a") as file: file.write(word + chr(10))
def first_seen(word):
    seen = pathlib.Path("seen")
    if not seen.exists(): seen.write_text(str(word))
    return seen.read_text()
"""
"""What the inner suites begin with, as the module `calls`. first_seen: what the recording gave, as if spelled out."""

NOT_REPLAYED = running_again.NOT_REPLAYED


@pytest.fixture
def suite(pytester: pytest.Pytester, monkeypatch: pytest.MonkeyPatch) -> Iterator[Suite]:
    prepare(pytester)
    pytester.makepyfile(calls=CALLS)
    with studio(pytester.path / "cassettes") as made:
        yield Suite(made.directory, made.sandbox, made.url, pytester, monkeypatch)


def write(suite: Suite, body: str) -> None:
    suite.pytester.makepyfile(test_it="from calls import *\n" + body)


def noted(suite: Suite) -> list[str]:
    return Path(suite.pytester.path, "noted").read_text().split()


def test_its_own_fixtures_are_set_up_anew_and_a_wider_one_that_is_still_in_use_is_not(suite: Suite) -> None:
    write(
        suite,
        """
@pytest.fixture(scope="module")
def wide():
    note("wide")
    yield
    note("end-of-wide")

@pytest.fixture
def narrow(wide, replaydisputes):
    note("narrow")
    yield close(replaydisputes.dispute_id)
    note("end-of-narrow")

@pytest.mark.replaydisputes("my-flow")
def test_closing(narrow):
    note("test")
    assert narrow == "lost"

def test_last(wide): note("last")
""",
    )

    suite.run("missing").assert_outcomes(passed=2)

    once = ["narrow", "test", "end-of-narrow"]
    assert noted(suite) == ["wide", *once, *once, "last", "end-of-wide"]


FAILING = {
    "state of its own": (
        'SEEN = []\n@pytest.mark.replaydisputes("my-flow")\n'
        "def test_it(replaydisputes):\n    SEEN.append(read(replaydisputes.dispute_id))\n    assert len(SEEN) == 1",
        "assert 2 == 1",
    ),
    "a dispute that it spelled out": (
        '@pytest.mark.replaydisputes("my-flow")\ndef test_it(replaydisputes):\n'
        '    assert read(replaydisputes.dispute_id)["id"] == first_seen(replaydisputes.dispute_id)',
        "is the dispute's id in the cassette: compare with `dispute_id`, not with a real one.",
    ),
    "another id": (
        '@pytest.mark.replaydisputes("my-flow")\ndef test_it(replaydisputes):\n'
        '    charge = read(replaydisputes.dispute_id)["charge"]\n    assert charge == first_seen(charge)',
        "is an id that Stripe drew: compare it with the same id in another answer.",
    ),
    "a value that Stripe filled in": (
        '@pytest.mark.replaydisputes("my-flow")\ndef test_it(replaydisputes):\n'
        '    charge = requests.get(API[:-9] + "charges/" + read(replaydisputes.dispute_id)["charge"]).json()\n'
        '    name = charge["payment_method_details"]["card"]["fingerprint"]\n    assert name == first_seen(name)',
        "is in the place of a value that Stripe filled in: assert that there is one, or send one yourself",
    ),
    "a time": (
        'import time\n@pytest.mark.replaydisputes("my-flow")\ndef test_it(replaydisputes):\n'
        '    assert read(replaydisputes.dispute_id)["created"] == int(first_seen('
        'read(replaydisputes.dispute_id)["created"]))',
        'is a time of the recording: compare it with another time of it, or use clock="now".',
    ),
    "its set-up": (
        "@pytest.fixture\ndef once():\n    assert not pathlib.Path('once').exists()\n    note('x')\n"
        "    pathlib.Path('once').touch()\n"
        '@pytest.mark.replaydisputes("my-flow")\ndef test_it(once, replaydisputes): read(replaydisputes.dispute_id)',
        f"{NOT_REPLAYED} (in its setup)",
    ),
    "a call that it makes only then": (
        '@pytest.mark.replaydisputes("my-flow")\ndef test_it(replaydisputes):\n'
        '    read(replaydisputes.dispute_id)\n    if pathlib.Path("seen").exists(): close(replaydisputes.dispute_id)\n'
        "    first_seen(1)",
        "cassette 'my-flow' has no answer to this request",
    ),
}


@pytest.mark.parametrize("name", FAILING)
def test_a_test_that_does_not_pass_on_its_recording_fails_and_is_told_what_to_change(suite: Suite, name: str) -> None:
    body, said = FAILING[name]
    write(suite, body)

    result = suite.run("missing")

    result.assert_outcomes(passed=1, errors=1)
    told = result.stdout.str()
    assert section(result, "replaydisputes: recorded")[1] == f"{suite.file()}: {NOT_REPLAYED}"
    assert f"{suite.file()}: {NOT_REPLAYED}" in told
    assert (said in told, "The cassette stays written." in told, suite.written) == (True, True, ["my-flow.yaml"])


PASSING = {
    "class": (
        '@pytest.mark.replaydisputes("my-flow")\nclass TestIt:\n'
        "    def test_it(self, replaydisputes):\n"
        "        assert not hasattr(self, 'seen')\n        self.seen = close(replaydisputes.dispute_id)"
    ),
    "unittest": (
        '@pytest.mark.replaydisputes("my-flow")\nclass TestIt(unittest.TestCase):\n'
        "    @classmethod\n    def setUpClass(cls): cls.classes = note('class')\n"
        "    def setUp(self): self.seen = []\n"
        "    @pytest.fixture(autouse=True)\n    def _replay(self, replaydisputes): self.replay = replaydisputes\n"
        "    def test_it(self):\n        self.seen.append(close(self.replay.dispute_id))\n"
        "        self.assertEqual(self.seen, ['lost'])"
    ),
    "async unittest": (
        '@pytest.mark.replaydisputes("my-flow")\nclass TestIt(unittest.IsolatedAsyncioTestCase):\n'
        "    @pytest.fixture(autouse=True)\n    def _replay(self, replaydisputes): self.replay = replaydisputes\n"
        "    async def test_it(self): assert await asyncio.to_thread(close, self.replay.dispute_id) == 'lost'"
    ),
    "asyncio": (
        '@pytest.mark.asyncio\n@pytest.mark.replaydisputes("my-flow")\n'
        "async def test_it(replaydisputes):\n"
        "    client = stripe.StripeClient('sk_test_any', http_client=stripe.HTTPXClient())\n"
        "    assert (await client.v1.disputes.close_async(replaydisputes.dispute_id)).status == 'lost'"
    ),
    "asyncio in a class": (
        '@pytest.mark.asyncio\n@pytest.mark.replaydisputes("my-flow")\nclass TestIt:\n'
        "    async def test_it(self, replaydisputes):\n"
        "        assert await asyncio.to_thread(close, replaydisputes.dispute_id) == 'lost'"
    ),
    "parameters": (
        "@pytest.mark.parametrize(('name', 'status'), [\n"
        '    pytest.param("a", "lost", marks=pytest.mark.replaydisputes("my-flow"))])\n'
        "def test_it(name, status, replaydisputes): assert close(replaydisputes.dispute_id) == status"
    ),
    "indirect parameters": (
        "@pytest.fixture\ndef made(request, replaydisputes): return request.param, close(replaydisputes.dispute_id)\n"
        "@pytest.mark.parametrize('made', ['a'], indirect=True)\n"
        '@pytest.mark.replaydisputes("my-flow")\n'
        "def test_it(made): assert made == ('a', 'lost')"
    ),
    "output, log and warnings": (
        '@pytest.mark.replaydisputes("my-flow")\n'
        "def test_it(replaydisputes, capsys, caplog, tmp_path, monkeypatch):\n"
        "    import logging; logging.warning('once'); print('out')\n    (tmp_path / 'once').mkdir()\n"
        "    close(replaydisputes.dispute_id)\n"
        "    assert (capsys.readouterr().out, [one.message for one in caplog.records][:1]) == ('out\\n', ['once'])"
    ),
}


@pytest.mark.parametrize("name", PASSING)
def test_every_kind_of_test_passes_a_second_time(suite: Suite, name: str) -> None:
    write(suite, f"{PASSING[name]}\n")

    result = suite.run("missing")

    result.assert_outcomes(passed=1)
    assert (len(suite.sandbox.closes), suite.written) == (1, ["my-flow.yaml"])


@pytest.mark.parametrize("passing", all_at_length([1, 3], [1]))
def test_workers_run_their_tests_again_and_tell_which_fail(suite: Suite, passing: int) -> None:
    good = '@pytest.mark.replaydisputes("flow-{0}")\ndef test_{0}(replaydisputes): close(replaydisputes.dispute_id)\n'
    write(suite, "".join(good.format(at) for at in range(passing)) + FAILING["state of its own"][0])

    result = suite.run_apart("missing", "-n", "2")

    result.assert_outcomes(passed=passing + 1, errors=1)
    assert NOT_REPLAYED in result.stdout.str()


def test_a_test_that_is_recorded_anew_is_run_again_on_the_new_recording(suite: Suite) -> None:
    write(suite, FAILING["a value that Stripe filled in"][0].replace("first_seen(name)", "name"))

    outcomes = [suite.run("all").parseoutcomes() for _ in range(2)]

    assert outcomes == [{"passed": 1}, {"passed": 1}]


def test_what_a_test_recorded_about_itself_is_reported_once(suite: Suite) -> None:
    write(
        suite,
        '@pytest.mark.replaydisputes("my-flow")\ndef test_it(replaydisputes, record_property):\n'
        "    record_property('status', close(replaydisputes.dispute_id))",
    )

    suite.run("missing", "--junitxml=told.xml", "-o", "junit_family=xunit1").assert_outcomes(passed=1)

    assert Path(suite.pytester.path, "told.xml").read_text().count('name="status"') == 1

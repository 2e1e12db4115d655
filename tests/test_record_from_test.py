"""The calls of code under test, recorded from the sandbox over real HTTP and then replayed."""

from __future__ import annotations

import asyncio
import base64
import os
import signal
import sys
import threading
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import aiohttp
import httpx
import pytest
import requests
import stripe
import trustme

from replaydisputes.api import replay
from replaydisputes.cassette_file import load
from replaydisputes.errors import (
    ApiBaseRefusedError,
    CassetteFormatError,
    FileAccessError,
    KeyRefusedError,
    LivemodeError,
    ReplayDisputesError,
    UnknownCassetteError,
)
from replaydisputes.model import Provenance, Request, Response
from replaydisputes.recording.from_test import plan_for
from replaydisputes.recording.from_test.plan import RecordOptionError
from replaydisputes.recording.from_test.refusals import ForwardingRefusedError, NothingRecordedError
from replaydisputes.recording.from_test.turn import AlreadyRecordingError
from replaydisputes.recording.quarantine import quarantined
from replaydisputes.recording.worker import WorkerLostError
from replaydisputes.redaction import DEFAULT_POLICY
from replaydisputes.sandbox import Sandbox
from replaydisputes.stripe_api.keys import SANDBOX_KEY
from replaydisputes.underway import SeveralToRecordError
from tests.record_from_test_support import OWN_KEY, Studio, other_account, studio
from tests.recording_support import KEY, Watched, with_json
from tests.test_cli import run
from tests.test_recording_tls import unmarked
from tests.tls_support import Relay, https_serving, trust

API = "https://api.stripe.com/v1/disputes/"
AUTHORIZED = {"Authorization": f"Bearer {OWN_KEY}"}
LIVE_KEY = "sk_live_" + "8" * 24


@pytest.fixture
def here(tmp_path: Path) -> Iterator[Studio]:
    with studio(tmp_path / "cassettes") as made:
        yield made


def read_and_close(dispute: str) -> list[str]:
    """With requests."""
    read = requests.get(API + dispute, headers=AUTHORIZED).json()["status"]
    return [read, requests.post(f"{API}{dispute}/close", headers=AUTHORIZED).json()["status"]]


def with_stripe(dispute: str) -> list[str]:
    disputes = stripe.StripeClient(OWN_KEY).v1.disputes
    return [disputes.retrieve(dispute).status, disputes.close(dispute).status]


def with_stripe_async(dispute: str) -> list[str]:
    async def calls() -> list[str]:
        disputes = stripe.StripeClient(OWN_KEY, http_client=stripe.HTTPXClient()).v1.disputes
        return [(await disputes.retrieve_async(dispute)).status, (await disputes.close_async(dispute)).status]

    return asyncio.run(calls())


def with_httpx(dispute: str) -> list[str]:
    with httpx.Client(headers=AUTHORIZED) as client:
        read = client.get(API + dispute).json()["status"]
        return [read, client.post(f"{API}{dispute}/close", data={"expand[]": "charge"}).json()["status"]]


def with_httpx_async(dispute: str) -> list[str]:
    async def calls() -> list[str]:
        async with httpx.AsyncClient(headers=AUTHORIZED) as client:
            read = (await client.get(API + dispute)).json()["status"]
            return [read, (await client.post(f"{API}{dispute}/close")).json()["status"]]

    return asyncio.run(calls())


def with_aiohttp(dispute: str) -> list[str]:
    async def calls() -> list[str]:
        async with aiohttp.ClientSession(headers=AUTHORIZED) as session:
            async with session.get(API + dispute) as answer:
                read = (await answer.json())["status"]
            async with session.post(f"{API}{dispute}/close") as answer:
                return [read, (await answer.json())["status"]]

    return asyncio.run(calls())


CLIENTS = (read_and_close, with_stripe, with_stripe_async, with_httpx, with_httpx_async, with_aiohttp)


@pytest.mark.parametrize("calls", CLIENTS)
def test_what_a_client_calls_is_recorded_once_and_replayed_alike(
    here: Studio, calls: Callable[[str], list[str]]
) -> None:
    with here.record() as recording:
        recorded = calls(recording.dispute_id)
    asked = len(here.sandbox.seen)
    with here.record() as again:
        replayed = calls(again.dispute_id)

    assert recorded == replayed == ["needs_response", "lost"]
    assert here.calls() == [("GET", 200), ("POST", 200)]
    assert (len(here.sandbox.seen), here.written, here.kept) == (asked, ["my-flow.yaml"], [])


def test_threads_record_into_one_cassette_and_replay_it(here: Studio) -> None:
    def from_threads(dispute: str) -> list[str]:
        said: list[str] = []
        threads = [
            threading.Thread(target=lambda: said.append(requests.get(API + dispute).json()["status"])) for _ in range(8)
        ]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        return said

    with here.record() as recording:
        recorded = from_threads(recording.dispute_id)
    with here.replay() as replaying:
        replayed = from_threads(replaying.dispute_id)

    assert recorded == replayed == ["needs_response"] * 8
    assert here.calls() == [("GET", 200)] * 8


def test_recorded_anew_in_another_account_the_file_keeps_its_bytes(here: Studio) -> None:
    with here.record() as recording:
        with_stripe(recording.dispute_id)
    before = here.file().read_bytes()
    other_account(here)
    with here.record(mode="all", key="rk_test_" + "9" * 24) as recording:
        with_stripe(recording.dispute_id)

    assert [len(here.sandbox.closes), here.file().read_bytes()] == [2, before]


def test_the_key_that_is_sent_is_the_tools_and_neither_key_is_in_the_file(here: Studio) -> None:
    with here.record() as recording:
        with_stripe(recording.dispute_id)
    text = here.file().read_text()

    assert {request.header("Authorization") for request in here.sandbox.seen} == {f"Bearer {KEY}"}
    assert [KEY in text, OWN_KEY in text, text.count("Bearer [redacted]")] == [False, False, 2]


def test_the_provenance_names_the_sandbox_the_test_and_the_version_that_was_asked_for(here: Studio) -> None:
    with here.record("refunds/My flow") as recording:
        requests.get(API + recording.dispute_id, headers={"Stripe-Version": "2025-03-31.basil"})
    made = load(here.file("refunds/My flow")).provenance

    assert made == Provenance(
        "sandbox", "test:refunds/My-flow", "2025-03-31.basil", made.tool_version, made.recorded_at, made.digest
    )


def test_the_checker_finds_nothing_in_what_a_test_recorded(here: Studio) -> None:
    with here.record() as recording:
        with_stripe(recording.dispute_id)

    done = run("check", str(here.directory), cwd=here.directory)

    assert (done.returncode, done.stdout) == (0, "1 file checked: 1 clean\n")


def test_a_cassette_named_as_a_scenario_gets_that_scenarios_dispute(here: Studio) -> None:
    with here.record("close-inquiry", "all") as recording:
        status = requests.get(API + recording.dispute_id).json()["status"]
    with here.record("my-inquiry") as recording:
        other = requests.get(API + recording.dispute_id).json()["status"]

    assert [status, other] == ["warning_needs_response", "needs_response"]


def test_a_faults_retry_is_recorded_as_the_one_call_that_stripe_saw(here: Studio) -> None:
    def calls(dispute: str) -> str:
        return stripe.StripeClient(OWN_KEY, max_network_retries=1).v1.disputes.close(dispute).status

    with here.record() as recording:
        recording.fail_next("connection-reset")
        recorded = calls(recording.dispute_id)
    with here.replay() as replaying:
        replaying.fail_next("connection-reset")
        replayed = calls(replaying.dispute_id)

    assert [recorded, replayed, here.calls()] == ["lost", "lost", [("POST", 200)]]


@pytest.mark.parametrize(
    ("key", "problem"),
    [
        (LIVE_KEY, "the key is a live-mode key, and closing a dispute cannot be undone"),
        ("pk_test_" + "1" * 24, "the key is not a test-mode key"),
    ],
)
def test_a_key_that_is_no_test_key_is_refused_before_anything_is_sent(here: Studio, key: str, problem: str) -> None:
    with pytest.raises(KeyRefusedError) as refused, here.record(key=key):
        pass

    assert refused.value.problem == f"cassette 'my-flow' cannot be recorded: {problem}"
    assert (here.sandbox.seen, here.written, here.kept) == ([], [], [])
    assert LIVE_KEY not in str(refused.value)


def test_a_sandbox_is_recorded_from_without_a_key_of_anyones(here: Studio) -> None:
    with here.record(key="") as recording:
        recorded = with_stripe(recording.dispute_id)

    assert (recorded, here.written) == (["needs_response", "lost"], ["my-flow.yaml"])
    assert {request.header("Authorization") for request in here.sandbox.seen} == {f"Bearer {SANDBOX_KEY}"}


@pytest.mark.parametrize(
    "name", ["n" * 300, "n" * 240, f"{'n' * 300}/flow"], ids=["file", "file being written", "folder"]
)
def test_a_name_that_no_file_can_have_is_refused_before_anything_is_sent(here: Studio, name: str) -> None:
    with pytest.raises(FileAccessError) as refused, here.record(name) as recording:
        with_stripe(recording.dispute_id)

    assert str(refused.value) == f"{here.file(name)}: cannot write: File name too long. Nothing was sent."
    assert (here.sandbox.seen, here.written, here.kept) == ([], [], [])


@pytest.mark.parametrize(
    "request_with_key",
    [
        {"headers": {"Authorization": f"Bearer {LIVE_KEY}"}},
        {"headers": {"Authorization": "Basic " + base64.b64encode(f"{LIVE_KEY}:".encode()).decode()}},
        {"headers": {"Authorization": f"Bearer {OWN_KEY}", "X-Shop": LIVE_KEY}},
        {"data": "metadata[key]=" + LIVE_KEY.replace("_", "%5F")},
        {"params": {"key": LIVE_KEY}},
        {"headers": {"Authorization": "Bearer sk_org_live_1"}},
    ],
    ids=["bearer", "basic", "header", "form", "query", "organization"],
)
def test_a_live_key_of_the_code_under_test_is_refused_before_anything_is_sent(
    here: Studio, request_with_key: dict[str, Any]
) -> None:
    with pytest.raises(ForwardingRefusedError) as refused, here.record():
        requests.post(f"{API}du_1/close", **request_with_key)

    assert str(refused.value).startswith("POST https://api.stripe.com was not sent: it holds a live-mode key")
    assert (here.sandbox.seen, here.written, here.kept) == ([], [], [])
    assert LIVE_KEY not in str(refused.value)


def test_an_answer_from_live_mode_ends_the_recording_before_the_close(here: Studio) -> None:
    def live(request: Request, response: Response) -> Response:
        return with_json(response, lambda body: body.update(livemode=True)) if request.method == "GET" else response

    here.sandbox.change = live

    with pytest.raises(LivemodeError), here.record():
        with pytest.raises(LivemodeError):
            requests.get(f"{API}du_1")
        requests.post(f"{API}du_1/close")

    assert ([request.method for request in here.sandbox.seen], here.written, here.kept) == (["GET"], [], [])


@pytest.mark.parametrize("url", ["https://files.stripe.com/v1/files", "http://api.stripe.com/v1/x", "https://a.test/"])
def test_any_other_origin_stays_blocked_and_nothing_is_written_after_it(here: Studio, url: str) -> None:
    with pytest.raises(ForwardingRefusedError) as refused, here.record():
        try:
            requests.get(url)
        except ReplayDisputesError:
            requests.get(f"{API}du_1")

    assert "a recording forwards to https://api.stripe.com alone" in str(refused.value)
    assert (here.sandbox.seen, here.written, here.kept) == ([], [], [])


def test_a_block_that_fails_after_a_close_leaves_a_capture_that_recover_finishes(here: Studio) -> None:
    with pytest.raises(ZeroDivisionError) as failed, here.record() as recording:
        read_and_close(recording.dispute_id)
        1 / 0  # noqa: B018 - the code under test fails
    (note,), kept, written = failed.value.__notes__, here.kept, here.written
    listed = run("recover", cwd=here.directory.parent)
    name = listed.stdout.splitlines()[0]
    finished = run("recover", name, cwd=here.directory.parent)

    assert note.startswith("A close of du_1")
    assert note.endswith("`replaydisputes recover` shows it.")
    assert (kept, written) == ([("test:my-flow", ("GET", "POST"))], [])
    assert f"2 calls of the test that records {here.file()} answered; closes sent for: du_1" in listed.stdout
    assert (finished.returncode, here.calls(), here.kept) == (0, [("GET", 200), ("POST", 200)], [])


def test_a_block_that_fails_before_a_close_leaves_nothing(here: Studio) -> None:
    with pytest.raises(ZeroDivisionError), here.record() as recording:
        requests.get(API + recording.dispute_id)
        1 / 0  # noqa: B018 - the code under test fails

    assert (here.kept, here.written) == ([], [])


@pytest.mark.skipif(sys.platform != "linux", reason="finds the other process in /proc")
def test_a_close_is_not_lost_where_the_process_that_sent_it_is_killed(here: Studio) -> None:
    def kill(request: Request, response: Response) -> Response:
        if request.url.endswith("/close"):
            for children in Path("/proc/self/task").glob("*/children"):
                for child in children.read_text().split():
                    os.kill(int(child), signal.SIGKILL)
        return response

    here.sandbox.change = kill

    with pytest.raises(WorkerLostError, match="it ended without an answer"), here.record() as recording:
        read_and_close(recording.dispute_id)

    (kept,) = quarantined()
    assert (kept.sent_closes, len(kept.for_cassette), here.written) == ((recording.dispute_id,), 1, [])


def test_a_block_without_a_call_is_told_that_there_is_nothing_to_replay(here: Studio) -> None:
    with pytest.raises(NothingRecordedError, match=r"the test made no call to api\.stripe\.com"), here.record():
        pass

    assert (here.kept, here.written) == ([], [])


def test_a_first_dispute_other_than_the_one_given_is_refused_as_a_replay_could_not_tell_it(here: Studio) -> None:
    with pytest.raises(NothingRecordedError, match="another than `dispute_id`"), here.record() as recording:
        requests.get(f"{API}du_1AnotherDispute0000000000")
        requests.get(API + recording.dispute_id)

    assert (here.kept, here.written) == ([], [])


def test_a_shipped_cassette_is_replayed_where_missing_ones_are_recorded(here: Studio) -> None:
    with here.record("close-lost") as replaying:
        with_stripe(replaying.dispute_id)

    assert (here.sandbox.seen, here.written) == ([], [])


def test_a_shipped_cassette_recorded_anew_becomes_the_suites_own(here: Studio) -> None:
    shipped = Path(__file__).parent.parent / "cassettes" / "close-lost.yaml"
    before = shipped.read_bytes()

    with here.record("close-lost", "all") as recording:
        with_stripe(recording.dispute_id)

    assert (here.calls("close-lost"), shipped.read_bytes()) == ([("GET", 200), ("POST", 200)], before)


@pytest.mark.parametrize("name", ["../outside", "/outside", "a/../../outside"])
def test_a_name_that_leads_out_of_the_directory_is_not_written(here: Studio, name: str) -> None:
    with pytest.raises(UnknownCassetteError), here.record(name):
        requests.get(f"{API}du_1")

    assert (here.sandbox.seen, list(here.directory.parent.rglob("outside*"))) == ([], [])


def test_a_file_in_place_that_is_no_cassette_is_refused_before_anything_is_sent(here: Studio) -> None:
    here.directory.mkdir()
    here.file().write_text("precious: true\n")

    with pytest.raises(CassetteFormatError), here.record(mode="all"):
        requests.get(f"{API}du_1")

    assert (here.sandbox.seen, here.file().read_text(), here.kept) == ([], "precious: true\n", [])


def test_a_place_that_takes_no_file_is_refused_before_anything_is_sent(here: Studio) -> None:
    here.directory.write_text("mine")

    with pytest.raises(FileAccessError) as refused, here.record(mode="all"):
        requests.get(f"{API}du_1")

    said = f"{here.file()}: cannot write: {here.directory} is no directory. Nothing was sent."
    assert (str(refused.value), here.sandbox.seen, here.kept) == (said, [], [])


def test_a_write_that_fails_after_the_close_says_where_the_capture_is_kept(here: Studio) -> None:
    with pytest.raises(FileAccessError) as failed, here.record() as recording:
        dispute = recording.dispute_id
        read_and_close(dispute)
        here.directory.write_text("in the way")

    (capture,) = quarantined()
    assert str(failed.value) == (
        f"{here.file()}: cannot write: File exists. A close of {dispute} was sent. "
        f"The capture is kept in {capture.path}; `replaydisputes recover` shows it."
    )


def test_a_recording_inside_another_of_the_same_cassette_is_refused_at_once(here: Studio) -> None:
    with pytest.raises(AlreadyRecordingError, match="is being recorded already, by what this runs in"), here.record():
        with here.record("another") as other:
            requests.get(API + other.dispute_id)
        with here.record():
            pass

    assert here.written == ["another.yaml"]


def test_several_cassettes_are_not_recorded_in_one_place(here: Studio) -> None:
    plan = plan_for("missing", {"STRIPE_API_KEY": KEY}, here.url, DEFAULT_POLICY)
    with (
        pytest.raises(SeveralToRecordError) as refused,
        replay("close-lost", "my-flow", cassettes=here.directory, record=plan),
    ):
        pass
    with replay("close-lost", "close-twice", cassettes=here.directory, record=plan) as replaying:
        replayed = [one.name for one in replaying.cassettes]

    assert (refused.value.missing, replayed) == (("my-flow",), ["close-lost", "close-twice"])
    assert here.sandbox.seen == []


@pytest.mark.parametrize(
    "api_base",
    ["https://127.0.0.1:1", "http://stripe.test", "http://127.0.0.1:1/v1", "ftp://127.0.0.1", "http://me:pw@127.0.0.1"],
)
def test_recordings_come_from_stripe_or_from_this_machine(api_base: str) -> None:
    with pytest.raises(ApiBaseRefusedError) as refused:
        plan_for("missing", {}, api_base, DEFAULT_POLICY)

    assert (str(refused.value).startswith("--replaydisputes-api-base "), "pw" in str(refused.value)) == (True, False)


def test_a_way_to_record_that_is_none_is_refused() -> None:
    with pytest.raises(RecordOptionError, match=r"record='al' is no way to record; did you mean all\?"):
        plan_for("al", {}, None, DEFAULT_POLICY)


def test_without_an_origin_of_its_own_a_recording_goes_to_stripe() -> None:
    assert plan_for("all", {}, None, DEFAULT_POLICY).target.api_base == "https://api.stripe.com"


@pytest.mark.parametrize(
    ("environ", "problem"),
    [({"STRIPE_API_KEY": LIVE_KEY}, "the key is a live-mode key"), ({}, "there is no test-mode key")],
    ids=["live", "none"],
)
def test_a_block_records_with_the_key_in_the_environment_alone(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, environ: dict[str, str], problem: str
) -> None:
    for name, value in environ.items():
        monkeypatch.setenv(name, value)

    with pytest.raises(KeyRefusedError, match=problem), replay("my-flow", cassettes=tmp_path, record="missing"):
        pass


def test_a_block_without_a_key_is_told_where_a_sandbox_can_be_named(tmp_path: Path) -> None:
    with pytest.raises(KeyRefusedError) as refused, replay("my-flow", cassettes=tmp_path, record="missing"):
        pass

    assert str(refused.value) == (
        "cassette 'my-flow' cannot be recorded: there is no test-mode key; nothing was sent. Set STRIPE_API_KEY to a "
        "test-mode key (sk_test_… or rk_test_…), or record from a test marked for pytest, where "
        "--replaydisputes-record and --replaydisputes-api-base "
        "may name a sandbox."
    )


def test_only_unmarked_answers_from_stripes_own_address_are_called_a_recording_of_stripe(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    authority, stripe_itself = trustme.CA(), Watched(Sandbox(seed=4), unmarked)
    trust(authority, tmp_path, monkeypatch)
    monkeypatch.setenv("STRIPE_API_KEY", KEY)
    with https_serving(stripe_itself, authority.issue_cert("api.stripe.com")) as port:
        relay = Relay(port, is_proxy=True)
        with relay.listening() as proxy:
            monkeypatch.setenv("HTTPS_PROXY", f"http://127.0.0.1:{proxy}")
            with replay("my-flow", cassettes=tmp_path, record="missing") as recording:
                recorded = with_stripe(recording.dispute_id)
    made = load(tmp_path / "my-flow.yaml").provenance

    assert (recorded, {tunnel.split()[1] for tunnel in relay.tunnels}) == (
        ["needs_response", "lost"],
        {"api.stripe.com:443"},
    )
    assert made is not None
    assert made.made_against == "stripe-test-mode"


def test_what_was_recorded_is_seen_while_it_is(here: Studio) -> None:
    with here.record() as recording:
        before = repr(recording)
        requests.get(API + recording.dispute_id)
        seen = [played.status for played in recording.played], len(recording.cassette.interactions), recording.unplayed
        after = repr(recording)

    assert before == "<Replay of <'my-flow': being recorded, 0 calls so far>; 0 refused>"
    assert after.startswith("<Replay of <'my-flow': being recorded, 1 calls so far, dispute du_1")
    assert seen == ([200], 1, ())


def test_an_answer_that_breaks_off_ends_the_recording(here: Studio, monkeypatch: pytest.MonkeyPatch) -> None:
    here.sandbox.inner = Sandbox(seed=4)
    here.url = "http://127.0.0.1:9"

    with pytest.raises(ReplayDisputesError, match=r"127\.0\.0\.1:9 did not answer"), here.record():
        requests.post(f"{API}du_1/close")

    assert [kept for kept, _ in here.kept] == ["test:my-flow"]

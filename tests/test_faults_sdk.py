"""The official SDK meets faults: its retries end in the recorded answer, and without retries its typed errors come."""

from __future__ import annotations

import asyncio
import threading
import time
from collections.abc import Callable
from typing import Any

import pytest
import stripe

import replaydisputes
from replaydisputes.errors import NoReplayError
from replaydisputes.playback.faults import FaultOptionError, UnusedFaultError

KINDS = ("timeout", "connection-reset", "rate-limit", "lock-timeout", "server-error")
PROCESSED = ("timeout", "connection-reset", "server-error")
ERRORS = {
    "timeout": stripe.APIConnectionError,
    "connection-reset": stripe.APIConnectionError,
    "rate-limit": stripe.RateLimitError,
    "lock-timeout": stripe.RateLimitError,
    "server-error": stripe.APIError,
}
CODES = {"rate-limit": "rate_limit", "lock-timeout": "lock_timeout"}
DISPUTE = "du_1AAAAAreplaydisp00000001"

pytestmark = pytest.mark.filterwarnings("ignore:Use 'content:DeprecationWarning")  # how stripe calls httpx


@pytest.fixture(autouse=True)
def quick_retries(monkeypatch: pytest.MonkeyPatch) -> None:
    """The SDK's own bounds of its backoff."""
    monkeypatch.setattr(stripe.HTTPClient, "INITIAL_DELAY", 0)
    monkeypatch.setattr(stripe.HTTPClient, "MAX_DELAY", 0)


def by_requests(retries: int) -> Any:
    return _client(retries, stripe.RequestsClient()).v1.disputes.close(DISPUTE)


def by_httpx(retries: int) -> Any:
    return _client(retries, stripe.HTTPXClient(allow_sync_methods=True)).v1.disputes.close(DISPUTE)


def by_httpx_async(retries: int) -> Any:
    return asyncio.run(_close_async(retries, stripe.HTTPXClient))


def by_aiohttp(retries: int) -> Any:
    return asyncio.run(_close_async(retries, stripe.AIOHTTPClient))


async def _close_async(retries: int, make: Callable[[], Any]) -> Any:
    http_client = make()
    try:
        return await _client(retries, http_client).v1.disputes.close_async(DISPUTE)
    finally:
        await http_client.close_async()


def _client(retries: int, http_client: Any) -> stripe.StripeClient:
    return stripe.StripeClient("sk_test_any", max_network_retries=retries, http_client=http_client)


CLIENTS = (by_requests, by_httpx, by_httpx_async, by_aiohttp)


@pytest.mark.parametrize("close", CLIENTS)
@pytest.mark.parametrize("kind", KINDS)
def test_the_sdk_retries_with_the_same_key_and_ends_in_the_recorded_answer(close: Any, kind: Any) -> None:
    advice = True if kind == "rate-limit" else None
    with replaydisputes.replay("close-lost") as replay:
        replaydisputes.fail_next(kind, times=2, should_retry=advice)
        closed = close(2)

    keys = {one.request.header("Idempotency-Key") for one in (*replay.injected, *replay.played)}
    assert (closed.status, [one.kind for one in replay.injected]) == ("lost", [kind, kind])
    assert (len(keys), keys & {None, ""}, [played.status for played in replay.played]) == (1, set(), [200])
    assert closed.last_response.headers.get("Idempotent-Replayed") is None


@pytest.mark.parametrize("close", CLIENTS)
@pytest.mark.parametrize("kind", PROCESSED)
def test_the_sdk_gets_the_answer_it_lost_as_a_repeat_and_closes_once(close: Any, kind: Any) -> None:
    with replaydisputes.replay("close-twice") as replay:
        replaydisputes.fail_next(kind, processed=True)
        closed = close(2)

    assert (closed.status, closed.last_response.headers["Idempotent-Replayed"]) == ("lost", "true")
    assert [played.index for played in replay.played] == [1, 1]


@pytest.mark.parametrize("close", CLIENTS)
@pytest.mark.parametrize("kind", KINDS)
def test_without_retries_the_sdk_raises_its_typed_error(close: Any, kind: Any) -> None:
    with replaydisputes.replay("close-lost") as replay, pytest.raises(ERRORS[kind]) as caught:
        replay.fail_next(kind)
        close(0)

    told = caught.value.error
    assert (type(caught.value), told.code if told else None) == (ERRORS[kind], CODES.get(kind))
    assert (replay.played, len(replay.injected), replay.refused) == ((), 1, ())


def test_the_sdk_does_not_retry_a_rate_limit_because_stripe_says_so() -> None:
    with replaydisputes.replay("close-lost") as replay, pytest.raises(stripe.RateLimitError):
        replay.fail_next("rate-limit")
        by_requests(2)

    assert len(replay.injected) == 1


def test_a_timeout_comes_at_once() -> None:
    with replaydisputes.replay("close-lost") as replay:
        replay.fail_next("timeout", times=2)
        start_s = time.perf_counter()
        by_requests(2)

    assert time.perf_counter() - start_s < 1


def test_a_fault_that_never_came_fails_the_replay() -> None:
    with pytest.raises(UnusedFaultError, match="1 of 2 'lock-timeout'"), replaydisputes.replay("close-lost") as replay:
        replay.fail_next("lock-timeout", times=2)
        with pytest.raises(stripe.RateLimitError):
            by_requests(0)


def test_an_error_in_a_replay_keeps_its_type_and_is_told_of_the_fault_that_never_came() -> None:
    with pytest.raises(KeyError) as caught, replaydisputes.replay("close-lost") as replay:
        replay.fail_next("timeout")
        raise KeyError("mine")

    assert "never injected: 1 of 1 'timeout'" in caught.value.__notes__[0]


def test_without_a_replay_it_says_what_is_missing() -> None:
    with pytest.raises(NoReplayError, match=r"fail_next\(\) needs a running replay"):
        replaydisputes.fail_next("timeout")


def test_a_replay_that_is_over_takes_no_faults() -> None:
    with replaydisputes.replay("close-lost") as replay:
        pass

    with pytest.raises(NoReplayError):
        replay.fail_next("timeout")


def test_an_unknown_kind_is_refused_with_the_nearest() -> None:
    with replaydisputes.replay("close-lost"), pytest.raises(FaultOptionError, match="did you mean rate-limit"):
        replaydisputes.fail_next("ratelimit")  # type: ignore[arg-type]


def test_the_contexts_own_replay_fails_not_the_one_everywhere() -> None:
    with replaydisputes.replay("close-lost", everywhere=True) as everywhere:
        with replaydisputes.replay("close-lost") as own:
            replaydisputes.fail_next("timeout")
            _client(1, stripe.RequestsClient()).v1.disputes.retrieve(DISPUTE)
        replaydisputes.fail_next("server-error")
        _client(1, stripe.RequestsClient()).v1.disputes.retrieve(DISPUTE)

    assert [[one.kind for one in replay.injected] for replay in (own, everywhere)] == [["timeout"], ["server-error"]]


def test_a_thread_started_elsewhere_acts_on_the_replay_that_holds_everywhere() -> None:
    begin, done = threading.Event(), threading.Event()

    def later() -> None:
        begin.wait(10)
        replaydisputes.fail_next("timeout")
        by_requests(1)
        done.set()

    thread = threading.Thread(target=later)
    thread.start()
    with replaydisputes.replay("close-lost", everywhere=True) as replay:
        begin.set()
        thread.join(10)

    assert (done.is_set(), [one.kind for one in replay.injected], len(replay.played)) == (True, ["timeout"], 1)


def test_threads_and_tasks_each_fail_their_own() -> None:
    def one(kind: Any) -> tuple[str, int]:
        with replaydisputes.replay("close-lost") as replay:
            replaydisputes.fail_next(kind, should_retry=True if kind == "rate-limit" else None)
            by_requests(1)
            return replay.injected[0].kind, len(replay.injected)

    async def all_of_them() -> list[tuple[str, int]]:
        return await asyncio.gather(*(asyncio.to_thread(one, kind) for kind in KINDS * 4))

    assert asyncio.run(all_of_them()) == [(kind, 1) for kind in KINDS * 4]

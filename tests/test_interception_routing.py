"""Which answerer holds where: contexts, tasks, threads, executors, nesting, everywhere."""

from __future__ import annotations

import _thread
import asyncio
import http.client
import queue
import random
import socket
import threading
from collections.abc import Callable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import ExitStack, contextmanager
from contextvars import Context, copy_context
from multiprocessing.pool import ThreadPool
from typing import Any

import anyio
import anyio.from_thread
import anyio.to_thread
import httpx
import pytest
import requests

from replaydisputes.errors import (
    MismatchError,
    NetworkBlockedError,
    OutsideReplayError,
    ReplayDisputesError,
    ReplayEndedError,
)
from replaydisputes.interception import Route, answering
from replaydisputes.interception.routing import active_route
from replaydisputes.model import Response
from tests.interception_support import (
    CLIENTS,
    URL,
    Call,
    Echo,
    Fixed,
    Refusing,
    audited,
    by_http_client,
    by_requests,
    live_server,
)


def who_answers() -> str:
    return str(by_requests("POST", URL).json()["by"])


async def who_answers_async(client: httpx.AsyncClient) -> str:
    return str((await client.post(URL)).json()["by"])


def test_the_inner_of_two_nested_routes_answers_and_the_outer_one_afterwards() -> None:
    with answering(Echo("outer")):
        with answering(Echo("inner")):
            inside = who_answers()
        after = who_answers()

    assert (inside, after) == ("inner", "outer")


def test_two_threads_with_a_route_each_never_see_the_other_one() -> None:
    rounds = 50
    start = threading.Barrier(2)
    heard: dict[str, set[str]] = {}

    def work(name: str) -> None:
        with answering(Echo(name)):
            start.wait()
            heard[name] = {who_answers() for _ in range(rounds)}

    threads = [threading.Thread(target=work, args=(name,)) for name in ("a", "b")]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert heard == {"a": {"a"}, "b": {"b"}}


def test_interleaved_tasks_with_a_route_each_never_see_another_one() -> None:
    seed = random.randrange(2**32)
    print(f"seed {seed}")
    chance = random.Random(seed)

    async def work(name: str, client: httpx.AsyncClient) -> set[str]:
        heard = set()
        with answering(Echo(name)):
            for _ in range(5):
                await asyncio.sleep(chance.random() / 500)
                heard.add(await who_answers_async(client))
        return heard

    async def all_of_them() -> list[set[str]]:
        async with httpx.AsyncClient() as client:
            return await asyncio.gather(*(work(str(n), client) for n in range(100)))

    assert asyncio.run(all_of_them()) == [{str(n)} for n in range(100)]


class OwnRun(threading.Thread):
    def __init__(self) -> None:
        super().__init__()
        self.heard = ""

    def run(self) -> None:
        self.heard = who_answers()


def test_a_thread_takes_along_the_route_it_was_started_under() -> None:
    thread = OwnRun()
    with answering(Echo("mine")):
        thread.start()
        thread.join()

    assert (thread.heard, "run" in vars(thread)) == ("mine", False)


def test_a_timer_takes_the_route_along() -> None:
    heard: list[str] = []
    with answering(Echo("mine")):
        timer = threading.Timer(0.001, lambda: heard.append(who_answers()))
        timer.start()
        timer.join()

    assert heard == ["mine"]


def test_an_executor_made_before_the_route_runs_each_job_under_the_route_of_its_submitter() -> None:
    with ThreadPoolExecutor(1) as pool:
        pool.submit(int).result()
        with answering(Echo("a")):
            first: Future[str] = pool.submit(who_answers)
            first.result()
            mapped = list(pool.map(lambda _: who_answers(), range(2)))
        with answering(Echo("b")):
            second: Future[str] = pool.submit(who_answers)
            heard = first, mapped, second.result()

    assert (heard[0].result(), *heard[1:]) == ("a", ["a", "a"], "b")


def test_a_worker_thread_started_by_one_route_does_not_keep_it_for_later_jobs() -> None:
    with ThreadPoolExecutor(1) as pool, answering(Echo("a")):
        pool.submit(who_answers).result()
        with answering(Echo("b")):
            second = pool.submit(who_answers).result()
        outside = Context().run(pool.submit, refused_by).result()

    assert (second, outside) == ("b", OutsideReplayError)


def _route_here() -> Route | None:
    return active_route()


def test_run_in_executor_to_thread_and_anyio_workers_take_the_route_along() -> None:
    async def ask() -> list[str]:
        loop = asyncio.get_running_loop()
        with answering(Echo("mine")):
            return [
                await loop.run_in_executor(None, who_answers),
                await asyncio.to_thread(who_answers),
                await anyio.to_thread.run_sync(who_answers),
            ]

    assert asyncio.run(ask()) == ["mine"] * 3


def test_an_anyio_portal_older_than_the_route_and_a_worker_it_reuses_know_only_the_callers_route() -> None:
    async def in_a_worker() -> str | None:
        return await anyio.to_thread.run_sync(_name_here)

    async def back_from_a_worker() -> str | None:
        return await anyio.to_thread.run_sync(lambda: anyio.from_thread.run(_name_here_async))

    with anyio.from_thread.start_blocking_portal() as portal:
        heard = [portal.call(in_a_worker)]
        for name in ("a", "b"):
            with answering(Echo(name)):
                heard += [portal.call(in_a_worker), portal.call(back_from_a_worker), portal.call(_name_here_async)]
        heard.append(portal.call(in_a_worker))

    assert heard == [None, "a", "a", "a", "b", "b", "b", None]


def _name_here() -> str | None:
    route = active_route()
    return None if route is None else str(by_requests("POST", URL).json()["by"])


async def _name_here_async() -> str | None:
    return _name_here()


def test_everywhere_answers_contexts_that_have_no_route_of_their_own() -> None:
    untouched = copy_context()
    with answering(Echo("everywhere"), everywhere=True):
        in_other_context = untouched.run(who_answers)
        with answering(Echo("own")):
            own = who_answers()
            other_again = untouched.run(who_answers)

    assert (in_other_context, own, other_again) == ("everywhere", "own", "everywhere")
    assert untouched.run(_route_here) is None


def test_nested_everywhere_restores_the_former_one() -> None:
    untouched = copy_context()
    heard = []
    with answering(Echo("first"), everywhere=True):
        with answering(Echo("second"), everywhere=True):
            heard.append(untouched.run(who_answers))
        heard.append(untouched.run(who_answers))

    assert heard == ["second", "first"]


def test_an_everywhere_that_ends_out_of_order_leaves_the_one_that_is_still_open() -> None:
    untouched = copy_context()
    first, second = (answering(Echo(name), everywhere=True) for name in ("first", "second"))
    Context().run(first.__enter__)
    Context().run(second.__enter__)
    Context().run(first.__exit__, None, None, None)
    heard = untouched.run(who_answers)
    Context().run(second.__exit__, None, None, None)

    assert (heard, untouched.run(_route_here)) == ("second", None)


def refused_by(url: str = URL) -> type[BaseException] | None:
    """The kind of refusal that a request meets here; None where it is answered."""
    try:
        by_http_client("POST", url)
    except ReplayDisputesError as refusal:
        return type(refusal)
    return None


class Worker:
    """A thread that runs one function after another, as a queue's worker does."""

    def __init__(self) -> None:
        self._jobs: queue.Queue[Callable[[], Any] | None] = queue.Queue()
        self._results: queue.Queue[Any] = queue.Queue()
        self._thread = threading.Thread(target=self._work)
        self._thread.start()

    def _work(self) -> None:
        while (job := self._jobs.get()) is not None:
            try:
                self._results.put(job())
            except ReplayDisputesError as refusal:
                self._results.put(refusal)

    def run(self, job: Callable[[], Any]) -> Any:
        self._jobs.put(job)
        return self._results.get(timeout=10)

    def stop(self) -> None:
        self._jobs.put(None)
        self._thread.join()


@contextmanager
def worker() -> Iterator[Worker]:
    begun = Worker()
    try:
        yield begun
    finally:
        begun.stop()


@pytest.mark.parametrize("around", ["nothing", "outer", "everywhere", "later"])
def test_a_thread_that_outlives_its_route_is_refused_by_its_name_and_answered_by_no_other(around: str) -> None:
    with audited() as wire, ExitStack() as stack:
        if around in ("outer", "everywhere"):
            stack.enter_context(answering(Echo(around), everywhere=around == "everywhere"))
        with answering(Echo("gone"), names=["close-lost"]):
            outliving = stack.enter_context(worker())
            within = outliving.run(who_answers)
        if around == "later":
            stack.enter_context(answering(Echo("later"), everywhere=True))
        after = outliving.run(who_answers)

    assert (within, type(after), wire) == ("gone", ReplayEndedError, [])
    assert "the replay of 'close-lost' in which this thread or task began has ended" in str(after)


@pytest.mark.parametrize("call", CLIENTS.values(), ids=CLIENTS)
def test_each_client_is_refused_after_the_end_also_over_a_connection_it_has_kept(call: Call) -> None:
    with audited() as wire:
        with answering(Echo(), names=["close-lost"]):
            outliving = Worker()
            outliving.run(lambda: call("GET", URL))
        after = outliving.run(lambda: call("GET", URL))
        outliving.stop()

    assert (type(after), wire) == (ReplayEndedError, [])


def test_a_session_used_by_an_outliving_thread_is_refused_and_one_used_outside_is_not_ours() -> None:
    with live_server() as base, requests.Session() as session:
        with answering(Echo()):
            outliving = Worker()
            outliving.run(lambda: session.post(URL, timeout=5))
        refused = outliving.run(lambda: session.post(URL, timeout=5))
        local = outliving.run(lambda: session.post(f"{base}/x", timeout=5).json()["by"])
        outliving.stop()
        outside = session.post(f"{base}/x", timeout=5).json()["by"]

    assert (type(refused), local, outside) == (ReplayEndedError, "live", "live")


def test_what_an_outliving_thread_starts_is_refused_as_well_and_its_own_later_replay_answers() -> None:
    def own_replay() -> list[Any]:
        with answering(Echo("own")):
            heard: list[Any] = [who_answers()]
        heard.append(refused_by())
        with ThreadPoolExecutor(1) as pool:
            heard.append(pool.submit(refused_by).result())
        started = Worker()
        heard.append(started.run(refused_by))
        started.stop()
        return heard

    with answering(Echo("gone")):
        outliving = Worker()
    heard = outliving.run(own_replay)
    outliving.stop()

    assert heard == ["own", ReplayEndedError, ReplayEndedError, ReplayEndedError]


def test_a_job_that_outlives_its_route_is_refused() -> None:
    go = threading.Event()
    with audited() as wire, ThreadPoolExecutor(1) as pool:
        with answering(Echo("gone")):
            job = pool.submit(lambda: go.wait(10) and refused_by())
        go.set()
        heard = job.result()

    assert (heard, wire, _route_here()) == (ReplayEndedError, [], None)


def test_a_task_that_outlives_its_route_is_refused_beside_one_that_has_another() -> None:
    async def ask() -> list[Any]:
        go = asyncio.Event()

        async def late() -> Any:
            await go.wait()
            return refused_by()

        with answering(Echo("gone")):
            task = asyncio.create_task(late())
            await asyncio.sleep(0)
        with answering(Echo("later"), everywhere=True):
            go.set()
            return [await task, who_answers()]

    assert asyncio.run(ask()) == [ReplayEndedError, "later"]


def test_an_unfinished_request_is_refused_when_its_route_ends() -> None:
    connection = http.client.HTTPSConnection("api.stripe.com")
    with audited() as wire:
        with answering(Echo(), names=["close-lost"]):
            connection.putrequest("POST", "/v1/disputes/du_1/close")
        with pytest.raises(ReplayEndedError, match="close-lost"):
            connection.endheaders()
    connection.close()

    assert wire == []


def test_what_is_refused_after_the_end_is_not_kept() -> None:
    with answering(Echo()) as route:
        outliving = Worker()
    refused = outliving.run(refused_by)
    outliving.stop()

    assert (refused, route.refused) == (ReplayEndedError, [])


@pytest.mark.parametrize("everywhere", [False, True])
@pytest.mark.parametrize("order", [(0, 1, 2), (0, 2, 1), (1, 0, 2), (1, 2, 0), (2, 0, 1), (2, 1, 0)])
def test_routes_may_end_in_any_order(order: tuple[int, ...], everywhere: bool) -> None:
    opened = [answering(Echo(str(number)), everywhere=everywhere) for number in range(3)]
    for one in opened:
        one.__enter__()
    left, heard = [0, 1, 2], []
    for number in order:
        opened[number].__exit__(None, None, None)
        left.remove(number)
        heard.append(who_answers() if left else _route_here())
        assert heard[-1] == (str(left[-1]) if left else None)


def test_a_route_that_a_child_task_closes_is_over_for_the_one_that_opened_it() -> None:
    async def ask() -> Route | None:
        opened = answering(Echo())
        opened.__enter__()

        async def close() -> None:
            opened.__exit__(None, None, None)

        await asyncio.create_task(close())
        return _route_here()

    assert asyncio.run(ask()) is None


# --- threads and executors -----------------------------------------------------------------------------------


def test_initializers_of_an_executor_are_inside_whenever_it_was_made() -> None:
    heard: list[Any] = []
    older = ThreadPoolExecutor(1, initializer=lambda: heard.append(who_answers()))
    with older, answering(Echo("mine")):
        older.submit(int).result()
        with ThreadPoolExecutor(1, "named", lambda word: heard.append((word, who_answers())), ("hi",)) as pool:
            pool.submit(int).result()

    assert heard == ["mine", ("hi", "mine")]


def test_callbacks_of_a_future_are_inside_and_leave_nothing_to_the_next_job() -> None:
    go, heard = threading.Event(), []
    with ThreadPoolExecutor(1) as pool:
        with answering(Echo("mine")):
            job = pool.submit(go.wait, 10)
            job.add_done_callback(lambda _: heard.append(who_answers()))
            go.set()
            job.result()
            pool.submit(int).result()
        after = pool.submit(_route_here).result()

    assert (heard, after) == (["mine"], None)


def test_a_raw_thread_takes_the_route_along() -> None:
    heard: queue.Queue[Any] = queue.Queue()
    with answering(Echo("mine")):
        _thread.start_new_thread(lambda word, more: heard.put((word, more, who_answers())), ("a",), {"more": "b"})
        told = heard.get(timeout=10)

    assert told == ("a", "b", "mine")


def test_a_pool_of_threads_older_than_the_route_is_answered_with_its_callbacks() -> None:
    told: queue.Queue[Any] = queue.Queue()
    with ThreadPool(1) as pool:
        pool.apply(int)
        with answering(Echo("mine")):
            heard = [pool.apply(who_answers), *pool.map(lambda _: who_answers(), [1]), *pool.imap(_who, [1])]
            pool.apply_async(int, callback=lambda _: told.put(who_answers()))
            heard.append(told.get(timeout=10))
        after = pool.apply(_route_here)

    assert (heard, after) == (["mine"] * 4, None)


def _who(_: object) -> str:
    return who_answers()


def test_a_thread_without_a_route_is_kept_from_stripe_alone_while_one_is_active_elsewhere() -> None:
    with live_server() as base, worker() as older, audited() as wire:
        before = older.run(_route_here)
        with answering(Echo(), names=["close-lost"]) as route:
            refused = older.run(who_answers)
            local = older.run(lambda: by_requests("POST", f"{base}/x").json()["by"])
            noted = list(route.refused)
        after = older.run(_route_here)
        stripe = [event for event in wire if "stripe" in str(event)]

    assert (before, type(refused), local, after, stripe) == (None, OutsideReplayError, "live", None, [])
    assert "everywhere=True" in str(refused)
    assert noted == [refused]


def test_of_several_replays_none_is_told_of_what_belongs_to_no_one() -> None:
    with worker() as older, answering(Echo("a")) as one, answering(Echo("b")) as other:
        refused = older.run(refused_by)

    assert (refused, one.refused, other.refused) == (OutsideReplayError, [], [])


def test_an_error_in_the_block_ends_the_route() -> None:
    with pytest.raises(ZeroDivisionError), answering(Echo(), everywhere=True):
        raise ZeroDivisionError

    assert _route_here() is None


def test_a_route_closed_from_another_context_is_over_as_well() -> None:
    opened = answering(Echo())
    opened.__enter__()
    Context().run(opened.__exit__, None, None, None)

    assert _route_here() is None


def test_refused_holds_mismatches_and_blocked_connections_in_the_order_they_happened() -> None:
    with audited() as wire, answering(Refusing()) as route:
        with pytest.raises(MismatchError):
            requests.get(URL, timeout=5)
        with pytest.raises(NetworkBlockedError):
            _raw_connect()
        with pytest.raises(MismatchError):
            by_http_client("GET", URL)

    assert [type(refusal) for refusal in route.refused] == [MismatchError, NetworkBlockedError, MismatchError]
    assert wire == []


def _raw_connect() -> None:
    with socket.socket() as sock:
        sock.connect(("192.0.2.1", 443))


def test_an_answerer_that_breaks_is_not_mistaken_for_a_refusal() -> None:
    class Broken:
        def answer(self, request: Any) -> Response:
            raise ZeroDivisionError

    with answering(Broken()) as route, pytest.raises(ZeroDivisionError):
        requests.get(URL, timeout=5)

    assert route.refused == []


def test_the_code_under_test_may_call_out_from_within_the_answerer() -> None:
    class Forwarding:
        def answer(self, request: Any) -> Response:
            with answering(Fixed(Response(200, (), b"inner"))):
                return Response(200, (), requests.get(URL, timeout=5).content)

    with answering(Forwarding()):
        assert requests.get(URL, timeout=5).content == b"inner"

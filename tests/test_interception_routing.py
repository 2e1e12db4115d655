"""Which answerer holds where: contexts, tasks, threads, executors, nesting, everywhere."""

from __future__ import annotations

import asyncio
import random
import socket
import threading
from concurrent.futures import Future, ThreadPoolExecutor
from contextvars import Context, copy_context
from typing import Any

import anyio
import anyio.from_thread
import anyio.to_thread
import httpx
import pytest
import requests

from replaydisputes.errors import MismatchError, NetworkBlockedError
from replaydisputes.interception import Route, answering
from replaydisputes.interception.routing import active_route
from replaydisputes.model import Response
from tests.interception_support import URL, Echo, Fixed, Refusing, audited, by_http_client, by_requests


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
            mapped = list(pool.map(lambda _: who_answers(), range(2)))
        with answering(Echo("b")):
            second = pool.submit(who_answers)
        assert (first.result(), mapped, second.result()) == ("a", ["a", "a"], "b")


def test_a_worker_thread_started_by_one_route_does_not_keep_it_for_later_jobs() -> None:
    with ThreadPoolExecutor(1) as pool, answering(Echo("a")):
        pool.submit(who_answers).result()
        with answering(Echo("b")):
            second = pool.submit(who_answers).result()
        outside = Context().run(pool.submit, _route_here).result()

    assert (second, outside) == ("b", None)


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


def test_a_thread_that_outlives_its_route_falls_back_to_the_one_around_it() -> None:
    go, heard = threading.Event(), []

    def late() -> None:
        go.wait(10)
        heard.append(who_answers())

    with answering(Echo("outer")):
        with answering(Echo("inner")):
            thread = threading.Thread(target=late)
            thread.start()
        go.set()
        thread.join()

    assert heard == ["outer"]


def test_a_job_that_outlives_its_route_is_answered_by_it_rather_than_live() -> None:
    go = threading.Event()
    with audited() as wire, ThreadPoolExecutor(1) as pool:
        with answering(Echo("gone")):
            job = pool.submit(lambda: go.wait(10) and who_answers())
        go.set()
        heard = job.result()

    assert (heard, wire, _route_here()) == ("gone", [], None)


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

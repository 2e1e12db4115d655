"""A process started under a route refuses, however it was started, and the parent hears of it."""

from __future__ import annotations

import multiprocessing
import os
import subprocess
import sys
from collections.abc import Callable
from concurrent.futures import ProcessPoolExecutor, ThreadPoolExecutor
from contextvars import Context
from typing import Any

import pytest

import replaydisputes
from replaydisputes.errors import MismatchError, NetworkBlockedError, OtherProcessError
from replaydisputes.interception import answering
from replaydisputes.interception.child_reports import report
from tests.interception_support import URL, Echo, audited, by_http_client, live_server

pytestmark = [
    pytest.mark.skipif(sys.platform == "win32", reason="fork"),
    pytest.mark.filterwarnings("ignore:This process .* is multi-threaded:DeprecationWarning"),
]


def heard(url: str = URL) -> tuple[str, list[Any]]:
    """Who answered here, or what refused it, and what this process put on the wire."""
    with audited() as wire:
        try:
            return str(by_http_client("POST", url).json()["by"]), wire
        except NetworkBlockedError as refusal:
            return str(refusal).partition(" refused")[0], wire


def tell(queue: Any, url: str) -> None:
    queue.put(heard(url))


def in_a_process(method: str, url: str = URL) -> Any:
    context: Any = multiprocessing.get_context(method)
    queue = context.Queue()
    process = context.Process(target=tell, args=(queue, url))
    process.start()
    told = queue.get(timeout=30)
    process.join()
    queue.close()
    queue.join_thread()
    return told, "run" in vars(process)


PROGRAM = """
import socket
with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as one:  # which sends nothing as it connects
    print(type(one.connect_ex(("203.0.113.1", 443))).__name__)
"""


def test_a_program_started_with_subprocess_is_on_its_own() -> None:
    with answering(Echo()):
        with pytest.raises(NetworkBlockedError):
            exec(PROGRAM)  # noqa: S102 - the same lines, in here
        done = subprocess.run([sys.executable, "-c", PROGRAM], capture_output=True, check=True, text=True)

    assert done.stdout == "int\n"


REFUSED = f"POST {URL}"
METHODS = ["fork", "spawn", "forkserver"]


@pytest.mark.parametrize("method", METHODS)
def test_a_process_started_under_a_route_is_refused_and_reports_it(method: str) -> None:
    with answering(Echo(), names=["close-lost"]) as route:
        told = in_a_process(method)
        reported = route.refused

    assert told == ((REFUSED, []), False)
    assert [(type(one), one.args) for one in reported] == [
        (OtherProcessError, OtherProcessError(["close-lost"], "POST", URL).args)
    ]


@pytest.mark.parametrize("method", ["fork", "spawn"])
def test_a_job_in_a_pool_of_processes_is_refused_and_reports_it(method: str) -> None:
    context = multiprocessing.get_context(method)
    with ProcessPoolExecutor(1, context) as pool, answering(Echo()) as route:
        told = pool.submit(heard).result(timeout=30)
        reported = [type(one) for one in route.refused]

    assert (told, reported) == ((REFUSED, []), [OtherProcessError])


def test_a_worker_older_than_the_route_refuses_its_jobs_and_is_live_again_afterwards() -> None:
    with live_server() as base, ProcessPoolExecutor(1, multiprocessing.get_context("fork")) as pool:
        pool.submit(int).result(timeout=30)
        with answering(Echo()):
            within = pool.submit(heard).result(timeout=30)
            local = pool.submit(heard, base + "/x").result(timeout=30)[0]
        after = pool.submit(heard, base + "/x").result(timeout=30)[0]

    assert (within, local, after) == ((REFUSED, []), "live", "live")


def test_a_pool_of_multiprocessing_older_than_the_route_does_so_too() -> None:
    with multiprocessing.get_context("fork").Pool(1) as pool:
        pool.apply(int)
        with answering(Echo()) as route:
            told = [pool.apply(heard), *pool.map(heard, [URL]), *pool.imap(heard, [URL])]
            reported = len(route.refused)

    assert (told, reported) == ([(REFUSED, [])] * 3, 3)


def in_a_fork(act: Callable[[], object]) -> None:
    """Run something in a child that leaves without any clean-up."""
    child = os.fork()
    if child == 0:
        try:
            act()
        finally:
            os._exit(0)
    os.waitpid(child, 0)


@pytest.mark.parametrize("act", [heard, lambda: ThreadPoolExecutor(1).submit(heard).result()], ids=["fork", "thread"])
def test_what_a_child_swallows_fails_the_parents_test(act: Callable[[], object]) -> None:
    with pytest.raises(OtherProcessError, match="this process was started in the replay of 'close-lost'"):  # noqa: SIM117
        with replaydisputes.replay("close-lost", any_dispute=True):
            in_a_fork(act)


def test_a_mismatch_in_a_child_comes_back_as_one() -> None:
    with pytest.raises(MismatchError, match=r"asked.*/v1/customers"), replaydisputes.replay("close-lost"):
        in_a_fork(lambda: by_http_client("GET", "https://api.stripe.com/v1/customers"))


def test_there_is_one_history_of_a_close() -> None:
    with pytest.raises(OtherProcessError), replaydisputes.replay("close-lost") as running:
        url = f"https://api.stripe.com/v1/disputes/{running.dispute_id}"
        in_a_fork(lambda: by_http_client("POST", f"{url}/close"))
        before = by_http_client("GET", url).json()["status"]
        after = by_http_client("POST", f"{url}/close").json()["status"]

    assert (before, after) == ("needs_response", "lost")


def test_a_child_may_have_a_replay_of_its_own() -> None:
    def close() -> None:
        with replaydisputes.replay("close-lost") as own:
            url = f"https://api.stripe.com/v1/disputes/{own.dispute_id}/close"
            closed.send(by_http_client("POST", url).json()["status"])

    told, closed = multiprocessing.Pipe(duplex=False)
    with answering(Echo()) as route:
        in_a_fork(close)
        reported = route.refused

    assert (told.recv(), reported) == ("lost", [])


def test_a_child_of_a_thread_without_a_route_runs_as_if_there_were_none() -> None:
    with live_server() as base, answering(Echo()) as route:
        told = Context().run(in_a_process, "fork", f"{base}/x")
        reported = route.refused

    assert (told[0], reported) == (("live", told[0][1]), [])


def test_a_child_that_outlives_the_replay_is_refused_and_its_file_is_gone() -> None:
    def wait_and_ask() -> None:
        go.recv()
        told.send(heard()[0])

    (go, at_end), (result, told) = multiprocessing.Pipe(duplex=False), multiprocessing.Pipe(duplex=False)
    with answering(Echo()) as route:
        child = os.fork()
        if child == 0:
            wait_and_ask()
            os._exit(0)
        path = route.report_path()
        there = os.path.exists(path)
    at_end.send("over")
    os.waitpid(child, 0)

    assert (there, os.path.exists(path), result.recv()) == (True, False, REFUSED)


def test_what_a_child_reports_holds_no_query_and_no_body() -> None:
    key = "sk_test_" + "x" * 24
    with answering(Echo()) as route:
        in_a_fork(lambda: by_http_client("POST", f"{URL}?key={key}", {"Authorization": key}, b"evidence=secret"))
        with open(route.report_path(), encoding="utf-8") as file:
            text = file.read()

    assert text == f'["POST", "{URL}", ""]\n'


def test_what_children_report_is_bounded() -> None:
    with answering(Echo()) as route:
        path = route.report_path()
        in_a_fork(lambda: [report(path, "POST", URL, "x" * 20000) for _ in range(1000)])
        size, reported = os.path.getsize(path), len(route.refused)

    assert (0 < size <= 64 * 1024, 0 < reported < 10) == (True, True)

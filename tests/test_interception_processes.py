"""A forked process keeps the route; one that cannot have it refuses, and goes live in no case."""

from __future__ import annotations

import multiprocessing
import subprocess
import sys
from concurrent.futures import ProcessPoolExecutor
from typing import Any

import pytest

from replaydisputes.errors import NetworkBlockedError
from replaydisputes.interception import answering
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


def tell(queue: Any) -> None:
    queue.put(heard())


def in_a_process(method: str) -> Any:
    context: Any = multiprocessing.get_context(method)
    queue = context.Queue()
    process = context.Process(target=tell, args=(queue,))
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


REFUSED = "request from another process to api.stripe.com"


@pytest.mark.parametrize(("method", "by"), [("fork", "echo"), ("spawn", REFUSED), ("forkserver", REFUSED)])
def test_a_process_keeps_the_route_by_fork_and_refuses_by_spawn_and_forkserver(method: str, by: str) -> None:
    with answering(Echo()):
        told = in_a_process(method)

    assert told == ((by, []), False)


@pytest.mark.parametrize(("method", "by"), [("fork", "echo"), ("spawn", REFUSED)])
def test_a_job_in_a_pool_of_processes_does_so_too(method: str, by: str) -> None:
    with ProcessPoolExecutor(1, multiprocessing.get_context(method)) as pool, answering(Echo()):
        told = pool.submit(heard).result(timeout=30)

    assert told == (by, [])


def test_a_worker_older_than_the_route_refuses_its_jobs_and_is_live_again_afterwards() -> None:
    with live_server() as base, ProcessPoolExecutor(1, multiprocessing.get_context("fork")) as pool:
        pool.submit(int).result(timeout=30)
        with answering(Echo()):
            within = pool.submit(heard).result(timeout=30)
            local = pool.submit(heard, base + "/x").result(timeout=30)[0]
        after = pool.submit(heard, base + "/x").result(timeout=30)[0]

    assert (within, local, after) == ((REFUSED, []), "live", "live")

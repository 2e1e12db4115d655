"""The patches go in once, reach libraries imported later, live with other patchers, and come off without a trace."""

from __future__ import annotations

import _socket
import _thread
import asyncio
import asyncio.selector_events
import concurrent.futures.process
import concurrent.futures.thread
import contextlib
import http.client
import logging
import multiprocessing.process
import os
import re
import socket
import subprocess
import sys
import textwrap
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from unittest import mock

import aiohttp
import httpx
import pytest
import requests
import urllib3
import urllib3.connection
import urllib3.connectionpool
import vcr

from replaydisputes.errors import NetworkBlockedError, OtherProcessError
from replaydisputes.interception import answering, install, installed, patching, uninstall
from replaydisputes.interception.patching import PatchBook
from tests.interception_support import CLIENTS, URL, Echo, live_server

PATCHED = [
    (threading.Thread, "start"),
    (concurrent.futures.thread.ThreadPoolExecutor, "submit"),
    (concurrent.futures.process.ProcessPoolExecutor, "submit"),
    (multiprocessing.process.BaseProcess, "start"),
    (socket.socket, "connect"),
    (socket.socket, "connect_ex"),
    (socket.socket, "sendto"),
    (socket.socket, "sendmsg"),
    (socket, "create_connection"),
    (socket, "getaddrinfo"),
    (socket, "gethostbyname"),
    (socket, "gethostbyname_ex"),
    (socket, "gethostbyaddr"),
    (socket, "getnameinfo"),
    (_thread, "start_new_thread"),
    (_thread, "start_new"),
    (concurrent.futures.Future, "add_done_callback"),
    (concurrent.futures.ThreadPoolExecutor, "_adjust_thread_count"),
    (_socket, "getaddrinfo"),
    (_socket, "gethostbyname"),
    (_socket, "gethostbyname_ex"),
    (_socket, "gethostbyaddr"),
    (_socket, "getnameinfo"),
    (socket.socket, "bind"),
    (asyncio.BaseEventLoop, "create_connection"),
    (asyncio.selector_events._SelectorDatagramTransport, "sendto"),
    (http.client.HTTPConnection, "putrequest"),
    (http.client.HTTPConnection, "connect"),
    (http.client.HTTPSConnection, "connect"),
    (urllib3.connection.HTTPConnection, "connect"),
    (urllib3.connection.HTTPSConnection, "connect"),
    (urllib3.connectionpool.HTTPConnectionPool, "urlopen"),
    (urllib3.connectionpool.HTTPConnectionPool, "_make_request"),
    (urllib3.connectionpool.HTTPSConnectionPool, "_prepare_proxy"),
    (requests.adapters.HTTPAdapter, "send"),
    (httpx.HTTPTransport, "handle_request"),
    (httpx.AsyncHTTPTransport, "handle_async_request"),
    (aiohttp.BaseConnector, "connect"),
]
ABSENT = object()
ROOT = Path(__file__).parent.parent


def in_c(owner: object) -> bool:
    """A class that setattr does not change."""
    return isinstance(owner, type) and bool(owner.__flags__ & patching._IMMUTABLE)


def own_attributes() -> list[object]:
    return [vars(owner).get(name, ABSENT) for owner, name in PATCHED]


@pytest.fixture(autouse=True)
def _clean() -> Iterator[None]:
    uninstall()
    yield
    uninstall()


def test_uninstall_puts_the_very_same_objects_back() -> None:
    before, hooks = own_attributes(), list(sys.meta_path)
    with answering(Echo()):
        during = own_attributes()
        recorded = {(patch.owner, patch.name) for patch in install._book._patches.values()}
    uninstall()

    after = own_attributes()
    assert [new is old for new, old in zip(after, before, strict=True)] == [True] * len(PATCHED)
    assert [new is old for new, old in zip(during, before, strict=True)] == [False] * len(PATCHED)
    assert recorded >= set(PATCHED)
    elsewhere = {
        (owner, name)
        for owner, name in recorded
        if re.search(
            "roactor|uvloop|tornado|httplib2|httpx2|stripe|curl|gevent|_socket.socket|multiprocessing.pool|loky",
            str(owner),
        )
    }
    assert recorded - set(PATCHED) <= elsewhere  # what other tests of this process, or other platforms, import
    assert (sys.meta_path, installed()) == (hooks, False)


def test_patches_stay_in_between_routes_and_are_not_stacked() -> None:
    with answering(Echo()):
        first = own_attributes()
    between = installed()
    with answering(Echo()), answering(Echo()):
        second = own_attributes()

    assert (between, all(new is old for new, old in zip(second, first, strict=True))) == (True, True)


def test_an_error_while_installing_leaves_nothing_patched(monkeypatch: pytest.MonkeyPatch) -> None:
    before = own_attributes()

    def fail(self: PatchBook) -> None:
        raise MemoryError

    monkeypatch.setattr(PatchBook, "put_on_top", fail)
    with pytest.raises(MemoryError), answering(Echo()):
        pass

    assert all(new is old for new, old in zip(own_attributes(), before, strict=True))
    assert not installed()


SNAPSHOT = """
import sys
import aiohttp, asyncio, concurrent.futures.process, http.client, httplib2, httpx, httpx2, multiprocessing, requests
import socket, threading, tornado.simple_httpclient, urllib.request, urllib3
from replaydisputes.interception import answering, install, uninstall
from tests.interception_support import Echo

def attributes():
    found = {}
    for name, module in list(sys.modules.items()):
        if name.partition(".")[0] in ("replaydisputes", "__main__", "__mp_main__"):
            continue
        for owner in [module, *(one for one in list(vars(module).values()) if isinstance(one, type))]:
            found.update({(id(owner), key): (repr(owner), value) for key, value in list(vars(owner).items())})
    return found

def changed(before, after):
    keys = before.keys() | after.keys()
    return [(before.get(key) or after[key])[0] + "." + key[1] for key in keys
            if before.get(key, (0, 0))[1] is not after.get(key, (0, 1))[1] and key[1] not in LIVE]

LIVE = {"__warningregistry__", "_abc_impl", "_loading", "_limbo", "_active", "_dangling"}
before, hooks = attributes(), list(sys.meta_path)
with answering(Echo()):
    during = attributes()
    patches = len(install._book._patches)
uninstall()
print(changed(before, attributes()), sys.meta_path == hooks, patches > 30, len(changed(before, during)) >= patches)
"""


def test_of_all_attributes_of_all_modules_and_classes_in_the_process_none_is_left_changed() -> None:
    done = subprocess.run(
        [sys.executable, "-W", "ignore", "-c", SNAPSHOT], capture_output=True, text=True, check=False, cwd=ROOT
    )

    assert (done.stdout, done.stderr) == ("[] True True True\n", "")


class _Failing:
    """In the place of `setattr`: fails at the step that is told, before the real one or after it."""

    def __init__(self, step: int, error: type[BaseException], afterwards: bool) -> None:
        self.step, self.error, self.afterwards = step, error, afterwards
        self.steps = 0

    def __call__(self, owner: Any, name: str, value: Any) -> None:
        self.steps += 1
        if self.steps == self.step and not self.afterwards:
            raise self.error
        setattr(owner, name, value)
        if self.steps == self.step and self.afterwards:
            raise self.error


@pytest.mark.parametrize("afterwards", [False, True])
def test_an_interrupt_at_any_step_of_the_installation_leaves_nothing_patched(
    afterwards: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    before, hooks = own_attributes(), list(sys.meta_path)
    with answering(Echo()):
        steps = sum(not in_c(patch.owner) for patch in install._book._patches.values())
    uninstall()
    for step in range(1, steps + 1):
        with monkeypatch.context() as patched:
            patched.setattr(patching, "setattr", _Failing(step, KeyboardInterrupt, afterwards), raising=False)
            with pytest.raises(KeyboardInterrupt), answering(Echo()):
                pytest.fail("a route began on half an installation")
        assert all(new is old for new, old in zip(own_attributes(), before, strict=True)), step
        assert (sys.meta_path, installed()) == (hooks, False)


@pytest.mark.filterwarnings("ignore")
def test_an_error_at_any_step_leaves_one_library_to_the_guard_and_no_trace_after_uninstalling(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    before = own_attributes()
    with answering(Echo()):
        steps = sum(not in_c(patch.owner) for patch in install._book._patches.values())
    uninstall()
    for step in range(1, steps + 1):
        with monkeypatch.context() as patched:
            patched.setattr(patching, "setattr", _Failing(step, TypeError, afterwards=False), raising=False)
            with contextlib.suppress(TypeError), answering(Echo()) as route, socket.socket() as sock:
                with pytest.raises(NetworkBlockedError):  # where the guard itself failed, no route begins at all
                    sock.connect(("192.0.2.1", 443))
                assert len(route.refused) == 1
        uninstall()
        assert all(new is old for new, old in zip(own_attributes(), before, strict=True)), step


def test_a_seam_that_does_not_fit_leaves_its_library_to_the_guard(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    for name in ("requests.adapters", "urllib3", "urllib3.connection", "http.client"):
        monkeypatch.setitem(install._SEAMS, name, "seam_requests:not_there")
    with caplog.at_level(logging.WARNING, "replaydisputes"), answering(Echo()) as route:
        with pytest.raises(NetworkBlockedError):
            requests.get(URL, timeout=5)
        with httpx.Client() as client:
            other = client.get(URL).json()["by"]

    assert (other, [type(refusal) for refusal in route.refused]) == ("echo", [NetworkBlockedError])
    assert "requests.adapters cannot be intercepted" in caplog.text


LATER = {
    "requests": "import requests; by = requests.get(URL).json()['by']",
    "urllib3": "import urllib3; by = urllib3.request('GET', URL).json()['by']",
    "httpx": "import httpx; by = httpx.get(URL).json()['by']",
    "aiohttp": textwrap.dedent("""
        import aiohttp, asyncio
        async def get():
            async with aiohttp.ClientSession() as session, session.get(URL) as response:
                return (await response.json())["by"]
        by = asyncio.run(get())
        """),
    "http.client": "import urllib.request; by = json.load(urllib.request.urlopen(URL))['by']",
    "stripe": "import stripe; by = stripe.StripeClient('sk_test_x').v1.disputes.close('du_1')['by']",
}
PROGRAM = """
import json, sys
sys.addaudithook(lambda event, args: wire.append(args) if event in ("socket.connect", "socket.getaddrinfo") else None)
wire = []
from replaydisputes.interception import answering, uninstall
from replaydisputes.model import Response
URL = "https://api.stripe.com/v1/x"
class One:
    def answer(self, request):
        return Response(200, (("Content-Type", "application/json"),), b'{{"by": "late"}}')
with answering(One()) as route:
    for library in ("requests", "urllib3", "httpx", "aiohttp", "stripe", "http.client", "asyncio"):
        assert library not in sys.modules, library
    exec({code!r})
uninstall()
print(by, wire, route.refused)
"""


@pytest.mark.parametrize("library", LATER)
def test_a_library_first_imported_within_the_route_is_answered_and_none_is_imported_for_it(library: str) -> None:
    program = PROGRAM.format(code=LATER[library])
    done = subprocess.run([sys.executable, "-W", "error", "-c", program], capture_output=True, text=True, check=False)

    assert (done.stdout, done.stderr) == ("late [] []\n", "")


def test_a_library_imported_anew_is_patched_anew() -> None:
    program = PROGRAM.format(
        code="import httpx\nfor n in [n for n in sys.modules if n.split('.')[0] == 'httpx']:"
        " del sys.modules[n]\nimport httpx; by = httpx.get(URL).json()['by']"
    )
    done = subprocess.run([sys.executable, "-W", "error", "-c", program], capture_output=True, text=True, check=False)

    assert (done.stdout, done.stderr) == ("late [] []\n", "")


def test_a_forked_child_knows_the_route_and_does_not_hang() -> None:
    with answering(Echo(), names=["close-lost"]):
        reader, writer = os.pipe()
        child = os.fork()
        if child == 0:
            try:
                CLIENTS["http.client"]("GET", URL)
            except OtherProcessError as refusal:
                os.write(writer, str(refusal).encode())
            os._exit(0)
        os.waitpid(child, 0)
        os.close(writer)
        with os.fdopen(reader, "rb") as pipe:
            told = pipe.read()

    assert b"this process was started in the replay of 'close-lost'" in told


def test_a_patch_that_another_tool_puts_on_top_is_left_where_it_is(monkeypatch: pytest.MonkeyPatch) -> None:
    # The other tool below gives our patch back, after we have gone. This puts the library's own method back in the end.
    monkeypatch.setattr(requests.adapters.HTTPAdapter, "send", requests.adapters.HTTPAdapter.send)
    with answering(Echo()):
        pass
    theirs = mock.Mock()
    with mock.patch.object(requests.adapters.HTTPAdapter, "send", theirs):
        uninstall()
        still = requests.adapters.HTTPAdapter.send

    assert still is theirs


def test_a_route_that_begins_under_another_tools_patch_comes_first_and_gives_it_back() -> None:
    theirs = mock.Mock(side_effect=AssertionError("not this one"))
    with answering(Echo()):
        pass
    ours = vars(requests.adapters.HTTPAdapter)["send"]
    with mock.patch.object(requests.adapters.HTTPAdapter, "send", theirs), answering(Echo()):
        by = requests.get(URL, timeout=5).json()["by"]

    assert (by, vars(requests.adapters.HTTPAdapter)["send"] is ours) == ("echo", True)


@pytest.mark.parametrize(
    ("name", "recorded"),
    [
        ("requests", ["x", "y"]),
        ("urllib3", ["x", "y"]),
        ("httpx", ["x", "y"]),
        ("http.client", ["x", "close", "y"]),  # its stub replaces the whole class and so sees our answer too
    ],
)
def test_vcrpy_goes_on_recording_other_hosts_around_a_route(name: str, recorded: list[str]) -> None:
    """Loopback stands for the other host: it passes through us and is vcrpy's to record."""
    with live_server() as base, in_memory().use_cassette("unused.yaml", record_mode=vcr.mode.ONCE) as cassette:
        with answering(Echo()):
            theirs = CLIENTS[name]("GET", f"{base}/x").json()["by"]
            ours = CLIENTS[name]("GET", URL).json()["by"]
        after = CLIENTS[name]("GET", f"{base}/y").json()["by"]

    uris = [request.uri.rpartition("/")[2] for request in cassette.requests]
    assert (theirs, ours, after, uris) == ("live", "echo", "live", recorded)


class _Nowhere:
    @staticmethod
    def load_cassette(path: Any, serializer: Any) -> Any:
        raise vcr.persisters.filesystem.CassetteNotFoundError

    @staticmethod
    def save_cassette(path: Any, cassette: Any, serializer: Any) -> None:
        pass


def in_memory() -> vcr.VCR:
    recorder = vcr.VCR()
    recorder.register_persister(_Nowhere)
    return recorder


def test_vcrpy_within_a_route_does_not_undo_our_patches() -> None:
    with answering(Echo()):
        before = own_attributes()
        with in_memory().use_cassette("unused.yaml", record_mode=vcr.mode.NONE):
            pass
        after = own_attributes()
        by = [call("GET", URL).json()["by"] for call in CLIENTS.values()]

    assert [new is old for new, old in zip(after, before, strict=True)] == [True] * len(PATCHED)
    assert by == ["echo"] * len(CLIENTS)

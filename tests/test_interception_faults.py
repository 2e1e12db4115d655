"""A transport fault that the answerer orders reaches the code as the client's own error, just as a real one does."""

from __future__ import annotations

import asyncio
import http.client
import socket
import struct
import threading
import urllib.request
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import aiohttp
import httpx
import pytest
import requests
import stripe
import urllib3
from requests.adapters import HTTPAdapter
from urllib3.util import Retry

from replaydisputes.interception import answering
from replaydisputes.model import FaultKind, Request, Response, TransportFault
from tests.interception_support import URL, audited

WAIT_S = 0.1
LOST = Response(200, (("Content-Type", "application/json"),), b'{"object": "dispute", "status": "lost"}')


class Failing:
    """Fails as ordered, once for each kind, then answers."""

    def __init__(self, *kinds: FaultKind) -> None:
        self.kinds = list(kinds)
        self.seen: list[Request] = []

    def answer(self, request: Request) -> Response:
        self.seen.append(request)
        if self.kinds:
            raise TransportFault(self.kinds.pop(0))
        return LOST


@contextmanager
def failing_server(kind: FaultKind) -> Iterator[str]:
    """A real server on loopback that reads a request and then resets the connection, or never answers."""
    over = threading.Event()
    with socket.create_server(("127.0.0.1", 0)) as listener:
        listener.settimeout(0.02)

        def serve() -> None:
            kept = []
            while not over.is_set():
                try:
                    connection = listener.accept()[0]
                except TimeoutError:
                    continue
                connection.recv(65536)
                if kind == "connection-reset":
                    connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
                    connection.close()
                kept.append(connection)
            for connection in kept:
                connection.close()

        thread = threading.Thread(target=serve)
        thread.start()
        try:
            yield f"http://127.0.0.1:{listener.getsockname()[1]}/v1/x"
        finally:
            over.set()
            thread.join()


def by_requests(url: str) -> None:
    requests.post(url, timeout=WAIT_S)


def by_urllib3(url: str) -> None:
    with urllib3.PoolManager() as pool:
        pool.request("POST", url, timeout=WAIT_S, retries=False)


def by_urllib3_retrying(url: str) -> None:
    with urllib3.PoolManager() as pool:
        pool.request("POST", url, timeout=WAIT_S, retries=Retry(1, allowed_methods=None))


def by_httpx(url: str) -> None:
    httpx.post(url, timeout=WAIT_S)


def by_httpx_async(url: str) -> None:
    async def call() -> None:
        async with httpx.AsyncClient(timeout=WAIT_S) as client:
            await client.post(url)

    asyncio.run(call())


def by_aiohttp(url: str) -> None:
    async def call() -> None:
        timeout = aiohttp.ClientTimeout(sock_read=WAIT_S)
        async with aiohttp.ClientSession(timeout=timeout) as session, session.post(url):
            pass

    asyncio.run(call())


def by_urllib_request(url: str) -> None:
    urllib.request.urlopen(urllib.request.Request(url, method="POST"), timeout=WAIT_S)  # noqa: S310


def by_http_client(url: str) -> None:
    connection = http.client.HTTPConnection(url.split("/")[2], timeout=WAIT_S)
    try:
        connection.request("POST", "/v1/x")
        connection.getresponse()
    finally:
        connection.close()


CALLS = {
    "requests": by_requests,
    "urllib3": by_urllib3,
    "urllib3-retrying": by_urllib3_retrying,
    "httpx": by_httpx,
    "httpx-async": by_httpx_async,
    "aiohttp": by_aiohttp,
    "urllib.request": by_urllib_request,
    "http.client": by_http_client,
}


def shape(error: object) -> Any:
    """The class of an error and of the errors it was made of; of a reset the number too."""
    if isinstance(error, urllib3.exceptions.MaxRetryError):
        return type(error), shape(error.reason)
    args = getattr(error, "args", ())
    inner = tuple(shape(arg) for arg in args if isinstance(arg, BaseException))
    return type(error), getattr(error, "errno", None), inner


def raised_by(call: Callable[[str], None], url: str) -> BaseException:
    with pytest.raises(Exception) as caught:  # noqa: PT011 - which one is the question
        call(url)
    return caught.value


@pytest.mark.parametrize("kind", ["timeout", "connection-reset"])
@pytest.mark.parametrize("name", CALLS)
def test_a_fault_raises_what_the_same_failure_of_a_real_server_raises(name: str, kind: FaultKind) -> None:
    with failing_server(kind) as url:
        real = raised_by(CALLS[name], url)
    with audited() as wire, answering(Failing(kind, kind)) as route:
        injected = raised_by(CALLS[name], "http://api.example.com/v1/x")

    assert shape(injected) == shape(real)
    assert (route.refused, wire) == ([], [])


NAMES: dict[str, tuple[type[Exception], type[Exception]]] = {
    "requests": (requests.ReadTimeout, requests.ConnectionError),
    "urllib3": (urllib3.exceptions.ReadTimeoutError, urllib3.exceptions.ProtocolError),
    "urllib3-retrying": (urllib3.exceptions.MaxRetryError, urllib3.exceptions.MaxRetryError),
    "httpx": (httpx.ReadTimeout, httpx.ReadError),
    "httpx-async": (httpx.ReadTimeout, httpx.ReadError),
    "aiohttp": (aiohttp.SocketTimeoutError, aiohttp.ClientOSError),
    "urllib.request": (TimeoutError, ConnectionResetError),
    "http.client": (TimeoutError, ConnectionResetError),
}


@pytest.mark.parametrize("name", CALLS)
def test_the_errors_are_those_that_code_catches_by_name(name: str) -> None:
    raised = []
    for kind in ("timeout", "connection-reset"):
        with answering(Failing(kind, kind)):
            raised.append(type(raised_by(CALLS[name], "http://api.example.com/v1/x")))

    assert tuple(raised) == NAMES[name]


def test_an_httpx_error_names_its_request() -> None:
    with answering(Failing("timeout")):
        error = raised_by(by_httpx, URL)

    assert isinstance(error, httpx.ReadTimeout)
    assert (error.request.method, str(error.request.url)) == ("POST", URL)


@pytest.mark.parametrize("kind", ["timeout", "connection-reset"])
def test_urllib3s_own_retry_asks_again_and_gets_the_answer(kind: FaultKind) -> None:
    retry = Retry(2, backoff_factor=0, allowed_methods=None)
    with answering(failing := Failing(kind)) as route, urllib3.PoolManager() as pool:
        response = pool.request("POST", URL, body=b"a=1", retries=retry)

    assert (response.data, [seen.body for seen in failing.seen], route.refused) == (LOST.body, [b"a=1"] * 2, [])
    assert response.retries is not None
    assert [type(past.error) for past in response.retries.history] == [
        urllib3.exceptions.ReadTimeoutError if kind == "timeout" else urllib3.exceptions.ProtocolError
    ]


def test_an_adapter_with_retries_gets_the_answer_after_a_fault() -> None:
    with answering(failing := Failing("connection-reset")), requests.Session() as session:
        session.mount("https://", HTTPAdapter(max_retries=Retry(1, allowed_methods=None)))
        status = session.post(URL).json()["status"]

    assert (status, len(failing.seen)) == ("lost", 2)


@pytest.mark.parametrize("kind", ["timeout", "connection-reset"])
def test_the_stripe_sdk_retries_with_the_same_idempotency_key(kind: FaultKind, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(stripe.HTTPClient, "INITIAL_DELAY", 0.0)
    with answering(failing := Failing(kind)) as route:
        dispute = stripe.StripeClient("sk_test_x", max_network_retries=1).v1.disputes.close("du_1")

    keys = {seen.header("Idempotency-Key") for seen in failing.seen}
    assert (dispute.status, len(failing.seen), len(keys), route.refused) == ("lost", 2, 1, [])


@pytest.mark.filterwarnings("ignore:Use 'content:DeprecationWarning")  # how stripe calls httpx
@pytest.mark.parametrize("make", [stripe.HTTPXClient, stripe.AIOHTTPClient])
@pytest.mark.parametrize("kind", ["timeout", "connection-reset"])
def test_the_asynchronous_stripe_clients_retry_as_well(
    make: Any, kind: FaultKind, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(stripe.HTTPClient, "INITIAL_DELAY", 0.0)

    async def close() -> str:
        http_client = make()
        client = stripe.StripeClient("sk_test_x", http_client=http_client, max_network_retries=1)
        dispute = await client.v1.disputes.close_async("du_1")
        await http_client.close_async()
        return str(dispute.status)

    with answering(failing := Failing(kind)):
        status = asyncio.run(close())

    assert (status, len(failing.seen)) == ("lost", 2)

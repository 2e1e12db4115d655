"""The HTTP clients measured: each as its users make it, and each over a transport that answers at once."""

from __future__ import annotations

import io
from collections.abc import Callable
from typing import Any

import httpx
import requests
import requests.adapters
import stripe
import urllib3

from benchmarks import cassettes

Call = Callable[[int], object]
"""Reads the dispute of that number."""


class NoOpAdapter(requests.adapters.HTTPAdapter):
    """A requests transport that answers at once, with the recorded read and its headers."""

    def __init__(self) -> None:
        super().__init__()
        answer = cassettes.answer()
        self._body, self._headers = answer.body, list(answer.headers)

    def send(self, request: requests.PreparedRequest, *args: Any, **kwargs: Any) -> requests.Response:
        return self.build_response(request, _urllib3_response(self._body, self._headers, preload=False))


def _urllib3_response(body: bytes, headers: list[tuple[str, str]], *, preload: bool) -> urllib3.HTTPResponse:
    return urllib3.HTTPResponse(
        io.BytesIO(body), urllib3.HTTPHeaderDict(headers), 200, reason="OK", preload_content=preload
    )


def _no_op_pool() -> urllib3.PoolManager:
    """Answers at `urlopen` of the connection pool: nothing of urllib3 below that runs."""
    answer = cassettes.answer()
    body, headers = answer.body, list(answer.headers)

    class NoOpPool(urllib3.HTTPSConnectionPool):
        def urlopen(self, *args: Any, **kwargs: Any) -> urllib3.HTTPResponse:
            return _urllib3_response(body, headers, preload=True)

    manager = urllib3.PoolManager()
    manager.pool_classes_by_scheme = {"https": NoOpPool}
    return manager


class _NoOpTransport(httpx.BaseTransport):
    def __init__(self) -> None:
        answer = cassettes.answer()
        self._body, self._headers = answer.body, [(name.encode(), text.encode()) for name, text in answer.headers]

    def handle_request(self, request: httpx.Request) -> httpx.Response:
        return httpx.Response(200, headers=self._headers, stream=httpx.ByteStream(self._body))


def by_requests(*, no_op: bool) -> Call:
    session = _session(no_op=no_op)
    return lambda number: session.get(cassettes.url(number)).content


def by_stripe(*, no_op: bool) -> Call:
    """The SDK's default client, which is requests; over the no-op adapter where that is asked for."""
    session = _session(no_op=no_op) if no_op else None
    client = stripe.StripeClient("sk_test_any", http_client=stripe.RequestsClient(session=session))
    disputes = client.v1.disputes
    return lambda number: disputes.retrieve(cassettes.dispute_id(number))


def by_urllib3(*, no_op: bool) -> Call:
    pool = _no_op_pool() if no_op else urllib3.PoolManager()
    return lambda number: pool.request("GET", cassettes.url(number)).data


def by_httpx(*, no_op: bool) -> Call:
    client = httpx.Client(transport=_NoOpTransport()) if no_op else httpx.Client()
    return lambda number: client.get(cassettes.url(number)).content


def _session(*, no_op: bool) -> requests.Session:
    session = requests.Session()
    if no_op:
        session.mount("https://", NoOpAdapter())
    return session


CLIENTS = {"requests": by_requests, "stripe": by_stripe, "urllib3": by_urllib3, "httpx": by_httpx}
PEERS = {
    "requests": ("vcrpy", "cassetter", "responses"),
    "stripe": ("vcrpy", "cassetter", "responses"),
    "urllib3": ("vcrpy", "cassetter"),
    "httpx": ("vcrpy", "cassetter", "respx"),
}

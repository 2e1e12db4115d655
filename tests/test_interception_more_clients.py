"""The rarer clients: each is answered, sees what a live answer would show, and puts nothing on the wire."""

from __future__ import annotations

import asyncio
import json
import subprocess
import sys
from datetime import timedelta
from typing import Any

import httplib2
import httpx2
import pytest
import stripe
from tornado.httpclient import AsyncHTTPClient, HTTPClientError, HTTPRequest
from tornado.simple_httpclient import HTTPTimeoutError, SimpleAsyncHTTPClient

from replaydisputes.errors import MismatchError, ReplayEndedError
from replaydisputes.interception import answering
from replaydisputes.model import Response, TransportFault
from tests.interception_support import URL, Call, Echo, Fixed, Got, Refusing, audited, live_server
from tests.neighbour_support import needs_neighbour

FORM = {"Content-Type": "application/x-www-form-urlencoded"}
COOKIE = Response(200, (("Set-Cookie", "a=1; Path=/"), ("Content-Length", "4")), b"a\nb\n")
MOVED = Response(302, (("Location", "https://api.stripe.com/v1/next"), ("Content-Length", "0")), b"")
REFUSED = Response(400, (("Content-Length", "2"),), b"{}")


def by_httplib2(method: str, url: str, headers: dict[str, str] | None = None, body: Any = None) -> Got:
    http = httplib2.Http(proxy_info=None)
    http.follow_redirects = False
    response, content = http.request(url, method, body=body, headers=headers or {})
    http.close()
    kept = tuple((name, value) for name, value in response.items() if name not in ("status", "content-location"))
    return Got(response.status, response.reason, kept, content)


def by_httpx2(method: str, url: str, headers: dict[str, str] | None = None, body: Any = None) -> Got:
    with httpx2.Client(trust_env=False) as client:
        return _got(client.request(method, url, headers=headers, content=body))


def by_httpx2_async(method: str, url: str, headers: dict[str, str] | None = None, body: Any = None) -> Got:
    async def call() -> Got:
        async with httpx2.AsyncClient(trust_env=False) as client:
            return _got(await client.request(method, url, headers=headers, content=body))

    return asyncio.run(call())


def _got(response: Any) -> Got:
    pairs = tuple((name.decode(), value.decode()) for name, value in response.headers.raw)
    return Got(response.status_code, response.reason_phrase, pairs, response.content)


def by_tornado(method: str, url: str, headers: dict[str, str] | None = None, body: Any = None) -> Got:
    async def call() -> Got:
        client = SimpleAsyncHTTPClient(force_instance=True)
        request = HTTPRequest(
            url, method, headers or {}, body, follow_redirects=False, allow_nonstandard_methods=True, request_timeout=5
        )
        try:
            response = await client.fetch(request, raise_error=False)
        finally:
            client.close()
        return Got(response.code, response.reason, tuple(response.headers.get_all()), response.body)

    return asyncio.run(call())


CLIENTS: dict[str, Call] = {
    "httplib2": by_httplib2,
    "httpx2": by_httpx2,
    "httpx2-async": by_httpx2_async,
    "tornado": by_tornado,
}
each_client = pytest.mark.parametrize("call", CLIENTS.values(), ids=CLIENTS.keys())


@each_client
def test_the_answerer_sees_method_url_and_body_and_the_wire_sees_nothing(call: Call) -> None:
    with audited() as wire, answering(echo := Echo()) as route:
        got = call("POST", f"{URL}?expand%5B%5D=charge", FORM, b"submit=true")

    told = got.json()
    assert (told["method"], told["url"], told["body"]) == ("POST", f"{URL}?expand%5B%5D=charge", "submit=true")
    assert (got.status, got.reason, len(echo.seen), route.refused) == (200, "OK", 1, [])
    assert wire == []


@each_client
@pytest.mark.parametrize(("method", "body"), [("GET", None), ("POST", b"a=1"), ("DELETE", None)])
def test_the_answerer_sees_the_headers_that_a_live_server_sees(call: Call, method: str, body: bytes | None) -> None:
    with live_server() as base:
        live = call(method, f"{base}/v1/x?a=1", {"X-A": "1"}, body).json()
    port = base.rpartition(":")[2]
    with answering(Echo()):
        seen = call(method, f"http://api.example.com:{port}/v1/x?a=1", {"X-A": "1"}, body).json()

    host = f"api.example.com:{port}"
    assert [[name, value.replace(host, base[7:])] for name, value in seen["headers"]] == live["headers"]


@each_client
def test_status_reason_fields_and_body_come_back_as_recorded(call: Call) -> None:
    headers = (("Server", "nginx"), ("Request-Id", "req_1"), ("Content-Length", "6"))
    with answering(Fixed(Response(404, headers, b'{"a":1', "Not There"))):
        got = call("POST", URL, FORM, b"a=1")

    fields = {name.lower(): value for name, value in got.headers}
    assert (got.status, got.reason, got.body) == (404, "Not There", b'{"a":1')
    assert fields == {"server": "nginx", "request-id": "req_1", "content-length": "6"}


@each_client
def test_a_redirect_is_not_followed_where_the_client_was_told_so(call: Call) -> None:
    with answering(Fixed(MOVED)):
        got = call("GET", URL)

    assert (got.status, {name.lower(): value for name, value in got.headers}["location"]) == (302, MOVED.headers[0][1])


@each_client
def test_what_the_answerer_raises_leaves_the_client_unchanged_and_is_kept(call: Call) -> None:
    with answering(Refusing()) as route, pytest.raises(MismatchError) as caught:
        call("POST", URL, FORM, b"a=1")

    assert route.refused == [caught.value]


@each_client
def test_loopback_passes_and_so_does_everything_once_the_route_is_over(call: Call) -> None:
    with live_server() as base:
        with answering(Echo()) as route:
            within = call("POST", f"{base}/v1/x", FORM, b"a=1").json()["by"]
        after = call("POST", f"{base}/v1/x", FORM, b"a=1").json()["by"]

    assert (within, after, route.refused) == ("live", "live", [])


class Failing:
    def __init__(self, kind: Any) -> None:
        self.kind = kind

    def answer(self, request: Any) -> Response:
        raise TransportFault(self.kind)


FAULTS: dict[str, tuple[type[Exception], type[Exception]]] = {
    "httplib2": (TimeoutError, ConnectionResetError),
    "httpx2": (httpx2.ReadTimeout, httpx2.ReadError),
    "httpx2-async": (httpx2.ReadTimeout, httpx2.ReadError),
    "tornado": (HTTPTimeoutError, ConnectionResetError),
}


@pytest.mark.parametrize("name", CLIENTS)
def test_a_fault_is_the_clients_own_error_and_no_refusal(name: str) -> None:
    raised = []
    for kind in ("timeout", "connection-reset"):
        with audited() as wire, answering(Failing(kind)) as route, pytest.raises(Exception) as caught:  # noqa: PT011
            CLIENTS[name]("POST", URL, FORM, b"a=1")
        raised.append(caught.type)
        assert (route.refused, wire) == ([], [])

    assert tuple(raised) == FAULTS[name]


def test_httpx2_streams_keeps_cookies_raises_for_status_and_counts_time() -> None:
    with answering(Fixed(COOKIE)), httpx2.Client() as client:
        with client.stream("GET", URL) as response:
            lines = list(response.iter_lines())
        assert (lines, dict(client.cookies), response.elapsed >= timedelta()) == (["a", "b"], {"a": "1"}, True)
    with answering(Fixed(REFUSED)), pytest.raises(httpx2.HTTPStatusError, match="400 Bad Request"):
        httpx2.get(URL).raise_for_status()


def test_tornado_follows_redirects_streams_and_raises_by_its_own_rules() -> None:
    class Script:
        def __init__(self) -> None:
            self.answers = [MOVED, COOKIE, REFUSED]
            self.urls: list[str] = []

        def answer(self, request: Any) -> Response:
            self.urls.append(request.url)
            return self.answers.pop(0)

    async def use() -> tuple[Any, ...]:
        parts: list[bytes] = []
        client = AsyncHTTPClient()
        response = await client.fetch(URL, streaming_callback=parts.append)
        with pytest.raises(HTTPClientError) as caught:
            await client.fetch(URL)
        return response.effective_url, b"".join(parts), caught.value.code, response.request_time > 0

    with audited() as wire, answering(script := Script()):
        used = asyncio.run(use())

    assert used == ("https://api.stripe.com/v1/next", COOKIE.body, 400, True)
    assert (script.urls, wire) == ([URL, "https://api.stripe.com/v1/next", URL], [])


def test_a_tornado_request_that_waits_in_the_queue_keeps_the_route_it_was_made_under() -> None:
    async def fetch(client: SimpleAsyncHTTPClient, name: str) -> str:
        with answering(Echo(name)):
            return str(json.loads((await client.fetch(URL)).body)["by"])

    async def use() -> list[str]:
        client = SimpleAsyncHTTPClient(force_instance=True, max_clients=1)
        heard = await asyncio.gather(*(fetch(client, name) for name in "abc"))
        client.close()
        return heard

    assert asyncio.run(use()) == ["a", "b", "c"]


def test_a_tornado_request_that_waits_in_the_queue_until_its_route_has_ended_is_refused() -> None:
    async def use() -> list[type[BaseException]]:
        client = SimpleAsyncHTTPClient(force_instance=True, max_clients=1)
        with answering(Echo()):
            waiting = [client.fetch(URL) for _ in range(2)]
        met = [type(one) for one in await asyncio.gather(*waiting, return_exceptions=True)]
        client.close()
        return met

    with audited() as wire:
        met = asyncio.run(use())

    assert (met, wire) == ([ReplayEndedError] * 2, [])


def test_httplib2_used_within_a_route_and_then_again_leaves_no_answering_socket_behind() -> None:
    http = httplib2.Http(proxy_info=None)
    with live_server() as base, answering(Echo()):
        heard = [json.loads(http.request(url)[1])["by"] for url in (f"{base}/x", URL, f"{base}/x", URL)]
    http.close()

    assert heard == ["live", "echo", "live", "echo"]


LOST = Response(200, (("Content-Type", "application/json"),), b'{"object": "dispute", "status": "lost"}')


@pytest.mark.filterwarnings("ignore:Use 'content:DeprecationWarning")  # how stripe calls httpx
@pytest.mark.parametrize("name", ["RequestsClient", "HTTPXClient", "UrllibClient"])
def test_every_synchronous_client_of_the_stripe_sdk_but_libcurls_closes_a_dispute(name: str) -> None:
    make = getattr(stripe, name)
    http_client = make(allow_sync_methods=True) if name == "HTTPXClient" else make()
    with audited() as wire, answering(Fixed(LOST)):
        dispute = stripe.StripeClient("sk_test_x", http_client=http_client).v1.disputes.close("du_1")
    http_client.close()

    assert (dispute.status, wire) == ("lost", [])


BOTO = """
import boto3
from replaydisputes.interception import answering
from replaydisputes.model import Response
BODY = b'''<GetCallerIdentityResponse xmlns="https://sts.amazonaws.com/doc/2011-06-15/"><GetCallerIdentityResult>
<Account>123456789012</Account></GetCallerIdentityResult></GetCallerIdentityResponse>'''
class One:
    def answer(self, request):
        print(request.method, request.url, request.body.decode())
        return Response(200, (("Content-Type", "text/xml"),), BODY)
with answering(One()) as route:
    client = boto3.client("sts", "eu-west-1", aws_access_key_id="x", aws_secret_access_key="x")
    print(client.get_caller_identity()["Account"], route.refused)
"""


def test_boto3s_client_is_answered() -> None:
    needs_neighbour("boto3")
    done = subprocess.run([sys.executable, "-c", BOTO], capture_output=True, text=True, check=False)

    asked = "POST https://sts.eu-west-1.amazonaws.com/ Action=GetCallerIdentity&Version=2011-06-15"
    assert (done.stdout, done.stderr) == (f"{asked}\n123456789012 []\n", "")

"""What each library offers beyond one plain call still works on an answer: sessions, adapters, streams, retries."""

from __future__ import annotations

import asyncio
import http.client
import http.server
import json
import socket
import socketserver
import threading
import urllib.request
from datetime import timedelta
from pathlib import Path
from typing import Any

import aiohttp
import httpx
import pytest
import requests
import stripe
import urllib3
from requests.adapters import HTTPAdapter
from urllib3.util import Retry

from replaydisputes.errors import MismatchError
from replaydisputes.interception import answering
from replaydisputes.interception.seam_http_client import AnswerSocket
from replaydisputes.model import Request, Response
from tests.interception_support import URL, Echo, Fixed, Refusing, audited, live_server

PLAIN = Response(200, (("Content-Type", "text/plain"), ("Content-Length", "6")), b"a\nb\nc\n")
REFUSED = Response(400, (("Content-Length", "2"),), b"{}")


class Scripted:
    """The next response at each request, the last one for ever."""

    def __init__(self, *responses: Response) -> None:
        self.responses = list(responses)
        self.seen: list[Request] = []

    def answer(self, request: Request) -> Response:
        self.seen.append(request)
        return self.responses.pop(0) if len(self.responses) > 1 else self.responses[0]


BUSY = Response(503, (("Retry-After", "0"), ("Content-Length", "0")), b"")
MOVED = Response(302, (("Location", "https://api.stripe.com/v1/next"), ("Content-Length", "0")), b"")


def test_requests_streams_lines_and_raw_bytes() -> None:
    with answering(Fixed(PLAIN)):
        lines = list(requests.get(URL, stream=True, timeout=5).iter_lines())
        raw = requests.get(URL, stream=True, timeout=5).raw.read(3)

    assert (lines, raw) == ([b"a", b"b", b"c"], b"a\nb")


def test_requests_session_keeps_cookies_runs_hooks_and_measures() -> None:
    cookie = Response(200, (("Set-Cookie", "session=abc; Path=/"), ("Content-Length", "0")), b"")
    hooked: list[int] = []
    with answering(script := Scripted(cookie)), requests.Session() as session:
        session.hooks["response"].append(lambda response, **_: hooked.append(response.status_code))
        response = session.get(URL)
        session.get(URL)

    assert script.seen[1].header("Cookie") == "session=abc"
    assert (hooked, response.connection.__class__, response.elapsed > timedelta()) == ([200, 200], HTTPAdapter, True)


def test_requests_follows_a_redirect_and_keeps_its_history() -> None:
    with answering(script := Scripted(MOVED, PLAIN)):
        response = requests.post(URL, data={"a": "1"}, timeout=5)

    assert [request.method + " " + request.url for request in script.seen] == [
        f"POST {URL}",
        "GET https://api.stripe.com/v1/next",
    ]
    assert ([past.status_code for past in response.history], response.content) == ([302], PLAIN.body)


def test_a_redirect_stays_where_the_caller_follows_none() -> None:
    async def by_aiohttp() -> int:
        async with aiohttp.ClientSession() as session, session.get(URL, allow_redirects=False) as response:
            return response.status

    async def by_httpx_async() -> int:
        async with httpx.AsyncClient() as client:
            return (await client.get(URL)).status_code

    with answering(script := Scripted(MOVED)):
        statuses = [
            requests.get(URL, allow_redirects=False, timeout=5).status_code,
            urllib3.request("GET", URL, redirect=False).status,
            httpx.get(URL).status_code,
            asyncio.run(by_httpx_async()),
            asyncio.run(by_aiohttp()),
        ]

    assert (statuses, {request.url for request in script.seen}) == ([302] * 5, {URL})


def test_urllib3_streams_and_reads_in_pieces() -> None:
    with answering(Fixed(PLAIN)), urllib3.PoolManager() as pool:
        streamed = list(pool.request("GET", URL, preload_content=False).stream(2))
        response = pool.request("GET", URL, preload_content=False)
        pieces = [response.read(4), response.read(), response.read()]

    assert (streamed, pieces) == ([b"a\n", b"b\n", b"c\n"], [b"a\nb\n", b"c\n", b""])


def test_httpx_runs_hooks_raises_for_status_and_measures_asynchronously_too() -> None:
    hooked: list[int] = []

    async def note(response: httpx.Response) -> None:
        hooked.append(response.status_code)

    async def use() -> tuple[list[str], bool]:
        async with httpx.AsyncClient(event_hooks={"response": [note]}) as client:
            async with client.stream("GET", URL) as response:
                lines = [line async for line in response.aiter_lines()]
            with pytest.raises(httpx.HTTPStatusError, match="400 Bad Request"):
                (await client.get(URL)).raise_for_status()
            return lines, response.elapsed > timedelta()

    with answering(Scripted(PLAIN, REFUSED)):
        used = asyncio.run(use())

    assert (used, hooked) == ((["a", "b", "c"], True), [200, 400])


def test_urllib_request_reads_in_pieces_and_keeps_cookies() -> None:
    cookie = Response(200, (("Set-Cookie", "a=1; Path=/"), ("Content-Length", "6")), PLAIN.body)
    opener = urllib.request.build_opener(urllib.request.HTTPCookieProcessor())
    with answering(script := Scripted(cookie)):
        with opener.open(URL) as response:
            pieces = [response.readline(), response.read(1), response.read()]
        opener.open(URL).close()

    assert (pieces, script.seen[1].header("Cookie")) == ([b"a\n", b"b", b"\nc\n"], "a=1")


def test_requests_raise_for_status_raises() -> None:
    with answering(Fixed(REFUSED)), pytest.raises(requests.HTTPError, match="400 Client Error: Bad Request"):
        requests.get(URL, timeout=5).raise_for_status()


class Stamping(HTTPAdapter):
    def add_headers(self, request: requests.PreparedRequest, **kwargs: Any) -> None:
        request.headers["X-Stamp"] = f"verify={kwargs['verify']}"

    def send(self, request: requests.PreparedRequest, *args: Any, **kwargs: Any) -> requests.Response:
        response = super().send(request, *args, **kwargs)
        response.headers["X-Adapter"] = "mine"
        return response


def test_an_adapter_of_ones_own_is_answered_where_it_would_send() -> None:
    with answering(echo := Echo()), requests.Session() as session:
        session.mount("https://", Stamping())
        response = session.get(URL, verify=False)

    assert (echo.seen[0].header("X-Stamp"), response.headers["X-Adapter"]) == ("verify=False", "mine")


def test_an_adapter_with_retries_retries_the_answers_as_it_would_live() -> None:
    with audited() as wire, answering(script := Scripted(BUSY, BUSY, PLAIN)), requests.Session() as session:
        session.mount("https://", HTTPAdapter(max_retries=Retry(3, status_forcelist=[503], allowed_methods=None)))
        response = session.post(URL, data="a=1")

    assert (response.content, [request.body for request in script.seen], wire) == (PLAIN.body, [b"a=1"] * 3, [])


def test_user_and_fragment_stay_out_of_the_url_and_the_user_goes_into_a_header() -> None:
    with answering(echo := Echo()):
        requests.get("https://sk_test_x:@api.stripe.com/v1/x?a=1#top", timeout=5)

    assert (echo.seen[0].url, echo.seen[0].header("Authorization")) == (
        "https://api.stripe.com/v1/x?a=1",
        "Basic c2tfdGVzdF94Og==",
    )


def test_an_adapter_for_another_scheme_is_left_alone() -> None:
    with answering(Echo()) as route, requests.Session() as session:
        session.mount("http+unix://", HTTPAdapter())
        with pytest.raises(requests.exceptions.InvalidURL):
            session.get("http+unix://%2Fno%2Fsocket/x")

    assert route.refused == []


def test_urllib3_retries_and_follows_redirects_by_its_own_rules() -> None:
    with audited() as wire, answering(script := Scripted(BUSY, MOVED, PLAIN)), urllib3.PoolManager() as pool:
        response = pool.request("GET", URL, retries=Retry(5, status_forcelist=[503]))

    assert (response.data, response.retries and len(response.retries.history), wire) == (PLAIN.body, 1, [])
    assert [request.url for request in script.seen] == [URL, URL, "https://api.stripe.com/v1/next"]


def test_urllib3_gives_its_connection_back_to_a_pool_of_one() -> None:
    with answering(Fixed(PLAIN)), urllib3.HTTPSConnectionPool("api.stripe.com", maxsize=1, block=True) as pool:
        unread = [pool.urlopen("GET", "/v1/x", preload_content=False, pool_timeout=1) for _ in range(3)]

        assert [response.read() for response in unread] == [PLAIN.body] * 3


def test_urllib3_through_a_proxy_manager_keeps_the_target() -> None:
    with audited() as wire, answering(echo := Echo()), urllib3.ProxyManager("http://proxy.example.com:3128") as pool:
        pool.request("GET", URL)
        pool.request("GET", "http://api.example.com/x?a=1")

    assert ([request.url for request in echo.seen], wire) == ([URL, "http://api.example.com/x?a=1"], [])


def test_urllib3s_connection_classes_used_bare_are_answered() -> None:
    from urllib3.connection import HTTPSConnection  # noqa: PLC0415 - not urllib3's front door

    with audited() as wire, answering(echo := Echo()):
        connection = HTTPSConnection("api.stripe.com")
        connection.connect()
        connection.request("POST", "/v1/x", body=b"a=1")
        told = json.loads(connection.getresponse().data)
        connection.close()

    assert (told["url"], echo.seen[0].body, wire) == ("https://api.stripe.com/v1/x", b"a=1", [])


def test_httpx_streams_reads_cookies_and_counts_time() -> None:
    cookie = Response(200, (("Set-Cookie", "a=1; Path=/"), ("Content-Length", "4")), b"a\nb\n")
    with answering(Fixed(cookie)), httpx.Client() as client:
        with client.stream("GET", URL) as response:
            lines = list(response.iter_lines())

        assert (lines, dict(client.cookies), response.elapsed >= timedelta()) == (["a", "b"], {"a": "1"}, True)
        assert (response.http_version, response.is_closed) == ("HTTP/1.1", True)


def test_a_mounted_httpx_transport_is_answered_and_one_in_process_is_left_alone() -> None:
    in_process = httpx.MockTransport(lambda request: httpx.Response(200, json={"by": "mock"}))
    with answering(Echo()):
        with httpx.Client(mounts={"https://": httpx.HTTPTransport(retries=2)}) as mounted:
            answered = mounted.get(URL).json()["by"]
        with httpx.Client(transport=in_process) as mocked:
            own = mocked.get(URL).json()["by"]

    assert (answered, own) == ("echo", "mock")


class _UnixHandler(http.server.BaseHTTPRequestHandler):
    def do_GET(self) -> None:
        self.send_response(204)
        self.end_headers()

    def log_message(self, *args: Any) -> None:
        pass


class _UnixServer(socketserver.UnixStreamServer):
    def get_request(self) -> Any:
        return self.socket.accept()[0], ("local", 0)


def test_httpx_through_a_unix_socket_is_left_alone(tmp_path: Path) -> None:
    path = str(tmp_path / "socket")
    with _UnixServer(path, _UnixHandler) as server:
        thread = threading.Thread(target=server.handle_request)
        thread.start()
        with answering(Echo()), httpx.Client(transport=httpx.HTTPTransport(uds=path)) as client:
            status = client.get("http://docker/info").status_code
        thread.join()

    assert status == 204


def test_aiohttp_streams_follows_redirects_keeps_cookies_and_raises() -> None:
    cookie = Response(200, (("Set-Cookie", "a=1; Path=/"), ("Content-Length", "0")), b"")

    async def use() -> tuple[Any, ...]:
        async with aiohttp.ClientSession() as session:
            async with session.get(URL) as first, session.post(URL, data={"b": "2"}) as response:
                lines = [line async for line in response.content]
                history = [past.status for past in response.history]
            with pytest.raises(aiohttp.ClientResponseError) as caught:
                await session.get(URL, raise_for_status=True)
            return first.cookies["a"].value, lines, history, caught.value.status

    with audited() as wire, answering(script := Scripted(cookie, MOVED, PLAIN, REFUSED)):
        used = asyncio.run(use())

    assert used == ("1", [b"a\n", b"b\n", b"c\n"], [302], 400)
    assert (script.seen[2].header("Cookie"), wire) == ("a=1", [])


def test_aiohttp_waiting_for_100_continue_gets_it() -> None:
    async def use() -> Any:
        async with (
            aiohttp.ClientSession(timeout=aiohttp.ClientTimeout(total=5)) as session,
            session.post(URL, data=b"a=1", expect100=True) as response,
        ):
            return await response.json()

    with answering(Echo()):
        told = asyncio.run(use())

    assert told["body"] == "a=1"


def test_an_aiohttp_session_that_outlives_the_route_is_live_again() -> None:
    async def use() -> list[str]:
        async with aiohttp.ClientSession() as session:
            with live_server() as base:
                target = base.replace("127.0.0.1", "localhost")
                heard = []
                for address in (base, target):
                    async with session.get(f"{address}/x") as response:
                        heard.append((await response.json())["by"])
                with answering(Echo()):
                    async with session.get(URL) as response:
                        heard.append((await response.json())["by"])
                async with session.get(f"{base}/x") as response:
                    heard.append((await response.json())["by"])
                return heard

    assert asyncio.run(use()) == ["live", "live", "echo", "live"]


def test_http_client_keeps_one_connection_for_several_requests() -> None:
    with answering(echo := Echo()):
        connection = http.client.HTTPSConnection("api.stripe.com")
        for number in range(3):
            connection.request("POST", f"/v1/x?n={number}", body=f"n={number}")
            connection.getresponse().read()
        connection.close()

    assert [request.body for request in echo.seen] == [b"n=0", b"n=1", b"n=2"]


def test_http_client_through_a_tunnel_keeps_the_target() -> None:
    with audited() as wire, answering(echo := Echo()):
        connection = http.client.HTTPSConnection("proxy.example.com", 3128)
        connection.set_tunnel("api.stripe.com")
        connection.request("GET", "/v1/x")
        connection.getresponse().read()
        connection.close()

    assert ([request.url for request in echo.seen], wire) == (["https://api.stripe.com/v1/x"], [])


@pytest.fixture
def aliased(monkeypatch: pytest.MonkeyPatch) -> None:
    """live.example.com leads to this machine, so that a live connection to a host that is not loopback can be made."""
    real = http.client.socket.create_connection  # type: ignore[attr-defined]
    monkeypatch.setattr(
        http.client.socket,  # type: ignore[attr-defined]
        "create_connection",
        lambda address, *args, **kwargs: real(("127.0.0.1", address[1]), *args, **kwargs),
    )


@pytest.mark.usefixtures("aliased")
def test_a_connection_opened_before_the_route_is_answered_within_and_live_afterwards() -> None:
    with live_server() as base:
        connection = http.client.HTTPConnection("live.example.com", int(base.rpartition(":")[2]))
        heard = [_ask(connection)]
        opened = connection.sock
        with answering(Echo()):
            heard.append(_ask(connection))
        heard.append(_ask(connection))
        assert connection.sock is opened
        connection.close()

    assert heard == ["live", "echo", "live"]


@pytest.mark.usefixtures("aliased")
def test_a_connection_opened_within_the_route_is_live_afterwards() -> None:
    with live_server() as base:
        connection = http.client.HTTPConnection("live.example.com", int(base.rpartition(":")[2]))
        with answering(Echo()):
            connection.connect()
            assert isinstance(connection.sock, AnswerSocket)
            heard = [_ask(connection)]
        heard.append(_ask(connection))
        connection.close()

    assert heard == ["echo", "live"]


def _ask(connection: http.client.HTTPConnection) -> str:
    connection.request("GET", "/x")
    return str(json.loads(connection.getresponse().read())["by"])


def test_the_socket_of_an_answered_connection_never_looks_readable_and_closes_its_pipe() -> None:
    with answering(Echo()):
        connection = http.client.HTTPSConnection("api.stripe.com")
        connection.connect()
    readable = urllib3.util.wait.wait_for_read(connection.sock, timeout=0)
    connection.close()

    assert readable is False


DISPUTE = json.dumps({"id": "du_1", "object": "dispute", "status": "lost"}).encode()
LOST = Response(200, (("Content-Type", "application/json"), ("Request-Id", "req_1")), DISPUTE)
CLOSED = Response(
    400,
    (("Content-Type", "application/json"), ("Request-Id", "req_2")),
    b'{"error": {"message": "This dispute is already closed", "type": "invalid_request_error"}}',
)


def test_the_stripe_client_closes_a_dispute_and_gets_its_typed_error() -> None:
    with audited() as wire, answering(script := Scripted(LOST, CLOSED)):
        client = stripe.StripeClient("sk_test_x")
        dispute = client.v1.disputes.close("du_1")
        with pytest.raises(stripe.InvalidRequestError) as caught:
            client.v1.disputes.close("du_1")

    assert (dispute.status, caught.value.http_status, caught.value.request_id) == ("lost", 400, "req_2")
    assert caught.value.user_message == "This dispute is already closed"
    assert [(request.method, request.url) for request in script.seen] == [("POST", URL)] * 2
    assert (script.seen[0].header("Authorization"), wire) == ("Bearer sk_test_x", [])


@pytest.mark.filterwarnings("ignore:Use 'content:DeprecationWarning")  # how stripe calls httpx
@pytest.mark.parametrize("make", [stripe.HTTPXClient, stripe.AIOHTTPClient])
def test_the_asynchronous_stripe_clients_close_a_dispute(make: Any) -> None:
    async def close() -> str:
        http_client = make()
        client = stripe.StripeClient("sk_test_x", http_client=http_client)
        dispute = await client.v1.disputes.close_async("du_1", {"expand": ["charge"]})
        await http_client.close_async()
        return str(dispute.status)

    with audited() as wire, answering(script := Scripted(LOST)):
        status = asyncio.run(close())

    assert (status, script.seen[0].body, wire) == ("lost", b"expand[0]=charge", [])


@pytest.mark.parametrize("make", [stripe.RequestsClient, stripe.UrllibClient, stripe.HTTPXClient])
def test_a_mismatch_reaches_the_caller_of_the_stripe_client_as_itself(make: Any) -> None:
    client = stripe.StripeClient("sk_test_x", max_network_retries=2, http_client=_made(make))
    with audited() as wire, answering(Refusing()) as route, pytest.raises(MismatchError) as caught:
        client.v1.disputes.close("du_1")

    assert (caught.value.__cause__, "support@stripe.com" in str(caught.value)) == (None, False)

    assert ([type(refusal) for refusal in route.refused], wire) == ([MismatchError], [])


def _made(make: Any) -> Any:
    return make(allow_sync_methods=True) if make is stripe.HTTPXClient else make()


@pytest.mark.filterwarnings("ignore:Use 'content:DeprecationWarning")  # how stripe calls httpx
@pytest.mark.parametrize("make", [stripe.HTTPXClient, stripe.AIOHTTPClient])
def test_a_mismatch_reaches_the_caller_of_an_asynchronous_one_as_itself(make: Any) -> None:
    async def close() -> None:
        http_client = make()
        try:
            await stripe.StripeClient("sk_test_x", http_client=http_client).v1.disputes.close_async("du_1")
        finally:
            await http_client.close_async()

    with answering(Refusing()), pytest.raises(MismatchError):
        asyncio.run(close())


def test_an_allowed_host_is_live_in_every_layer_below(monkeypatch: pytest.MonkeyPatch) -> None:
    real = socket.getaddrinfo
    with live_server() as base:
        port = int(base.rpartition(":")[2])
        monkeypatch.setattr(socket, "getaddrinfo", lambda host, *args, **kw: real("127.0.0.1", *args, **kw))
        with answering(Echo(), allow_hosts=["other.example.com"]) as route:
            heard = [
                requests.get(f"http://other.example.com:{port}/x", timeout=5).json()["by"],
                urllib3.request("GET", f"http://other.example.com:{port}/x").json()["by"],
                httpx.get(f"http://other.example.com:{port}/x").json()["by"],
                requests.get(URL, timeout=5).json()["by"],
            ]

    assert (heard, route.refused) == (["live", "live", "live", "echo"], [])

"""Every client is answered at its own seam, sees what a live answer would show, and puts nothing on the wire."""

from __future__ import annotations

import contextlib
import gzip
import io
import json
from collections.abc import AsyncIterator, Iterator
from typing import Any

import pytest

from replaydisputes.errors import MismatchError
from replaydisputes.interception import answering
from replaydisputes.model import Response
from tests.interception_support import (
    CLIENTS,
    DECODING,
    URL,
    Call,
    Echo,
    Fixed,
    Refusing,
    audited,
    by_aiohttp,
    by_httpx_async,
    by_urllib_request,
    live_server,
)

each_client = pytest.mark.parametrize("call", CLIENTS.values(), ids=CLIENTS.keys())
FORM = {"Content-Type": "application/x-www-form-urlencoded"}


@pytest.fixture(autouse=True)
def _no_proxy(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY", "NO_PROXY"):
        monkeypatch.delenv(name, raising=False)
        monkeypatch.delenv(name.lower(), raising=False)


@each_client
def test_the_answerer_sees_method_url_and_body_and_the_wire_sees_nothing(call: Call) -> None:
    with audited() as wire, answering(echo := Echo()) as route:
        got = call("POST", f"{URL}?expand%5B%5D=charge", FORM, b"submit=true")

    told = got.json()
    assert (told["method"], told["url"], told["body"]) == ("POST", f"{URL}?expand%5B%5D=charge", "submit=true")
    assert (got.status, got.reason, len(echo.seen), route.refused) == (200, "OK", 1, [])
    assert wire == []


@each_client
@pytest.mark.parametrize(("method", "body"), [("GET", None), ("POST", b""), ("POST", b"a=1"), ("DELETE", None)])
def test_the_answerer_sees_the_headers_that_a_live_server_sees(call: Call, method: str, body: bytes | None) -> None:
    sent = {"X-Second": "2", "X-First": "1", "Authorization": "Bearer sk_test_x"}
    with live_server() as base:
        live = call(method, f"{base}/v1/x?a=1", sent, body).json()
    port = base.rpartition(":")[2]
    with answering(Echo()):
        seen = call(method, f"http://api.example.com:{port}/v1/x?a=1", sent, body).json()

    renamed = [["Host", f"127.0.0.1:{port}"] if name == "Host" else [name, value] for name, value in seen["headers"]]
    assert renamed == live["headers"]


@each_client
def test_status_reason_headers_in_order_and_body_come_back_as_recorded(call: Call) -> None:
    headers = (("Server", "nginx"), ("Request-Id", "req_1"), ("X-B", "1"), ("X-A", "2"), ("Content-Length", "6"))
    recorded = Response(404, headers, b'{"a":1', "Not There")

    with answering(Fixed(recorded)):
        got = call("POST", URL)

    assert (got.status, got.reason, got.headers, got.body) == (404, "Not There", headers, b'{"a":1')


@each_client
@pytest.mark.parametrize("status", [200, 400, 404, 429, 500, 503])
def test_every_status_comes_back_with_its_standard_reason_where_none_was_recorded(call: Call, status: int) -> None:
    with answering(Fixed(Response(status, (("Content-Length", "2"),), b"{}"))):
        got = call("GET", URL)

    reasons = {200: "OK", 400: "Bad Request", 404: "Not Found", 429: "Too Many Requests"}
    reasons |= {500: "Internal Server Error", 503: "Service Unavailable"}
    assert (got.status, got.reason, got.body) == (status, reasons[status], b"{}")


@each_client
def test_repeated_fields_stay_repeated(call: Call) -> None:
    headers = (("Set-Cookie", "a=1; Path=/"), ("Set-Cookie", "b=2; Path=/"), ("Content-Length", "0"))

    with answering(Fixed(Response(200, headers, b""))):
        got = call("GET", URL)

    assert [value for name, value in got.headers if name == "Set-Cookie"] == ["a=1; Path=/", "b=2; Path=/"]


@pytest.mark.parametrize("name", sorted(DECODING))
def test_a_gzip_body_is_decoded_by_the_client(name: str) -> None:
    packed = gzip.compress(b'{"status": "lost"}')
    headers = (("Content-Encoding", "gzip"), ("Content-Length", str(len(packed))))

    with answering(Fixed(Response(200, headers, packed))):
        got = CLIENTS[name]("GET", URL)

    assert got.body == b'{"status": "lost"}'


@each_client
def test_a_recorded_chunked_transfer_is_not_passed_on(call: Call) -> None:
    headers = (("Transfer-Encoding", "chunked"), ("X-A", "1"))

    with answering(Fixed(Response(200, headers, b"whole body"))):
        got = call("GET", URL)

    assert (got.headers, got.body) == ((("X-A", "1"),), b"whole body")


@each_client
def test_a_content_length_that_redaction_made_wrong_does_not_cut_the_body(call: Call) -> None:
    with answering(Fixed(Response(200, (("Content-Length", "3"),), b"longer than three"))):
        got = call("GET", URL)

    assert (got.headers, got.body) == ((("Content-Length", "17"),), b"longer than three")


@each_client
def test_head_keeps_the_recorded_length_and_has_no_body(call: Call) -> None:
    with answering(Fixed(Response(200, (("Content-Length", "1832"),), b""))):
        got = call("HEAD", URL)

    assert (got.headers, got.body) == ((("Content-Length", "1832"),), b"")


@each_client
def test_an_empty_204_is_empty(call: Call) -> None:
    with answering(Fixed(Response(204, (("X-A", "1"),), b""))):
        got = call("DELETE", URL)

    assert (got.status, got.body) == (204, b"")


@each_client
def test_what_the_answerer_raises_leaves_the_client_unchanged_and_is_kept(call: Call) -> None:
    with answering(Refusing()) as route, pytest.raises(MismatchError) as caught:
        call("POST", URL)

    assert (caught.value.method, caught.value.url) == ("POST", URL)
    assert route.refused == [caught.value]


@each_client
def test_a_refusal_that_the_code_swallowed_is_still_in_refused(call: Call) -> None:
    with answering(Refusing()) as route, contextlib.suppress(Exception):
        call("POST", URL)

    assert [type(refusal) for refusal in route.refused] == [MismatchError]


@each_client
def test_loopback_passes_to_the_real_server(call: Call) -> None:
    with live_server() as base, answering(Echo()) as route:
        got = call("POST", f"{base}/v1/x", FORM, b"a=1")

    assert (got.json()["by"], got.json()["body"], route.refused) == ("live", "a=1", [])


@each_client
def test_without_a_route_the_real_server_answers_though_the_patches_are_in(call: Call) -> None:
    with answering(Echo()):
        pass
    with live_server() as base:
        got = call("POST", f"{base}/v1/x", FORM, b"a=1")

    assert got.json()["by"] == "live"


@each_client
@pytest.mark.parametrize("scheme", ["http", "https"])
def test_a_proxy_in_the_environment_does_not_make_it_live(
    call: Call, scheme: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("HTTP_PROXY", "http://127.0.0.1:9")
    monkeypatch.setenv("HTTPS_PROXY", "http://127.0.0.1:9")
    url = URL.replace("https", scheme)

    with audited() as wire, answering(Echo()):
        got = call("POST", url, FORM, b"a=1")

    assert (got.json()["url"], got.json()["body"], wire) == (url, "a=1", [])


def parts() -> Iterator[bytes]:
    yield b"a=1"
    yield b"&b=2"


async def parts_async() -> AsyncIterator[bytes]:
    yield b"a=1"
    yield b"&b=2"


@pytest.mark.parametrize("name", ["requests", "urllib3", "httpx", "http.client", "urllib.request"])
def test_a_generator_body_is_seen_whole(name: str) -> None:
    with answering(Echo()):
        got = CLIENTS[name]("POST", URL, FORM, parts())

    assert got.json()["body"] == "a=1&b=2"
    assert ["Transfer-Encoding", "chunked"] in [[field.title(), value] for field, value in got.json()["headers"]]


@pytest.mark.parametrize("call", [by_httpx_async, by_aiohttp])
def test_an_async_generator_body_is_seen_whole(call: Call) -> None:
    with answering(Echo()):
        got = call("POST", URL, FORM, parts_async())

    assert got.json()["body"] == "a=1&b=2"


@pytest.mark.parametrize("name", ["requests", "urllib3", "http.client", "urllib.request", "aiohttp"])
def test_a_file_body_is_seen_whole(name: str) -> None:
    with answering(Echo()):
        got = CLIENTS[name]("POST", URL, FORM, io.BytesIO(b"a=" + b"1" * 100_000))

    assert got.json()["body"] == "a=" + "1" * 100_000


@pytest.mark.parametrize("name", ["requests", "urllib3", "httpx", "httpx-async", "aiohttp"])
def test_a_text_body_is_seen_as_utf8(name: str) -> None:
    with answering(echo := Echo()):
        CLIENTS[name]("POST", URL, {"Content-Type": "text/plain"}, "Größe")

    assert echo.seen[0].body == "Größe".encode()


def test_urllib_request_follows_no_proxy_for_the_target_it_was_asked_for(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("http_proxy", "http://proxy.example.com:3128")

    with audited() as wire, answering(echo := Echo()):
        by_urllib_request("GET", "http://api.example.com/v1/x?a=1")

    assert ([request.url for request in echo.seen], wire) == (["http://api.example.com/v1/x?a=1"], [])


@each_client
def test_json_survives_both_ways(call: Call) -> None:
    payload: Any = {"name": "Zoë", "n": [1, None, True]}

    with answering(Echo()):
        got = call("POST", URL, {"Content-Type": "application/json"}, json.dumps(payload).encode())

    assert json.loads(got.json()["body"].encode("latin-1")) == payload

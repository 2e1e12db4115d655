"""An answerer that tells what it saw, a live loopback server that does the same, and one driver per client."""

from __future__ import annotations

import asyncio
import http.client
import ipaddress
import json
import sys
import threading
import urllib.error
import urllib.request
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import aiohttp
import httpx
import requests
import urllib3

from replaydisputes.errors import MismatchError
from replaydisputes.model import Headers, Request, Response

URL = "https://api.stripe.com/v1/disputes/du_1/close"


@dataclass(frozen=True)
class Got:
    status: int
    reason: str
    headers: Headers
    body: bytes

    def json(self) -> Any:
        return json.loads(self.body)


class Echo:
    """Answers 200 with the request as JSON; keeps what it saw."""

    def __init__(self, name: str = "echo") -> None:
        self.name = name
        self.seen: list[Request] = []

    def answer(self, request: Request) -> Response:
        self.seen.append(request)
        told = told_of(request.method, request.url, request.headers, request.body) | {"by": self.name}
        body = json.dumps(told).encode()
        return Response(200, (("Content-Type", "application/json"), ("Content-Length", str(len(body)))), body)


def told_of(method: str, url: str, headers: Headers, body: bytes) -> dict[str, Any]:
    return {"method": method, "url": url, "headers": [list(pair) for pair in headers], "body": body.decode("latin-1")}


class Fixed:
    """Always the same response."""

    def __init__(self, response: Response) -> None:
        self.response = response

    def answer(self, request: Request) -> Response:
        return self.response


class Refusing:
    """Has an answer for nothing."""

    def answer(self, request: Request) -> Response:
        raise MismatchError(f"nothing recorded for {request.url}", request.method, request.url)


class _EchoHandler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def do_POST(self) -> None:
        headers = tuple(self.headers.items())
        body = json.dumps(told_of(self.command, self.path, headers, self._body()) | {"by": "live"}).encode()
        self.send_response(200)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    do_GET = do_POST  # noqa: N815 - http.server's naming
    do_DELETE = do_POST  # noqa: N815

    def _body(self) -> bytes:
        if "chunked" not in self.headers.get("Transfer-Encoding", ""):
            return self.rfile.read(int(self.headers.get("Content-Length", 0)))
        parts = []
        while size := int(self.rfile.readline(), 16):
            parts.append(self.rfile.read(size))
            self.rfile.readline()
        self.rfile.readline()
        return b"".join(parts)

    def log_message(self, *args: Any) -> None:
        pass


@contextmanager
def live_server() -> Iterator[str]:
    """The base URL of a real server on loopback that tells what it saw."""
    server = ThreadingHTTPServer(("127.0.0.1", 0), _EchoHandler)
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_port}"
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


@contextmanager
def audited() -> Iterator[list[tuple[str, Any]]]:
    """What the interpreter itself reports of sockets: raised in C, beneath every patch of ours."""
    events: list[tuple[str, Any]] = []
    _listeners.append(events)
    try:
        yield events
    finally:
        _listeners.remove(events)


_listeners: list[list[tuple[str, Any]]] = []
_WATCHED = {
    "socket.connect": 1,
    "socket.getaddrinfo": 0,
    "socket.sendto": 1,
    "socket.sendmsg": 1,
    "socket.gethostbyname": 0,
    "socket.gethostbyaddr": 0,
}


def _hear(event: str, args: Any) -> None:
    if event in _WATCHED and not (event == "socket.getaddrinfo" and is_number(args[0])):
        for events in _listeners:
            events.append((event, args[_WATCHED[event]]))


def is_number(host: object) -> bool:
    """A numeric address is converted without asking anybody."""
    try:
        ipaddress.ip_address(str(host))
    except ValueError:
        return False
    return True


sys.addaudithook(_hear)

Call = Callable[..., Got]


def by_requests(method: str, url: str, headers: dict[str, str] | None = None, body: Any = None) -> Got:
    with requests.Session() as session:
        response = session.request(method, url, headers=headers, data=body)
        raw = response.raw.headers.items()
        return Got(response.status_code, response.reason, tuple(raw), response.content)


def by_urllib3(method: str, url: str, headers: dict[str, str] | None = None, body: Any = None) -> Got:
    with urllib3.PoolManager() as pool:
        response = pool.request(method, url, headers=headers, body=body, retries=False)
        return Got(response.status, response.reason or "", tuple(response.headers.items()), response.data)


def by_httpx(method: str, url: str, headers: dict[str, str] | None = None, body: Any = None) -> Got:
    with httpx.Client() as client:
        return _got_httpx(client.request(method, url, headers=headers, content=body))


def by_httpx_async(method: str, url: str, headers: dict[str, str] | None = None, body: Any = None) -> Got:
    async def call() -> Got:
        async with httpx.AsyncClient() as client:
            return _got_httpx(await client.request(method, url, headers=headers, content=body))

    return asyncio.run(call())


def _got_httpx(response: httpx.Response) -> Got:
    pairs = tuple((name.decode(), value.decode()) for name, value in response.headers.raw)
    return Got(response.status_code, response.reason_phrase, pairs, response.content)


def by_aiohttp(method: str, url: str, headers: dict[str, str] | None = None, body: Any = None) -> Got:
    async def call() -> Got:
        async with (
            aiohttp.ClientSession() as session,
            session.request(method, url, headers=headers, data=body, allow_redirects=False) as response,
        ):
            pairs = tuple((str(name), value) for name, value in response.headers.items())
            return Got(response.status, response.reason or "", pairs, await response.read())

    return asyncio.run(call())


def by_urllib_request(method: str, url: str, headers: dict[str, str] | None = None, body: Any = None) -> Got:
    request = urllib.request.Request(url, data=body, headers=headers or {}, method=method)  # noqa: S310 - a client under test
    try:
        response = urllib.request.urlopen(request)  # noqa: S310
    except urllib.error.HTTPError as error:
        response = error
    with response:
        return Got(response.status, response.reason, tuple(response.headers.items()), response.read())


def by_http_client(method: str, url: str, headers: dict[str, str] | None = None, body: Any = None) -> Got:
    scheme, _, rest = url.partition("://")
    authority, _, path = rest.partition("/")
    kind = http.client.HTTPSConnection if scheme == "https" else http.client.HTTPConnection
    connection = kind(authority)
    try:
        connection.request(method, f"/{path}", body=body, headers=headers or {})
        response = connection.getresponse()
        return Got(response.status, response.reason, tuple(response.getheaders()), response.read())
    finally:
        connection.close()


CLIENTS: dict[str, Call] = {
    "requests": by_requests,
    "urllib3": by_urllib3,
    "httpx": by_httpx,
    "httpx-async": by_httpx_async,
    "aiohttp": by_aiohttp,
    "urllib.request": by_urllib_request,
    "http.client": by_http_client,
}
DECODING = {"requests", "urllib3", "httpx", "httpx-async", "aiohttp"}

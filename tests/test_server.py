"""Any Answerer behind HTTP, seen from a raw socket."""

from __future__ import annotations

import asyncio
import os
import signal
import socket
import subprocess
import sys
import time
from dataclasses import dataclass, field
from urllib.parse import urlsplit

import pytest

from replaydisputes.errors import MismatchError, MissingExtraError, PortInUseError
from replaydisputes.model import Request, Response
from replaydisputes.server import HostRefusedError, asgi_app, run_forever, serving
from replaydisputes.server.asgi import MAX_BODY_BYTES

HEADERS = (("Server", "nginx"), ("Content-Length", "5"), ("X-Twice", "a"), ("x-Twice", "b"))


@dataclass
class Noting:
    """Answers everything alike and keeps what it was asked; mismatches a path that says so."""

    asked: list[Request] = field(default_factory=list)

    def answer(self, request: Request) -> Response:
        self.asked.append(request)
        if "/mismatch" in request.url:
            raise MismatchError("nothing recorded for “this”", request.method, request.url)
        if "/bug" in request.url:
            raise RuntimeError("a bug")
        return Response(200, HEADERS, b"hello")


def exchange(url: str, *parts: bytes) -> bytes:
    """Send the parts one by one on one connection and read until the server closes it."""
    target = urlsplit(url)
    with socket.create_connection((target.hostname or "", target.port or 0), timeout=10) as connection:
        for part in parts:
            connection.sendall(part)
        received = b""
        while chunk := connection.recv(65536):
            received += chunk
        return received


def get(path: str, *, method: str = "GET", last: bool = True) -> bytes:
    close = "Connection: close\r\n" if last else ""
    return f"{method} {path} HTTP/1.1\r\nHost: api.example:12\r\n{close}\r\n".encode()


def test_headers_go_out_as_the_answerer_spelled_and_ordered_them() -> None:
    with serving(Noting()) as url:
        received = exchange(url, get("/v1/x"))

    head, _, body = received.partition(b"\r\n\r\n")
    assert head.split(b"\r\n") == [
        b"HTTP/1.1 200 OK",
        b"Server: nginx",
        b"Content-Length: 5",
        b"X-Twice: a",
        b"x-Twice: b",
        b"Connection: close",
    ]
    assert body == b"hello"


def test_the_request_arrives_as_it_was_sent() -> None:
    noting = Noting()
    with serving(noting) as url:
        exchange(
            url,
            b"POST //v1/a%2Fb/%C3%BC?expand[]=x&y=%20 HTTP/1.1\r\nHost: h:1\r\nX-A: 1\r\nX-A: \xfc\r\n"
            b"Content-Length: 3\r\nConnection: close\r\n\r\na=b",
        )

    assert noting.asked == [
        Request(
            "POST",
            "http://h:1//v1/a%2Fb/%C3%BC?expand[]=x&y=%20",
            (("host", "h:1"), ("x-a", "1"), ("x-a", "ü"), ("content-length", "3"), ("connection", "close")),
            b"a=b",
        )
    ]


def test_a_chunked_request_without_a_length_keeps_the_connection_whole() -> None:
    noting = Noting()
    chunked = b"POST /v1/%d HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: chunked\r\n\r\n"
    with serving(noting) as url:
        received = exchange(
            url, chunked % 1, b"3\r\na=b\r\n", b"2\r\n&c\r\n0\r\n\r\n", chunked % 2, b"0\r\n\r\n", get("/3")
        )

    assert [(asked.url, asked.body) for asked in noting.asked] == [
        ("http://h/v1/1", b"a=b&c"),
        ("http://h/v1/2", b""),
        ("http://api.example:12/3", b""),
    ]
    assert received.count(b"hello") == 3


def test_head_gets_headers_and_no_body() -> None:
    with serving(Noting()) as url:
        received = exchange(url, get("/x", method="HEAD", last=False), get("/y"))

    first, second = received.split(b"HTTP/1.1 200 OK")[1:]
    assert (b"Content-Length: 5" in first, first.endswith(b"\r\n\r\n")) == (True, True)
    assert second.endswith(b"\r\n\r\nhello")


def test_an_error_of_ours_is_501_in_a_shape_that_is_not_stripes() -> None:
    with serving(Noting()) as url:
        received = exchange(url, get("/mismatch", last=False))

    head, _, body = received.partition(b"\r\n\r\n")
    assert head.split(b"\r\n")[0] == b"HTTP/1.1 501 Not Implemented"
    assert b"Replaydisputes-Error: MismatchError" in head
    assert body.decode() == (
        '{\n  "error": {\n    "type": "replaydisputes_mismatch",\n    "message": "nothing recorded for “this”"\n  }\n}'
    )


def test_a_bug_is_500_and_logs_its_traceback(caplog: pytest.LogCaptureFixture) -> None:
    with serving(Noting()) as url:
        received = exchange(url, get("/bug"))

    assert received.startswith(b"HTTP/1.1 500 ")
    assert "RuntimeError: a bug" in caplog.text


def test_a_body_over_the_limit_is_413_and_never_reaches_the_answerer() -> None:
    noting = Noting()
    chunk = b"%x\r\n" % (1 << 20) + b"x" * (1 << 20) + b"\r\n"
    with serving(noting) as url:
        target = urlsplit(url)
        with socket.create_connection((target.hostname or "", target.port or 0), timeout=10) as connection:
            connection.sendall(b"POST / HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: chunked\r\n\r\n")
            for _ in range(MAX_BODY_BYTES // (1 << 20)):
                connection.sendall(chunk)
            connection.sendall(b"1\r\nx\r\n")
            status = connection.recv(65536).split(b"\r\n")[0]

    assert (status, noting.asked) == (b"HTTP/1.1 413 Request Entity Too Large", [])


def test_a_body_at_the_limit_is_read_whole() -> None:
    noting = Noting()
    with serving(noting) as url:
        length = f"Content-Length: {MAX_BODY_BYTES}\r\nConnection: close\r\n\r\n".encode()
        exchange(url, b"POST / HTTP/1.1\r\nHost: h\r\n" + length, b"x" * MAX_BODY_BYTES)

    assert [len(asked.body) for asked in noting.asked] == [MAX_BODY_BYTES]


def test_a_client_that_leaves_halfway_is_forgotten(capfd: pytest.CaptureFixture[str]) -> None:
    noting = Noting()
    with serving(noting) as url:
        target = urlsplit(url)
        with socket.create_connection((target.hostname or "", target.port or 0)) as connection:
            connection.sendall(b"POST / HTTP/1.1\r\nHost: h\r\nContent-Length: 10\r\n\r\nhalf")
        exchange(url, get("/after"))

    assert [asked.url for asked in noting.asked] == ["http://api.example:12/after"]
    assert capfd.readouterr() == ("", "")


def test_a_kept_connection_does_not_delay_the_end() -> None:
    with serving(Noting()) as url:
        target = urlsplit(url)
        connection = socket.create_connection((target.hostname or "", target.port or 0), timeout=10)
        connection.sendall(get("/x", last=False))
        received = b""
        while not received.endswith(b"hello"):
            received += connection.recv(65536)
        ending = time.monotonic()

    with connection:
        assert time.monotonic() - ending < 1.5
        assert connection.recv(65536) == b""


def test_the_port_is_free_again_after_the_block() -> None:
    with serving(Noting()) as first:
        pass
    with serving(Noting(), port=urlsplit(first).port or 0) as second:
        assert second == first


def test_a_taken_port_is_told_by_number() -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]

        with pytest.raises(PortInUseError) as caught:
            run_forever(Noting(), "127.0.0.1", port, lambda _: None)

    assert (caught.value.port, caught.value.exit_code) == (port, 4)


@pytest.mark.parametrize("host", ["0.0.0.0", "::", "192.0.2.1", "example.com", ""])  # noqa: S104 - must be refused
def test_only_loopback_hosts_are_served(host: str) -> None:
    with pytest.raises(HostRefusedError), serving(Noting(), host=host):
        pass


def test_without_uvicorn_the_extra_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "uvicorn", None)

    with pytest.raises(MissingExtraError) as caught, serving(Noting()):
        pass

    assert caught.value.extra == "server"


def test_importing_the_server_does_not_import_uvicorn() -> None:
    code = "import sys, replaydisputes.server; print('uvicorn' in sys.modules)"

    assert subprocess.run([sys.executable, "-c", code], capture_output=True, check=True).stdout == b"False\n"


def test_ctrl_c_ends_the_foreground_server_with_exit_0() -> None:
    code = (
        "from replaydisputes.sandbox import Sandbox\nfrom replaydisputes.server import run_forever\n"
        "run_forever(Sandbox(), '127.0.0.1', 0, lambda url: print(url, flush=True))\n"
    )
    with subprocess.Popen(
        [sys.executable, "-W", "error", "-c", code], stdout=subprocess.PIPE, stderr=subprocess.PIPE
    ) as process:
        assert process.stdout is not None
        url = process.stdout.readline().decode().strip()
        received = exchange(url, get("/v1/disputes"))
        os.kill(process.pid, signal.SIGINT)
        _, errors = process.communicate(timeout=10)

    assert received.startswith(b"HTTP/1.1 401 ")
    assert (process.returncode, errors) == (0, b"")


def test_the_app_speaks_lifespan() -> None:
    incoming = iter([{"type": "lifespan.startup"}, {"type": "lifespan.shutdown"}])
    sent: list[str] = []

    async def receive() -> dict[str, str]:
        return next(incoming)

    async def send(message: dict[str, str]) -> None:
        sent.append(message["type"])

    asyncio.run(asgi_app(Noting())({"type": "lifespan"}, receive, send))  # type: ignore[arg-type]

    assert sent == ["lifespan.startup.complete", "lifespan.shutdown.complete"]


def test_the_scheme_of_the_urls_is_the_callers_choice() -> None:
    noting = Noting()

    async def receive() -> dict[str, object]:
        return {"type": "http.request", "body": b"", "more_body": False}

    async def send(message: object) -> None:
        pass

    scope = {
        "type": "http",
        "method": "get",
        "path": "/v1/ü",
        "query_string": b"",
        "headers": [],
        "server": ("::1", 80),
    }
    asyncio.run(asgi_app(noting, scheme="https")(scope, receive, send))  # type: ignore[arg-type]

    assert [(asked.method, asked.url) for asked in noting.asked] == [("GET", "https://[::1]:80/v1/%C3%BC")]

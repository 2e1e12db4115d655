"""A test mode on a raw socket, and what an API, a proxy or a wire can do to one of its answers."""

from __future__ import annotations

import base64
import gzip
import json
import socket
import threading
import zlib
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field

from replaydisputes.model import Request, Response
from replaydisputes.sandbox import Sandbox

HIDDEN = "Content-Length Connection Transfer-Encoding Content-Encoding".lower().split()


def wire(
    response: Response, *fields: str, status: str = "", body: bytes | None = None, length: int | None = None
) -> bytes:
    """The bytes of an answer; -1 for `length` leaves the field out."""
    content = response.body if body is None else body
    lines = [f"HTTP/1.1 {status or f'{response.status} {response.reason}'}"]
    lines += [f"{name}: {value}" for name, value in response.headers if name.lower() not in HIDDEN]
    lines += fields
    if length != -1:
        lines.append(f"Content-Length: {len(content) if length is None else length}")
    return "\r\n".join([*lines, "", ""]).encode("latin-1") + content


def encoded(response: Response, encoding: str, body: bytes) -> bytes:
    return wire(response, f"Content-Encoding: {encoding}", body=body)


def with_value(response: Response, value: object) -> bytes:
    return wire(response, body=json.dumps(value).encode())


def chunked(body: bytes, last: bytes = b"0\r\n\r\n") -> bytes:
    return b"".join(b"%x\r\n%b\r\n" % (len(part), part) for part in (body[:50], body[50:])) + last


def _head(response: Response, *fields: str) -> bytes:
    return wire(response, *fields, body=b"", length=-1)


def _live(response: Response) -> bytes:
    return with_value(response, {"object": "list", "data": [{"id": "x", "nested": [{"livemode": True}]}], "id": "x"})


Trick = Callable[[Response, Request], bytes]
"""The bytes to send in place of a true answer; the connection then ends if they end in END."""

END = b"\0END"

TRICKS: dict[str, Trick] = {
    "as it is": lambda true, asked: wire(true),
    "in chunks": lambda true, asked: _head(true, "Transfer-Encoding: chunked") + chunked(true.body),
    "in chunks with trailers": lambda true, asked: (
        _head(true, "Transfer-Encoding: chunked") + chunked(true.body, b"0\r\nX-Late: 1\r\n\r\n")
    ),
    "gzip": lambda true, asked: encoded(true, "gzip", gzip.compress(true.body)),
    "deflate": lambda true, asked: encoded(true, "deflate", zlib.compress(true.body)),
    "deflate without a frame": lambda true, asked: encoded(true, "deflate", zlib.compress(true.body)[2:-4]),
    "gzip twice": lambda true, asked: encoded(true, "gzip, gzip", gzip.compress(gzip.compress(true.body))),
    "gzip cut off": lambda true, asked: encoded(true, "gzip", gzip.compress(true.body)[:60]),
    "gzip with a wrong sum": lambda true, asked: encoded(true, "gzip", gzip.compress(true.body)[:-8] + b"\1" * 8),
    "no gzip at all": lambda true, asked: encoded(true, "gzip", true.body),
    "an unknown encoding": lambda true, asked: encoded(true, "rot13", true.body),
    "a bomb": lambda true, asked: encoded(true, "gzip", BOMB),
    "103 before": lambda true, asked: b"HTTP/1.1 103 Early Hints\r\nLink: </a>\r\n\r\n" + wire(true),
    "100 and 102 before": lambda true, asked: (
        b"HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 102 Processing\r\n\r\n" + wire(true)
    ),
    "103 without end": lambda true, asked: b"HTTP/1.1 103 Early Hints\r\n\r\n" * 500 + wire(true),
    "a second answer": lambda true, asked: wire(true) + wire(true, body=b'{"id": "not asked for"}'),
    "nothing": lambda true, asked: END,
    "half of the head": lambda true, asked: wire(true)[:30] + END,
    "half of the body": lambda true, asked: wire(true)[:-20] + END,
    "half of it without a length": lambda true, asked: wire(true, "Connection: close", length=-1)[:-20] + END,
    "a longer length": lambda true, asked: wire(true, length=len(true.body) + 9) + END,
    "a shorter length": lambda true, asked: wire(true, length=len(true.body) - 9) + END,
    "a negative length": lambda true, asked: wire(true, length=-5) + END,
    "two lengths": lambda true, asked: wire(true, "Content-Length: 3") + END,
    "a length that is none": lambda true, asked: wire(true, "Content-Length: many", length=-1) + END,
    "a chunk size that is none": lambda true, asked: _head(true, "Transfer-Encoding: chunked") + b"zz\r\n{}\r\n" + END,
    "a chunk cut off": lambda true, asked: _head(true, "Transfer-Encoding: chunked") + chunked(true.body)[:70] + END,
    "no HTTP": lambda true, asked: b"SSH-2.0-OpenSSH_9.6\r\n" + END,
    "HTTP of another day": lambda true, asked: b"HTTP/9.9 200 OK\r\n\r\n" + END,
    "a head without end": lambda true, asked: b"HTTP/1.1 200 OK\r\n" + b"X-More: y\r\n" * 5000 + END,
    "a field without end": lambda true, asked: b"HTTP/1.1 200 OK\r\nX-Long: " + b"y" * 200_000 + END,
    "JSON too deep": lambda true, asked: wire(true, body=b'{"id":' + b"[" * 100_000 + b"]" * 100_000 + b"}"),
    "JSON deeper than any": lambda true, asked: wire(true, body=b'{"id": "x", "data":' * 90 + b"0" + b"}" * 90),
    "JSON null": lambda true, asked: wire(true, body=b"null"),
    "a JSON list": lambda true, asked: wire(true, body=b"[1, 2]"),
    "an object of nothing": lambda true, asked: wire(true, body=b"{}"),
    "data that is null": lambda true, asked: with_value(true, {"object": "list", "data": None}),
    "data of no objects": lambda true, asked: with_value(true, {"object": "list", "data": [1, "x", [], {}]}),
    "ids that are numbers": lambda true, asked: with_value(true, {"id": 7, "data": [{"id": 7}], "status": ["lost"]}),
    "an error that is a text": lambda true, asked: wire(true, status="400 X", body=b'{"error": "no"}'),
    "a code with line breaks": lambda true, asked: wire(
        true, status="400 X", body=json.dumps({"error": {"code": "a\nError: all is well\x1b[2K", "type": 5}}).encode()
    ),
    "a status with line breaks": lambda true, asked: with_value(true, {"id": "du_x", "status": "lost\nall is well"}),
    "UTF-16": lambda true, asked: wire(true, body=true.body.decode().encode("utf-16")),
    "bytes that are no text": lambda true, asked: wire(true, body=b'{"id": "\xff\xfe"}'),
    "NaN": lambda true, asked: wire(true, body=b'{"id": "x", "amount": NaN}'),
    "a huge number": lambda true, asked: wire(true, body=b'{"id": "x", "amount": ' + b"9" * 6000 + b"}"),
    "a web page": lambda true, asked: wire(
        Response(200, (("Content-Type", "text/html"),), b"", "OK"), body=b"<html>Sign in</html>"
    ),
    "a web page with the key": lambda true, asked: wire(
        Response(403, (("Content-Type", "text/html"),), b"", "Forbidden"),
        body=f"<pre>Authorization: {asked.header('authorization')}</pre>".encode(),
    ),
    "the key in base64": lambda true, asked: wire(
        true, status="400 X", body=base64.b64encode((asked.header("authorization") or "").encode())
    ),
    "the key in a header": lambda true, asked: wire(
        true, f"X-Echo: {asked.header('authorization')}", status="400 X", body=b"{}"
    ),
    "a redirect elsewhere": lambda true, asked: wire(true, "Location: http://127.0.0.1:9/x", status="307 Moved"),
    "a redirect that is none": lambda true, asked: wire(true, "Location: http://[::1:99999/", status="302 Found"),
    "101": lambda true, asked: b"HTTP/1.1 101 Switching Protocols\r\nUpgrade: h2c\r\n\r\n" + END,
    "204": lambda true, asked: b"HTTP/1.1 204 No Content\r\n\r\n",
    "304": lambda true, asked: b"HTTP/1.1 304 Not Modified\r\n\r\n",
    "407": lambda true, asked: wire(true, status="407 Proxy Authentication Required", body=b"{}"),
    "429 in the end": lambda true, asked: wire(true, "Retry-After: 1", status="429 Slow", body=b"{}"),
    "429 for an hour": lambda true, asked: wire(true, "Retry-After: 3600", status="429 Slow", body=b"{}"),
    "503": lambda true, asked: wire(true, status="503 Away", body=b"{}"),
    "999": lambda true, asked: wire(true, status="999 What", body=b"{}"),
    "live, deep in it": lambda true, asked: _live(true),
    "cookies": lambda true, asked: wire(true, "Set-Cookie: session=1; Domain=stripe.com", "Set-Cookie: a=b"),
}
BOMB = gzip.compress(b" " * 80_000_000, 6)
HARMLESS = frozenset(
    {
        *("as it is", "in chunks", "in chunks with trailers", "gzip", "deflate", "deflate without a frame"),
        *("gzip twice", "103 before", "100 and 102 before", "cookies"),
    }
)
"""What changes nothing of the answer."""


@dataclass
class RawTestMode:
    """The sandbox behind a socket of its own; the answer to the call numbered `at` (from 1) is spoiled `times` times.

    closed: the disputes closed, once for each time that the sandbox closed one.
    """

    at: int
    trick: Trick
    times: int = 1
    sandbox: Sandbox = field(default_factory=lambda: Sandbox(seed=11))
    asked: list[Request] = field(default_factory=list)
    closed: list[str] = field(default_factory=list)
    _places: dict[str, int] = field(default_factory=dict)
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def answer(self, request: Request) -> bytes:
        with self._lock:
            self.asked.append(request)
            true = self.sandbox.answer(request)
            if request.url.endswith("/close") and true.status == 200 and not true.header("idempotent-replayed"):
                self.closed.append(request.url.split("/")[-2])
            name = request.header("idempotency-key") or f"{request.method} {request.url} {len(self.closed)}"
            is_first = name not in self._places
            place = self._places.setdefault(name, len(self._places) + 1)
            spoils = place == self.at and self.times > 0 and (is_first or self.times > 1)
            self.times -= spoils
        return self.trick(true, request) if spoils else wire(true)


@contextmanager
def listening(mode: RawTestMode) -> Iterator[str]:
    """The origin of a raw test mode."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        port = listener.getsockname()[1]
        threading.Thread(target=_accept, args=(listener, mode, f"http://127.0.0.1:{port}"), daemon=True).start()
        yield f"http://127.0.0.1:{port}"


def _accept(listener: socket.socket, mode: RawTestMode, origin: str) -> None:
    with suppress(OSError):
        while True:
            connection, _ = listener.accept()
            threading.Thread(target=_serve, args=(connection, mode, origin), daemon=True).start()


def _serve(connection: socket.socket, mode: RawTestMode, origin: str) -> None:
    with connection, connection.makefile("rb") as stream, suppress(OSError):
        while request := _read(stream.readline, stream.read, origin):
            answer = mode.answer(request)
            connection.sendall(answer.removesuffix(END))
            if answer.endswith(END):
                return


def _read(line: Callable[[], bytes], read: Callable[[int], bytes], origin: str) -> Request | None:
    first = line().decode("latin-1").split()
    if not first:
        return None
    headers: list[tuple[str, str]] = []
    while stripped := line().decode("latin-1").strip():
        name, _, value = stripped.partition(":")
        headers.append((name, value.strip()))
    length = next((int(value) for name, value in headers if name.lower() == "content-length"), 0)
    return Request(first[0], origin + first[1], tuple(headers), read(length))


def tricks(names: Sequence[str] | None = None) -> dict[str, Trick]:
    return {name: TRICKS[name] for name in names or TRICKS}

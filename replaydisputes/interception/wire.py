"""HTTP/1.1 without I/O: the bytes a client writes become Requests, a Response becomes bytes; and body reading."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Generic, TypeVar

from replaydisputes.model import Headers, Request, Response, reason_phrase

_BODILESS = frozenset((204, 304))
_KEPT = 1024

Fields = TypeVar("Fields")


def presentable(method: str, response: Response) -> Headers:
    """The recorded fields, made to fit the recorded body: it is not chunked, and Content-Length is its length."""
    length = str(len(response.body))
    fitted = []
    for field, value in response.headers:
        name = field.lower()
        if name == "transfer-encoding":
            continue
        if name == "content-length" and value != length and has_body(method, response.status):
            value = length  # noqa: PLW2901 - one field of the copy
        fitted.append((field, value))
    return tuple(fitted)


class Presented(Generic[Fields]):
    """`presentable` as a client's own type, made once for each recorded response; whoever hands it out copies it."""

    def __init__(self, make: Callable[[Headers], Fields]) -> None:
        self._make = make
        self._kept: dict[tuple[int, int, bool], tuple[Headers, Fields]] = {}

    def of(self, method: str, response: Response) -> Fields:
        key = (id(response.headers), len(response.body), has_body(method, response.status))
        kept = self._kept.get(key)
        if kept is not None and kept[0] is response.headers:
            return kept[1]
        made = self._make(presentable(method, response))
        if len(self._kept) >= _KEPT:
            self._kept.clear()
        self._kept[key] = (response.headers, made)  # holding the fields, so that no others get their id
        return made


def has_body(method: str, status: int) -> bool:
    return method != "HEAD" and status >= 200 and status not in _BODILESS


def reason_of(response: Response) -> str:
    return response.reason or reason_phrase(response.status)


def serialized(method: str, response: Response) -> bytes:
    """Status line, header and body. Without a Content-Length the body ends where the connection does."""
    lines = [f"HTTP/1.1 {response.status} {reason_of(response)}"]
    lines += [f"{field}: {value}" for field, value in presentable(method, response)]
    head = b"\r\n".join(_encoded(line) for line in lines) + b"\r\n\r\n"
    return head + response.body if has_body(method, response.status) else head


def is_delimited(method: str, response: Response) -> bool:
    """Whether a client can tell where this response ends while the connection stays open."""
    return not has_body(method, response.status) or response.header("Content-Length") is not None


def _encoded(line: str) -> bytes:
    line = line.replace("\r", " ").replace("\n", " ")
    try:
        return line.encode("latin-1")
    except UnicodeEncodeError:
        return line.encode()


def whole_body(body: Any) -> bytes:
    """The bytes urllib3 would send for a body: None, str (as UTF-8), bytes-like, file or iterable of these."""
    if body is None:
        return b""
    if isinstance(body, bytes):
        return body
    if isinstance(body, str):
        return body.encode()
    if hasattr(body, "read"):
        return whole_body(body.read())
    try:
        return bytes(memoryview(body))
    except TypeError:
        return b"".join(whole_body(part) for part in body)


async def whole_async_body(body: Any) -> bytes:
    """`whole_body`, of an asynchronous iterable too."""
    return b"".join([whole_body(part) async for part in body]) if hasattr(body, "__aiter__") else whole_body(body)


class RequestReader:
    """Takes in what a client writes on one connection and gives each request once it is whole."""

    def __init__(self, origin: str) -> None:
        self._origin = origin
        self._buffer = bytearray()
        self._head: tuple[str, str, Headers] | None = None
        self._chunks: list[bytes] = []
        self._continue_owed = False

    def feed(self, data: Any) -> list[Request]:
        """Raises TypeError for what is not bytes-like, as a socket does."""
        self._buffer += memoryview(data).cast("B")
        requests = []
        while (request := self._next()) is not None:
            requests.append(request)
        return requests

    def owes_continue(self) -> bool:
        """True once for a request whose client waits for `100 Continue` before it sends the body."""
        owed, self._continue_owed = self._continue_owed and self._head is not None, False
        return owed

    def _next(self) -> Request | None:
        if self._head is None:
            head, found, _ = self._buffer.partition(b"\r\n\r\n")
            if not found:
                return None
            del self._buffer[: len(head) + 4]
            self._head = _parsed_head(head.decode("latin-1"))
            self._continue_owed = (self._field("expect") or "").lower() == "100-continue"
        body = self._take_chunked() if self._is_chunked() else self._take_sized()
        if body is None:
            return None
        (method, target, headers), self._head = self._head, None
        return Request(method.upper(), target if "://" in target else self._origin + target, headers, body)

    def _field(self, name: str) -> str | None:
        assert self._head is not None  # noqa: S101 - callers hold a head
        return next((value for field, value in self._head[2] if field.lower() == name), None)

    def _is_chunked(self) -> bool:
        return (self._field("transfer-encoding") or "").lower().endswith("chunked")

    def _take_sized(self) -> bytes | None:
        return self._take(int(self._field("content-length") or 0))

    def _take(self, length: int) -> bytes | None:
        if len(self._buffer) < length:
            return None
        taken = bytes(self._buffer[:length])
        del self._buffer[:length]
        return taken

    def _take_chunked(self) -> bytes | None:
        while True:
            line_end = self._buffer.find(b"\r\n")
            if line_end < 0:
                return None
            size = int(self._buffer[:line_end].partition(b";")[0], 16)
            if size == 0:
                return self._end_of_chunks(line_end)
            if len(self._buffer) < line_end + size + 4:
                return None
            self._chunks.append(bytes(self._buffer[line_end + 2 : line_end + 2 + size]))
            del self._buffer[: line_end + size + 4]

    def _end_of_chunks(self, line_end: int) -> bytes | None:
        end = self._buffer.find(b"\r\n\r\n", line_end)  # after the last chunk come trailers, or nothing
        if end < 0:
            return None
        del self._buffer[: end + 4]
        body, self._chunks = b"".join(self._chunks), []
        return body


def _parsed_head(head: str) -> tuple[str, str, Headers]:
    request_line, *lines = head.split("\r\n")
    method, target, _ = request_line.split(" ", 2)
    fields = (line.partition(":") for line in lines)
    return method, target, tuple((name, value.strip(" \t")) for name, _, value in fields)

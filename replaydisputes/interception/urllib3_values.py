"""Our values as urllib3's and back: what it would write for a request, and its response over a recorded body."""

from __future__ import annotations

import inspect
import io
from collections.abc import Callable, Iterable, Mapping
from http.client import HTTPMessage
from typing import Any

import urllib3
from urllib3 import HTTPResponse
from urllib3._collections import HTTPHeaderDict  # 1.26 exports it nowhere else
from urllib3.util import SKIP_HEADER

from replaydisputes.interception.wire import Presented, reason_of, whole_body
from replaydisputes.model import Headers, Request, Response


def as_sent(method: str, url: str, headers: Mapping[str, Any], body: Any, chunked: bool = False) -> Request:
    """The request as urllib3 writes it: Host first, then what it adds by itself, then the caller's fields.

    url: absolute, without user and fragment.
    """
    content = whole_body(body)
    own: list[tuple[str, str]] = []
    given = set()
    for name, value in headers.items():
        field = name if isinstance(name, str) else _text(name)
        given.add(field.lower())
        if value != SKIP_HEADER:
            own.append((field, value if isinstance(value, str) else _text(value)))
    added = [] if "host" in given else [("Host", url.split("/", 3)[2])]
    if "accept-encoding" not in given:
        added.append(("Accept-Encoding", "identity"))
    if "content-length" not in given and "transfer-encoding" not in given:
        added += _framing(method, body, content, chunked)
    if "user-agent" not in given:
        added.append(("User-Agent", _default_user_agent()))
    return Request(method.upper(), url, (*added, *own), content)


def _framing(method: str, body: Any, content: bytes, chunked: bool) -> Iterable[tuple[str, str]]:
    sized = body is None or isinstance(body, str | bytes | bytearray | memoryview)
    if chunked or not sized:
        return [("Transfer-Encoding", "chunked")]
    expects_body = method.upper() not in {"GET", "HEAD", "DELETE", "TRACE", "OPTIONS", "CONNECT"}
    return [("Content-Length", str(len(content)))] if body is not None or expects_body else []


def _default_user_agent() -> str:
    return f"python-urllib3/{urllib3.__version__}"  # type: ignore[attr-defined] # public, if not re-exported


def _text(value: Any) -> str:
    return value.decode("latin-1") if isinstance(value, bytes) else str(value)


def as_urllib3(  # noqa: PLR0913, PLR0917 - what urllib3's own constructor is told
    request: Request,
    response: Response,
    preload_content: bool,
    decode_content: bool,
    target: str | None = None,
    response_class: Callable[..., HTTPResponse] = HTTPResponse,
) -> HTTPResponse:
    """The answer as urllib3's response over its body bytes; whoever reads it decodes it, as on a live one.

    target: the URL as the pool was asked for it, which `geturl` gives back.
    """
    fields, cookies = _presented.of(request.method, response)
    body = _Body(response.body if request.method != "HEAD" else b"")
    body.length = len(response.body) if request.method != "HEAD" else 0
    return response_class(
        body=body,
        headers=_header_dict(fields),
        status=response.status,
        version=11,
        reason=reason_of(response),
        preload_content=preload_content,
        decode_content=decode_content,
        original_response=_original(cookies) if cookies else None,
        request_method=request.method,
        request_url=target,
        **_VERSION,
    )


class _Body(io.BytesIO):
    """Closed once it has been read to its end, as http.client's response is: who reads all there is looks for that."""

    __slots__ = ("length",)
    length: int

    def isclosed(self) -> bool:
        return self.closed or self.tell() >= self.length


_VERSION: dict[str, Any] = (
    {"version_string": "HTTP/1.1"} if "version_string" in inspect.signature(HTTPResponse).parameters else {}
)
"""urllib3 2.2 and later tell the version as a text too."""


_Fields = tuple[tuple[str, tuple[str, ...]], ...]
"""What a HTTPHeaderDict is made of: each name in lower case, with its spelling and its values."""


def _with_cookies(headers: Headers) -> tuple[_Fields, tuple[str, ...]]:
    """In tuples of texts, which the garbage collector need not go through again: they are kept."""
    fields: dict[str, list[str]] = {}
    for name, value in headers:
        fields.setdefault(name.lower(), [name]).append(value)
    return tuple((name, tuple(values)) for name, values in fields.items()), tuple(fields.get("set-cookie", ())[1:])


_presented = Presented(_with_cookies)


def _header_dict(fields: _Fields) -> HTTPHeaderDict:
    """By its one attribute: to add the fields one by one takes ten times as long."""
    made = HTTPHeaderDict()
    made._container = {name: [*values] for name, values in fields}
    return made


class _Original:
    """As much of http.client's response as cookie jars look at."""

    def __init__(self, msg: HTTPMessage) -> None:
        self.msg = msg

    def isclosed(self) -> bool:
        return True

    def close(self) -> None:
        pass


def _original(cookies: tuple[str, ...]) -> Any:
    msg = HTTPMessage()
    for value in cookies:
        msg["Set-Cookie"] = value
    return _Original(msg)

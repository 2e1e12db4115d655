"""urllib3 2: the one step of `urlopen` that touches the connection. Retries and redirects stay urllib3's own."""

from __future__ import annotations

import inspect
import io
from collections.abc import Callable, Iterable, Mapping
from http.client import HTTPMessage
from types import ModuleType
from typing import Any

import urllib3
from urllib3 import HTTPResponse
from urllib3._collections import HTTPHeaderDict  # 1.26 exports it nowhere else
from urllib3.exceptions import ReadTimeoutError
from urllib3.util import SKIP_HEADER

from replaydisputes.interception.faults import as_os_error
from replaydisputes.interception.hosts import origin
from replaydisputes.interception.patching import PatchBook
from replaydisputes.interception.routing import active_route, passing
from replaydisputes.interception.wire import presentable, reason_of, whole_body
from replaydisputes.model import Headers, Request, Response, TransportFault


def patch(module: ModuleType, book: PatchBook) -> None:
    """urllib3 1.26 has another step there; it is met at its connections (see seam_http_client)."""
    pools = module.connectionpool
    if "preload_content" in inspect.signature(pools.HTTPConnectionPool._make_request).parameters:
        book.replace(pools.HTTPConnectionPool, "_make_request", _answering_request)
        book.replace(pools.HTTPSConnectionPool, "_prepare_proxy", _skipping_tunnel)


def _skipping_tunnel(original: Callable[..., None]) -> Callable[..., None]:
    def prepare_proxy(self: Any, conn: Any) -> None:
        route = active_route()
        if route is None:
            return original(self, conn)
        if route.passes(self.host):
            with passing(route):
                return original(self, conn)
        return None

    return prepare_proxy


_ORDER = ("body", "headers", "retries", "timeout", "chunked", "response_conn", "preload_content", "decode_content")


def _answering_request(original: Callable[..., Any]) -> Callable[..., Any]:
    def make_request(self: Any, conn: Any, method: str, url: str, *args: Any, **kwargs: Any) -> Any:
        route = active_route()
        if route is None:
            return original(self, conn, method, url, *args, **kwargs)
        address = url if "://" in url.partition("?")[0] else origin(self.scheme, self.host, self.port) + url
        if route.passes_authority(address.split("/", 3)[2]):
            with passing(route):
                return original(self, conn, method, url, *args, **kwargs)
        options = {**dict(zip(_ORDER, args, strict=False)), **kwargs}
        request = as_sent(
            method, address, options.get("headers") or {}, options.get("body"), options.get("chunked", False)
        )
        try:
            answer = route.answer(request)
        except TransportFault as fault:
            raise _as_urllib3s_own(self, fault, url, options.get("timeout")) from fault
        if options.get("response_conn") is not None:
            self._put_conn(conn)  # it was never used, so nothing that is read later has to free it
        response = as_urllib3(
            request, answer, options.get("preload_content", True), options.get("decode_content", True)
        )
        response.retries = options.get("retries")
        return response

    return make_request


def _as_urllib3s_own(pool: Any, fault: TransportFault, url: str, timeout: Any) -> Exception:
    """What this step raises on such a failure; `urlopen` retries or wraps it as ever."""
    if fault.kind == "timeout":
        waited_s = getattr(timeout, "read_timeout", timeout)
        return ReadTimeoutError(pool, url, f"Read timed out. (read timeout={waited_s})")
    return as_os_error(fault)


def as_sent(method: str, url: str, headers: Mapping[str, Any], body: Any, chunked: bool) -> Request:
    """The request as urllib3 writes it: Host first, then what it adds by itself, then the caller's fields.

    url: absolute, without user and fragment.
    """
    content = whole_body(body)
    given = {_text(name).lower() for name in headers}
    added = [] if "host" in given else [("Host", url.split("/", 3)[2])]
    if "accept-encoding" not in given:
        added.append(("Accept-Encoding", "identity"))
    if not given & {"content-length", "transfer-encoding"}:
        added += _framing(method, body, content, chunked)
    if "user-agent" not in given:
        added.append(("User-Agent", _default_user_agent()))
    own = ((_text(name), _text(value)) for name, value in headers.items() if value != SKIP_HEADER)
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


def as_urllib3(request: Request, response: Response, preload_content: bool, decode_content: bool) -> HTTPResponse:
    """The answer as urllib3's response over its body bytes; whoever reads it decodes it, as on a live one."""
    headers = presentable(request.method, response)
    return HTTPResponse(
        body=io.BytesIO(response.body if request.method != "HEAD" else b""),
        headers=HTTPHeaderDict(headers),
        status=response.status,
        version=11,
        reason=reason_of(response),
        preload_content=preload_content,
        decode_content=decode_content,
        original_response=_original(headers),
        request_method=request.method,
    )


class _Original:
    """As much of http.client's response as cookie jars look at."""

    def __init__(self, msg: HTTPMessage) -> None:
        self.msg = msg

    def isclosed(self) -> bool:
        return True

    def close(self) -> None:
        pass


def _original(headers: Headers) -> Any:
    cookies = [value for name, value in headers if name.lower() == "set-cookie"]
    if not cookies:
        return None
    msg = HTTPMessage()
    for value in cookies:
        msg["Set-Cookie"] = value
    return _Original(msg)

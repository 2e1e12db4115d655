"""httpx, and httpx2, which has the same shape: the transports that would open a connection, sync and async."""

from __future__ import annotations

from collections.abc import Callable
from types import ModuleType
from typing import Any

from replaydisputes.interception.faults import as_os_error
from replaydisputes.interception.patching import PatchBook
from replaydisputes.interception.routing import active_route, passing
from replaydisputes.interception.wire import Presented, has_body, reason_of
from replaydisputes.model import Request, Response, TransportFault


def patch(module: ModuleType, book: PatchBook) -> None:
    book.replace(module.HTTPTransport, "handle_request", lambda original: _answering(original, module))
    book.replace(module.AsyncHTTPTransport, "handle_async_request", lambda original: _answering_async(original, module))


def _answering(original: Callable[..., Any], httpx: ModuleType) -> Callable[..., Any]:
    fields: Presented[Any] = Presented(httpx.Headers)

    def handle_request(self: Any, request: Any) -> Any:
        route = active_route()
        if route is None or _goes_to_a_unix_socket(self):
            return original(self, request)
        if route.passes(request.url.host):
            with passing(route):
                return original(self, request)
        sent = _as_sent(request, b"".join(request.stream))
        try:
            answer = route.answer(sent)
        except TransportFault as fault:
            raise _as_httpxs_own(httpx, fault) from fault
        return _as_httpx(httpx, fields.of(sent.method, answer), sent.method, answer)

    return handle_request


def _answering_async(original: Callable[..., Any], httpx: ModuleType) -> Callable[..., Any]:
    fields: Presented[Any] = Presented(httpx.Headers)

    async def handle_async_request(self: Any, request: Any) -> Any:
        route = active_route()
        if route is None or _goes_to_a_unix_socket(self):
            return await original(self, request)
        if route.passes(request.url.host):
            with passing(route):
                return await original(self, request)
        sent = _as_sent(request, b"".join([part async for part in request.stream]))
        try:
            answer = route.answer(sent)
        except TransportFault as fault:
            raise _as_httpxs_own(httpx, fault) from fault
        return _as_httpx(httpx, fields.of(sent.method, answer), sent.method, answer)

    return handle_async_request


def _goes_to_a_unix_socket(transport: Any) -> bool:
    return getattr(getattr(transport, "_pool", None), "_uds", None) is not None


def _as_sent(request: Any, body: bytes) -> Request:
    url = request.url
    headers = tuple((name.decode("latin-1"), value.decode("latin-1")) for name, value in request.headers.raw)
    return Request(
        request.method.upper(), f"{url.scheme}://{url.netloc.decode()}{url.raw_path.decode('latin-1')}", headers, body
    )


def _as_httpxs_own(httpx: ModuleType, fault: TransportFault) -> Exception:
    """The client adds the request to it, as to every error of a transport."""
    error: Exception = (httpx.ReadTimeout if fault.kind == "timeout" else httpx.ReadError)(str(as_os_error(fault)))
    return error


def _as_httpx(httpx: ModuleType, fields: Any, method: str, response: Response) -> Any:
    return httpx.Response(
        status_code=response.status,
        headers=fields,  # which the response copies
        stream=httpx.ByteStream(response.body if has_body(method, response.status) else b""),
        extensions={"http_version": b"HTTP/1.1", "reason_phrase": reason_of(response).encode("latin-1", "replace")},
    )

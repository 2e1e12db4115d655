"""tornado's simple client: it gets a stream whose other end answers, and writes, parses and times as ever.

The route is settled at `fetch`, because a request that waits in the client's queue is started from another context.
Its client over libcurl connects in C, where no guard sees it, so that one is refused.
"""

from __future__ import annotations

import asyncio
import socket
from collections.abc import Callable
from types import ModuleType
from typing import Any
from urllib.parse import urlsplit

from tornado.iostream import IOStream, StreamClosedError

from replaydisputes.interception.faults import as_os_error
from replaydisputes.interception.hosts import origin
from replaydisputes.interception.patching import PatchBook
from replaydisputes.interception.routing import Route, active_route, current, passing
from replaydisputes.interception.wire import RequestReader, is_delimited, serialized
from replaydisputes.model import TransportFault


def patch(module: ModuleType, book: PatchBook) -> None:
    book.replace(module.SimpleAsyncHTTPClient, "fetch_impl", _noting_route)
    timed_out = module.HTTPTimeoutError
    book.replace(module.SimpleAsyncHTTPClient, "_handle_request", lambda original: _answering(original, timed_out))


def patch_curl(module: ModuleType, book: PatchBook) -> None:
    book.replace(module.CurlAsyncHTTPClient, "fetch_impl", _refusing)


def _refusing(original: Callable[..., None]) -> Callable[..., None]:
    def fetch_impl(self: Any, request: Any, callback: Any) -> None:
        route = active_route()
        if route is not None and not route.passes_authority(urlsplit(request.url).netloc):
            raise route.blocked("fetch by libcurl", request.url.partition("?")[0])
        if route is None:
            return original(self, request, callback)
        with passing(route):
            return original(self, request, callback)

    return fetch_impl


def _noting_route(original: Callable[..., None]) -> Callable[..., None]:
    def fetch_impl(self: Any, request: Any, callback: Any) -> None:
        request.replaydisputes_route = active_route()
        return original(self, request, callback)

    return fetch_impl


def _answering(original: Callable[..., None], timed_out: Callable[[str], Exception]) -> Callable[..., None]:
    def handle_request(self: Any, request: Any, release: Any, finish: Callable[[Any], None]) -> None:
        route: Route | None = getattr(request, "replaydisputes_route", None)
        token = current.set(route)
        try:
            if route is None or route.passes_authority(urlsplit(request.url).netloc):
                return original(self, request, release, finish)
            answering = _AnsweringClient(route, timed_out)
            real, self.tcp_client = self.tcp_client, answering  # the connection takes it when it is made
            try:
                return original(self, request, release, answering.telling(finish))
            finally:
                self.tcp_client = real
        finally:
            current.reset(token)

    return handle_request


class _AnsweringClient:
    """Stands for the TCP client of one request."""

    def __init__(self, route: Route, timed_out: Callable[[str], Exception]) -> None:
        self._route, self._timed_out = route, timed_out
        self._failure: Exception | None = None
        self._serving: asyncio.Task[None] | None = None

    def telling(self, finish: Callable[[Any], None]) -> Callable[[Any], None]:
        """The client's own callback; where the answerer raised, with that instead of a closed connection."""

        def told(response: Any) -> None:
            if self._failure is not None:
                response.error = self._failure
            finish(response)

        return told

    async def connect(self, host: str, port: int, ssl_options: Any = None, **options: Any) -> IOStream:
        theirs, ours = socket.socketpair()
        base = origin("http" if ssl_options is None else "https", host, port)
        self._serving = asyncio.ensure_future(self._serve(IOStream(ours), RequestReader(base)))
        return IOStream(theirs, max_buffer_size=options.get("max_buffer_size"))

    async def _serve(self, stream: IOStream, reader: RequestReader) -> None:
        try:
            while True:
                for request in reader.feed(await stream.read_bytes(65536, partial=True)):
                    response = self._route.answer(request)
                    await stream.write(serialized(request.method, response))
                    if not is_delimited(request.method, response):
                        return
                if reader.owes_continue():
                    await stream.write(b"HTTP/1.1 100 Continue\r\n\r\n")
        except StreamClosedError:
            return
        except TransportFault as fault:
            timeout = fault.kind == "timeout"
            self._failure = self._timed_out("Timeout during request") if timeout else as_os_error(fault)
        except Exception as refusal:
            self._failure = refusal
        finally:
            stream.close()

"""aiohttp: the connector gives a connection whose transport answers; aiohttp writes and parses as ever."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from types import ModuleType
from typing import Any

import aiohttp
from aiohttp.client_proto import ResponseHandler
from aiohttp.connector import Connection, NamedPipeConnector, UnixConnector

from replaydisputes.interception.faults import as_os_error
from replaydisputes.interception.hosts import origin
from replaydisputes.interception.patching import PatchBook
from replaydisputes.interception.routing import Route, active_route, passing
from replaydisputes.interception.wire import RequestReader, is_delimited, serialized
from replaydisputes.model import Request, TransportFault


def patch(module: ModuleType, book: PatchBook) -> None:
    book.replace(module.BaseConnector, "connect", _answering_connect)


def _answering_connect(original: Callable[..., Any]) -> Callable[..., Any]:
    async def connect(self: Any, req: Any, *args: Any, **kwargs: Any) -> Any:
        route = active_route()
        if route is None or isinstance(self, UnixConnector | NamedPipeConnector):
            return await original(self, req, *args, **kwargs)
        if route.passes(req.url.host or ""):
            with passing(route):
                return await original(self, req, *args, **kwargs)
        loop = asyncio.get_running_loop()
        protocol = ResponseHandler(loop=loop)
        protocol.connection_made(_AnswerTransport(route, _base(req.url), protocol, loop))
        return _AnswerConnection(self, req.connection_key, protocol, loop)

    return connect


def _base(url: Any) -> str:
    scheme = {"ws": "http", "wss": "https"}.get(url.scheme, url.scheme)
    return origin(scheme, url.raw_host, url.port)


class _AnswerConnection(Connection):
    """Never enters the connector's pool, where it would outlive the route."""

    def close(self) -> None:
        self._notify_release()
        if self._protocol is not None:
            self._protocol.close()
            self._protocol = None

    release = close


class _AnswerTransport(asyncio.Transport):
    def __init__(self, route: Route, base: str, protocol: ResponseHandler, loop: asyncio.AbstractEventLoop) -> None:
        super().__init__()
        self._route, self._protocol, self._loop = route, protocol, loop
        self._reader = RequestReader(base)
        self._closing = False

    def write(self, data: Any) -> None:
        for request in self._reader.feed(data):
            self._loop.call_soon(self._deliver, *self._answer(request))
        if self._reader.owes_continue():
            self._loop.call_soon(self._deliver, b"HTTP/1.1 100 Continue\r\n\r\n", True, None)

    def _answer(self, request: Request) -> tuple[bytes, bool, Exception | None]:
        """Bytes, whether the connection stays open after them, and what the answerer raised instead.

        Raised in here it would reach the caller wrapped, because aiohttp writes in a task of its own.
        """
        try:
            response = self._route.answer(request)
        except Exception as refusal:
            return b"", False, refusal
        return serialized(request.method, response), is_delimited(request.method, response), None

    def _deliver(self, data: bytes, stays_open: bool, refusal: Exception | None) -> None:
        if self._closing:
            return
        if isinstance(refusal, TransportFault):
            self._fail(refusal)
            return
        if refusal is not None:
            self._protocol.set_exception(refusal)
            return
        self._protocol.data_received(data)
        if not stays_open:
            self._closing = True
            self._protocol.connection_lost(None)

    def _fail(self, fault: TransportFault) -> None:
        self._closing = True
        if fault.kind == "timeout":
            timed_out = getattr(aiohttp, "SocketTimeoutError", aiohttp.ServerTimeoutError)  # the first since 3.10
            self._protocol.set_exception(timed_out("Timeout on reading data from socket"))
        else:
            self._protocol.connection_lost(as_os_error(fault))

    def is_closing(self) -> bool:
        return self._closing

    def close(self) -> None:
        self._closing = True

    abort = close

    def pause_reading(self) -> None:
        pass

    def resume_reading(self) -> None:
        pass

    def is_reading(self) -> bool:
        return not self._closing

    def get_write_buffer_size(self) -> int:
        return 0

    def set_write_buffer_limits(self, high: int | None = None, low: int | None = None) -> None:
        pass

    def can_write_eof(self) -> bool:
        return False

"""http.client and all that stands on it (urllib.request, httplib2, …): a socket that answers.

Everything above the socket stays the real http.client. Which socket a request gets is settled at `putrequest`,
because only there the target is known: a connection may be a proxy's, or older or younger than the route.
"""

from __future__ import annotations

import io
import os
from collections import deque
from collections.abc import Callable
from contextlib import suppress
from types import ModuleType
from typing import Any

from replaydisputes.interception.faults import as_os_error
from replaydisputes.interception.hosts import is_loopback, is_proxy, origin
from replaydisputes.interception.patching import PatchBook
from replaydisputes.interception.routing import Route, active_route, passing
from replaydisputes.interception.wire import RequestReader, serialized
from replaydisputes.model import TransportFault


class AnswerSocket:
    """Takes a request as bytes and hands the answer's bytes out, one response per `makefile`.

    parked: the live socket of the connection, kept for when the route has ended.
    """

    def __init__(self, route: Route, base: str, parked: Any = None) -> None:
        self.route, self.parked = route, parked
        self._reader = RequestReader(base)
        self._answers: deque[bytes | OSError] = deque()
        self._pipe: tuple[int, int] | None = None

    def sendall(self, data: Any, flags: int = 0) -> None:
        for request in self._reader.feed(data):
            try:
                self._answers.append(serialized(request.method, self.route.answer(request)))
            except TransportFault as fault:
                self._answers.append(as_os_error(fault))

    def send(self, data: Any, flags: int = 0) -> int:
        self.sendall(data)
        return memoryview(data).nbytes

    def makefile(self, mode: str = "rb", *args: Any, **kwargs: Any) -> io.BufferedIOBase:
        answer = self._answers.popleft() if self._answers else b""
        return io.BytesIO(answer) if isinstance(answer, bytes) else io.BufferedReader(_Failing(answer))

    def settimeout(self, timeout: float | None) -> None:
        pass

    def gettimeout(self) -> None:
        return None

    def setsockopt(self, *args: Any) -> None:
        pass

    def shutdown(self, how: int) -> None:
        pass

    def fileno(self) -> int:
        """A real descriptor on which nothing ever arrives, because urllib3 polls the sockets it kept alive."""
        if self._pipe is None:
            self._pipe = os.pipe()
        return self._pipe[0]

    def close(self) -> None:
        pipe, self._pipe = self._pipe, None
        for descriptor in pipe or ():
            os.close(descriptor)
        parked, self.parked = self.parked, None
        if parked is not None:
            parked.close()

    def __del__(self) -> None:
        with suppress(Exception):
            self.close()


class _Failing(io.RawIOBase):
    """What a response is read from where none came: it fails at the first read, as a socket does."""

    def __init__(self, error: OSError) -> None:
        super().__init__()
        self._error = error

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: Any) -> int:
        raise self._error


def patch(module: ModuleType, book: PatchBook) -> None:
    book.replace(_real(module.HTTPConnection), "putrequest", _routing_putrequest)
    for name in ("HTTPConnection", "HTTPSConnection"):
        if hasattr(module, name):
            book.replace(_real(getattr(module, name)), "connect", _routing_connect)


def patch_urllib3_connections(module: ModuleType, book: PatchBook) -> None:
    """urllib3's own classes, for code that uses them without a pool, and for urllib3 1.26."""
    for name in ("HTTPConnection", "HTTPSConnection"):
        connection_class = _real(getattr(module, name))
        if "connect" in vars(connection_class):
            book.replace(connection_class, "connect", _routing_connect)


def patch_httplib2(module: ModuleType, book: PatchBook) -> None:
    """It connects before it puts a request."""
    for name in ("HTTPConnectionWithTimeout", "HTTPSConnectionWithTimeout"):
        book.replace(getattr(module, name), "connect", _routing_connect)


def _real(connection_class: Any) -> Any:
    """vcrpy's stubs, which stand in the module while one of its cassettes is open, name the class they stand for."""
    return getattr(connection_class, "_baseclass", connection_class)


def _routing_putrequest(original: Callable[..., None]) -> Callable[..., None]:
    def putrequest(self: Any, method: str, url: str, *args: Any, **kwargs: Any) -> None:
        route = active_route()
        if route is not None or isinstance(self.sock, AnswerSocket):
            _settle_socket(self, route, url)
        return original(self, method, url, *args, **kwargs)

    return putrequest


def _routing_connect(original: Callable[[Any], None]) -> Callable[[Any], None]:
    def connect(self: Any) -> None:
        route = active_route()
        if route is None:
            return original(self)
        tunnelled = self._tunnel_host
        is_exit = not (tunnelled or route.is_partial) and is_loopback(self.host) and is_proxy(self.host, self.port)
        if route.passes(tunnelled or self.host) and not is_exit:
            with passing(route):
                return original(self)
        self.sock = AnswerSocket(route, _base(self))
        if hasattr(self, "is_verified"):
            self.is_verified = True  # else urllib3 warns of an insecure request
        return None

    return connect


def _settle_socket(connection: Any, route: Route | None, url: str) -> None:
    """Give the connection the socket that this request must be written to."""
    answering = connection.sock if isinstance(connection.sock, AnswerSocket) else None
    through_proxy = "://" in url.partition("?")[0]
    if route is not None and not _passes(connection, route, url, through_proxy):
        if answering is None or answering.route is not route:
            connection.sock = AnswerSocket(route, _base(connection), _taken_over(connection.sock))
        return
    if answering is not None:
        connection.sock = _taken_over(answering)
    if route is not None and through_proxy and connection.sock is None:
        with passing(route):
            connection.connect()


def _taken_over(sock: Any) -> Any:
    """The live socket behind one of ours (which then must not close it), or the socket itself."""
    if not isinstance(sock, AnswerSocket):
        return sock
    parked, sock.parked = sock.parked, None
    return parked


def _passes(connection: Any, route: Route, url: str, through_proxy: bool) -> bool:
    if through_proxy:
        return route.passes_authority(url.split("/", 3)[2])
    return route.passes(connection._tunnel_host or connection.host)


def _base(connection: Any) -> str:
    scheme = "https" if connection.default_port == 443 else "http"
    if connection._tunnel_host:
        return origin(scheme, connection._tunnel_host, connection._tunnel_port)
    return origin(scheme, connection.host, connection.port)

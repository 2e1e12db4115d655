"""The event loops, which connect in races and tasks of their own, and in C where they are uvloop's."""

from __future__ import annotations

import socket
from collections.abc import Callable
from types import ModuleType
from typing import Any

from replaydisputes.interception.guard import check_address, check_connection
from replaydisputes.interception.hosts import is_local_name, is_loopback
from replaydisputes.interception.lookups import check_lookup, text_of
from replaydisputes.interception.patching import PatchBook
from replaydisputes.interception.routing import Route, active_route


def guard_asyncio(module: ModuleType, book: PatchBook) -> None:
    """`create_connection` tries addresses in a race that wraps what it catches; refused before it, ours stays whole."""
    book.replace(module.BaseEventLoop, "create_connection", _guarding_create_connection)


def guard_selector(module: ModuleType, book: PatchBook) -> None:
    """Its datagram transport closes itself and logs what a socket raises; refused before it, the caller gets it."""
    book.replace(module._SelectorDatagramTransport, "sendto", _guarding_sendto)


def guard_proactor(module: ModuleType, book: PatchBook) -> None:
    """On Windows the loop connects by ConnectEx, not by `socket.connect`."""
    book.replace(module.BaseProactorEventLoop, "sock_connect", _guarding_sock_connect)


def guard_uvloop(module: ModuleType, book: PatchBook) -> None:
    """libuv connects, sends and resolves in C without an audit event, so its loop is met at its methods."""
    book.replace(module.Loop, "create_connection", _guarding_create_connection)
    book.replace(module.Loop, "create_datagram_endpoint", _guarding_datagrams)
    book.replace(module.Loop, "create_server", _guarding_server)
    book.replace(module.Loop, "sock_connect", _guarding_sock_connect)
    book.replace(module.Loop, "getaddrinfo", _guarding_getaddrinfo)
    book.replace(module.Loop, "getnameinfo", _guarding_getnameinfo)
    book.replace(module.loop.UDPTransport, "sendto", _guarding_sendto)


def _guarding_create_connection(original: Callable[..., Any]) -> Callable[..., Any]:
    async def create_connection(self: Any, factory: Any, host: Any = None, port: Any = None, **kwargs: Any) -> Any:
        route = active_route()
        if route is not None and host:
            check_connection(route, "connect to", host, port)
            _check_own_end(route, kwargs.get("local_addr"))
            if is_local_name(host) and not route.is_partial:
                if kwargs.get("ssl") and kwargs.get("server_hostname") is None:
                    kwargs["server_hostname"] = host
                host = "localhost"
        return await original(self, factory, host, port, **kwargs)

    return create_connection


def _check_own_end(route: Route, address: Any) -> None:
    """To bind to a name asks for it."""
    if isinstance(address, tuple) and address:
        check_lookup(route, "bind to", address[0])


def _guarding_datagrams(original: Callable[..., Any]) -> Callable[..., Any]:
    async def create_datagram_endpoint(
        self: Any, factory: Any, local_addr: Any = None, remote_addr: Any = None, **kwargs: Any
    ) -> Any:
        route = active_route()
        if route is not None:
            _check_own_end(route, local_addr)
        if isinstance(remote_addr, tuple):
            check_address("connect to", socket.AF_INET, remote_addr)
        return await original(self, factory, local_addr=local_addr, remote_addr=remote_addr, **kwargs)

    return create_datagram_endpoint


def _guarding_server(original: Callable[..., Any]) -> Callable[..., Any]:
    async def create_server(self: Any, factory: Any, host: Any = None, *args: Any, **kwargs: Any) -> Any:
        route = active_route()
        if route is not None:
            for name in [host] if isinstance(host, str | None) else host:
                check_lookup(route, "bind to", name or "localhost")
        return await original(self, factory, host, *args, **kwargs)

    return create_server


def _guarding_sendto(original: Callable[..., Any]) -> Callable[..., Any]:
    """`DatagramTransport.sendto`; without an address it goes where the endpoint was connected to."""

    def sendto(self: Any, data: Any, addr: Any = None) -> None:
        if addr is not None:
            check_address("sendto", socket.AF_INET if isinstance(addr, tuple) else socket.AF_UNIX, addr)
        original(self, data, addr)

    return sendto


def _guarding_sock_connect(original: Callable[..., Any]) -> Callable[..., Any]:
    async def sock_connect(self: Any, sock: socket.socket, address: Any) -> Any:
        check_address("connect to", sock.family, address)
        return await original(self, sock, address)

    return sock_connect


def _guarding_getaddrinfo(original: Callable[..., Any]) -> Callable[..., Any]:
    async def getaddrinfo(self: Any, host: Any, port: Any, **kwargs: Any) -> Any:
        route = active_route()
        if route is not None and host:
            check_lookup(route, "getaddrinfo", host)
            host = "localhost" if is_local_name(text_of(host)) and not route.is_partial else host
        return await original(self, host, port, **kwargs)

    return getaddrinfo


def _guarding_getnameinfo(original: Callable[..., Any]) -> Callable[..., Any]:
    async def getnameinfo(self: Any, sockaddr: Any, flags: int = 0) -> Any:
        route = active_route()
        if route is None or route.is_partial or flags & socket.NI_NUMERICHOST:
            return await original(self, sockaddr, flags)
        name = text_of(sockaddr[0])
        if not route.passes(name):
            raise route.blocked("getnameinfo", name)
        if not is_loopback(name):
            return await original(self, sockaddr, flags)
        return "localhost", (await original(self, sockaddr, flags | socket.NI_NUMERICHOST))[1]

    return getnameinfo

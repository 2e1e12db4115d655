"""Beneath all clients: a context with a route opens no connection and looks up no name but local and allowed ones."""

from __future__ import annotations

import socket
from collections.abc import Callable
from types import ModuleType
from typing import Any

from replaydisputes.interception.hosts import is_address, is_loopback, is_proxy, is_this_machine
from replaydisputes.interception.patching import PatchBook
from replaydisputes.interception.routing import Route, active_route

_LOCAL_FAMILIES = frozenset(
    getattr(socket, name) for name in ("AF_UNIX", "AF_NETLINK", "AF_ALG", "AF_SYSTEM") if hasattr(socket, name)
)


def check_connection(route: Route, operation: str, host: object, port: object) -> None:
    """Raises NetworkBlockedError unless the endpoint is local or allowed, and not the environment's proxy."""
    name = _text(host)
    if not route.passes(name) or (is_loopback(name) and is_proxy(name, port)):
        raise route.blocked(operation, f"{name}:{port}")


def check_lookup(route: Route, operation: str, host: object) -> None:
    """Raises NetworkBlockedError for a name that would have to be asked of somebody else."""
    name = _text(host)
    if not (is_address(name) or is_this_machine(name) or route.passes(name)):
        raise route.blocked(operation, name)


def _text(host: object) -> str:
    return bytes(host).decode("latin-1") if isinstance(host, bytes | bytearray) else str(host or "")


def _check_address(operation: str, family: int, address: Any) -> None:
    route = active_route()
    if route is None or family in _LOCAL_FAMILIES:
        return
    host, port = address[:2] if isinstance(address, tuple) and len(address) > 1 else (address, "?")
    check_connection(route, operation, host, port)


def guard_sockets(module: ModuleType, book: PatchBook) -> None:
    # pytest-socket puts a subclass in the place of the real class, and takes it away again.
    real = next(one for one in module.socket.__mro__ if one.__module__ == module.__name__)
    for name in ("connect", "connect_ex"):
        book.replace(real, name, _guarding_connect)
    book.replace(real, "sendto", _guarding_sendto)
    if hasattr(real, "sendmsg"):
        book.replace(real, "sendmsg", _guarding_sendmsg)
    book.replace(module, "create_connection", _guarding_create)
    book.replace(module, "getaddrinfo", _guarding_getaddrinfo)
    for name in ("gethostbyname", "gethostbyname_ex", "gethostbyaddr"):
        book.replace(module, name, _guarding_lookup)


def _guarding_connect(original: Callable[..., Any]) -> Callable[..., Any]:
    def connect(self: socket.socket, address: Any, /) -> Any:
        _check_address("connect to", self.family, address)
        return original(self, address)

    return connect


def _guarding_sendto(original: Callable[..., Any]) -> Callable[..., Any]:
    def sendto(self: socket.socket, data: Any, *flags_and_address: Any) -> Any:
        if flags_and_address:
            _check_address("sendto", self.family, flags_and_address[-1])
        return original(self, data, *flags_and_address)

    return sendto


def _guarding_sendmsg(original: Callable[..., Any]) -> Callable[..., Any]:
    def sendmsg(self: socket.socket, *args: Any) -> Any:
        if len(args) > 3 and args[3] is not None:
            _check_address("sendmsg", self.family, args[3])
        return original(self, *args)

    return sendmsg


def _guarding_create(original: Callable[..., Any]) -> Callable[..., Any]:
    """It closes its socket on OSError only; refused before it makes one, none is left open."""

    def create_connection(address: Any, *args: Any, **kwargs: Any) -> Any:
        _check_address("connect to", socket.AF_INET, address)
        return original(address, *args, **kwargs)

    return create_connection


def _guarding_getaddrinfo(original: Callable[..., Any]) -> Callable[..., Any]:
    def getaddrinfo(host: Any, port: Any, *args: Any, **kwargs: Any) -> Any:
        route = active_route()
        if route is None or not host:
            return original(host, port, *args, **kwargs)
        check_lookup(route, "getaddrinfo", host)
        found = original(host, port, *args, **kwargs)
        if route.passes(_text(host)):
            for entry in found:
                route.open_address(str(entry[4][0]))
        return found

    return getaddrinfo


def _guarding_lookup(original: Callable[..., Any]) -> Callable[..., Any]:
    def lookup(host: Any, /) -> Any:
        route = active_route()
        if route is None:
            return original(host)
        check_lookup(route, original.__name__, host)
        found = original(host)
        if route.passes(_text(host)):
            for address in [found] if isinstance(found, str) else found[2]:
                route.open_address(address)
        return found

    return lookup


def guard_asyncio(module: ModuleType, book: PatchBook) -> None:
    """`create_connection` tries addresses in a race that wraps what it catches; refused before it, ours stays whole."""
    book.replace(module.BaseEventLoop, "create_connection", _guarding_create_connection)


def guard_proactor(module: ModuleType, book: PatchBook) -> None:
    """On Windows the loop connects by ConnectEx, not by `socket.connect`."""
    book.replace(module.BaseProactorEventLoop, "sock_connect", _guarding_sock_connect)


def guard_uvloop(module: ModuleType, book: PatchBook) -> None:
    """libuv connects and resolves in C, so its loop is met at its methods."""
    book.replace(module.Loop, "create_connection", _guarding_create_connection)
    book.replace(module.Loop, "create_datagram_endpoint", _guarding_datagrams)
    book.replace(module.Loop, "sock_connect", _guarding_sock_connect)
    book.replace(module.Loop, "getaddrinfo", _guarding_loop_lookup)


def _guarding_create_connection(original: Callable[..., Any]) -> Callable[..., Any]:
    async def create_connection(self: Any, factory: Any, host: Any = None, port: Any = None, **kwargs: Any) -> Any:
        route = active_route()
        if route is not None and host:
            check_connection(route, "connect to", host, port)
        return await original(self, factory, host, port, **kwargs)

    return create_connection


def _guarding_datagrams(original: Callable[..., Any]) -> Callable[..., Any]:
    async def create_datagram_endpoint(
        self: Any, factory: Any, local_addr: Any = None, remote_addr: Any = None, **kwargs: Any
    ) -> Any:
        if isinstance(remote_addr, tuple):
            _check_address("connect to", socket.AF_INET, remote_addr)
        return await original(self, factory, local_addr=local_addr, remote_addr=remote_addr, **kwargs)

    return create_datagram_endpoint


def _guarding_sock_connect(original: Callable[..., Any]) -> Callable[..., Any]:
    async def sock_connect(self: Any, sock: socket.socket, address: Any) -> Any:
        _check_address("connect to", sock.family, address)
        return await original(self, sock, address)

    return sock_connect


def _guarding_loop_lookup(original: Callable[..., Any]) -> Callable[..., Any]:
    async def getaddrinfo(self: Any, host: Any, port: Any, **kwargs: Any) -> Any:
        route = active_route()
        if route is not None and host:
            check_lookup(route, "getaddrinfo", host)
        return await original(self, host, port, **kwargs)

    return getaddrinfo

"""Beneath all clients: a context with a route opens no connection and sends no datagram, but to open hosts."""

from __future__ import annotations

import _socket
import socket
import sys
from collections.abc import Callable
from types import ModuleType
from typing import Any

from replaydisputes.interception.hosts import is_local_name, is_loopback, is_proxy, plain_host
from replaydisputes.interception.lookups import check_lookup, guard_lookups, text_of
from replaydisputes.interception.patching import PatchBook
from replaydisputes.interception.routing import Route, active_route

_LOCAL_FAMILIES = frozenset(
    getattr(socket, name) for name in ("AF_UNIX", "AF_NETLINK", "AF_ALG", "AF_SYSTEM") if hasattr(socket, name)
)
_OWN_ADDRESS: dict[int, str] = {socket.AF_INET: "127.0.0.1", socket.AF_INET6: "::1"}


def check_connection(route: Route, operation: str, host: object, port: object) -> None:
    """Raises NetworkBlockedError unless the endpoint is local or allowed, and not the environment's proxy."""
    name = text_of(host)
    if not route.passes(name) or (is_loopback(name) and not route.is_partial and is_proxy(name, port)):
        raise route.blocked(operation, f"{name}:{port}")


def check_address(operation: str, family: int, address: Any) -> None:
    route = active_route()
    if route is None or family in _LOCAL_FAMILIES:
        return
    host, port = address[:2] if isinstance(address, tuple) and len(address) > 1 else (address, "?")
    check_connection(route, operation, host, port)


def _checked(operation: str, family: int, address: Any) -> Any:
    """The address to use: a name of this machine becomes a number, as the socket would look it up unseen."""
    check_address(operation, family, address)
    route = active_route()
    is_internet = family in _OWN_ADDRESS and isinstance(address, tuple) and len(address) > 1
    if route is None or route.is_partial or not is_internet:
        return address
    return (_OWN_ADDRESS[family], *address[1:]) if is_local_name(text_of(address[0])) else address


def guard_sockets(module: ModuleType, book: PatchBook) -> None:
    """The standard library's socket whatever stands at `socket.socket` now, the functions, and the events beneath."""
    found = _socket.socket.__subclasses__()
    _standard[:] = [one for one in found if one.__module__ == module.__name__ and one.__name__ == "socket"]
    for owner in _standard:
        guard_class(owner, book)
    book.replace(module, "create_connection", _guarding_create)
    guard_lookups(_socket, book)
    guard_lookups(module, book)
    _listen(book)


_standard: list[Any] = []


def guard_class(owner: Any, book: PatchBook) -> None:
    for name in ("connect", "connect_ex"):
        book.replace(owner, name, _guarding_connect)
    book.replace(owner, "bind", _guarding_bind)
    book.replace(owner, "sendto", _guarding_sendto)
    if hasattr(owner, "sendmsg"):
        book.replace(owner, "sendmsg", _guarding_sendmsg)


def _guarding_connect(original: Callable[..., Any]) -> Callable[..., Any]:
    def connect(self: socket.socket, address: Any, /) -> Any:
        return original(self, _checked("connect to", self.family, address))

    return connect


def _guarding_bind(original: Callable[..., Any]) -> Callable[..., Any]:
    """To bind to a name asks for it; to an address it sends nothing."""

    def bind(self: socket.socket, address: Any, /) -> Any:
        route = active_route()
        if route is not None and self.family in _OWN_ADDRESS and isinstance(address, tuple) and address:
            check_lookup(route, "bind to", text_of(address[0]))
        return original(self, address)

    return bind


def _guarding_sendto(original: Callable[..., Any]) -> Callable[..., Any]:
    def sendto(self: socket.socket, data: Any, *flags_and_address: Any) -> Any:
        if not flags_and_address:
            return original(self, data)
        *flags, address = flags_and_address
        return original(self, data, *flags, _checked("sendto", self.family, address))

    return sendto


def _guarding_sendmsg(original: Callable[..., Any]) -> Callable[..., Any]:
    def sendmsg(self: socket.socket, *args: Any) -> Any:
        if len(args) > 3 and args[3] is not None:
            args = (*args[:3], _checked("sendmsg", self.family, args[3]), *args[4:])
        return original(self, *args)

    return sendmsg


def _guarding_create(original: Callable[..., Any]) -> Callable[..., Any]:
    """It closes its socket on OSError only; refused before it makes one, none is left open."""

    def create_connection(address: Any, *args: Any, **kwargs: Any) -> Any:
        check_address("connect to", socket.AF_INET, address)
        return original(address, *args, **kwargs)

    return create_connection


# --- the net beneath: what the interpreter itself reports of calls in C, by whatever name they were bound --------


def _at_address(operation: str) -> Callable[[Route, Any], None]:
    def check(route: Route, args: Any) -> None:
        sock, address = args
        if address is not None and sock.family not in _LOCAL_FAMILIES:
            host, port = address[:2] if isinstance(address, tuple) and len(address) > 1 else (address, "?")
            check_connection(route, operation, host, port)

    return check


def _at_name(operation: str) -> Callable[[Route, Any], None]:
    """A lookup that no wrapper met on its way. Of the local names only `localhost` is known not to be asked for."""

    def check(route: Route, args: Any) -> None:
        host = args[0]
        if not host:
            return
        name = text_of(host)
        if is_local_name(name) and plain_host(name) != "localhost" and not route.is_partial:
            raise route.blocked(operation, name)
        check_lookup(route, operation, name)

    return check


def _at_reverse(operation: str) -> Callable[[Route, Any], None]:
    def check(route: Route, args: Any) -> None:
        name = text_of(args[0][0] if isinstance(args[0], tuple) else args[0])
        certain = name in ("localhost", "127.0.0.1", "::1") or not is_loopback(name) or route.is_partial
        if not (certain and route.passes(name)):
            raise route.blocked(operation, name)

    return check


def _at_bind(route: Route, args: Any) -> None:
    sock, address = args
    if sock.family == getattr(socket, "AF_PACKET", None) and not route.is_partial:
        raise route.blocked("bind to the interface", text_of(address[0]))


def _at_making(_: Route, args: Any) -> None:
    """A socket of another class than the standard library's (gevent has one) looks names up beneath its own."""
    if not issubclass(type(args[0]), tuple(_standard)):
        guard_class(_socket.socket, _listening[0])


_CHECKS: dict[str, Callable[[Route, Any], None]] = {
    "socket.__new__": _at_making,
    "socket.connect": _at_address("connect to"),
    "socket.sendto": _at_address("sendto"),
    "socket.sendmsg": _at_address("sendmsg"),
    "socket.bind": _at_bind,
    "socket.getaddrinfo": _at_name("getaddrinfo"),
    "socket.gethostbyname": _at_name("gethostbyname"),
    "socket.gethostbyaddr": _at_reverse("gethostbyaddr"),
    "socket.getnameinfo": _at_reverse("getnameinfo"),
}
_listening: list[PatchBook] = []
_hooks: list[Callable[..., None]] = []


def _listen(book: PatchBook) -> None:
    """Listen to audit events from the first replay on. A hook stays for good, but does nothing after `restore`."""
    _listening[:] = [book]
    book.undo_with(_listening.clear)
    if not _hooks:
        _hooks.append(_hear)
        sys.addaudithook(_hear)


def _hear(event: str, args: Any) -> None:
    """Called for every event of the process, of which there are many: all but ours have to leave at once."""
    if event in _CHECKS and _listening:
        route = active_route()
        if route is not None:
            _CHECKS[event](route, args)

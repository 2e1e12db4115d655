"""Names are looked up only for open hosts; names of this machine are answered here, as a resolver may ask others."""

from __future__ import annotations

import socket
from collections.abc import Callable
from types import ModuleType
from typing import Any

from replaydisputes.interception.hosts import is_address, is_local_name, is_loopback
from replaydisputes.interception.patching import PatchBook
from replaydisputes.interception.routing import Route, active_route, passing


def check_lookup(route: Route, operation: str, host: object) -> None:
    """Raises NetworkBlockedError for a name that another machine would be asked for."""
    name = text_of(host)
    if not (is_address(name) or is_local_name(name) or route.passes(name)):
        raise route.blocked(operation, name)


def text_of(host: object) -> str:
    return bytes(host).decode("latin-1") if isinstance(host, bytes | bytearray) else str(host or "")


def guard_lookups(module: ModuleType, book: PatchBook) -> None:
    """The functions of `socket`, `_socket`, or of a module that has the same ones for its own kind of thread."""
    for name, wrap in _WRAPS.items():
        if hasattr(module, name):
            book.replace(module, name, wrap)


def _guarding_getaddrinfo(original: Callable[..., Any]) -> Callable[..., Any]:
    def getaddrinfo(host: Any, port: Any, *args: Any, **kwargs: Any) -> Any:
        route = active_route()
        if route is None or not host:
            return original(host, port, *args, **kwargs)
        check_lookup(route, "getaddrinfo", host)
        name = text_of(host)
        if is_local_name(name) and not route.is_partial:
            return original(_own_address(args[0] if args else kwargs.get("family", 0)), port, *args, **kwargs)
        found = original(host, port, *args, **kwargs)
        if route.passes(name):
            for entry in found:
                route.open_address(str(entry[4][0]))
        return found

    return getaddrinfo


def _own_address(family: int) -> str:
    """What to look up for a local name. Of both families the system's own file knows best which it has."""
    return {socket.AF_INET: "127.0.0.1", socket.AF_INET6: "::1"}.get(socket.AddressFamily(family), "localhost")


def _guarding_gethostbyname(original: Callable[..., Any]) -> Callable[..., Any]:
    def gethostbyname(host: Any, /) -> Any:
        route = active_route()
        if route is None:
            return original(host)
        check_lookup(route, "gethostbyname", host)
        if is_local_name(text_of(host)) and not route.is_partial:
            return "127.0.0.1"
        found = original(host)
        if route.passes(text_of(host)):
            route.open_address(found)
        return found

    return gethostbyname


def _guarding_gethostbyname_ex(original: Callable[..., Any]) -> Callable[..., Any]:
    def gethostbyname_ex(host: Any, /) -> Any:
        route = active_route()
        if route is None:
            return original(host)
        check_lookup(route, "gethostbyname_ex", host)
        if is_local_name(text_of(host)) and not route.is_partial:
            return text_of(host), [], ["127.0.0.1"]
        found = original(host)
        if route.passes(text_of(host)):
            for address in found[2]:
                route.open_address(address)
        return found

    return gethostbyname_ex


def _guarding_gethostbyaddr(original: Callable[..., Any]) -> Callable[..., Any]:
    """To ask for the name of an address is a lookup too."""

    def gethostbyaddr(host: Any, /) -> Any:
        route, name = active_route(), text_of(host)
        if route is None or (route.is_partial and route.passes(name)):
            return original(host)
        if is_local_name(name):
            return name, [], ["127.0.0.1"]
        if is_loopback(name) and name:
            return "localhost", [], [name]
        if not route.passes(name):
            raise route.blocked("gethostbyaddr", name)
        return original(host)

    return gethostbyaddr


def _guarding_getnameinfo(original: Callable[..., Any]) -> Callable[..., Any]:
    def getnameinfo(address: Any, flags: int, /) -> Any:
        route = active_route()
        if route is None or route.is_partial or not (isinstance(address, tuple) and address):
            return original(address, flags)
        name = text_of(address[0])
        if not (flags & socket.NI_NUMERICHOST or route.passes(name)):
            raise route.blocked("getnameinfo", name)
        if route.passes(name) and not is_loopback(name):
            return original(address, flags)
        with passing(route):  # a number stays one, so nobody is asked
            number, service = original(address, flags | socket.NI_NUMERICHOST)
        return (number if flags & socket.NI_NUMERICHOST else "localhost"), service

    return getnameinfo


_WRAPS = {
    "getaddrinfo": _guarding_getaddrinfo,
    "gethostbyname": _guarding_gethostbyname,
    "gethostbyname_ex": _guarding_gethostbyname_ex,
    "gethostbyaddr": _guarding_gethostbyaddr,
    "getnameinfo": _guarding_getnameinfo,
}

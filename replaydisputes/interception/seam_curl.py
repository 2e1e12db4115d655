"""pycurl and curl_cffi: libcurl opens sockets and looks names up beneath Python, so its requests are refused.

Only one to an open host is let through, if nothing that it was told could lead it elsewhere. `stripe.PycurlClient`
is answered above it (see seam_stripe).
"""

from __future__ import annotations

from collections.abc import Callable
from importlib import import_module
from types import ModuleType
from typing import Any
from urllib.parse import urlsplit
from weakref import WeakKeyDictionary

from replaydisputes.interception.patching import PatchBook
from replaydisputes.interception.routing import active_route

_LEADS_ELSEWHERE = ("FOLLOWLOCATION", "PROXY", "PRE_PROXY", "RESOLVE", "CONNECT_TO", "DOH_URL", "CURLU", "ALTSVC")
_told: WeakKeyDictionary[Any, dict[str, Any]] = WeakKeyDictionary()
"""Of each handle the options above and its URL. One made before the first replay is not known, and is refused."""


def guard_pycurl(module: ModuleType, book: PatchBook) -> None:
    """Its classes are met themselves, not subclasses in their place: handles made before are refused too."""
    _note_options(module.Curl, module, book)
    for name in ("perform", "perform_rb", "perform_rs"):
        if hasattr(module.Curl, name):
            book.replace(module.Curl, name, lambda original: _checking_itself(original, module.NOPROXY))
    book.replace(module.Curl, "unsetopt", lambda original: _forgetting_one(original, module))
    book.replace(module.CurlMulti, "add_handle", lambda original: _checking_added(original, module.NOPROXY))


def guard_curl_cffi(module: ModuleType, book: PatchBook) -> None:
    """module: `curl_cffi.aio`, which has the class of handles too."""
    options = import_module("curl_cffi.const").CurlOpt
    _note_options(module.Curl, options, book)
    book.replace(module.Curl, "perform", lambda original: _checking_itself(original, options.NOPROXY))
    book.replace(module.AsyncCurl, "add_handle", lambda original: _checking_added(original, options.NOPROXY))


def _note_options(handle_class: Any, options: Any, book: PatchBook) -> None:
    book.replace(handle_class, "setopt", lambda original: _noting(original, options))
    book.replace(handle_class, "reset", _forgetting)


def _watched(options: Any) -> dict[int, str]:
    return {int(getattr(options, name)): name for name in ("URL", *_LEADS_ELSEWHERE) if hasattr(options, name)}


def _noting(original: Callable[..., Any], options: Any) -> Callable[..., Any]:
    watched = _watched(options)

    def setopt(self: Any, option: Any, value: Any) -> Any:
        if option in watched:
            _told.setdefault(self, {})[watched[option]] = value
        return original(self, option, value)

    return setopt


def _forgetting_one(original: Callable[..., Any], options: Any) -> Callable[..., Any]:
    watched = _watched(options)

    def unsetopt(self: Any, option: Any) -> Any:
        _told.get(self, {}).pop(watched.get(option, ""), None)
        return original(self, option)

    return unsetopt


def _forgetting(original: Callable[..., Any]) -> Callable[..., Any]:
    def reset(self: Any, *args: Any) -> Any:
        _told.pop(self, None)
        return original(self, *args)

    return reset


def _checking_itself(original: Callable[..., Any], no_proxy: int) -> Callable[..., Any]:
    def perform(self: Any, *args: Any, **kwargs: Any) -> Any:
        _check(self, no_proxy)
        return original(self, *args, **kwargs)

    return perform


def _checking_added(original: Callable[..., Any], no_proxy: int) -> Callable[..., Any]:
    def add_handle(self: Any, handle: Any) -> Any:
        _check(handle, no_proxy)
        return original(self, handle)

    return add_handle


def _check(handle: Any, no_proxy: int) -> None:
    """Raises NetworkBlockedError unless the request goes to an open host, and there directly."""
    route = active_route()
    if route is None:
        return
    told = {name: value for name, value in _told.get(handle, {}).items() if value}
    url = told.pop("URL", "")
    text = url.decode("latin-1") if isinstance(url, bytes) else str(url)
    authority = urlsplit(text if "://" in text else f"http://{text}").netloc
    if route.is_partial and (not authority or route.passes_authority(authority)):
        return
    if not authority or told or not route.passes_authority(authority):
        raise route.blocked("request by libcurl to", authority.rpartition("@")[2] or "a URL set before the replay")
    handle.setopt(no_proxy, "*")  # nor by a proxy that the environment names

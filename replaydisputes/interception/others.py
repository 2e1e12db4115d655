"""Names the other tools that intercept requests in this process, so that a conflict with one is told, not guessed."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from typing import Any

_PLACES = (
    ("requests.sessions", "Session.send"),
    ("requests.sessions", "Session.get_adapter"),
    ("requests.adapters", "HTTPAdapter.send"),
    ("urllib3.connectionpool", "HTTPConnectionPool.urlopen"),
    ("urllib3.connectionpool", "HTTPConnectionPool.ConnectionCls"),
    ("urllib3.connectionpool", "HTTPConnectionPool._make_request"),
    ("httpx", "HTTPTransport.handle_request"),
    ("httpx", "AsyncHTTPTransport.handle_async_request"),
    ("httpcore._sync.connection_pool", "ConnectionPool.handle_request"),
    ("httpcore._async.connection_pool", "AsyncConnectionPool.handle_async_request"),
    ("aiohttp", "ClientSession._request"),
    ("http.client", "HTTPConnection"),
    ("socket", "socket"),
)
"""Where such tools put themselves, as (module, attribute)."""

_NAMES = {"_pytest": "pytest", "pytest_socket": "pytest-socket", "requests_mock": "requests-mock", "vcr": "vcrpy"}
_NAMES["pytest_httpx"] = "pytest-httpx"


def other_interceptors() -> list[str]:
    """The tools, in alphabetical order, whose code stands above or beneath ours right now."""
    found = set()
    for module_name, path in _PLACES:
        module = sys.modules.get(module_name)
        own = {module_name.partition(".")[0], "replaydisputes", "unittest"}
        for name in _defining_modules(module, path):
            package = name.partition(".")[0]
            if package not in own and not (package == "urllib3" and module_name.startswith("requests")):
                found.add(_NAMES.get(package, package))
    return sorted(found)


def advice() -> str:
    """A sentence for whoever was refused while others intercept too; empty where none does."""
    others = other_interceptors()
    if not others:
        return ""
    return (
        f"{' and '.join(others)} also intercepts requests here. If this host is meant for it, name the host in "
        f"allow_hosts, or in replaydisputes_allow_hosts in pytest's configuration: it then gets the request."
    )


def _defining_modules(module: Any, path: str) -> Iterator[str]:
    """The modules in which what stands at a place, and all that it wraps, was written."""
    there = module
    for name in path.split("."):
        there = getattr(there, name, None)
    while there is not None:
        if isinstance(there, type):
            yield there.__module__
            return
        written_in: Any = getattr(there, "__globals__", {})
        yield str(written_in.get("__name__", ""))
        there = getattr(there, "__wrapped__", None)

"""requests: `HTTPAdapter.send`, which adapters of one's own inherit or call."""

from __future__ import annotations

from collections.abc import Callable
from types import ModuleType
from typing import Any

from replaydisputes.interception.patching import PatchBook
from replaydisputes.interception.routing import active_route, beginning_with, passing
from replaydisputes.interception.urllib3_values import as_sent, as_urllib3
from replaydisputes.model import TransportFault


def patch(module: ModuleType, book: PatchBook) -> None:
    plain_add_headers = module.HTTPAdapter.add_headers
    book.replace(module.HTTPAdapter, "send", lambda original: _answering_send(original, plain_add_headers))


def _answering_send(original: Callable[..., Any], plain_add_headers: Any) -> Callable[..., Any]:
    def send(self: Any, request: Any, *args: Any, **kwargs: Any) -> Any:
        route = active_route()
        if route is None or not request.url.lower().startswith(("http://", "https://")):
            return original(self, request, *args, **kwargs)
        if route.passes_authority(request.url.split("/", 3)[2]):
            with passing(route):
                return original(self, request, *args, **kwargs)
        if self.max_retries.total or self.max_retries.status_forcelist:
            return original(self, request, *args, **kwargs)  # urllib3 retries, and is answered below
        if type(self).add_headers is not plain_add_headers:
            self.add_headers(request, **_options(args, kwargs))
        chunked = request.body is not None and "Content-Length" not in request.headers
        sent = as_sent(request.method, _without_user(request.url), request.headers, request.body, chunked)
        try:
            answer = route.answer(sent)
        except TransportFault as fault:
            with beginning_with(route, fault):
                return original(self, request, *args, **kwargs)
        return self.build_response(request, as_urllib3(sent, answer, False, False, _split(sent.url)[1]))

    return send


_OPTIONS = {"stream": False, "timeout": None, "verify": True, "cert": None, "proxies": None}


def _options(args: tuple[Any, ...], kwargs: dict[str, Any]) -> dict[str, Any]:
    """What `send` was called with, by name, as `add_headers` expects it."""
    return {**_OPTIONS, **dict(zip(_OPTIONS, args, strict=False)), **kwargs}


def _without_user(url: str) -> str:
    """The URL as sent: no fragment, and no user, who travels in a header."""
    url = url.partition("#")[0]
    scheme, authority, path = url.partition("//")[0], *_split(url)
    return f"{scheme}//{authority.rpartition('@')[2]}{path}" if "@" in authority else url


def _split(url: str) -> tuple[str, str]:
    authority, slash, path = url.partition("//")[2].partition("/")
    return authority, slash + path

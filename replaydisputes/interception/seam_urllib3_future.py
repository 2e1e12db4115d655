"""urllib3-future, which niquests puts in urllib3's place: the one asynchronous step that touches the connection."""

from __future__ import annotations

from collections.abc import Callable
from types import ModuleType
from typing import Any

from replaydisputes.interception.hosts import origin
from replaydisputes.interception.patching import PatchBook
from replaydisputes.interception.routing import active_route
from replaydisputes.interception.seam_urllib3 import as_urllib3s_own
from replaydisputes.interception.urllib3_values import as_sent, as_urllib3
from replaydisputes.interception.wire import whole_async_body
from replaydisputes.model import TransportFault


def patch(module: ModuleType, book: PatchBook) -> None:
    pool = module.AsyncHTTPConnectionPool
    book.replace(pool, "_make_request", lambda original: _answering_request(original, module.AsyncHTTPResponse))
    book.replace(module.AsyncHTTPSConnectionPool, "_prepare_proxy", _skipping_tunnel)


def _skipping_tunnel(original: Callable[..., Any]) -> Callable[..., Any]:
    async def prepare_proxy(self: Any, conn: Any) -> None:
        route = active_route()
        if route is None or route.passes(self.host):
            await original(self, conn)

    return prepare_proxy


def _answering_request(original: Callable[..., Any], response_class: Any) -> Callable[..., Any]:
    async def make_request(self: Any, conn: Any, method: str, url: str, **options: Any) -> Any:
        route = active_route()
        address = url if "://" in url.partition("?")[0] else origin(self.scheme, self.host, self.port) + url
        if route is None or route.passes_authority(address.split("/", 3)[2]):
            return await original(self, conn, method, url, **options)
        body = options.get("body")
        content = body if body is None else await whole_async_body(body)
        request = as_sent(method, address, options.get("headers") or {}, content, options.get("chunked", False))
        try:
            answer = route.answer(request)
        except TransportFault as fault:
            raise as_urllib3s_own(self, fault, url, options.get("timeout")) from fault
        return as_urllib3(request, answer, False, options.get("decode_content", True), url, response_class)

    return make_request

"""urllib3 2: the one step of `urlopen` that touches the connection. Retries and redirects stay urllib3's own.

`urlopen` itself is answered where nothing but that step would matter: a plain pool, a plain body, no proxy, and an
answer that asks for no retry and no redirect. In every other case it runs as ever, and meets the answer at its step.
"""

from __future__ import annotations

import inspect
import re
from collections.abc import Callable
from functools import lru_cache
from types import ModuleType
from typing import Any

from urllib3._collections import HTTPHeaderDict
from urllib3.exceptions import ReadTimeoutError
from urllib3.util import Retry

from replaydisputes.interception.faults import as_os_error
from replaydisputes.interception.hosts import origin
from replaydisputes.interception.patching import PatchBook
from replaydisputes.interception.routing import active_route, beginning_with, passing
from replaydisputes.interception.urllib3_values import as_sent, as_urllib3
from replaydisputes.model import TransportFault

_ENCODED_TARGET = re.compile(
    r"/(?:[\w.~!$&'()*+,;=:@/-]|%[0-9A-F]{2})*(?:\?(?:[\w.~!$&'()*+,;=:@/?-]|%[0-9A-F]{2})*)?", re.A
)
"""A target that urllib3 sends as it stands (RFC 3986, the hex digits of escapes in upper case)."""
_is_encoded = lru_cache(maxsize=1024)(_ENCODED_TARGET.fullmatch)

_REDIRECTS = frozenset((301, 302, 303, 307, 308))


def patch(module: ModuleType, book: PatchBook) -> None:
    """urllib3 1.26 has another step there; it is met at its connections (see seam_http_client)."""
    pools = module.connectionpool
    if "preload_content" in inspect.signature(pools.HTTPConnectionPool._make_request).parameters:
        plain = (pools.HTTPConnectionPool, pools.HTTPSConnectionPool)
        book.replace(pools.HTTPConnectionPool, "urlopen", lambda original: _answering_urlopen(original, plain))
        book.replace(pools.HTTPConnectionPool, "_make_request", _answering_request)
        book.replace(pools.HTTPSConnectionPool, "_prepare_proxy", _skipping_tunnel)


def _answering_urlopen(original: Callable[..., Any], plain: tuple[type, ...]) -> Callable[..., Any]:
    def urlopen(self: Any, method: str, url: str, *args: Any, **options: Any) -> Any:
        route = active_route()
        if route is None or args or type(self) not in plain or not _is_plain(self, url, options):
            return original(self, method, url, *args, **options)
        base = origin(self.scheme, self.host, self.port)
        if route.passes_authority(base.split("/", 3)[2]):
            return original(self, method, url, **options)
        policy = Retry.from_int(options.get("retries"), redirect=options.get("redirect", True), default=self.retries)
        headers = options.get("headers")
        request = as_sent(method, base + url, self.headers if headers is None else headers, options.get("body"))
        try:
            answer = route.answer(request)
        except TransportFault as fault:
            with beginning_with(route, fault):
                return original(self, method, url, **options)
        whole, decoded = options.get("preload_content", True), options.get("decode_content", True)
        response = as_urllib3(request, answer, whole, decoded, url)
        retry_after = answer.status in Retry.RETRY_AFTER_STATUS_CODES and bool(response.headers.get("Retry-After"))
        if answer.status in _REDIRECTS or policy.is_retry(method, answer.status, retry_after):
            with beginning_with(route, answer):
                return original(self, method, url, **options)
        response.retries = policy
        return response

    return urlopen


_INDIFFERENT = frozenset(("assert_same_host", "pool_timeout", "release_conn"))
"""Options that make no difference to a request without a connection; the others are looked at here."""
_CONSIDERED = _INDIFFERENT | {"body", "headers", "retries", "redirect", "timeout", "preload_content", "decode_content"}
_BODIES, _FIELDS = (bytes, str, type(None)), (dict, HTTPHeaderDict, type(None))


def _is_plain(pool: Any, target: str, options: dict[str, Any]) -> bool:
    """Whether all that `urlopen` would do before and after the request is known to do nothing."""
    if pool.proxy is not None or pool.proxy_headers or pool.block or pool.pool is None:
        return False
    if not isinstance(target, str) or _is_encoded(target) is None or not options.keys() <= _CONSIDERED:
        return False
    if not isinstance(options.get("body"), _BODIES) or not isinstance(options.get("headers"), _FIELDS):
        return False
    if "timeout" in options:
        pool._get_timeout(options["timeout"])  # raises for one that makes no sense
    return True


def _skipping_tunnel(original: Callable[..., None]) -> Callable[..., None]:
    def prepare_proxy(self: Any, conn: Any) -> None:
        route = active_route()
        if route is None:
            return original(self, conn)
        if route.passes(self.host):
            with passing(route):
                return original(self, conn)
        return None

    return prepare_proxy


_ORDER = ("body", "headers", "retries", "timeout", "chunked", "response_conn", "preload_content", "decode_content")


def _answering_request(original: Callable[..., Any]) -> Callable[..., Any]:
    def make_request(self: Any, conn: Any, method: str, url: str, *args: Any, **kwargs: Any) -> Any:
        route = active_route()
        if route is None:
            return original(self, conn, method, url, *args, **kwargs)
        address = url if "://" in url.partition("?")[0] else origin(self.scheme, self.host, self.port) + url
        if route.passes_authority(address.split("/", 3)[2]):
            with passing(route):
                return original(self, conn, method, url, *args, **kwargs)
        options = {**dict(zip(_ORDER, args, strict=False)), **kwargs}
        request = as_sent(
            method, address, options.get("headers") or {}, options.get("body"), options.get("chunked", False)
        )
        try:
            answer = route.answer(request)
        except TransportFault as fault:
            raise as_urllib3s_own(self, fault, url, options.get("timeout")) from fault
        if options.get("response_conn") is not None:
            self._put_conn(conn)  # it was never used, so nothing that is read later has to free it
        response = as_urllib3(
            request, answer, options.get("preload_content", True), options.get("decode_content", True), url
        )
        response.retries = options.get("retries")
        return response

    return make_request


def as_urllib3s_own(pool: Any, fault: TransportFault, url: str, timeout: Any) -> Exception:
    """What this step raises on such a failure; `urlopen` retries or wraps it as ever."""
    if fault.kind == "timeout":
        waited_s = getattr(timeout, "read_timeout", timeout)
        return ReadTimeoutError(pool, url, f"Read timed out. (read timeout={waited_s})")
    return as_os_error(fault)

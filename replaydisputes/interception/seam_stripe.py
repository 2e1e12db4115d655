"""The `stripe` SDK itself: its client over libcurl is answered, and what we raise reaches the caller as itself."""

from __future__ import annotations

import io
from collections.abc import Callable
from types import ModuleType
from typing import Any
from urllib.parse import urlsplit

from replaydisputes.errors import ReplayDisputesError, StripeVersionWarning
from replaydisputes.interception.patching import PatchBook
from replaydisputes.interception.routing import active_route, passing
from replaydisputes.interception.wire import serialized, whole_body
from replaydisputes.model import Request, TransportFault

_TIMED_OUT = (28, "Operation timed out")
_RESET = (56, "Recv failure: Connection reset by peer")
"""libcurl's codes: CURLE_OPERATION_TIMEDOUT and CURLE_RECV_ERROR (curl.se/libcurl/c/libcurl-errors.html)."""


def patch(module: ModuleType, book: PatchBook) -> None:
    for client in list(vars(module).values()):
        if isinstance(client, type) and "_handle_request_error" in vars(client):
            book.replace(client, "_handle_request_error", _raising_ours)
    book.replace(module.PycurlClient, "_request_internal", _answering)


def _raising_ours(original: Callable[..., Any]) -> Callable[..., Any]:
    """Whatever a client raises, the SDK calls a failure of the network, and asks to report it to Stripe.

    A refusal of ours is none, nor is a warning that was turned into an error: each is raised as itself.
    """

    def handle_request_error(self: Any, error: Exception, *args: Any) -> Any:
        if isinstance(error, ReplayDisputesError | StripeVersionWarning):
            raise error
        return original(self, error, *args)

    return handle_request_error


def _answering(original: Callable[..., Any]) -> Callable[..., Any]:
    def request_internal(self: Any, method: str, url: str, headers: Any, post_data: Any, **how: Any) -> Any:
        route = active_route()
        if route is None:
            return original(self, method, url, headers, post_data, **how)
        if route.passes_authority(urlsplit(url).netloc):
            with passing(route):
                return original(self, method, url, headers, post_data, **how)
        try:
            answer = route.answer(_as_sent(method, url, headers, post_data))
        except TransportFault as fault:
            return self._handle_request_error(self.pycurl.error(*(_TIMED_OUT if fault.kind == "timeout" else _RESET)))
        head, _, body = serialized(method.upper(), answer).partition(b"\r\n\r\n")
        content = io.BytesIO(body) if how["is_streaming"] else body.decode("utf-8")
        return content, answer.status, self.parse_headers(head.decode("utf-8") + "\r\n")

    return request_internal


def _as_sent(method: str, url: str, headers: Any, post_data: Any) -> Request:
    """As libcurl writes it: Host and Accept first, then the SDK's fields, the length of a form last."""
    body = whole_body(post_data)
    fields = [("Host", urlsplit(url).netloc.rpartition("@")[2]), ("Accept", "*/*"), *dict(headers).items()]
    if post_data is not None:
        fields.append(("Content-Length", str(len(body))))
    return Request(method.upper(), url.partition("#")[0], tuple((name, str(value)) for name, value in fields), body)

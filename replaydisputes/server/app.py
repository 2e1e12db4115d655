"""An ASGI application around an Answerer: bytes to Request, Response to bytes, and nothing of disputes."""

from __future__ import annotations

import asyncio
import re
from functools import partial
from urllib.parse import quote_from_bytes

from replaydisputes.errors import ReplayDisputesError
from replaydisputes.model import Answerer, Headers, Request
from replaydisputes.server.asgi import (
    AsgiApp,
    BodyTooLargeError,
    DisconnectedError,
    Message,
    RawHeaders,
    Receive,
    Scope,
    Send,
    live,
    own_error,
    send_response,
    whole_body,
)

_URL_SAFE = "".join(map(chr, range(0x21, 0x7F)))
_PRINTABLE = re.compile(rb"[!-~]*")


def asgi_app(answerer: Answerer, *, scheme: str = "http", latency_s: float = 0) -> AsgiApp:
    """The Answerer as an ASGI 3 callable. scheme: that of the URLs the Answerer sees. latency_s: each answer's delay.

    Where the Answerer raises ReplayDisputesError the status is 501 and the error is of type
    `replaydisputes_mismatch`, which no Stripe answer has. A body of more than MAX_BODY_BYTES: 413.
    """

    async def app(scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "lifespan":
            await live(receive, send)
        elif scope["type"] == "http":
            await _serve(answerer, scheme, scope, receive, partial(_later, latency_s, send) if latency_s else send)
        else:
            raise NotImplementedError(f"ASGI scope {scope['type']!r}")

    return app


def request_of(scope: Scope, origin: str, body: bytes) -> Request:
    """The request of an ASGI scope, its headers in order, at an origin such as `https://api.stripe.com`."""
    raw_path = (scope.get("raw_path") or scope["path"].encode()).partition(b"?")[0]
    return request_from(scope["method"].upper(), origin, raw_path, scope["query_string"], scope["headers"], body)


def request_from(  # noqa: PLR0913, PLR0917 - the parts of a request
    method: str, origin: str, path: bytes, query: bytes, headers: RawHeaders, body: bytes
) -> Request:
    """A request from its parts as they came over the wire; what may not stand in a URL is escaped."""
    url = f"{origin}{_quoted(path)}?{_quoted(query)}" if query else f"{origin}{_quoted(path)}"
    fields: Headers = tuple([(name.decode("latin-1"), value.decode("latin-1")) for name, value in headers])
    return Request(method, url, fields, body)


def _quoted(part: bytes) -> str:
    return part.decode("ascii") if _PRINTABLE.fullmatch(part) else quote_from_bytes(part, safe=_URL_SAFE)


async def _later(latency_s: float, send: Send, message: Message) -> None:
    """Send, the head of an answer after the delay. Other connections are served meanwhile."""
    if message["type"] == "http.response.start":
        await asyncio.sleep(latency_s)
    await send(message)


async def _serve(answerer: Answerer, scheme: str, scope: Scope, receive: Receive, send: Send) -> None:
    try:
        body = await whole_body(receive)
        host = next((value.decode("latin-1") for name, value in scope["headers"] if name.lower() == b"host"), "")
        response = answerer.answer(request_of(scope, f"{scheme}://{host or _address(scope)}", body))
    except DisconnectedError:
        return
    except BodyTooLargeError as error:
        response = own_error(413, error)
    except ReplayDisputesError as error:
        response = own_error(501, error)
    await send_response(response, scope["method"], send)


def _address(scope: Scope) -> str:
    """What stands in for a missing Host (HTTP/1.0 needs none)."""
    host, port = scope.get("server") or ("127.0.0.1", None)
    shown = f"[{host}]" if ":" in host else host
    return f"{shown}:{port}" if port else shown

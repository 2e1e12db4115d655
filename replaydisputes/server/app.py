"""An ASGI application around an Answerer: bytes to Request, Response to bytes, and nothing of disputes."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Awaitable, Callable, MutableMapping
from functools import partial
from typing import Any
from urllib.parse import quote_from_bytes

from replaydisputes.errors import ReplayDisputesError
from replaydisputes.model import Answerer, Headers, Request, Response

Scope = MutableMapping[str, Any]
Message = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[Message]]
Send = Callable[[Message], Awaitable[None]]
AsgiApp = Callable[[Scope, Receive, Send], Awaitable[None]]

MAX_BODY_BYTES = 10 * 1024 * 1024

ERROR_HEADER = "Replaydisputes-Error"
"""On an answer that is this server's own, never the Answerer's. Value: the error's class name."""

_URL_SAFE = "".join(map(chr, range(0x21, 0x7F)))


class _DisconnectedError(Exception):
    """The client left before its request was whole."""


class _BodyTooLargeError(ReplayDisputesError):
    def __init__(self) -> None:
        super().__init__(f"the request body is larger than {MAX_BODY_BYTES} bytes; nothing was answered.")


def asgi_app(answerer: Answerer, *, scheme: str = "http", latency_s: float = 0) -> AsgiApp:
    """The Answerer as an ASGI 3 callable. scheme: that of the URLs the Answerer sees. latency_s: each answer's delay.

    Where the Answerer raises ReplayDisputesError the status is 501 and the error is of type
    `replaydisputes_mismatch`, which no Stripe answer has. A body of more than MAX_BODY_BYTES: 413.
    """

    async def app(scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "lifespan":
            await _live(receive, send)
        elif scope["type"] == "http":
            await _serve(answerer, scheme, scope, receive, partial(_later, latency_s, send) if latency_s else send)
        else:
            raise NotImplementedError(f"ASGI scope {scope['type']!r}")

    return app


async def _later(latency_s: float, send: Send, message: Message) -> None:
    """Send, the head of an answer after the delay. Other connections are served meanwhile."""
    if message["type"] == "http.response.start":
        await asyncio.sleep(latency_s)
    await send(message)


async def _live(receive: Receive, send: Send) -> None:
    while True:
        phase = (await receive())["type"].removeprefix("lifespan.")
        await send({"type": f"lifespan.{phase}.complete"})
        if phase == "shutdown":
            return


async def _serve(answerer: Answerer, scheme: str, scope: Scope, receive: Receive, send: Send) -> None:
    try:
        body = await _whole_body(receive)
        response = answerer.answer(_request(scope, scheme, body))
    except _DisconnectedError:
        return
    except _BodyTooLargeError as error:
        response = _own_error(413, error)
    except ReplayDisputesError as error:
        response = _own_error(501, error)
    await _send(response, scope["method"], send)


async def _whole_body(receive: Receive) -> bytes:
    """The body, however it was cut up: chunked requests carry no Content-Length, so the messages say when it ends."""
    body = bytearray()
    while True:
        message = await receive()
        if message["type"] == "http.disconnect":
            raise _DisconnectedError
        body += message.get("body", b"")
        if len(body) > MAX_BODY_BYTES:
            raise _BodyTooLargeError
        if not message.get("more_body", False):
            return bytes(body)


def _request(scope: Scope, scheme: str, body: bytes) -> Request:
    headers: Headers = tuple((name.decode("latin-1"), value.decode("latin-1")) for name, value in scope["headers"])
    host = next((value for name, value in headers if name.lower() == "host"), "") or _address(scope)
    raw_path = scope.get("raw_path") or scope["path"].encode()
    url = f"{scheme}://{host}{quote_from_bytes(raw_path.partition(b'?')[0], safe=_URL_SAFE)}"
    if scope["query_string"]:
        url += f"?{quote_from_bytes(scope['query_string'], safe=_URL_SAFE)}"
    return Request(scope["method"].upper(), url, headers, body)


def _address(scope: Scope) -> str:
    """What stands in for a missing Host (HTTP/1.0 needs none)."""
    host, port = scope.get("server") or ("127.0.0.1", None)
    shown = f"[{host}]" if ":" in host else host
    return f"{shown}:{port}" if port else shown


def _own_error(status: int, error: ReplayDisputesError) -> Response:
    """This server's own answer. SDKs resend after a 5xx, and Node then lingers on a kept connection: told not to."""
    shape = {"error": {"type": "replaydisputes_mismatch", "message": str(error)}}
    body = json.dumps(shape, indent=2, ensure_ascii=False).encode()
    headers = (
        ("Content-Type", "application/json"),
        ("Content-Length", str(len(body))),
        ("Connection", "close"),
        ("Stripe-Should-Retry", "false"),
        (ERROR_HEADER, type(error).__name__.lstrip("_")),
    )
    return Response(status, headers, body)


async def _send(response: Response, method: str, send: Send) -> None:
    headers = [(name.encode("latin-1"), value.encode("latin-1")) for name, value in response.headers]
    await send({"type": "http.response.start", "status": response.status, "headers": headers})
    await send({"type": "http.response.body", "body": b"" if method == "HEAD" else response.body})

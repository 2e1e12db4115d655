"""What every ASGI application here needs: a whole body in, one response out, and errors in a shape of our own."""

from __future__ import annotations

import json
from collections.abc import Awaitable, Callable, MutableMapping, Sequence
from functools import lru_cache
from typing import Any

from replaydisputes.errors import ReplayDisputesError
from replaydisputes.model import Headers, Response
from replaydisputes.stripe_api.facts import ERROR_HEADER

Scope = MutableMapping[str, Any]
Message = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[Message]]
Send = Callable[[Message], Awaitable[None]]
RawHeaders = Sequence[tuple[bytes, bytes]]
"""Header fields as ASGI has them: names in lower case."""
AsgiApp = Callable[[Scope, Receive, Send], Awaitable[None]]

MAX_BODY_BYTES = 10 * 1024 * 1024


class DisconnectedError(Exception):
    """The client left before its request was whole."""


class BodyTooLargeError(ReplayDisputesError):
    def __init__(self) -> None:
        super().__init__(f"the request body is larger than {MAX_BODY_BYTES} bytes; nothing was answered.")


async def live(receive: Receive, send: Send, at_end: Callable[[], Awaitable[None]] | None = None) -> None:
    """ASGI's lifespan, from startup to shutdown."""
    while True:
        phase = (await receive())["type"].removeprefix("lifespan.")
        if phase == "shutdown" and at_end:
            await at_end()
        await send({"type": f"lifespan.{phase}.complete"})
        if phase == "shutdown":
            return


async def whole_body(receive: Receive) -> bytes:
    """The body, however it was cut up: chunked requests carry no Content-Length, so the messages say when it ends.

    Raises BodyTooLargeError, and DisconnectedError where the client leaves halfway.
    """
    body = bytearray()
    while True:
        message = await receive()
        if message["type"] == "http.disconnect":
            raise DisconnectedError
        body += message.get("body", b"")
        if len(body) > MAX_BODY_BYTES:
            raise BodyTooLargeError
        if not message.get("more_body", False):
            return bytes(body)


def own_error(
    status: int, error: ReplayDisputesError, kind: str = "replaydisputes_mismatch", retry_after_s: int = 0
) -> Response:
    """This server's own answer. SDKs resend after a 5xx, and Node then lingers on a kept connection: told not to.

    kind: the error's `type`, one that no answer of Stripe's has. retry_after_s: told to resend after all, when not 0.
    """
    shape = {"error": {"type": kind, "message": str(error)}}
    again = (("Retry-After", str(retry_after_s)),) if retry_after_s else ()
    should_retry = ("Stripe-Should-Retry", "true" if retry_after_s else "false")
    extra = (("Connection", "close"), should_retry, *again, (ERROR_HEADER, type(error).__name__))
    return json_response(status, shape, extra)


def json_response(status: int, value: object, headers: Headers = ()) -> Response:
    body = json.dumps(value, indent=2, ensure_ascii=False).encode("utf-8", "backslashreplace")
    own = (("Content-Type", "application/json"), ("Content-Length", str(len(body))))
    return Response(status, (*own, *headers), body)


async def send_response(response: Response, method: str, send: Send) -> None:
    headers = _encoded(response.headers)
    await send({"type": "http.response.start", "status": response.status, "headers": headers})
    await send({"type": "http.response.body", "body": b"" if method == "HEAD" else response.body})


@lru_cache(maxsize=512)
def _encoded(headers: Headers) -> list[tuple[bytes, bytes]]:
    return [(name.encode("latin-1"), value.encode("latin-1")) for name, value in headers]

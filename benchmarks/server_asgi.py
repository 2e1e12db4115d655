"""A bare ASGI application: our answer's bytes, and nothing done to find them."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import Any

from benchmarks.cassettes import answer

_ANSWER = answer()
_HEADERS = [(name.lower().encode(), text.encode()) for name, text in _ANSWER.headers if name.lower() != "connection"]


async def app(scope: dict[str, Any], receive: object, send: Callable[[dict[str, Any]], Awaitable[None]]) -> None:
    if scope["type"] == "http":
        await send({"type": "http.response.start", "status": 200, "headers": _HEADERS})
        await send({"type": "http.response.body", "body": _ANSWER.body})

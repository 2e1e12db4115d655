"""A browser without a window: it speaks ASGI to the demo page, keeps its cookie and sends what a browser sends."""

from __future__ import annotations

import asyncio
import html
import re
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from urllib.parse import unquote

from replaydisputes.cli.page import exhibits_of
from replaydisputes.model import Answerer, Cassette
from replaydisputes.playback import Player
from replaydisputes.redaction.spotting import stand_ins_in
from replaydisputes.server.asgi import AsgiApp
from replaydisputes.server.page import Exhibit, page_app

NOW_S = 1_795_442_400
"""2026-11-23T14:00:00Z."""

NOWHERE = Path("no", "such", "directory")
SHIPPED = exhibits_of((), NOWHERE)


def shipped_page() -> AsgiApp:
    return page_app(SHIPPED, find_stand_ins=stand_ins_in, clock=lambda: NOW_S)


def exhibit(name: str, cassette: Cassette, proves: str = "") -> Exhibit:
    def begin(begins_at_s: int) -> Answerer:
        return Player(cassette, name, begins_at_s=begins_at_s)

    return Exhibit(name, proves, cassette, begin)


@dataclass(frozen=True)
class Page:
    status: int
    headers: dict[str, str]
    body: bytes

    @property
    def html(self) -> str:
        return self.body.decode()

    @property
    def text(self) -> str:
        """What is read, with one space for any white space."""
        return " ".join(html.unescape(re.sub(r"<[^>]+>", "", self.html)).split())


@dataclass
class Browser:
    app: AsgiApp
    host: str = "127.0.0.1:12112"
    cookies: dict[str, str] = field(default_factory=dict)

    def get(self, path: str, headers: dict[str, str] | None = None, *, method: str = "GET") -> Page:
        return self.send(method, path, headers or {})

    def post(self, path: str, headers: dict[str, str] | None = None, body: bytes = b"") -> Page:
        """As a form of the page is sent, unless the headers say otherwise; a redirection is followed."""
        own = {"origin": f"http://{self.host}", "sec-fetch-site": "same-origin"}
        page = self.send("POST", path, own if headers is None else headers, body)
        return self.get(page.headers["location"].partition("#")[0]) if page.status == 303 else page

    def send(self, method: str, path: str, headers: dict[str, str], body: bytes = b"") -> Page:
        sent = {"host": self.host, **headers}
        if self.cookies:
            sent["cookie"] = "; ".join(f"{name}={value}" for name, value in self.cookies.items())
        page = asyncio.run(_exchange(self.app, method, path, sent, body))
        if issued := page.headers.get("set-cookie"):
            name, _, value = issued.partition(";")[0].partition("=")
            self.cookies[name] = value
        return page


async def _exchange(app: AsgiApp, method: str, path: str, headers: dict[str, str], body: bytes) -> Page:
    sent: list[Any] = []

    async def receive() -> dict[str, Any]:
        return {"type": "http.request", "body": body, "more_body": False}

    async def send(message: Any) -> None:
        sent.append(message)

    plain, _, query = path.partition("?")
    raw = [(name.encode(), value.encode()) for name, value in headers.items() if value]
    scope = {"type": "http", "method": method, "path": unquote(plain), "query_string": query.encode(), "headers": raw}
    await app(scope, receive, send)
    start, *rest = sent
    answered = {name.decode(): value.decode() for name, value in start["headers"]}
    return Page(start["status"], answered, b"".join(part["body"] for part in rest))

"""The demo page as an ASGI application: `/`, and what lies below `/_demo/`."""

from __future__ import annotations

import re
import time
from collections.abc import Callable, Collection, Sequence
from http.cookies import CookieError, SimpleCookie
from typing import NamedTuple

from replaydisputes.model import Headers
from replaydisputes.server.asgi import AsgiApp, Receive, Scope, Send, live
from replaydisputes.server.page import rendering
from replaydisputes.server.page.exhibit import Exhibit, FindStandIns
from replaydisputes.server.page.guarding import SECURITY_HEADERS, Refusal, refusal_of
from replaydisputes.server.page.links import ASSETS, ServedLinks
from replaydisputes.server.page.listing import index_view
from replaydisputes.server.page.sessions import Sessions, Visit, passing_visit
from replaydisputes.server.page.views import story_view

_MAX_BODY_BYTES = 4096
_LINKS = ServedLinks()
_HTML = "text/html; charset=utf-8"
_TYPES = {"css": "text/css; charset=utf-8", "js": "text/javascript; charset=utf-8", "svg": "image/svg+xml"}
_PATH = re.compile(r"/_demo/(?P<what>dispute|confirm|reset|step/(?P<step>[0-9]{1,4})|assets)/(?P<name>.*)\Z", re.DOTALL)
_MISSING = Refusal(404, "Nothing here", "This page shows no such dispute. Go back to all disputes.")


class _Answer(NamedTuple):
    status: int
    body: bytes = b""
    headers: Headers = (("Content-Type", _HTML), ("Cache-Control", "no-store"))


def page_app(
    exhibits: Sequence[Exhibit],
    *,
    find_stand_ins: FindStandIns,
    allowed_hosts: Collection[str] = (),
    clock: Callable[[], float] = time.time,
) -> AsgiApp:
    """The page over these cassettes, an ASGI 3 callable for the paths `/` and `/_demo/…`.

    allowed_hosts: names beside loopback's under which it answers. clock: unix seconds. Sessions live in this process.
    Raises MissingExtraError (no Jinja).
    """
    rendering.environment()
    page = _Page(exhibits, find_stand_ins, clock)

    async def app(scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "lifespan":
            await live(receive, send)
            return
        headers = {name.decode("latin-1").lower(): value.decode("latin-1") for name, value in scope["headers"]}
        body = await _body(receive)
        refusal = refusal_of(scope["method"], headers, scope["query_string"], body, allowed_hosts)
        answer = _refused(refusal) if refusal else page.answer(scope["method"], scope["path"], headers)
        await _send(answer, scope["method"], send)

    return app


class _Page:
    def __init__(self, exhibits: Sequence[Exhibit], find: FindStandIns, clock: Callable[[], float]) -> None:
        self._sessions, self._find, self._clock = Sessions(exhibits), find, clock

    def answer(self, method: str, path: str, headers: dict[str, str]) -> _Answer:
        """To a request that nothing forbids; a new visitor's answer has a cookie."""
        found = _PATH.match(path)
        if found and found["what"] == "assets":
            return _asset(found["name"]) if method != "POST" else _not_that_method("GET, HEAD")
        if headers.get("sec-fetch-site") in ("cross-site", "same-site"):
            # A link on another site brings no cookie, as it is strict: a new one would take the visitor's history away.
            return self._routed(method, path, found, passing_visit(int(self._clock())))
        cookie = _cookie_name(headers["host"])
        token = _token(headers.get("cookie", ""), cookie)
        given, visit = self._sessions.visit(token, int(self._clock()))
        answer = self._routed(method, path, found, visit)
        if given == token:
            return answer
        issued = ("Set-Cookie", f"{cookie}={given}; Path=/; HttpOnly; SameSite=Strict")
        return answer._replace(headers=(*answer.headers, issued))

    def _routed(self, method: str, path: str, found: re.Match[str] | None, visit: Visit) -> _Answer:
        if path == "/":
            return self._index(visit) if method != "POST" else _not_that_method("GET, HEAD")
        if found is None or not self._is_shown(found["what"], found["name"]):
            return _refused(_MISSING)
        if found["what"] in ("dispute", "confirm"):
            return (
                self._read(visit, found["what"], found["name"]) if method != "POST" else _not_that_method("GET, HEAD")
            )
        return self._act(visit, found["name"], found["step"]) if method == "POST" else _not_that_method("POST")

    def _is_shown(self, what: str, name: str) -> bool:
        return name in self._sessions.exhibits or (what == "reset" and not name)

    def _index(self, visit: Visit) -> _Answer:
        stories = [self._sessions.look(visit, name) for name in self._sessions.exhibits]
        return _Answer(200, rendering.index_page(index_view(stories, int(self._clock())), _LINKS))

    def _read(self, visit: Visit, what: str, name: str) -> _Answer:
        view = story_view(self._sessions.look(visit, name), self._find, int(self._clock()))
        if what == "dispute":
            return _Answer(200, rendering.dispute_page(view, _LINKS))
        if view.asks_first:
            return _Answer(200, rendering.confirm_page(view, _LINKS))
        return _see(_LINKS.dispute(name, view.steps_made))

    def _act(self, visit: Visit, name: str, step: str | None) -> _Answer:
        """A step that was made already, as by a second click, is not made again."""
        if step is not None:
            story = self._sessions.own(visit, name)
            if story.steps_made == int(step):
                story.advance()
            return _see(f"{_LINKS.dispute(name, story.steps_made)}#latest")
        if name:
            visit.stories.pop(name, None)
            return _see(_LINKS.dispute(name, 0))
        visit.stories.clear()
        return _see(_LINKS.index())


def _cookie_name(host: str) -> str:
    """One for each port, as browsers share cookies between the ports of a host."""
    port = host.rpartition(":")[2]
    return f"replaydisputes-demo-{port if port.isdecimal() else 80}"


def _token(cookies: str, name: str) -> str:
    try:
        found = SimpleCookie(cookies).get(name)
    except CookieError:
        return ""
    return found.value if found else ""


def _see(place: str) -> _Answer:
    return _Answer(303, b"", (("Location", place), ("Cache-Control", "no-store")))


def _asset(name: str) -> _Answer:
    if name not in ASSETS:
        return _refused(_MISSING)
    kind = _TYPES[name.rpartition(".")[2]]
    return _Answer(200, rendering.asset(name), (("Content-Type", kind), ("Cache-Control", "no-cache")))


def _not_that_method(allowed: str) -> _Answer:
    answer = _refused(Refusal(405, "Not that method", f"This address answers {allowed}."))
    return answer._replace(headers=(*answer.headers, ("Allow", allowed)))


def _refused(refusal: Refusal) -> _Answer:
    return _Answer(refusal.status, rendering.problem_page(refusal.status, refusal.title, refusal.message, _LINKS))


async def _body(receive: Receive) -> bytes:
    """The body, or as much of it as says that there is one: none is wanted."""
    body = b""
    while True:
        message = await receive()
        body += message.get("body") or b""
        if len(body) > _MAX_BODY_BYTES or not message.get("more_body", False):
            return body


async def _send(answer: _Answer, method: str, send: Send) -> None:
    fields = (*answer.headers, ("Content-Length", str(len(answer.body))), *SECURITY_HEADERS)
    headers = [(name.lower().encode("latin-1"), value.encode("latin-1")) for name, value in fields]
    await send({"type": "http.response.start", "status": answer.status, "headers": headers})
    await send({"type": "http.response.body", "body": b"" if method == "HEAD" else answer.body})

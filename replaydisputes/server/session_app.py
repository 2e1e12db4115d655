"""The replay server as an ASGI application: sessions by key, our own endpoints, faults, and room for a page."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Callable, Sequence
from functools import lru_cache
from typing import Any, NamedTuple

from replaydisputes.errors import ReplayDisputesError
from replaydisputes.model import Request, Response, TransportFault, reason_phrase, without_headers
from replaydisputes.server.admin import PREFIX, Admin, ForeignPageError
from replaydisputes.server.app import request_from, request_of
from replaydisputes.server.asgi import (
    MAX_BODY_BYTES,
    AsgiApp,
    BodyTooLargeError,
    DisconnectedError,
    RawHeaders,
    Receive,
    Scope,
    Send,
    live,
    own_error,
    send_response,
    whole_body,
)
from replaydisputes.server.journal import Outcome
from replaydisputes.server.origins import is_foreign_page
from replaydisputes.server.sessions import (
    LiveKeyRefusedError,
    Run,
    Session,
    Sessions,
    StoreUnavailableError,
    session_name,
)
from replaydisputes.stripe_api.facts import API_ORIGIN, FAULT_HEADER

ABORT = "replaydisputes.abort"
"""An ASGI extension: cuts the connection with a reset."""

HELD_S = 120
"""How long a `timeout` is held before the connection is cut; the SDKs wait 80 s at most by default."""

_HOP_BY_HOP = (
    *("connection", "keep-alive", "proxy-authenticate", "proxy-connection", "te", "trailer"),
    *("transfer-encoding", "upgrade"),
)
_ANSWERED: Outcome = "answered"
_KINDS = {400: "replaydisputes_request", 413: "replaydisputes_request", 501: "replaydisputes_mismatch"}
_ADMIN = PREFIX.encode()
_MOST_WHOLE_ANSWERS = 512
_READ_HERE = frozenset({b"authorization", b"content-length", b"replaydisputes-fault"})


class _Fields(NamedTuple):
    """The header fields that this application reads itself, empty if absent."""

    authorization: bytes
    fault: bytes
    length: bytes


class WholeAnswer(NamedTuple):
    """An answer as it goes over the wire, and whether the connection ends with it."""

    status: int
    content: bytes
    closes: bool


class SessionApp:
    """ASGI 3. cassettes: what is served, told by `GET /_replaydisputes/cassettes`. page: answers `/` and `/_demo/…`."""

    def __init__(
        self,
        sessions: Sessions,
        cassettes: Sequence[dict[str, Any]] = (),
        version: str = "",
        page: AsgiApp | None = None,
    ) -> None:
        self.sessions = sessions
        self._admin, self._page = Admin(sessions, cassettes, version), page
        self._held: set[Callable[[], None]] = set()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "lifespan":
            await live(receive, send, self.sessions.close)
        elif scope["type"] == "http":
            await self._serve(scope, receive, send)
        else:
            raise NotImplementedError(f"ASGI scope {scope['type']!r}")

    async def _serve(self, scope: Scope, receive: Receive, send: Send) -> None:
        fields = _fields(scope["headers"])
        path: bytes = scope.get("raw_path") or scope["path"].encode()
        try:
            name = session_name(fields.authorization)
            if self._page and (path == b"/" or path.startswith(b"/_demo/")):
                await self._page(scope, receive, send)
                return
            self.sessions.called_with(fields.authorization, name)
            response = await self._response(scope, receive, fields, path, name)
        except DisconnectedError:
            return
        except TransportFault as fault:
            await self._fail_on_the_wire(fault, scope, receive, send)
            return
        except LiveKeyRefusedError as error:
            response = own_error(403, error, "replaydisputes_live_key")
        except StoreUnavailableError as error:
            response = own_error(503, error, "replaydisputes_unavailable", retry_after_s=1)
        except BodyTooLargeError as error:
            response = own_error(413, error, _KINDS[413])
        await send_response(response, scope["method"], send)

    def answer_at_once(self, method: str, target: bytes, headers: RawHeaders, body: bytes) -> WholeAnswer | None:
        """The whole HTTP answer to an API call of a session that lives in this process; None: ask the application.

        For a server that has the whole request: it saves a task, a scope and four messages for each call.
        target: path and query, as sent. headers: names in lower case. The page, this server's own endpoints, faults,
        live keys and shared sessions are left to the application.
        """
        fields = _fields(headers)
        if self.sessions.store or fields.fault or not target.startswith(b"/v"):
            return None
        try:
            session = self.sessions.named(session_name(fields.authorization))
        except LiveKeyRefusedError:
            return None
        if session.run.has_planned_faults:
            return None
        path, _, query = target.partition(b"?")
        request = request_from(method, API_ORIGIN, path, query, headers, body)
        try:
            answer = _whole_answer(session.run.answer(request), method)
        except ReplayDisputesError as error:
            return _on_the_wire(self._noted(session, request, error), method)
        session.journal.note(method, request.url.removeprefix(API_ORIGIN), answer.status, _ANSWERED)
        return answer

    async def _response(self, scope: Scope, receive: Receive, fields: _Fields, path: bytes, name: str) -> Response:
        if fields.length.isdigit() and int(fields.length[:20]) > MAX_BODY_BYTES:
            raise BodyTooLargeError
        body = await whole_body(receive)
        if path.startswith(_ADMIN):
            if is_foreign_page({key.decode("latin-1"): value.decode("latin-1") for key, value in scope["headers"]}):
                return own_error(403, ForeignPageError(), _KINDS[400])
            query = scope["query_string"].decode("latin-1")
            return await self._admin.answer(scope["method"], path[len(_ADMIN) :].decode("latin-1"), query, name, body)
        request = request_of(scope, API_ORIGIN, body)
        fault = fields.fault.decode("latin-1")

        def act(run: Run) -> Response:
            return run.fail(fault, request) if fault else run.answer(request)

        given: Response | ReplayDisputesError | TransportFault
        try:
            given = await self.sessions.do(name, act)
        except StoreUnavailableError:
            raise
        except (ReplayDisputesError, TransportFault) as error:
            given = error
        return self._noted(self.sessions.named(name), request, given)

    def _noted(
        self, session: Session, request: Request, given: Response | ReplayDisputesError | TransportFault
    ) -> Response:
        """What a run gave, made fit for the wire or into our own error, and noted in the journal.

        Raises a TransportFault again.
        """
        problem, outcome = "", _ANSWERED
        target = request.url.removeprefix(API_ORIGIN)
        if isinstance(given, TransportFault):
            session.journal.note(request.method, target, 0, "fault")
            raise given
        if isinstance(given, Response):
            response = fit_for_the_wire(given, request.method)
        else:
            status = 400 if given.exit_code == 2 else 501
            response, problem, outcome = own_error(status, given, _KINDS[status]), str(given), "unmatched"
        if response.header(FAULT_HEADER):
            outcome = "fault"
        session.journal.note(request.method, target, response.status, outcome, problem)
        return response

    async def _fail_on_the_wire(self, fault: TransportFault, scope: Scope, receive: Receive, send: Send) -> None:
        """Hold the request until the client leaves, or cut its connection at once."""
        cut = (scope.get("extensions") or {}).get(ABORT)
        if cut is None:
            unfinished = [(b"content-length", b"1"), (b"connection", b"close")]
            await send({"type": "http.response.start", "status": 500, "headers": unfinished})
            return
        if fault.kind == "timeout":
            self._held.add(cut)
            with contextlib.suppress(TimeoutError):
                await asyncio.wait_for(_left(receive), HELD_S)
            self._held.discard(cut)
        cut()
        await _left(receive)

    def let_go(self) -> None:
        """Cut every connection that is held, as the server stops."""
        for cut in tuple(self._held):
            cut()


@lru_cache(maxsize=512)
def fit_for_the_wire(response: Response, method: str) -> Response:
    """A recorded answer without what belonged to the recorded connection, and with the length it has now.

    Where an SDK tries again the connection ends: Node waits 80 s for one that is kept after a retried answer.
    """
    headers = without_headers(response.headers, _HOP_BY_HOP)
    if response.header("content-length") is None and method != "HEAD" and response.status not in (204, 304):
        headers = (*headers, ("Content-Length", str(len(response.body))))
    if response.status == 409 or response.status >= 500 or response.header("stripe-should-retry") == "true":
        headers = (*headers, ("Connection", "close"))
    return Response(response.status, headers, response.body)


async def _left(receive: Receive) -> None:
    while (await receive())["type"] != "http.disconnect":
        pass


def _fields(headers: RawHeaders) -> _Fields:
    """headers: names in lower case; the first of a repeated field counts."""
    found: dict[bytes, bytes] = {}
    for name, value in headers:
        if name in _READ_HERE and name not in found:
            found[name] = value
    get = found.get
    return _Fields(get(b"authorization", b""), get(b"replaydisputes-fault", b""), get(b"content-length", b""))


_whole_answers: dict[tuple[int, str], tuple[Response, WholeAnswer]] = {}
"""By the id of a response, its own for as long as it stands here: to hash all of it would cost more."""


def _whole_answer(given: Response, method: str) -> WholeAnswer:
    known = _whole_answers.get((id(given), method))
    if known is None:
        if len(_whole_answers) >= _MOST_WHOLE_ANSWERS:
            _whole_answers.clear()
        known = _whole_answers[id(given), method] = given, _on_the_wire(fit_for_the_wire(given, method), method)
    return known[1]


def _on_the_wire(response: Response, method: str) -> WholeAnswer:
    """Names in lower case, as uvicorn sends them."""
    lines = [f"HTTP/1.1 {response.status} {reason_phrase(response.status)}"]
    lines += [f"{name.lower()}: {value}" for name, value in response.headers]
    head = "\r\n".join([*lines, "", ""]).encode("latin-1")
    content = head if method == "HEAD" else head + response.body
    return WholeAnswer(response.status, content, response.header("connection") == "close")

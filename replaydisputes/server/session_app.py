"""The replay server as an ASGI application: sessions by key, our own endpoints, faults, and room for a page."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Callable, Sequence
from functools import lru_cache
from typing import Any, NamedTuple

from replaydisputes.errors import ReplayDisputesError
from replaydisputes.model import Request, Response, TransportFault, reason_phrase, without_headers
from replaydisputes.server.admin import PREFIX, Admin
from replaydisputes.server.app import request_of
from replaydisputes.server.asgi import (
    MAX_BODY_BYTES,
    AsgiApp,
    BodyTooLargeError,
    DisconnectedError,
    Receive,
    Scope,
    Send,
    live,
    own_error,
    send_response,
    whole_body,
)
from replaydisputes.server.journal import Outcome
from replaydisputes.server.sessions import (
    Asked,
    LiveKeyRefusedError,
    Run,
    Session,
    Sessions,
    Settled,
    StoreUnavailableError,
    check_not_live,
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
_KINDS = {400: "replaydisputes_request", 413: "replaydisputes_request", 501: "replaydisputes_mismatch"}
_ADMIN = PREFIX.encode()
_MOST_SETTLED = 256
_ANSWERED: Outcome = "answered"
_READ_HERE = frozenset(
    {
        *(b"authorization", b"content-length", b"expect", b"replaydisputes-fault"),
        *(b"stripe-account", b"stripe-version", b"transfer-encoding"),
    }
)


class _Fields(NamedTuple):
    """The header fields that this application reads itself. `needs_care`: some others say that there is a body."""

    authorization: bytes
    fault: bytes
    length: bytes
    account: bytes
    version: bytes
    needs_care: bool


class Read(NamedTuple):
    """A request whose answer may be settled: whose it is, and what it asks for."""

    session: str
    asked: Asked


def read_of(method: bytes, target: bytes, headers: Sequence[tuple[bytes, bytes]]) -> Read | None:
    """A plain GET, without a body or a fault; None for all else. target: path and query. headers: in lower case."""
    if method != b"GET":
        return None
    fields = _fields(headers)
    if fields.needs_care or fields.authorization[:7] not in (b"Bearer ", b""):
        return None
    return Read(session_name(fields.authorization), (target, fields.account, fields.version))


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
            check_not_live(fields.authorization)
            if self._page and (path == b"/" or path.startswith(b"/_demo/")):
                await self._page(scope, receive, send)
                return
            response = await self._response(scope, receive, fields, path)
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

    def settled_answer(self, read: Read) -> bytes | None:
        """The bytes that answer a read, where nothing has changed since it was last answered; else None.

        Nearly all of a load test comes by here.
        """
        session = self.sessions.known(read.session)
        if session is None or session.revision != session.run.revision:
            return None
        settled = session.settled.get(read.asked)
        if settled is not None:
            session.journal.note("GET", settled.target, settled.status, "answered")
        return settled.answer if settled else None

    async def _response(self, scope: Scope, receive: Receive, fields: _Fields, path: bytes) -> Response:
        if fields.length.isdigit() and int(fields.length[:20]) > MAX_BODY_BYTES:
            raise BodyTooLargeError
        body = await whole_body(receive)
        name = session_name(fields.authorization)
        if path.startswith(_ADMIN):
            query = scope["query_string"].decode("latin-1")
            return await self._admin.answer(scope["method"], path[len(_ADMIN) :].decode("latin-1"), query, name, body)
        request = request_of(scope, API_ORIGIN, body)
        session = self.sessions.named(name)
        revision = session.run.revision
        response = await self._answered(name, session, request, fields.fault.decode("latin-1"))
        if request.method == "GET" and not body and not fields.needs_care:
            query_string: bytes = scope["query_string"]
            target = path.partition(b"?")[0] + (b"?" + query_string if query_string else b"")
            self._settle(session, revision, (target, fields.account, fields.version), response)
        return response

    def _settle(self, session: Session, revision: object, asked: Asked, response: Response) -> None:
        """Keep an answer that changed nothing, for as long as nothing changes."""
        if self.sessions.store or not session.run.keeps_state or session.run.revision != revision:
            return
        if session.revision != revision or len(session.settled) >= _MOST_SETTLED:
            session.settled, session.revision = {}, revision
        if response.status < 400:
            session.settled[asked] = Settled(_bytes_of(response), response.status, asked[0].decode("latin-1"))

    async def _answered(self, name: str, session: Session, request: Request, fault: str) -> Response:
        """The run's answer, made fit for the wire, or our own error; noted in the journal either way."""

        def act(run: Run) -> Response:
            return run.fail(fault, request) if fault else run.answer(request)

        problem, outcome = "", _ANSWERED
        target = request.url.removeprefix(API_ORIGIN)
        try:
            response = fit_for_the_wire(await self.sessions.do(name, act), request.method)
        except TransportFault:
            session.journal.note(request.method, target, 0, "fault")
            raise
        except StoreUnavailableError:
            raise
        except ReplayDisputesError as error:
            status = 400 if error.exit_code == 2 else 501
            response, problem, outcome = own_error(status, error, _KINDS[status]), str(error), "unmatched"
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


def _fields(headers: Sequence[tuple[bytes, bytes]]) -> _Fields:
    """headers: names in lower case; the first of a repeated field counts."""
    found: dict[bytes, bytes] = {}
    for name, value in headers:
        if name in _READ_HERE and name not in found:
            found[name] = value
    get = found.get
    fault, length = get(b"replaydisputes-fault", b""), get(b"content-length", b"")
    has_more = length not in (b"", b"0") or b"transfer-encoding" in found or b"expect" in found
    return _Fields(
        get(b"authorization", b""),
        fault,
        length,
        get(b"stripe-account", b""),
        get(b"stripe-version", b""),
        bool(fault) or has_more,
    )


@lru_cache(maxsize=512)
def _bytes_of(response: Response) -> bytes:
    """A response as it goes over the wire; names in lower case, as uvicorn sends them."""
    lines = [f"HTTP/1.1 {response.status} {reason_phrase(response.status)}"]
    lines += [f"{name.lower()}: {value}" for name, value in response.headers]
    return "\r\n".join([*lines, "", ""]).encode("latin-1") + response.body

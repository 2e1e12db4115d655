"""uvicorn's HTTP protocol with limits: on a request's head, on time, on a client that does not read; and a way to cut.

A request that is whole and needs nothing but an answer from this process is answered at once, without a task.
"""

from __future__ import annotations

import asyncio
import socket
import struct

import httptools
import uvicorn
from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol, RequestResponseCycle

from replaydisputes.server.session_app import ABORT, SessionApp, WholeAnswer

MAX_HEAD_BYTES = 64 * 1024
HEAD_S, BODY_S, IDLE_S, STUCK_S = 20.0, 60.0, 75.0, 60.0
"""How long may take: a request's head; its body; nothing between two requests; a client that takes no bytes."""

_TICKS_A_SECOND = 10
_MOST_BODY_AT_ONCE = 64 * 1024
_RESET_ON_CLOSE = struct.pack("ii", 1, 0)


class BoundedProtocol(HttpToolsProtocol):
    """One connection. Its server asks once a second whether it `is_overdue`, which costs a request no timer."""

    _limit_s: float | None = HEAD_S
    _since_s = 0.0
    _stuck_since_s: float | None = None
    _chunk_bytes = 0
    _first_bytes = 0
    """Of the chunk in which this head began, which may hold more than that."""
    _head_bytes: int | None = 0
    """Of the chunks since the one in which this head began; None while no head is awaited."""
    _is_refused = False
    _waiting_body: bytearray | None = None
    """The body so far of a request that may be answered at once; None for any other."""
    _answering: RequestResponseCycle | None = None

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override] # as uvicorn has it
        super().connection_made(transport)
        app = self.config.loaded_app
        self._app = app if isinstance(app, SessionApp) else None
        self._await(HEAD_S)

    def data_received(self, data: bytes) -> None:
        self._chunk_bytes = len(data)
        if self._head_bytes is not None:
            if self._limit_s == IDLE_S:
                self._await(HEAD_S)
            self._head_bytes += len(data)
        self._feed(data)
        if self._is_coming_head_too_large() and not self.transport.is_closing():
            self._refuse_head()

    def _feed(self, data: bytes) -> None:
        """Parse. An offer to upgrade is declined: its request is parsed again without the offer.

        The parser takes the end of such a head for the end of HTTP, and so would lose the body.
        """
        try:
            self.parser.feed_data(data)
        except httptools.HttpParserUpgrade as offer:
            head = self._head_without_offer()
            if head is None:
                return
            self.parser = httptools.HttpRequestParser(self)
            self.parser.set_dangerous_leniencies(lenient_data_after_close=True)
            self._feed(head)
            rest = data[offer.args[0] :]
            if rest and not self.transport.is_closing():
                self._feed(rest)
        except httptools.HttpParserError:
            self.send_400_response("Invalid HTTP request received.")

    def _head_without_offer(self) -> bytes | None:
        """The head that was just parsed, as a client that offers no upgrade sends it; None for a CONNECT."""
        method = self.parser.get_method()
        if method == b"CONNECT" or self._is_refused:
            return None
        lines = [b"%s %s HTTP/%s" % (method, self.url, self.parser.get_http_version().encode())]
        for name, value in self.headers:
            if name == b"connection":
                words = [word.strip() for word in value.split(b",")]
                lines.append(b"connection: " + b", ".join(word for word in words if word.lower() != b"upgrade"))
            elif name != b"upgrade":
                lines.append(b"%s: %s" % (name, value))
        return b"\r\n".join([*lines, b"", b""])

    def _declines_offer(self) -> bool:
        return self.parser.should_upgrade() and self.parser.get_method() != b"CONNECT"

    def on_message_begin(self) -> None:
        """What an answer at once needs; the scope of any other request is made when it is handed over."""
        self.url, self.headers, self.expect_100_continue = b"", [], False
        self._first_bytes, self._head_bytes = self._chunk_bytes, 0

    def on_headers_complete(self) -> None:
        if self._is_refused:
            return
        if self._may_be_too_large() and self._head_size() > MAX_HEAD_BYTES:
            self._refuse_head()
            return
        if self._declines_offer():
            return
        self._head_bytes = None
        self._await(BODY_S)
        is_plain = not self.expect_100_continue and self.parser.get_http_version() == "1.1"
        if self._app is not None and is_plain and self._is_free() and self.parser.should_keep_alive():
            self._waiting_body = bytearray()
        else:
            self._hand_over()

    def _hand_over(self) -> None:
        """Have the application answer, with what has come of the body so far."""
        body, self._waiting_body = self._waiting_body, None
        url, fields, expects = self.url, self.headers, self.expect_100_continue
        super().on_message_begin()
        self.url, self.expect_100_continue = url, expects
        self.headers.extend(fields)
        self.scope["extensions"] = {ABORT: self._abort}  # type: ignore[dict-item] # uvicorn types them narrowly
        waiting = len(self.pipeline)
        super().on_headers_complete()
        if len(self.pipeline) == waiting:
            self._answering = self.cycle
        if body:
            super().on_body(bytes(body))

    def on_body(self, body: bytes) -> None:
        if self._is_refused:
            return
        if self._waiting_body is None:
            super().on_body(body)
            return
        self._waiting_body += body
        if len(self._waiting_body) > _MOST_BODY_AT_ONCE:
            self._hand_over()

    def on_message_complete(self) -> None:
        if self._declines_offer():
            return
        self._head_bytes = 0
        if self._is_refused:
            return
        if self._waiting_body is not None:
            answer = self._answer_at_once(bytes(self._waiting_body))
            if answer is not None:
                self._waiting_body = None
                self.transport.write(answer.content)
                self._await(IDLE_S)
                if answer.closes:
                    self.transport.close()
                return
            self._hand_over()
        self._limit_s = None
        super().on_message_complete()

    def _answer_at_once(self, body: bytes) -> WholeAnswer | None:
        if self._app is None:
            return None
        return self._app.answer_at_once(self.parser.get_method().decode("ascii"), self.url, self.headers, body)

    def on_response_complete(self) -> None:
        self._answering = self.pipeline[-1][0] if self.pipeline else None
        super().on_response_complete()
        if not self.pipeline:
            self._await(IDLE_S)

    def connection_lost(self, exc: Exception | None) -> None:
        """uvicorn tells the request that came last; of several sent at once an earlier one is being answered."""
        super().connection_lost(exc)
        self.pipeline.clear()
        if self._answering is not None:
            self._answering.disconnected = True
            self._answering.message_event.set()

    def pause_writing(self) -> None:
        super().pause_writing()
        self._stuck_since_s = self.loop.time()

    def resume_writing(self) -> None:
        super().resume_writing()
        self._stuck_since_s = None

    def shutdown(self) -> None:
        """The server stops. A request that is not whole is not waited for.

        A TLS connection that says nothing is not asked to agree, for which it may take 30 s.
        """
        if self._limit_s == BODY_S and (self._waiting_body is not None or self._answering is self.cycle):
            self._abort()
        elif self.scheme == "https" and self._is_free() and not self.transport.get_write_buffer_size():
            self.transport.abort()
        else:
            super().shutdown()

    def _is_free(self) -> bool:
        """Whether nothing is under way here, and the client takes what it is sent."""
        return (self.cycle is None or self.cycle.response_complete) and self._stuck_since_s is None

    def _may_be_too_large(self) -> bool:
        """Whether the chunks in which the head stands are together; other requests may stand in the first and last."""
        return self._head_bytes is not None and self._first_bytes + self._head_bytes > MAX_HEAD_BYTES

    def _is_coming_head_too_large(self) -> bool:
        """Of a head that is not whole yet, all that has come since the chunk in which it began is its own."""
        if not self._may_be_too_large():
            return False
        return (self._head_bytes or 0) > MAX_HEAD_BYTES or self._head_size() > MAX_HEAD_BYTES

    def _head_size(self) -> int:
        return len(self.url) + sum(len(name) + len(value) + 4 for name, value in self.headers)

    def is_overdue(self, now_s: float) -> bool:
        if self._stuck_since_s is not None and now_s - self._stuck_since_s > STUCK_S:
            return True
        return self._limit_s is not None and now_s - self._since_s > self._limit_s

    def give_up(self) -> None:
        """End a connection that is overdue: politely where nothing is under way, else at once."""
        if self._limit_s == IDLE_S and self._stuck_since_s is None:
            self.transport.close()
        else:
            self._abort()

    def _await(self, limit_s: float) -> None:
        self._limit_s, self._since_s = limit_s, self.loop.time()

    def _refuse_head(self) -> None:
        self._is_refused = True
        body = b'{"error": {"type": "replaydisputes_request", "message": "the head is larger than %d bytes"}}'
        body %= MAX_HEAD_BYTES
        head = (
            b"HTTP/1.1 431 Request Header Fields Too Large\r\nContent-Type: application/json\r\nContent-Length: %d\r\n"
        )
        self.transport.write(head % len(body) + b"Connection: close\r\n\r\n" + body)
        self.transport.close()

    def _abort(self) -> None:
        """Cut the connection so that the client sees a reset, not an end."""
        if self.transport.is_closing():
            return
        raw = self.transport.get_extra_info("socket")
        if raw is not None:
            raw.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, _RESET_ON_CLOSE)
        self.transport.abort()


class BoundedServer(uvicorn.Server):
    """Ends what is overdue once a second, and what is held when the server stops."""

    async def on_tick(self, counter: int) -> bool:
        if counter % _TICKS_A_SECOND == 0:
            now_s = asyncio.get_running_loop().time()
            for connection in tuple(self.server_state.connections):
                if isinstance(connection, BoundedProtocol) and connection.is_overdue(now_s):
                    connection.give_up()
        return await super().on_tick(counter)

    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
        app = self.config.loaded_app
        if isinstance(app, SessionApp):
            app.let_go()
        await super().shutdown(sockets)

"""Bounds on what an answer may weigh and take, set on urllib3's connections while calls are captured."""

from __future__ import annotations

import http.client
import inspect
import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from typing import Any

import urllib3.connection

ANSWER_S = 120.0
"""For a whole answer, from the first attempt to read it; between two of its bytes the recorder waits 60 s at most."""

MAX_ANSWER_BYTES = 16 * 1024 * 1024
_MOST_INTERIM = 20
_SWITCHING_PROTOCOLS = 101
_PIECE_BYTES = 64 * 1024


class AnswerBoundError(Exception):
    """An answer that is larger, slower or stranger than any of Stripe's. The text says in which way."""


class BoundedResponse(http.client.HTTPResponse):
    """An answer that passes over what is not one yet (1xx), and ends with AnswerBoundError beyond the bounds."""

    _clock: threading.Timer | None = None
    _is_late = False
    _read_bytes = 0

    def __init__(self, sock: socket.socket, *arguments: Any, **options: Any) -> None:
        self._socket = sock
        super().__init__(sock, *arguments, **options)

    def begin(self) -> None:
        """Read the head of the answer proper. 101 is an answer: nobody asked to switch protocols."""
        self._clock = threading.Timer(ANSWER_S, self._expire)
        self._clock.daemon = True
        self._clock.start()
        with self._bounded():
            super().begin()
            for _ in range(_MOST_INTERIM):
                if not 100 <= self.status < 200 or self.status == _SWITCHING_PROTOCOLS:
                    return
                self.headers = self.msg = None  # type: ignore[assignment] # as before the first head
                super().begin()
        raise AnswerBoundError(f"more than {_MOST_INTERIM} interim answers came before it")

    def read(self, amt: int | None = None) -> bytes:
        with self._bounded():
            if amt is not None:
                return self._counted(super().read(amt))
            pieces = []
            while piece := super().read(_PIECE_BYTES):
                pieces.append(self._counted(piece))
            whole = b"".join(pieces)
            if self.length:
                raise http.client.IncompleteRead(whole, self.length)
        self._stop_clock()
        return whole

    def close(self) -> None:
        self._stop_clock()
        super().close()

    def _stop_clock(self) -> None:
        if self._clock is not None:
            self._clock.cancel()

    def _counted(self, piece: bytes) -> bytes:
        self._read_bytes += len(piece)
        if self._read_bytes > MAX_ANSWER_BYTES:
            self._shut()
            raise AnswerBoundError(f"the answer is larger than {MAX_ANSWER_BYTES // 1024**2} MB")
        return piece

    def _expire(self) -> None:
        """Another thread waits for bytes: the end of the connection wakes it."""
        self._is_late = True
        self._shut()

    def _shut(self) -> None:
        with suppress(OSError):
            self._socket.shutdown(socket.SHUT_RDWR)

    @contextmanager
    def _bounded(self) -> Iterator[None]:
        late = AnswerBoundError(f"the answer was not whole within {ANSWER_S:g} s")
        try:
            yield
        except BaseException as error:
            self._stop_clock()
            if self._is_late and isinstance(error, Exception):
                raise late from error
            raise
        if self._is_late:
            raise late


@contextmanager
def bounded_answers() -> Iterator[None]:
    """Every answer that urllib3 reads meanwhile is a BoundedResponse, and its body is left as it is encoded."""
    connection = urllib3.connection.HTTPConnection
    request, response_class = connection.request, connection.response_class
    decodes = "decode_content" in inspect.signature(request).parameters

    def raw_request(self: Any, *arguments: Any, **options: Any) -> None:
        request(self, *arguments, **(options | {"decode_content": False} if decodes else options))

    connection.request = raw_request  # type: ignore[method-assign]
    connection.response_class = BoundedResponse
    try:
        yield
    finally:
        connection.request, connection.response_class = request, response_class  # type: ignore[method-assign]

"""Connections that are used again and again, and one loop of asking and checking for each."""

from __future__ import annotations

import asyncio
import contextlib
import json
import random
import time
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field

from replaydisputes.playback import Run
from tests.load.sessions import Ask, LoadSession
from tests.serve_support import Got

_ANSWER_S = 15
_AGAIN_S = 0.05
_ENOUGH_WRONG = 20


class NoAnswerError(Exception):
    """The connection ended, or could not be had, before an answer was whole."""


@dataclass(slots=True)
class Load:
    """What all clients share. `wrong` and the times of `unavailable` and `dropped` are what the run is judged by."""

    port: int
    idle: list[LoadSession]
    start: Callable[[], Run]
    drawn: random.Random
    told: Counter[int] = field(default_factory=Counter)
    unavailable: list[float] = field(default_factory=list)
    dropped: list[float] = field(default_factory=list)
    wrong: list[str] = field(default_factory=list)
    stopping: bool = False

    @property
    def answers(self) -> int:
        return sum(self.told.values())

    @property
    def is_over(self) -> bool:
        return self.stopping or len(self.wrong) >= _ENOUGH_WRONG

    def take_any(self) -> LoadSession:
        """A session that nobody uses now."""
        at = self.drawn.randrange(len(self.idle))
        self.idle[at], self.idle[-1] = self.idle[-1], self.idle[at]
        return self.idle.pop()


class Connection:
    """Kept until the server ends it."""

    def __init__(self, port: int) -> None:
        self._port = port
        self._streams: tuple[asyncio.StreamReader, asyncio.StreamWriter] | None = None

    async def exchange(self, sent: bytes) -> Got:
        """Raises NoAnswerError, TimeoutError."""
        try:
            async with asyncio.timeout(_ANSWER_S):
                if self._streams is None:
                    self._streams = await asyncio.open_connection("127.0.0.1", self._port)
                reader, writer = self._streams
                writer.write(sent)
                return await self._read(reader)
        except (OSError, asyncio.IncompleteReadError) as error:
            await self.close()
            raise TimeoutError if isinstance(error, TimeoutError) else NoAnswerError from error

    async def _read(self, reader: asyncio.StreamReader) -> Got:
        first, *lines = (await reader.readuntil(b"\r\n\r\n")).decode("latin-1").split("\r\n")[:-2]
        headers = [(name, text) for name, _, text in (line.partition(": ") for line in lines)]
        head = Got(int(first.split()[1]), headers, b"")
        body = await reader.readexactly(int(head.header("content-length") or 0))
        if (head.header("connection") or "").lower() == "close":
            await self.close()
        return head._replace(body=body)

    async def close(self) -> None:
        if self._streams is not None:
            writer = self._streams[1]
            self._streams = None
            writer.close()
            with contextlib.suppress(OSError):
                await writer.wait_closed()


async def work(load: Load) -> None:
    """Sessions drawn, one request of each at a time, tried again until it is answered."""
    connection = Connection(load.port)
    while not load.is_over:
        if not load.idle:
            await asyncio.sleep(_AGAIN_S)
            continue
        session = load.take_any()
        for _ in range(load.drawn.randrange(1, 6)):
            await _ask_until_answered(load, session, connection)
        load.idle.append(session)
    await connection.close()


async def _ask_until_answered(load: Load, session: LoadSession, connection: Connection) -> None:
    ask = session.next_ask()
    while True:
        got = await _tried(load, session, ask, connection)
        if got is not None:
            load.told[got.status] += 1
            if problem := session.wrong(ask, got, load.start):
                load.wrong.append(problem)
            return
        session.may_have_happened(ask, load.start)
        await asyncio.sleep(_AGAIN_S)


async def _tried(load: Load, session: LoadSession, ask: Ask, connection: Connection) -> Got | None:
    try:
        got = await connection.exchange(ask.bytes_for(session.key))
    except NoAnswerError:
        load.dropped.append(time.monotonic())
        return None
    except TimeoutError:
        load.wrong.append(f"{session.key} {ask}: no answer within {_ANSWER_S} s")
        return None
    if got.status != 503:
        return got
    load.unavailable.append(time.monotonic())
    fields = ("retry-after", "stripe-should-retry", "replaydisputes-error")
    shape = json.loads(got.body)["error"]["type"], *(got.header(name) for name in fields)
    if shape != ("replaydisputes_unavailable", "1", "true", "StoreUnavailableError"):
        load.wrong.append(f"{session.key} {ask}: a 503 of another shape: {got}")
    return None

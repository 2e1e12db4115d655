"""Those who do nothing wrong while others do: sessions whose history is known, connections that idle, health."""

from __future__ import annotations

import asyncio
import contextlib
import json
import random
import time
from dataclasses import dataclass

from tests.fuzz.corpus import FuzzSession
from tests.fuzz.wire import answers

_ANSWER_S, _BETWEEN_S = 20.0, 0.2


@dataclass(slots=True)
class Kept:
    """A connection that stays open, and the status its session's dispute must have."""

    session: FuzzSession
    status: str
    streams: tuple[asyncio.StreamReader, asyncio.StreamWriter]

    @classmethod
    async def begin(cls, port: int, drawn: random.Random) -> Kept:
        """A new session; half of them close their dispute."""
        session = FuzzSession.draw(drawn)
        kept = cls(session, "needs_response", await asyncio.open_connection("127.0.0.1", port))
        if drawn.random() < 0.5:
            await kept.ask("POST", f"/v1/disputes/{session.dispute}/close")
            kept.status = "lost"
        await kept.ask("GET", f"/v1/disputes/{session.dispute}")
        return kept

    async def beside(self, port: int) -> Kept:
        """One more connection of the same session."""
        other = Kept(self.session, self.status, await asyncio.open_connection("127.0.0.1", port))
        await other.ask("GET", f"/v1/disputes/{self.session.dispute}")
        return other

    async def ask(self, method: str, path: str) -> dict[str, object]:
        """Raises TimeoutError, OSError, EOFError where no answer comes on this connection."""
        reader, writer = self.streams
        writer.write(self.session.clean(method, path))
        async with asyncio.timeout(_ANSWER_S):
            head = await reader.readuntil(b"\r\n\r\n")
            length = next(line for line in head.lower().split(b"\r\n") if line.startswith(b"content-length: "))
            body = await reader.readexactly(int(length[16:]))
        told: dict[str, object] = json.loads(body)
        return told

    async def problem(self) -> str:
        """What is wrong with the session's own answer now; nothing if nothing."""
        try:
            told = await self.ask("GET", f"/v1/disputes/{self.session.dispute}")
        except (OSError, EOFError) as error:
            return f"{self.session.dispute} got no answer on its connection: {type(error).__name__}"
        got, expected = (told.get("id"), told.get("status")), (self.session.dispute, self.status)
        return "" if got == expected else f"expected {expected}, got {got}"

    def end(self) -> None:
        self.streams[1].transport.abort()


async def health(port: int, until: asyncio.Event, faults: list[str]) -> list[float]:
    """Asked again and again on new connections; how long each answer took, in seconds."""
    took_s = []
    while not until.is_set():
        begun_s = time.monotonic()
        try:
            reader, writer = await asyncio.open_connection("127.0.0.1", port)
            writer.write(b"GET /_replaydisputes/health HTTP/1.1\r\nHost: h\r\nConnection: close\r\n\r\n")
            async with asyncio.timeout(_ANSWER_S):
                status, answer = next(answers(await reader.read()))
            writer.close()
            if status != 200 or b'"status": "ok"' not in answer:
                faults.append(f"health: {answer[:200]!r}")
        except (OSError, ValueError, StopIteration) as error:
            faults.append(f"health: no answer: {type(error).__name__}")
        took_s.append(time.monotonic() - begun_s)
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(_BETWEEN_S):
                await until.wait()
    return took_s

"""The attackers, who take turns for as many requests as asked, and the judge of what came back."""

from __future__ import annotations

import asyncio
import contextlib
import random
import socket
from collections import Counter
from dataclasses import dataclass, field

from tests.fuzz.corpus import TOKEN, FuzzSession
from tests.fuzz.mutations import mutated
from tests.fuzz.wire import Heard, answers, exchanged

_OWN_500 = (b"Replaydisputes-", b"request-id", b"Request-Id")
"""A 500 that was asked for has one of these: it is recorded or says whose it is."""

_HOLD = b"replaydisputes-fault: timeout"
"""Held for two minutes at most; that its client has left is not seen while requests wait behind it, unread."""

_ASKED_AT_ONCE = 600

KNOWN = frozenset({100, 200, 400, 401, 403, 404, 405, 409, 413, 421, 429, 431, 500, 501})


@dataclass(slots=True)
class Attack:
    """What all attackers share. `faults` is what the run is judged by."""

    port: int
    seed: int
    requests: int
    sessions: list[FuzzSession]
    sent: int = 0
    told: Counter[str] = field(default_factory=Counter)
    faults: list[str] = field(default_factory=list)

    def judge(self, session: FuzzSession, sent: bytes, heard: Heard, turn: int) -> None:
        """Note what an answer must not be: of a bug, of another session, of no shape, or none at all."""
        is_held = heard.ending == "hung" and _HOLD in sent.lower()
        self.told["held" if is_held else heard.ending] += 1
        where = f"turn {turn} ({len(sent):,} bytes, {sent[:60]!r}…)"
        if heard.ending == "hung" and not is_held:
            self.faults.append(f"{where}: the server neither answers nor ends the connection")
        try:
            for status, answer in [] if b"HEAD" in sent.upper() else answers(heard.received):
                self.told[str(status)] += 1
                if status not in KNOWN or (status == 500 and not any(own in answer for own in _OWN_500)):
                    self.faults.append(f"{where}: answered {answer[:200]!r}")
        except ValueError as error:
            self.faults.append(f"{where}: no HTTP: {error}")
        if b'"unmatched": ' not in heard.received and self.foreign(session, heard.received):
            self.faults.append(f"{where}: the answer holds another session's id")

    def foreign(self, session: FuzzSession, heard: bytes) -> set[bytes]:
        """Tokens of other sessions in what was heard. The journal of those without a key may hold any."""
        return set(TOKEN.findall(heard)) & ({one.token for one in self.sessions} - {session.token})


async def attacker(attack: Attack) -> None:
    """One connection after the other; each turn has a session and a source of its own, so that it can be redone."""
    while attack.sent < attack.requests and len(attack.faults) < 20:
        turn = attack.sent = attack.sent + 1
        drawn = random.Random(f"{attack.seed} {turn}")
        session = attack.sessions[turn % len(attack.sessions)]
        corpus = session.corpus()
        bad = mutated(drawn.choice(corpus), corpus, drawn)
        around = [drawn.choice(corpus) for _ in range(drawn.choice((0, 0, 0, 1, 3, 10)))]
        at = drawn.randrange(len(around) + 1)
        sent = b"".join((*around[:at], bad, *around[at:]))
        try:
            heard = await exchanged(attack.port, sent, drawn.choice((1, 1, 1, 2, 5, 20)), drawn)
        except OSError as error:
            attack.faults.append(f"turn {turn}: cannot connect: {error}")
            return
        attack.judge(session, sent, heard, turn)


async def slow_writer(port: int, session: FuzzSession, until: asyncio.Event) -> bool:
    """A byte now and then, never a whole head; whether the server ended it before we did."""
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    try:
        for byte in session.clean() * 100:
            if until.is_set():
                return False
            writer.write(bytes([byte or 1]) if byte not in b"\r\n" else b"x")
            await writer.drain()
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(0.5):
                    if not await reader.read(1):
                        return True
    except OSError:
        return True
    finally:
        writer.transport.abort()
    return False


async def slow_reader(port: int, session: FuzzSession, until: asyncio.Event) -> int:
    """Asks for more than the kernel's buffers hold and takes a few bytes now and then; how many it took."""
    raw = socket.socket()
    raw.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
    raw.setblocking(False)
    loop, taken = asyncio.get_running_loop(), 0
    with raw, contextlib.suppress(OSError):
        await loop.sock_connect(raw, ("127.0.0.1", port))
        asking = asyncio.create_task(loop.sock_sendall(raw, session.clean() * _ASKED_AT_ONCE))
        while not until.is_set():
            taken += len(await loop.sock_recv(raw, 100))
            await asyncio.sleep(0.1)
        asking.cancel()
        await asyncio.gather(asking, return_exceptions=True)
    return taken

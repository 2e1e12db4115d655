"""One connection to the server under attack: sent to in some manner, read until it is silent or ends."""

from __future__ import annotations

import asyncio
import contextlib
import random
import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Literal

_SILENCE_S, _END_S = 0.25, 30.0
_MOST_BYTES = 1 << 20
_PIECE_PAUSE_S = 0.002
_HEAD = re.compile(rb"HTTP/1\.1 (\d{3}) [^\r\n]*\r\n((?:[^\r\n]+\r\n)*)\r\n")
_LENGTH = re.compile(rb"^content-length: (\d+)\r$", re.IGNORECASE | re.MULTILINE)

Ending = Literal["closed", "reset", "hung"]


@dataclass(frozen=True, slots=True)
class Heard:
    """All that came back on a connection, and how it ended after our side of it had."""

    received: bytes
    ending: Ending


async def exchanged(port: int, sent: bytes, pieces: int, drawn: random.Random) -> Heard:
    """Send, cut up into pieces, and listen; after a silence end our side, upon which the server must end its own."""
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    heard = bytearray()
    try:
        sending = asyncio.create_task(_send(writer, sent, pieces, drawn))
        is_over = await _listen(reader, heard, _SILENCE_S, sending)
        if not is_over:
            sending.cancel()
            if writer.can_write_eof():
                writer.write_eof()
            is_over = await _listen(reader, heard, _END_S, None)
        sending.cancel()
        return Heard(bytes(heard), "closed" if is_over else "hung")
    except (OSError, RuntimeError):  # uvloop's word for a connection that has ended
        return Heard(bytes(heard), "reset")
    finally:
        writer.transport.abort()


async def _send(writer: asyncio.StreamWriter, sent: bytes, pieces: int, drawn: random.Random) -> None:
    with contextlib.suppress(OSError, RuntimeError):
        cuts = sorted(drawn.randrange(len(sent) + 1) for _ in range(pieces - 1))
        for begin, end in zip([0, *cuts], [*cuts, len(sent)], strict=True):
            writer.write(sent[begin:end])
            await writer.drain()
            if end < len(sent):
                await asyncio.sleep(_PIECE_PAUSE_S)


async def _listen(
    reader: asyncio.StreamReader, heard: bytearray, patience_s: float, sending: asyncio.Task[None] | None
) -> bool:
    """True where the connection ended; False where nothing came for so long. Raises OSError for a reset."""
    while len(heard) < _MOST_BYTES:
        try:
            async with asyncio.timeout(patience_s):
                received = await reader.read(65536)
        except TimeoutError:
            if sending is not None and not sending.done():
                continue
            return False
        if not received:
            return True
        heard += received
    return True


def answers(received: bytes) -> Iterator[tuple[int, bytes]]:
    """(status, head and body) of each answer. Raises ValueError where the bytes are no sequence of answers."""
    at = 0
    while at < len(received):
        found = _HEAD.match(received, at)
        if found is None:
            raise ValueError(received[at : at + 200])
        status = int(found[1])
        length = _LENGTH.search(found[2])
        end = found.end() + (int(length[1]) if length and status != 100 else 0)
        yield status, received[at:end]
        at = end

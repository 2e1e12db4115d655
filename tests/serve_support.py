"""A replay server in this process, and raw sockets to talk to it."""

from __future__ import annotations

import json
import socket
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any, NamedTuple
from urllib.parse import urlsplit

from replaydisputes.cassette_file import load
from replaydisputes.playback import Player, Several, runs_of, set_apart
from replaydisputes.server import SessionApp, Sessions, serving_sessions

CASSETTES = Path(__file__).parent.parent / "cassettes"
CANONICAL = "du_1AAAAAreplaydisp00000001"
DISPUTE = f"/v1/disputes/{CANONICAL}"
CLOSE = f"{DISPUTE}/close"
KEY = "sk_test_mine"


class Got(NamedTuple):
    """One answer from the wire."""

    status: int
    headers: list[tuple[str, str]]
    body: bytes

    def header(self, name: str) -> str | None:
        return next((value for field, value in self.headers if field.lower() == name.lower()), None)

    @property
    def json(self) -> Any:
        return json.loads(self.body)


def app_of(*names: str, store: Any = None, most: int = 10_000, **options: Any) -> SessionApp:
    """The replay server of some shipped cassettes."""
    apart = set_apart(names)
    players = [
        Player(load(CASSETTES / f"{name}.yaml"), name, beside=beside, **options)
        for name, beside in zip(names, apart, strict=True)
    ]
    together = players[0] if len(players) == 1 else Several(players)
    served = [{"name": player.name, "dispute_id": player.dispute_id} for player in players]
    return SessionApp(Sessions(runs_of(together), most, store), served, "0")


@contextmanager
def served(*names: str, **options: Any) -> Iterator[str]:
    with serving_sessions(app_of(*(names or ("close-lost",)), **options)) as url:
        yield url


@contextmanager
def connected(url: str, timeout_s: float = 10) -> Iterator[socket.socket]:
    target = urlsplit(url)
    with socket.create_connection((target.hostname or "", target.port or 0), timeout=timeout_s) as connection:
        yield connection


def raw(method: str, path: str, *fields: str, body: bytes = b"", version: str = "1.1", key: str = KEY) -> bytes:
    """The bytes of a request; a Content-Length where there is a body."""
    own = [f"Authorization: Bearer {key}"] if key else []
    length = [f"Content-Length: {len(body)}"] if body else []
    lines = [f"{method} {path} HTTP/{version}", "Host: 127.0.0.1:12111", *own, *length, *fields, "", ""]
    return "\r\n".join(lines).encode("latin-1") + body


def read_answers(connection: socket.socket, methods: Sequence[str]) -> list[Got]:
    """So many answers, in order, read by their Content-Length."""
    buffered = bytearray()

    def more() -> None:
        chunk = connection.recv(65536)
        if not chunk:
            raise EOFError(bytes(buffered))
        buffered.extend(chunk)

    return [_one(buffered, more, method) for method in methods]


def _one(buffered: bytearray, more: Callable[[], None], method: str) -> Got:
    while b"\r\n\r\n" not in buffered:
        more()
    head, _, rest = bytes(buffered).partition(b"\r\n\r\n")
    first, *lines = head.decode("latin-1").split("\r\n")
    headers = [(name, value) for name, _, value in (line.partition(": ") for line in lines)]
    status = int(first.split()[1])
    length = (
        0 if method == "HEAD" or status in (100, 204, 304) else int(Got(0, headers, b"").header("content-length") or 0)
    )
    buffered[:] = rest
    while len(buffered) < length:
        more()
    body = bytes(buffered[:length])
    del buffered[:length]
    return Got(status, headers, body)


def call(url: str, method: str, path: str, *fields: str, body: bytes = b"", key: str = KEY) -> Got:
    """One request on a connection of its own."""
    with connected(url) as connection:
        connection.sendall(raw(method, path, *fields, body=body, key=key))
        return read_answers(connection, [method])[0]


def until_closed(connection: socket.socket) -> bytes:
    """Everything up to the end of the connection."""
    received = b""
    while chunk := connection.recv(65536):
        received += chunk
    return received

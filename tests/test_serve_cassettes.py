"""Every shipped cassette, in process and through the server: the same status, headers and bytes."""

from __future__ import annotations

from collections.abc import Iterator
from urllib.parse import urlsplit

import pytest

from replaydisputes.cassette_file import load
from replaydisputes.model import Headers, Request, Response
from replaydisputes.playback import Player
from replaydisputes.server import serving_sessions
from replaydisputes.server.asgi import Receive, Scope, Send
from tests.serve_support import CASSETTES, Got, app_of, connected, read_answers

NAMES = sorted(path.stem for path in CASSETTES.glob("*.yaml"))
HOP_BY_HOP = {"connection", "content-length", "keep-alive", "transfer-encoding"}


def carried(headers: Headers | list[tuple[str, str]]) -> list[tuple[str, str]]:
    """What is compared: all but what belongs to a connection; names without case, as HTTP has them."""
    return [(name.lower(), value) for name, value in headers if name.lower() not in HOP_BY_HOP]


def on_the_wire(request: Request, host: str) -> bytes:
    """A recorded request as a client would send it to the server."""
    target = urlsplit(request.url)
    path = target.path + (f"?{target.query}" if target.query else "")
    own = [(name, value) for name, value in request.headers if name.lower() not in HOP_BY_HOP | {"host"}]
    own = [("Host", host), *own, ("Content-Length", str(len(request.body)))]
    lines = [f"{request.method} {path} HTTP/1.1", *(f"{name}: {value}" for name, value in own), "", ""]
    return "\r\n".join(lines).encode("latin-1") + request.body


def compared(answer: Got | Response) -> tuple[int, list[tuple[str, str]], bytes]:
    return answer.status, carried(answer.headers), answer.body


class ByHost:
    """One server for all cassettes, each under a host name of its own."""

    def __init__(self) -> None:
        self.apps = {name: app_of(name) for name in NAMES}

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        host = next((value for name, value in scope.get("headers", ()) if name == b"host"), NAMES[0].encode())
        await self.apps[host.decode()](scope, receive, send)


@pytest.fixture(scope="module")
def url() -> Iterator[str]:
    with serving_sessions(ByHost()) as running:
        yield running


@pytest.mark.parametrize("name", NAMES)
def test_the_server_answers_a_cassette_as_the_player_does(name: str, url: str) -> None:
    """Each read twice, as a repeated read has a way of its own through the server."""
    cassette = load(CASSETTES / f"{name}.yaml")
    player = Player(cassette, name)
    requests = [
        one.request for one in cassette.interactions for _ in range(3 if one.request.method in ("GET", "HEAD") else 1)
    ]
    expected = [compared(player.answer(request)) for request in requests]

    with connected(url) as connection:
        connection.sendall(b"".join(on_the_wire(request, name) for request in requests))
        got = [compared(one) for one in read_answers(connection, [request.method for request in requests])]

    assert got == expected

"""The server answers what each official client puts on the wire, and what its retries send again."""

from __future__ import annotations

import json
import socket
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from http.client import HTTPResponse
from typing import Any
from urllib.parse import urlsplit

import pytest
import requests

from tests.example_ids import EXPANDED, ITS_CHARGE, LISTED, LOST, TWICE, UNKNOWN
from tests.sdk_requests import CLIENTS, Client
from tests.served import served

each_client = pytest.mark.parametrize("client", CLIENTS, ids=[client.name for client in CLIENTS])


@pytest.fixture(scope="module")
def url() -> Iterator[str]:
    with served() as base:
        yield base


@dataclass(frozen=True)
class Line:
    """One connection of one client, with a key of its own."""

    client: Client
    key: str
    host: str
    connection: socket.socket

    def ask(self, request: bytes) -> tuple[int, Any, dict[str, str]]:
        """Status, parsed body and headers of the answer to one request."""
        self.connection.sendall(request)
        response = HTTPResponse(self.connection, method=request.split(b" ")[0].decode())
        response.begin()
        return (
            response.status,
            json.loads(response.read()),
            {key.lower(): value for key, value in response.getheaders()},
        )

    def get(self, target: str) -> Any:
        return self.ask(self.client.get(self.host, self.key, target))[1]

    def close(self, dispute: str, body: str = "", path: str = "/v1/disputes") -> tuple[int, Any]:
        return self.ask(
            self.client.post(self.host, self.key, f"{path}/{dispute}/close", body, idempotency_key=dispute)
        )[:2]

    def tell(self, what: str, **wish: object) -> None:
        asked = f"http://{self.host}/_replaydisputes/{what}"
        requests.post(asked, json=wish, auth=(self.key, ""), timeout=10).raise_for_status()


@contextmanager
def line(client: Client, url: str) -> Iterator[Line]:
    target = urlsplit(url)
    with socket.create_connection((target.hostname or "", target.port or 0), timeout=10) as connection:
        calling = Line(client, f"sk_test_wire_{client.name.replace('-', '_')}", target.netloc, connection)
        calling.tell("reset")
        yield calling


@each_client
def test_every_call_is_answered_on_one_connection(client: Client, url: str) -> None:
    with line(client, url) as calling:
        before = calling.get(f"/v1/disputes/{LOST}")
        closed = calling.close(LOST)
        after = calling.get(f"/v1/disputes/{LOST}")
        listed = calling.get(f"/v1/disputes?charge={ITS_CHARGE}&limit=1")
        unknown = calling.close(UNKNOWN)
        expanded = calling.close(EXPANDED, client.expand)

    assert [before["status"], closed[0], closed[1]["status"], after["status"]] == [
        "needs_response",
        200,
        "lost",
        "lost",
    ]
    assert [(one["id"], one["status"]) for one in listed["data"]] == [(LISTED, "needs_response")]
    assert (unknown[0], unknown[1]["error"]["code"]) == (404, "resource_missing")
    assert (expanded[0], expanded[1]["charge"]["object"]) == (200, "charge")


@each_client
def test_a_second_close_is_refused(client: Client, url: str) -> None:
    with line(client, url) as calling:
        first = client.post(calling.host, calling.key, f"/v1/disputes/{TWICE}/close", idempotency_key="key-1")
        second = client.post(calling.host, calling.key, f"/v1/disputes/{TWICE}/close", idempotency_key="key-2")
        answers = [calling.ask(request)[:2] for request in (first, second)]

    assert [status for status, _ in answers] == [200, 400]
    assert answers[1][1]["error"] == {
        "message": "This dispute is already closed",
        "request_log_url": answers[1][1]["error"]["request_log_url"],
        "type": "invalid_request_error",
    }


@pytest.mark.parametrize("client", [one for one in CLIENTS if one.slash], ids=lambda client: client.name)
def test_a_base_address_that_ends_with_a_slash_works(client: Client, url: str) -> None:
    with line(client, url) as calling:
        assert calling.close(LOST, path="//v1/disputes")[1]["status"] == "lost"


@each_client
def test_a_request_dropped_on_its_way_can_be_sent_again(client: Client, url: str) -> None:
    with line(client, url) as calling:
        calling.tell("fail-next", kind="connection-reset")
        request = client.post(calling.host, calling.key, f"/v1/disputes/{LOST}/close")
        calling.connection.sendall(request)
        assert received(calling.connection) == b""

    with connected(calling) as again:
        assert again.ask(request)[1]["status"] == "lost"


@each_client
def test_an_answer_dropped_on_its_way_comes_again_only_for_a_key(client: Client, url: str) -> None:
    with line(client, url) as calling:
        calling.tell("fail-next", kind="connection-reset", processed=True)
        request = client.post(calling.host, calling.key, f"/v1/disputes/{TWICE}/close")
        calling.connection.sendall(request)
        assert received(calling.connection) == b""

    with connected(calling) as again:
        status, _, headers = again.ask(request)
    assert (status, headers.get("idempotent-replayed")) == ((200, "true") if client.is_idempotent else (400, None))


@each_client
def test_an_injected_500_is_typed_and_closes_nothing(client: Client, url: str) -> None:
    with line(client, url) as calling:
        calling.tell("fail-next", kind="server-error")
        request = client.post(calling.host, calling.key, f"/v1/disputes/{LOST}/close")
        status, body, headers = calling.ask(request)

    # A kept connection after an answer that is retried makes Node linger for 80 s when it ends.
    assert (status, body["error"]["type"], headers["connection"]) == (500, "api_error", "close")
    with connected(calling) as again:
        assert again.get(f"/v1/disputes/{LOST}")["status"] == "needs_response"
        assert again.ask(request)[1]["status"] == "lost"


@contextmanager
def connected(before: Line) -> Iterator[Line]:
    """Another connection of the same client, in the same session."""
    host, _, port = before.host.rpartition(":")
    with socket.create_connection((host, int(port)), timeout=10) as connection:
        yield Line(before.client, before.key, before.host, connection)


def received(connection: socket.socket) -> bytes:
    """All that comes until the other side ends it, in whichever way."""
    try:
        return connection.recv(65536)
    except ConnectionResetError:
        return b""

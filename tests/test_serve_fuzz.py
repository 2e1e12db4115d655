"""Mutated traffic: whatever comes in, the server neither falls over nor hangs, nor mixes sessions up.

FUZZ: how many requests. SEED repeats a run. `make fuzz` does more, from outside.
"""

from __future__ import annotations

import os
import random
import socket
from urllib.parse import urlsplit

import pytest

from replaydisputes.server import serving_sessions
from tests.serve_support import CLOSE, DISPUTE, app_of, call, raw

REQUESTS = int(os.environ.get("FUZZ", "1500"))
FUZZED = "sk_test_fuzzed"

CHUNKED = raw("POST", CLOSE, "Transfer-Encoding: chunked", "User-Agent: Stripe/v1 GoBindings/86.0.0", key=FUZZED)
CORPUS = (
    raw("GET", DISPUTE, "Stripe-Version: 2026-10-28.endive", "Accept: */*", key=FUZZED),
    raw("GET", f"/{DISPUTE}?expand[]=charge&expand[1]=payment_intent", key=FUZZED),
    raw("HEAD", DISPUTE, "Connection: close", key=FUZZED),
    raw("POST", CLOSE, "Idempotency-Key: stripe-node-retry-1", "Content-Length: 0", key=FUZZED),
    raw("POST", CLOSE, "Content-Type: application/x-www-form-urlencoded", body=b"expand[0]=charge", key=FUZZED),
    raw("POST", CLOSE, "Expect: 100-continue", body=b"expand[0]=charge", key=FUZZED),
    raw("GET", "/v1/disputes?limit=3", "Authorization: Basic c2tfdGVzdF9mdXp6ZWQ6", version="1.0", key=""),
    raw("GET", DISPUTE, "Replaydisputes-Fault: server-error", key=FUZZED),
    raw("POST", "/_replaydisputes/fail-next", body=b'{"kind": "rate-limit", "times": 1}', key=FUZZED),
    raw("GET", "/_replaydisputes/journal", key=FUZZED),
    CHUNKED + b"10\r\nexpand[0]=charge\r\n0\r\n\r\n",
    CHUNKED + b"0\r\n\r\n" + raw("GET", DISPUTE, key=FUZZED),
)
WORDS = (
    b"\r\n",
    b"\r\n\r\n",
    b"\0",
    b"\xff",
    b" ",
    b":",
    b"%",
    b"%00",
    b"%2F",
    b"Content-Length: 5\r\n",
    b"HTTP/1.1",
    b"[]",
)


def mutated(drawn: random.Random) -> bytes:
    """A request of the corpus with one to six changes."""
    data = bytearray(drawn.choice(CORPUS))
    for _ in range(drawn.randint(1, 6)):
        at, end = sorted(drawn.randrange(len(data) + 1) for _ in range(2))
        change = drawn.randrange(6)
        if change == 0 and data:
            data[at % len(data)] = drawn.randrange(256)
        elif change == 1:
            data[at:at] = drawn.choice(WORDS)
        elif change == 2:
            del data[at : min(end, at + 20)]
        elif change == 3:
            data[at:at] = data[at:end]
        elif change == 4:
            data[at:at] = drawn.choice(CORPUS)
        else:
            del data[end:]
        data = data or bytearray(b"G")
    return bytes(data)


def reply(url: str, sent: bytes) -> bytes:
    """All that comes back to a client that says no more; empty where the connection was reset."""
    target = urlsplit(url)
    received = b""
    with socket.create_connection((target.hostname or "", target.port or 0), timeout=20) as connection:
        try:
            connection.sendall(sent)
            connection.shutdown(socket.SHUT_WR)
            while chunk := connection.recv(65536):
                received += chunk
        except (ConnectionError, BrokenPipeError):
            return received
    return received


def test_mutated_requests_get_an_answer_or_an_end(caplog: pytest.LogCaptureFixture) -> None:
    seed = int(os.environ.get("SEED", random.randrange(2**32)))
    print(f"seed {seed}")
    drawn = random.Random(seed)
    with serving_sessions(app_of("close-lost", on_exhausted="repeat")) as url:
        call(url, "POST", CLOSE, key="sk_test_closed")
        call(url, "GET", DISPUTE, key="sk_test_open")
        for number in range(REQUESTS):
            sent = mutated(drawn)
            received = reply(url, sent)
            fine = received == b"" or received.startswith((b"HTTP/1.1 ", b"HTTP/1.0 "))
            assert fine, (number, sent, received[:200])
            assert b"\r\n\r\nInternal Server Error" not in received, (number, sent)
        states = [call(url, "GET", DISPUTE, key=f"sk_test_{name}").json["status"] for name in ("closed", "open")]

    assert (states, caplog.text) == (["lost", "needs_response"], "")

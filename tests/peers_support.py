"""What the tests of the neighbours' limits share. Each shows the fault on the neighbour itself, run for real."""

from __future__ import annotations

import json
import subprocess
import sys
import textwrap
from collections.abc import Iterator
from contextlib import contextmanager
from importlib.metadata import version
from pathlib import Path
from typing import Any

from replaydisputes.cassette_file import serialize
from replaydisputes.model import Cassette, Headers, Interaction, Request, Response
from replaydisputes.redaction import redact
from replaydisputes.server import serving
from tests.interception_support import Fixed

STRIPE = "https://api.stripe.com"
DISPUTE = f"{STRIPE}/v1/disputes/du_1AAAAAreplaydisp00000001"
FORM = ("Content-Type", "application/x-www-form-urlencoded")
JSON = ("Content-Type", "application/json")


def no_longer(peer: str, fault: str) -> str:
    """What to say where a neighbour has mended it: the limit is to be struck from the list, with this test."""
    return f"PEERS: {peer} {version(peer)} no longer {fault}"


@contextmanager
def answered(body: bytes, *headers: tuple[str, str]) -> Iterator[str]:
    """The origin of a real server on loopback that always gives this answer."""
    with serving(Fixed(Response(200, (*headers, ("Content-Length", str(len(body)))), body, "OK"))) as base:
        yield base


def published(
    *,
    sent: bytes = b"",
    sent_headers: Headers = (FORM,),
    body: bytes = b"{}",
    headers: Headers = (JSON,),
) -> bytes:
    """The file that one raw interaction becomes here, as bytes."""
    raw = Interaction(Request("POST", DISPUTE, sent_headers, sent), Response(200, headers, body, "OK"))
    return serialize(Cassette(redact([raw]).interactions))


def interaction(method: str, url: str, body: dict[str, Any], sent: bytes = b"") -> Interaction:
    content = json.dumps(body).encode()
    return Interaction(
        Request(method, url, (FORM,), sent), Response(200, (JSON, ("Content-Length", str(len(content)))), content, "OK")
    )


def write_cassette(path: Path, *interactions: Interaction) -> Path:
    path.write_bytes(serialize(Cassette(interactions)))
    return path


def told(code: str, *arguments: str) -> Any:
    """What a piece of code prints as JSON last, run in a process of its own, which it may spoil."""
    command = [sys.executable, "-c", textwrap.dedent(code), *arguments]
    run = subprocess.run(command, capture_output=True, text=True, timeout=60, check=False)
    assert run.returncode == 0, run.stderr
    return json.loads(run.stdout.splitlines()[-1])

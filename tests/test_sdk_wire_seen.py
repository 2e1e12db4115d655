"""The table of what the clients send is what they, or their languages' HTTP libraries, do send."""

from __future__ import annotations

import os
import re
import socket
import subprocess
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from threading import Thread

import pytest
import stripe

from tests.sdk_requests import CLIENTS, CURL, NODE, PYTHON, STRIPE_CLI, Client
from tests.toolchains import needs_program

ROOT = Path(__file__).parent.parent
PROGRAMS = {
    "php": "php {}/send.php",
    "ruby": "ruby {}/send.rb",
    "go": "go run {}/send.go",
    "java": "java {}/Send.java",
}
OF_THE_LIBRARY = re.compile(
    r"(Host|Connection|Content-Length|Transfer-Encoding|Accept-Encoding|Cache-Control|Pragma):|Accept: \*/\*"
)
# requests and curl accept the encodings that their installation can undo.
VOLATILE = re.compile(r"^(X-Stripe-Client-User-Agent|Idempotency-Key|User-Agent|Accept-Encoding): .*$", re.M)
KEY = "sk_test_51SeenOnTheWire"
CLOSE, LIST = "/v1/disputes/du_1/close", "/v1/disputes?charge=ch_1&limit=1"


@contextmanager
def listening(heard: list[bytes]) -> Iterator[str]:
    """A server that keeps each connection's first request as it came and answers with an empty list."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        Thread(target=_hear, args=(listener, heard), daemon=True).start()
        yield f"127.0.0.1:{listener.getsockname()[1]}"
        listener.shutdown(socket.SHUT_RDWR)


def _hear(listener: socket.socket, heard: list[bytes]) -> None:
    while True:
        try:
            connection, _ = listener.accept()
        except OSError:
            return
        with connection:
            request = b""
            while not _is_whole(request):
                request += connection.recv(65536)
            heard.append(request)
            body = b'{"object": "list", "data": []}'
            head = (
                b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nConnection: close\r\nContent-Length: %d\r\n\r\n"
            )
            connection.sendall(head % len(body) + body)


def _is_whole(request: bytes) -> bool:
    head, found, body = request.partition(b"\r\n\r\n")
    if b"Transfer-Encoding: chunked" in head:
        return body.endswith(b"0\r\n\r\n")
    sized = re.search(rb"Content-Length: (\d+)", head)
    return bool(found) and len(body) >= (int(sized[1]) if sized else 0)


def by_python(host: str) -> None:
    disputes = stripe.StripeClient(KEY, base_addresses={"api": f"http://{host}"}).v1.disputes
    disputes.close("du_1")
    disputes.close("du_1", {"expand": ["charge"]})
    disputes.list({"charge": "ch_1", "limit": 1})


def by_node(host: str) -> None:
    name, port = host.split(":")
    run(
        "node",
        "-e",
        f"""
        const Stripe = require({str(ROOT / ".languages/node/node_modules/stripe")!r});
        const {{ disputes }} = new Stripe('{KEY}', {{host: '{name}', port: {port}, protocol: 'http'}});
        disputes.close('du_1')
            .then(() => disputes.close('du_1', {{expand: ['charge']}}))
            .then(() => disputes.list({{charge: 'ch_1', limit: 1}}));
        """,
    )


def by_stripe_cli(host: str) -> None:
    program = str(ROOT / ".stripe-cli/node_modules/.bin/stripe")
    for asked in ("close du_1", "close du_1 -e charge", "list --charge ch_1 --limit 1"):
        run(program, "disputes", *asked.split(), "--api-base", f"http://{host}")


def by_curl(host: str) -> None:
    for asked in (f"-X POST {CLOSE}", f"{CLOSE} -d expand[]=charge", LIST):
        arguments = [f"http://{host}{part}" if part.startswith("/") else part for part in asked.split()]
        run("curl", "--silent", "--globoff", "-u", f"{KEY}:", *arguments)


def run(*command: str) -> None:
    environment = {
        **os.environ,
        "STRIPE_API_KEY": KEY,
        "STRIPE_CLI_TELEMETRY_OPTOUT": "1",
        "HTTPS_PROXY": "http://127.0.0.1:9",
    }
    done = subprocess.run(
        command, env=environment, stdin=subprocess.DEVNULL, capture_output=True, text=True, timeout=180, check=False
    )
    assert done.returncode == 0, done.stderr


def steady(request: bytes) -> str:
    return VOLATILE.sub(r"\1: …", request.decode().replace("\r\n", "\n"))


@pytest.mark.parametrize(
    ("client", "call"),
    [(PYTHON, by_python), (NODE, by_node), (STRIPE_CLI, by_stripe_cli), (CURL, by_curl)],
    ids=["python", "node", "stripe-cli", "curl"],
)
def test_the_table_has_what_the_client_sends(client: Client, call: Callable[[str], None]) -> None:
    if client is not PYTHON and not os.environ.get("LANGUAGES_REQUIRED"):
        pytest.skip("`make languages` listens to the other clients")
    heard: list[bytes] = []
    with listening(heard) as host:
        call(host)

    assert client.seen == "this client"
    posts = [client.post(host, KEY, CLOSE), client.post(host, KEY, CLOSE, client.expand)]
    assert [steady(one) for one in heard] == [steady(one) for one in (*posts, client.get(host, KEY, LIST))]


@pytest.mark.parametrize("client", [one for one in CLIENTS if one.name in PROGRAMS], ids=lambda client: client.name)
def test_the_table_has_what_the_languages_library_makes_of_the_sdks_headers(client: Client) -> None:
    program = PROGRAMS[client.name].format(ROOT / "tests/http_libraries").split()
    if not os.environ.get("LANGUAGES_REQUIRED"):
        pytest.skip(f"`make languages` listens to {program[0]} if it is installed")
    needs_program(program[0])
    heard: list[bytes] = []
    with listening(heard) as host:
        wanted = [
            client.post(host, KEY, CLOSE),
            client.post(host, KEY, CLOSE, client.expand),
            client.get(host, KEY, LIST),
        ]
        for request in wanted:
            head, _, _ = request.decode().partition("\r\n\r\n")
            (method, target, _), lines = head.split("\r\n")[0].split(" "), head.split("\r\n")[1:]
            own = [line for line in lines if not OF_THE_LIBRARY.match(line)]
            body = client.expand if request is wanted[1] else ""
            run(*program, method, f"http://{host}{target}", body, *own)

    assert client.seen == "its HTTP library"
    assert heard == wanted

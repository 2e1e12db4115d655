"""An offer to upgrade that is not taken costs nothing: the request is answered as if it had not been made."""

from __future__ import annotations

import shutil
import subprocess
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from replaydisputes.model import Request, Response
from replaydisputes.playback import Run
from replaydisputes.sandbox import Sandbox
from replaydisputes.server import SessionApp, Sessions, serving, serving_sessions
from tests.serve_support import CLOSE, DISPUTE, KEY, connected, raw, read_answers, served

H2C = ("Connection: Upgrade, HTTP2-Settings", "Upgrade: h2c", "HTTP2-Settings: AAMAAABkAARAAAAAAAIAAAAA")
OFFERS = {
    "h2c": H2C,
    "h2c, kept alive": ("Connection: keep-alive, UPGRADE, HTTP2-Settings", *H2C[1:]),
    "two Connection fields": ("Connection: HTTP2-Settings", "Connection: upgrade", *H2C[1:]),
    "websocket": ("Upgrade: websocket", "Connection: Upgrade", "Sec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA=="),
    "several protocols": ("Upgrade: TLS/1.0, HTTP/2.0", "Connection: Upgrade"),
}
FORM = "Content-Type: application/x-www-form-urlencoded"


class Echo:
    """Answers with the body that it was sent."""

    def answer(self, request: Request) -> Response:
        return Response(200, (("Content-Length", str(len(request.body))),), request.body)


@pytest.fixture(scope="module")
def echo() -> Iterator[str]:
    with serving(Echo()) as url:
        yield url


def bodies(body: bytes) -> dict[str, tuple[str, list[bytes]]]:
    """Ways to frame a body: the field that says so, and the pieces that follow the head."""
    chunked = b"".join(b"1\r\n%c\r\n" % byte for byte in body) + b"0\r\n\r\n"
    length = f"Content-Length: {len(body)}"
    return {
        "with the head": (length, [body]),
        "in a later segment": (length, [b"", body]),
        "byte by byte": (length, [b"", *(bytes([byte]) for byte in body)]),
        "chunked": ("Transfer-Encoding: chunked", [chunked]),
        "chunked, in a later segment": ("Transfer-Encoding: chunked", [b"", chunked]),
    }


@pytest.mark.parametrize("framing", bodies(b"x"))
@pytest.mark.parametrize("offer", OFFERS)
def test_a_body_behind_an_offer_is_read_and_so_is_the_next_request(offer: str, framing: str) -> None:
    field, (first, *later) = bodies(b"reason=nobody+recorded+this")[framing]
    with served() as url, connected(url) as connection:
        connection.sendall(raw("POST", CLOSE, FORM, field, *OFFERS[offer]) + first)
        for piece in later:
            time.sleep(0.002)
            connection.sendall(piece)
        (refused,) = read_answers(connection, ["POST"])
    with served() as url, connected(url) as connection:
        connection.sendall(raw("GET", DISPUTE, *OFFERS[offer]) + raw("GET", DISPUTE))
        answers = read_answers(connection, ["GET", "GET"])

    assert (refused.status, "reason" in refused.json["error"]["message"]) == (501, True)
    assert [one.status for one in answers] == [200, 200]


@pytest.mark.parametrize("offer", OFFERS)
def test_the_server_of_any_answerer_reads_it_too(echo: str, offer: str) -> None:
    for field, (first, *later) in bodies(b"expand[]=charge").values():
        with connected(echo) as connection:
            connection.sendall(raw("POST", "/v1/x", field, *OFFERS[offer]) + first)
            for piece in later:
                time.sleep(0.002)
                connection.sendall(piece)
            (answer,) = read_answers(connection, ["POST"])

        assert (answer.status, answer.body) == (200, b"expand[]=charge")


def test_a_sandbox_behind_sessions_reads_it_too() -> None:
    form = b"amount=1000&currency=usd&payment_method_types[0]=card&payment_method=pm_card_visa&confirm=true"
    with serving_sessions(SessionApp(Sessions(lambda: Run(Sandbox())))) as url, connected(url) as connection:
        connection.sendall(raw("POST", "/v1/payment_intents", FORM, *H2C, body=form, key=KEY))
        (answer,) = read_answers(connection, ["POST"])

    assert (answer.status, answer.json["amount"]) == (200, 1000)


def test_a_body_larger_than_is_answered_at_once_is_read_behind_an_offer() -> None:
    body = b"metadata[note]=" + b"x" * 200_000
    with served() as url, connected(url) as connection:
        connection.sendall(raw("POST", CLOSE, FORM, *H2C, body=body))
        (refused,) = read_answers(connection, ["POST"])

    assert (refused.status, "metadata" in refused.json["error"]["message"]) == (501, True)


@pytest.mark.skipif(not shutil.which("java"), reason="java is not installed")
def test_javas_own_client_which_offers_h2c_closes_with_its_body(tmp_path: Path) -> None:
    # In the locale C, Java opens no program in a directory with an umlaut in its name.
    program = shutil.copy(Path(__file__).parent / "http_libraries" / "Fetch.java", tmp_path)
    with served() as url:
        answers = [
            subprocess.run(["java", program, url + CLOSE, form], capture_output=True, text=True, check=True, timeout=60)
            for form in ("reason=nobody+recorded+this", "")
        ]

    assert [one.stdout.split()[0] for one in answers] == ["501", "200"]

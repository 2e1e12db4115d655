"""The replay server seen from raw sockets: what clients send, what ends a connection, and what is refused."""

from __future__ import annotations

import base64
import os
import signal
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Iterator, Sequence

import pytest

from replaydisputes.server import protocol, serving_sessions
from replaydisputes.server.asgi import MAX_BODY_BYTES
from replaydisputes.server.protocol import MAX_HEAD_BYTES
from tests.serve_support import (
    CLOSE,
    DISPUTE,
    KEY,
    app_of,
    call,
    connected,
    raw,
    read_answers,
    served,
    until_closed,
)


@pytest.fixture(scope="module")
def url() -> Iterator[str]:
    """One server for all: each test has its own key or only reads."""
    with served("close-lost", any_dispute=True) as running:
        yield running


def test_a_chunked_request_without_a_length_keeps_the_connection_whole(url: str) -> None:
    chunked = f"POST /v1/disputes/du_go/close HTTP/1.1\r\nHost: h\r\nAuthorization: Bearer {KEY}\r\n".encode()
    with connected(url) as connection:
        connection.sendall(chunked + b"Transfer-Encoding: chunked\r\n\r\n0\r\n\r\n" + raw("GET", "/v1/disputes/du_go"))
        first, second = read_answers(connection, ["POST", "GET"])

    assert [(one.status, one.json["status"]) for one in (first, second)] == [(200, "lost"), (200, "lost")]


def test_two_slashes_are_one(url: str) -> None:
    assert call(url, "GET", f"/{DISPUTE}").status == 200


def test_head_gets_the_headers_of_get_and_no_body(url: str) -> None:
    with connected(url) as connection:
        connection.sendall(raw("HEAD", DISPUTE) + raw("GET", DISPUTE))
        head, got = read_answers(connection, ["HEAD", "GET"])

    assert (head.status, head.headers) == (200, got.headers)
    assert head.header("content-length") == str(len(got.body))


def test_a_connection_is_kept_and_requests_on_it_are_answered_in_order(url: str) -> None:
    paths = [f"/v1/disputes/du_pipe{number}" for number in range(40)]
    with connected(url) as connection:
        connection.sendall(b"".join(raw("GET", path) for path in paths))
        answers = read_answers(connection, ["GET"] * 40)

    assert [one.json["id"] for one in answers] == [path.rpartition("/")[2] for path in paths]


def test_more_requests_in_one_go_than_a_head_may_be_long_are_all_answered(url: str) -> None:
    with connected(url) as connection:
        sending = threading.Thread(target=connection.sendall, args=(raw("GET", DISPUTE) * 1000,))
        sending.start()
        answers = read_answers(connection, ["GET"] * 1000)
        sending.join()

    assert {one.status for one in answers} == {200}


def test_a_small_head_that_ends_at_the_beginning_of_a_large_piece_is_answered(url: str) -> None:
    """Its piece holds more than a head may be long, and hundreds of requests after it."""
    first, rest = raw("GET", DISPUTE), raw("GET", DISPUTE) * 1500
    for _ in range(10):
        with connected(url) as connection:
            connection.sendall(first[:20])
            time.sleep(0.02)
            sending = threading.Thread(target=connection.sendall, args=(first[20:] + rest,))
            sending.start()
            answers = read_answers(connection, ["GET"] * 1501)
            sending.join()

        assert {one.status for one in answers} == {200}


def test_reads_and_writes_mixed_on_one_connection_keep_their_order(url: str) -> None:
    own = "sk_test_pipelined"
    calls = [("GET", ""), ("GET", ""), ("GET", ""), ("POST", "/close"), ("GET", ""), ("GET", "")]
    with connected(url) as connection:
        connection.sendall(b"".join(raw(method, f"/v1/disputes/du_mix{path}", key=own) for method, path in calls))
        answers = read_answers(connection, [method for method, _ in calls])

    assert [one.json["status"] for one in answers] == ["needs_response"] * 3 + ["lost"] * 3


def test_the_same_bytes_again_are_answered_by_how_things_stand_then_and_each_is_in_the_journal() -> None:
    read = raw("GET", DISPUTE)
    with served() as url, connected(url) as connection:
        told = []
        for number in range(9):
            connection.sendall(read)
            told += read_answers(connection, ["GET"])
            if number == 5:
                call(url, "POST", CLOSE)
        journal = call(url, "GET", "/_replaydisputes/journal").json

    assert [one.json["status"] for one in told] == ["needs_response"] * 6 + ["lost"] * 3
    assert (journal["seen"], journal["answered"]) == (10, 10)
    assert told[0] == told[5]


def test_bytes_that_come_again_in_the_middle_of_another_request_are_part_of_it(url: str) -> None:
    read = raw("GET", DISPUTE)
    with connected(url) as connection:
        for _ in range(3):
            connection.sendall(read)
            read_answers(connection, ["GET"])
        connection.sendall(raw("GET", "/v1/disputes/du_other", "X-Other: ")[:-4])
        time.sleep(0.05)
        connection.sendall(read)
        (answer,) = read_answers(connection, ["GET"])

    assert answer.json["id"] == "du_other"


READ = raw("GET", DISPUTE)


@pytest.mark.parametrize("pieces", [(READ + READ[:20],) * 2, (READ[:20], READ[20:], READ[20:])], ids=["more", "rest"])
def test_bytes_that_come_again_and_are_no_whole_request_are_refused(pieces: tuple[bytes, ...], url: str) -> None:
    with connected(url) as connection:
        for piece in pieces:
            connection.sendall(piece)
            time.sleep(0.05)
        told = read_answers(connection, ["GET"] * 2)

    assert [one.status for one in told] == [200, 400]


def test_two_keys_on_one_connection_never_get_each_others_answer() -> None:
    keys = ["sk_test_closed", "sk_test_open"] * 50
    with served() as url, connected(url) as connection:
        connection.sendall(raw("POST", CLOSE, key="sk_test_closed"))
        read_answers(connection, ["POST"])
        connection.sendall(b"".join(raw("GET", DISPUTE, key=key) for key in keys))
        told = [one.json["status"] for one in read_answers(connection, ["GET"] * len(keys))]

    assert told == ["lost", "needs_response"] * 50


def test_a_request_cut_into_single_bytes_is_one_request(url: str) -> None:
    with connected(url) as connection:
        connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        for byte in raw("GET", DISPUTE):
            connection.sendall(bytes([byte]))
        got = read_answers(connection, ["GET"])[0]

    assert got.status == 200


def test_expect_100_continue_is_answered_before_the_body(url: str) -> None:
    with connected(url) as connection:
        head = f"POST /v1/disputes/du_expect/close HTTP/1.1\r\nHost: h\r\nAuthorization: Bearer {KEY}\r\n"
        connection.sendall(f"{head}Content-Length: 17\r\nExpect: 100-continue\r\n\r\n".encode())
        interim = connection.recv(100)
        connection.sendall(b"expand[0]=charge1")
        answer = read_answers(connection, ["POST"])[0]

    assert (interim, answer.status) == (b"HTTP/1.1 100 Continue\r\n\r\n", 501)


def test_a_body_announced_too_large_is_refused_without_being_asked_for(url: str) -> None:
    with connected(url) as connection:
        head = f"POST {CLOSE} HTTP/1.1\r\nHost: h\r\nContent-Length: {MAX_BODY_BYTES + 1}\r\n"
        connection.sendall(f"{head}Expect: 100-continue\r\n\r\n".encode())
        received = until_closed(connection)

    assert received.startswith(b"HTTP/1.1 413 ")


def test_a_body_that_grows_too_large_is_refused(url: str) -> None:
    chunk = b"%x\r\n" % (1 << 20) + b"x" * (1 << 20) + b"\r\n"
    with connected(url) as connection:
        connection.sendall(f"POST {CLOSE} HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: chunked\r\n\r\n".encode())
        for _ in range(MAX_BODY_BYTES // (1 << 20)):
            connection.sendall(chunk)
        connection.sendall(b"1\r\nx\r\n")
        status = connection.recv(65536).split(b"\r\n")[0]

    assert status.startswith(b"HTTP/1.1 413 ")


def test_http_1_0_is_answered_and_its_connection_ends(url: str) -> None:
    with connected(url) as connection:
        connection.sendall(raw("GET", DISPUTE, version="1.0"))
        received = until_closed(connection)

    assert (received.startswith(b"HTTP/1.1 200 "), received.endswith(b"\n}")) == (True, True)


def test_a_body_without_a_content_type_is_a_form(url: str) -> None:
    got = call(url, "POST", "/v1/disputes/du_plain/close", body=b"expand[]=charge", key="sk_test_plain")

    assert "(recording" in got.json["error"]["message"]
    assert "expand[0]=charge" in got.json["error"]["message"]


def test_basic_authentication_is_a_key(url: str) -> None:
    basic = base64.b64encode(b"sk_test_basic:").decode()

    assert call(url, "GET", DISPUTE, f"Authorization: Basic {basic}", key="").status == 200


def test_an_offer_of_http_2_is_passed_over(url: str) -> None:
    offer = (
        "Connection: Upgrade, HTTP2-Settings",
        "Upgrade: h2c",
        "HTTP2-Settings: AAEAAEAAAAIAAAABAAMAAABkAAQBAAAAAAUAAEAA",
    )
    with connected(url) as connection:
        connection.sendall(raw("GET", DISPUTE, *offer))
        got = read_answers(connection, ["GET"])[0]

    assert got.status == 200


@pytest.mark.parametrize(
    "sent",
    [
        b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03",
        b"GET\r\n\r\n",
        b"GET / HTTP/9.9\r\n\r\n",
        b"OPTIONS * HTTP/1.1\r\nHost: h\r\n\r\n",
        b"CONNECT api.stripe.com:443 HTTP/1.1\r\nHost: h\r\n\r\n",
        b"GET /\xff HTTP/1.1\r\nHost: h\r\n\r\n",
        b"POST /v1/x HTTP/1.1\r\nHost: h\r\nContent-Length: -1\r\n\r\n",
        b"POST /v1/x HTTP/1.1\r\nHost: h\r\nContent-Length: 1\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
        b"POST /v1/x HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n",
    ],
)
def test_what_is_not_http_ends_the_connection_and_harms_no_other(url: str, sent: bytes) -> None:
    with connected(url) as connection:
        connection.sendall(sent)
        connection.shutdown(socket.SHUT_WR)
        received = until_closed(connection)

    assert received[:13] in (b"HTTP/1.1 400 ", b"HTTP/1.1 501 ")
    assert call(url, "GET", DISPUTE).status == 200


@pytest.mark.parametrize("sizes", [(100_000,), (4096,) * 20, (40_000, 100_000)], ids=["whole", "cut up", "in two"])
def test_a_head_that_is_too_large_is_431(url: str, sizes: Sequence[int]) -> None:
    filler = [f"X-Filler-{number}: {'x' * 1000}" for number in range(MAX_HEAD_BYTES // 1000 + 1)]
    sent = raw("GET", DISPUTE, *filler)
    with connected(url) as connection:
        for size in sizes:
            connection.sendall(sent[:size])
            sent = sent[size:]
            time.sleep(0.05 if len(sizes) == 2 else 0)  # so that the server reads the two parts one by one
        received = until_closed_or_reset(connection)

    assert received.startswith(b"HTTP/1.1 431 ") or received == b""
    assert call(url, "GET", DISPUTE).status == 200


def until_closed_or_reset(connection: socket.socket) -> bytes:
    """Bytes left unread on the other side make its end a reset, which may overtake the answer."""
    try:
        return until_closed(connection)
    except ConnectionResetError:
        return b""


def test_answers_that_an_sdk_tries_again_after_end_the_connection(url: str) -> None:
    ended = {
        fault: call(url, "GET", DISPUTE, f"Replaydisputes-Fault: {fault}").header("connection")
        for fault in ("server-error", "lock-timeout", "rate-limit")
    }

    assert ended == {"server-error": "close", "lock-timeout": "close", "rate-limit": None}


def test_a_mismatch_is_ours_and_not_to_be_tried_again(url: str) -> None:
    got = call(url, "GET", "/v1/nothing")

    assert (got.status, got.header("replaydisputes-error"), got.header("stripe-should-retry")) == (
        501,
        "MismatchError",
        "false",
    )
    assert got.json["error"]["type"] == "replaydisputes_mismatch"


def test_a_reset_on_demand_is_a_reset_and_the_next_request_is_answered(url: str) -> None:
    with connected(url) as connection, pytest.raises(ConnectionResetError):
        connection.sendall(raw("GET", DISPUTE, "Replaydisputes-Fault: connection-reset"))
        until_closed(connection)

    assert call(url, "GET", DISPUTE).status == 200


def test_a_timeout_on_demand_holds_the_request_until_the_client_leaves(url: str) -> None:
    with connected(url, timeout_s=0.5) as connection, pytest.raises(TimeoutError):
        connection.sendall(raw("GET", DISPUTE, "Replaydisputes-Fault: timeout"))
        connection.recv(1)

    assert call(url, "GET", DISPUTE).status == 200


def test_planned_faults_come_in_order_and_a_lost_close_is_repeated_by_its_key() -> None:
    key = "Idempotency-Key: order-1"
    with served() as url:
        plan = b'{"kind": "connection-reset", "processed": true, "on": "POST */close"}'
        call(url, "POST", "/_replaydisputes/fail-next", body=plan)
        call(url, "POST", "/_replaydisputes/fail-next", body=b'{"kind": "server-error", "times": 2}')
        with pytest.raises(ConnectionResetError):
            call(url, "POST", CLOSE, key)
        statuses = [call(url, "POST", CLOSE, key).status for _ in range(3)]
        again = call(url, "POST", CLOSE, key)

    assert (statuses, again.header("idempotent-replayed")) == ([500, 500, 200], "true")


@pytest.mark.parametrize(
    ("sent", "limit"),
    [(b"", "HEAD_S"), (b"GET / HT", "HEAD_S"), (b"POST / HTTP/1.1\r\nHost: h\r\nContent-Length: 9\r\n\r\nx", "BODY_S")],
)
def test_a_request_that_does_not_come_ends_its_connection(
    sent: bytes, limit: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(protocol, limit, 0.1)
    with served() as url, connected(url) as connection:
        connection.sendall(sent)
        begun = time.monotonic()

        assert until_closed_or_reset(connection) == b""
        assert time.monotonic() - begun < 4


def test_a_head_that_trickles_in_ends_its_connection(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(protocol, "HEAD_S", 0.3)
    with served() as url, connected(url) as connection, pytest.raises(OSError, match=r"reset|pipe"):
        for _ in range(100):
            connection.sendall(b"G" if _ == 0 else b"ET / HTTP/1.1\r\nX: " if _ == 1 else b"x")
            time.sleep(0.05)


def test_an_idle_connection_is_ended_politely(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(protocol, "IDLE_S", 0.2)
    with served() as url, connected(url) as connection:
        connection.sendall(raw("GET", DISPUTE))
        read_answers(connection, ["GET"])

        assert until_closed(connection) == b""


def test_a_client_that_takes_nothing_is_cut_and_holds_up_nobody(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(protocol, "STUCK_S", 0.5)
    with served() as url, connected(url) as connection:
        connection.setblocking(False)
        refused = False
        end = time.monotonic() + 30
        while time.monotonic() < end and not refused:
            try:
                connection.send(raw("GET", DISPUTE) * 50)
            except BlockingIOError:
                time.sleep(0.05)
            except (ConnectionResetError, BrokenPipeError):
                refused = True
        others = call(url, "GET", DISPUTE).status

    assert (refused, others) == (True, 200)


def test_five_hundred_idle_connections_leave_the_server_at_work(url: str) -> None:
    idle = [socket.create_connection(("127.0.0.1", int(url.rpartition(":")[2]))) for _ in range(500)]
    try:
        assert call(url, "GET", DISPUTE).status == 200
    finally:
        for one in idle:
            one.close()


def test_the_end_of_the_server_waits_for_no_idle_and_no_held_connection() -> None:
    app = app_of("close-lost")
    with serving_sessions(app) as url:
        idle = socket.create_connection(("127.0.0.1", int(url.rpartition(":")[2])))
        held = socket.create_connection(("127.0.0.1", int(url.rpartition(":")[2])))
        held.sendall(raw("GET", DISPUTE, "Replaydisputes-Fault: timeout"))
        time.sleep(0.2)
        ending = time.monotonic()
    took_s = time.monotonic() - ending
    with idle, held:
        assert (took_s < 1.5, until_closed_or_reset(held), until_closed_or_reset(idle)) == (True, b"", b"")


@pytest.mark.parametrize(
    "sent",
    [
        pytest.param(raw("POST", CLOSE, "Content-Length: 9") + b"x", id="half a body"),
        pytest.param(
            raw("GET", DISPUTE, "Replaydisputes-Fault: timeout") + raw("GET", DISPUTE) * 2, id="held, more behind it"
        ),
    ],
)
@pytest.mark.parametrize("leaves", [True, False])
def test_the_end_of_the_server_is_quick_and_silent_whatever_is_under_way(
    sent: bytes, leaves: bool, caplog: pytest.LogCaptureFixture
) -> None:
    with served() as url:
        connection = socket.create_connection(("127.0.0.1", int(url.rpartition(":")[2])))
        connection.sendall(sent)
        time.sleep(0.2)
        if leaves:
            connection.close()
            time.sleep(0.1)
        ending = time.monotonic()
    took_s = time.monotonic() - ending
    connection.close()

    assert (took_s < 1.5, caplog.text) == (True, "")


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_a_signal_ends_the_command_with_exit_0_and_no_noise(number: signal.Signals) -> None:
    command = [sys.executable, "-W", "error", "-m", "replaydisputes", "serve", "close-lost", "--port", "0"]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE) as process:
        assert process.stdout is not None
        url = process.stdout.readline().decode().split()[3].rstrip(":,")
        with connected(url) as kept:
            kept.sendall(raw("GET", DISPUTE))
            status = read_answers(kept, ["GET"])[0].status
            os.kill(process.pid, number)
            _, errors = process.communicate(timeout=10)

    assert (status, process.returncode, errors) == (200, 0, b"")

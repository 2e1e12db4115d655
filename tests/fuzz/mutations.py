"""Ways in which a request comes out wrong, each drawn from one seeded source."""

from __future__ import annotations

import random
from collections.abc import Callable

MAX_BODY = 11 * 1024 * 1024
_ODD = (
    *(
        b"\0",
        b"\r",
        b"\n",
        b"\r\n",
        b"\r\n\r\n",
        b"\xff",
        b"\xc3\x28",
        b"%00",
        b"%zz",
        b"%",
        b" ",
        b"\t",
        b":",
        b"\x7f",
    ),
    *(b"..", b"/../", b"//", b"?", b"#", b"*", b"{", b"[]", b"&&", b"=", b"\xe2\x80\xae", b"HTTP/1.1", b"GET / "),
)
_FRAMING = (
    *("Content-Length: 0", "Content-Length: 5", "Content-Length: -1", "Content-Length: +3", "Content-Length: 0x5"),
    *("Content-Length: 99999999999999999999999999", "Content-Length: 3, 4", "Content-Length:", "Content-Length : 3"),
    *("Transfer-Encoding: chunked", "Transfer-Encoding: gzip, chunked", "Transfer-Encoding: identity"),
    *("Transfer-Encoding: xchunked", "Transfer-Encoding : chunked", "Transfer-Encoding:\tchunked"),
    *("Connection: close", "Connection: upgrade", "Upgrade: h2c", "Upgrade: websocket", "Expect: 100-continue"),
    *("Expect: nothing", "Host: other.example", "Host:", "Authorization: Basic !!!", "Authorization: Bearer"),
    *("Authorization: Basic AAAA\xff", "Idempotency-Key: \xfc", "Stripe-Account: acct_1\x00", " folded: line", ":"),
    *("Replaydisputes-Fault: timeout", "Replaydisputes-Fault: \xff", "Content-Type: application/json;;=", "Trailer: X"),
)
_CHUNKS = (
    *(b"zz\r\n", b"-1\r\nx\r\n", b"ffffffffffffffffff\r\n", b"5\r\nabc\r\n0\r\n\r\n", b"3\r\nabc0\r\n\r\n", b"0\r\n"),
    *(
        b"3;ext=\0\r\nabc\r\n0\r\n\r\n",
        b"0\r\nTrailer: x\r\n\r\n",
        b"3 \r\nabc\r\n0\r\n\r\n",
        b"\r\n",
        b"3\nabc\n0\n\n",
    ),
)
_LINES = (
    "GET {p} HTTP/1.0",
    "GET {p} HTTP/2.0",
    "GET {p}",
    "G\0T {p} HTTP/1.1",
    "PRI * HTTP/2.0",
    "OPTIONS * HTTP/1.1",
)
_LINES += ("CONNECT h:443 HTTP/1.1", "GET http://h{p} HTTP/1.1", "DELETE {p} HTTP/1.1", "PUT {p}#f HTTP/1.1")


def mutated(sent: bytes, others: list[bytes], drawn: random.Random) -> bytes:
    """One to three mutations of a request. others: requests of the same session, for what mixes two."""
    for _ in range(drawn.choice((1, 1, 1, 2, 3))):
        sent = drawn.choices(list(_KINDS), list(_KINDS.values()))[0](sent, others, drawn)
    return sent


def _flipped(sent: bytes, _: list[bytes], drawn: random.Random) -> bytes:
    changed = bytearray(sent)
    for _ in range(drawn.randrange(1, 9)):
        if changed:
            changed[drawn.randrange(len(changed))] = drawn.randrange(256)
    return bytes(changed)


def _truncated(sent: bytes, _: list[bytes], drawn: random.Random) -> bytes:
    return sent[: drawn.randrange(len(sent) + 1)]


def _without_a_slice(sent: bytes, _: list[bytes], drawn: random.Random) -> bytes:
    at = drawn.randrange(len(sent) + 1)
    return sent[:at] + sent[at + drawn.randrange(1, 40) :]


def _with_a_slice_twice(sent: bytes, _: list[bytes], drawn: random.Random) -> bytes:
    at = drawn.randrange(len(sent) + 1)
    return sent[:at] + sent[max(0, at - drawn.randrange(1, 200)) :]


def _with_odd_bytes(sent: bytes, _: list[bytes], drawn: random.Random) -> bytes:
    at = drawn.randrange(len(sent) + 1)
    return sent[:at] + drawn.choice(_ODD) * drawn.choice((1, 1, 2, 50)) + sent[at:]


def _framed_twice(sent: bytes, _: list[bytes], drawn: random.Random) -> bytes:
    lines = sent.split(b"\r\n")
    for _ in range(drawn.randrange(1, 4)):
        lines.insert(drawn.randrange(1, max(2, len(lines))), drawn.choice(_FRAMING).encode("latin-1"))
    return b"\r\n".join(lines)


def _chunked_badly(sent: bytes, _: list[bytes], drawn: random.Random) -> bytes:
    head = sent.partition(b"\r\n\r\n")[0]
    return head + b"\r\nTransfer-Encoding: chunked\r\n\r\n" + drawn.choice(_CHUNKS)


def _begun_oddly(sent: bytes, _: list[bytes], drawn: random.Random) -> bytes:
    first, end, rest = sent.partition(b"\r\n")
    path = [*first.split(b" "), b"/"][1]
    return drawn.choice(_LINES).encode().replace(b"{p}", path) + end + rest


def _with_other_line_ends(sent: bytes, _: list[bytes], drawn: random.Random) -> bytes:
    return sent.replace(b"\r\n", drawn.choice((b"\n", b"\r", b"\n\r")), drawn.choice((-1, 1, 3)))


def _spliced(sent: bytes, others: list[bytes], drawn: random.Random) -> bytes:
    other = drawn.choice(others)
    return sent[: drawn.randrange(len(sent) + 1)] + other[drawn.randrange(len(other) + 1) :]


def _oversized(sent: bytes, _: list[bytes], drawn: random.Random) -> bytes:
    """A long header field, path or body; once in a while a body beyond the limit."""
    kind, size = drawn.randrange(3), drawn.choice((5_000, 70_000, 200_000))
    if kind == 0:
        return sent.replace(b"\r\n", b"\r\nX-Long: " + b"x" * size + b"\r\n", 1)
    if kind == 1:
        return sent.replace(b"/v1/", b"/v1/" + b"y" * size + b"/", 1)
    if drawn.random() < 0.03:
        size = MAX_BODY
    head = sent.partition(b"\r\n\r\n")[0]
    return head + b"\r\nContent-Length: %d\r\n\r\n" % size + b"z" * size


_KINDS: dict[Callable[[bytes, list[bytes], random.Random], bytes], float] = {
    _flipped: 4,
    _truncated: 2,
    _without_a_slice: 2,
    _with_a_slice_twice: 1,
    _with_odd_bytes: 3,
    _framed_twice: 3,
    _chunked_badly: 1,
    _begun_oddly: 1,
    _with_other_line_ends: 0.5,
    _spliced: 2,
    _oversized: 0.2,
}

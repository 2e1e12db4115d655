"""What the SDKs and people's tools send, for a session whose every id holds a token that no other session has."""

from __future__ import annotations

import base64
import random
import re
import string
from dataclasses import dataclass

TOKEN = re.compile(rb"1Fz([0-9a-z]{12})q")
"""In a dispute id of a session, and in every id that the server derives from it."""

_FORM = "Content-Type: application/x-www-form-urlencoded"
_TELEMETRY = '{"bindings_version":"16.1.0","lang":"python","publisher":"stripe","telemetry_id":"x"}'
_SDKS = {
    "python": ("User-Agent: Stripe/v1 PythonBindings/16.1.0", f"X-Stripe-Client-User-Agent: {_TELEMETRY}", _FORM),
    "node": ("User-Agent: Stripe/v1 NodeBindings/23.1.0", "Connection: keep-alive", "Accept: application/json", _FORM),
    "ruby": ("User-Agent: Stripe/v1 RubyBindings/19.5.0", "Accept-Encoding: gzip;q=1.0,deflate;q=0.6", _FORM),
    "php": ("User-Agent: Stripe/v1 PhpBindings/21.0.0", "Accept: */*", "Expect: 100-continue"),
    "java": ("User-Agent: Stripe/v1 JavaBindings/30.0.0", "Accept-Charset: UTF-8", "Connection: keep-alive"),
    "dotnet": ("User-Agent: Stripe/v1 .NetBindings/52.0.0", "Stripe-Version: 2026-07-29.dahlia"),
    "cli": ("User-Agent: Stripe/v1 stripe-cli/1.52.0",),
}


@dataclass(frozen=True, slots=True)
class FuzzSession:
    """A key and a dispute of its own."""

    key: str
    token: bytes
    dispute: str

    @classmethod
    def draw(cls, drawn: random.Random) -> FuzzSession:
        token, tail = ("".join(drawn.choices(string.digits + string.ascii_lowercase, k=length)) for length in (12, 7))
        return cls(f"sk_test_fuzz{token}", token.encode(), f"du_1Fz{token}q{tail}9")

    def clean(self, method: str = "GET", path: str = "") -> bytes:
        return _raw(method, path or f"/v1/disputes/{self.dispute}", (self._bearer,))

    @property
    def _bearer(self) -> str:
        return f"Authorization: Bearer {self.key}"

    def corpus(self) -> list[bytes]:
        read, close = f"/v1/disputes/{self.dispute}", f"/v1/disputes/{self.dispute}/close"
        basic = f"Authorization: Basic {base64.b64encode(f'{self.key}:'.encode()).decode()}"
        requests = [_raw("GET", read, (basic,)), _raw("POST", f"/{close}", (basic,)), self.clean("HEAD")]
        for fields in _SDKS.values():
            headers = (self._bearer, *fields)
            keyed = (*headers, "Idempotency-Key: 9e107d9d-372b-4f6e-a2c1-fe5d1c5d0c8f")
            requests += [
                _raw("GET", f"{read}?expand[0]=charge", headers),
                _raw("GET", read, headers),
                _raw("POST", close, keyed, b"expand[]=charge"),
                _raw("POST", close, (*keyed, "Content-Length: 0")),
            ]
        chunked = (self._bearer, "User-Agent: Stripe/v1 GoBindings/86.0.0", "Transfer-Encoding: chunked")
        requests += [
            _raw("POST", close, chunked) + b"0\r\n\r\n",
            _raw("POST", close, chunked) + b"f\r\nexpand[]=charge\r\n0\r\n\r\n",
            _raw("GET", read, (self._bearer, "Replaydisputes-Fault: server-error")),
            _raw("GET", read, (self._bearer, "Replaydisputes-Fault: connection-reset")),
            _raw("POST", "/_replaydisputes/fail-next", (self._bearer,), b'{"kind": "rate-limit", "times": 2}'),
            _raw("POST", "/_replaydisputes/reset", (self._bearer,)),
            _raw("GET", "/_replaydisputes/journal", (self._bearer,)),
        ]
        return requests


def _raw(method: str, path: str, fields: tuple[str, ...], body: bytes = b"") -> bytes:
    length = (f"Content-Length: {len(body)}",) if body else ()
    return "\r\n".join((f"{method} {path} HTTP/1.1", "Host: 127.0.0.1", *fields, *length, "", "")).encode() + body

"""What each official client puts on the wire for the dispute calls, byte for byte.

`seen` tells how the bytes are known. "this client": it ran on this project's machine and was listened to. "its HTTP
library": the language's own library ran there, given the headers and body that the SDK's public source hands it.
"its source": written down from the source, and from how its HTTP library orders headers. Values that differ from call
to call (keys, telemetry, platform) are shortened; no machine is named.
"""

from __future__ import annotations

import base64
from dataclasses import dataclass
from typing import Literal

FORM = "Content-Type: application/x-www-form-urlencoded"
KEYED = "Idempotency-Key: {idempotency_key}"
SIZED = "Content-Length: {length}"
CHUNKED = "Transfer-Encoding: chunked"


@dataclass(frozen=True)
class Client:
    """head: the header lines of a POST in their order.

    typed_reads: whether a GET has the Content-Type too. sized_when_empty: whether an empty body has its length told.
    expand: the body that asks for the charge. slash: whether a base address that ends with a slash makes the path
    begin with two.
    """

    name: str
    seen: Literal["this client", "its HTTP library", "its source"]
    head: tuple[str, ...]
    typed_reads: bool = False
    sized_when_empty: bool = True
    expand: str = "expand[0]=charge"
    slash: bool = False

    @property
    def is_idempotent(self) -> bool:
        """Whether a write carries a key, so that sending it again cannot act twice."""
        return any(line.endswith("{idempotency_key}") for line in self.head)

    def get(self, host: str, key: str, target: str) -> bytes:
        kept = [line for line in self.head if not line.startswith(("Idempotency-Key", "Content-Length", "Transfer"))]
        lines = [line for line in kept if self.typed_reads or not line.startswith("Content-Type")]
        return self._written(f"GET {target} HTTP/1.1", lines, host=host, key=key).encode()

    def post(self, host: str, key: str, target: str, body: str = "", *, idempotency_key: str = "key-1") -> bytes:
        """idempotency_key: what stands in for the one that the client draws."""
        bare = not body and not self.sized_when_empty
        lines = [line for line in self.head if not (bare and line.startswith("Content-"))]
        words = {"host": host, "key": key, "idempotency_key": idempotency_key, "length": str(len(body))}
        head = self._written(f"POST {target} HTTP/1.1", lines, **words)
        if CHUNKED not in lines:
            return (head + body).encode()
        return (head + (f"{len(body):x}\r\n{body}\r\n" if body else "") + "0\r\n\r\n").encode()

    @staticmethod
    def _written(request_line: str, lines: list[str], **words: str) -> str:
        words["basic"] = base64.b64encode(f"{words['key']}:".encode()).decode()
        head = "\r\n".join([request_line, *lines, "", ""])
        for name, value in words.items():
            head = head.replace(f"{{{name}}}", value)
        return head


PYTHON = Client(
    "python",
    "this client",
    (
        "Host: {host}",
        "User-Agent: Stripe/v1 PythonBindings/16.1.0",
        "Accept-Encoding: gzip, deflate, br",
        "Accept: */*",
        "Connection: keep-alive",
        'X-Stripe-Client-User-Agent: {"bindings_version": "16.1.0", "lang": "python", "httplib": "requests"}',
        "Authorization: Bearer {key}",
        KEYED,
        FORM,
        "Stripe-Version: 2026-10-28.endive",
        SIZED,
    ),
    slash=True,
)
NODE = Client(
    "node",
    "this client",
    (
        "Accept: application/json",
        FORM,
        "User-Agent: Stripe/v1 NodeBindings/23.1.0",
        'X-Stripe-Client-User-Agent: {"bindings_version":"23.1.0","lang":"node","httplib":"node"}',
        "Stripe-Version: 2026-10-28.endive",
        "Idempotency-Key: stripe-node-retry-{idempotency_key}",
        SIZED,
        "Authorization: Bearer {key}",
        "Host: {host}",
        "Connection: keep-alive",
    ),
    typed_reads=True,
)
GO = Client(
    "go",
    "its HTTP library",
    (
        "Host: {host}",
        "User-Agent: Stripe/v1 GoBindings/86.4.2",
        CHUNKED,
        "Authorization: Bearer {key}",
        FORM,
        KEYED,
        "Stripe-Version: 2026-07-29.dahlia",
        'X-Stripe-Client-User-Agent: {"bindings_version":"86.4.2","lang":"go","publisher":"stripe"}',
        "Accept-Encoding: gzip",
    ),
    typed_reads=True,
)
PHP = Client(
    "php",
    "its HTTP library",
    (
        "Host: {host}",
        "Accept: */*",
        'X-Stripe-Client-User-Agent: {"httplib":"curl 7.88.1","bindings_version":"21.3.0","lang":"php"}',
        "User-Agent: Stripe/v1 PhpBindings/21.3.0",
        "Authorization: Bearer {key}",
        "Stripe-Version: 2026-06-24.dahlia",
        FORM,
        SIZED,
    ),
    typed_reads=True,
    slash=True,
)
RUBY = Client(
    "ruby",
    "its HTTP library",
    (
        "User-Agent: Stripe/v1 RubyBindings/19.5.0",
        "Authorization: Bearer {key}",
        KEYED,
        "Stripe-Version: 2026-07-29.dahlia",
        'X-Stripe-Client-User-Agent: {"bindings_version":"19.5.0","lang":"ruby","publisher":"stripe"}',
        FORM,
        "Accept-Encoding: gzip;q=1.0,deflate;q=0.6,identity;q=0.3",
        "Accept: */*",
        "Host: {host}",
        SIZED,
    ),
    slash=True,
)
JAVA = Client(
    "java",
    "its HTTP library",
    (
        "Accept: application/json",
        "Accept-Charset: UTF-8",
        "Authorization: Bearer {key}",
        "Stripe-Version: 2026-07-29.dahlia",
        "User-Agent: Stripe/v1 JavaBindings/33.4.2",
        'X-Stripe-Client-User-Agent: {"bindings.version":"33.4.2","lang":"Java","publisher":"Stripe"}',
        KEYED,
        f"{FORM};charset=UTF-8",
        "Cache-Control: no-cache",
        "Pragma: no-cache",
        "Host: {host}",
        "Connection: keep-alive",
        SIZED,
    ),
    slash=True,
)
DOTNET = Client(
    "dotnet",
    "its source",
    (
        "Host: {host}",
        "User-Agent: Stripe/V1 .NetBindings/52.3.0",
        "Authorization: Bearer {key}",
        'X-Stripe-Client-User-Agent: {"bindings_version":"52.3.0","lang":".net"}',
        "Stripe-Version: 2026-07-29.dahlia",
        KEYED,
        f"{FORM}; charset=utf-8",
        SIZED,
    ),
    slash=True,
)
STRIPE_CLI = Client(
    "stripe-cli",
    "this client",
    (
        "Host: {host}",
        "User-Agent: Stripe/v1 stripe-cli/1.52.0",
        SIZED,
        "Accept-Encoding: identity",
        "Authorization: Bearer {key}",
        FORM,
        'X-Stripe-Client-User-Agent: {"name":"stripe-cli","os":"linux","publisher":"stripe","version":"1.52.0"}',
    ),
    typed_reads=True,
    expand="expand[]=charge",
)
CURL = Client(
    "curl",
    "this client",
    ("Host: {host}", "Authorization: Basic {basic}", "User-Agent: curl/7.88.1", "Accept: */*", SIZED, FORM),
    sized_when_empty=False,
    expand="expand[]=charge",
)

CLIENTS = (PYTHON, NODE, GO, PHP, RUBY, JAVA, DOTNET, STRIPE_CLI, CURL)

"""The bytes of an answer: Stripe's headers in Stripe's order, Stripe's JSON."""

from __future__ import annotations

import json
from collections.abc import Iterable
from dataclasses import dataclass
from email.utils import formatdate
from typing import Any

from replaydisputes.model import Headers, Response, reason_phrase
from replaydisputes.stripe_api.facts import ASSUMPTION_HEADER, SANDBOX_HEADER

_EXPOSED = (
    "Request-Id, Stripe-Manage-Version, Stripe-Should-Retry, X-Stripe-External-Auth-Required, "
    "X-Stripe-Privileged-Session-Required"
)
_CONTENT_SECURITY = (
    "base-uri 'none'; default-src 'none'; form-action 'none'; frame-ancestors 'none'; img-src 'self'; "
    "script-src 'self' 'report-sample'; style-src 'self'; worker-src 'none'; upgrade-insecure-requests; "
    "report-uri https://q.stripe.com/csp-violation?q="
)


@dataclass(frozen=True, slots=True)
class Answer:
    """What is to be said, apart from when and to which request: a repeated Idempotency-Key says it again.

    limit_met: which rate limit the request exceeded, if one.
    """

    status: int
    body: bytes
    version: str = ""
    assumed: frozenset[str] = frozenset()
    should_retry: bool = False
    limit_met: str = ""


@dataclass(frozen=True, slots=True)
class Context:
    """What an answer's headers tell of its request. Empty texts are left out of them."""

    now: int
    csp_token: str
    request_id: str = ""
    original_request: str = ""
    idempotency_key: str = ""
    replayed: bool = False
    stripe_account: str = ""
    is_post: bool = False


def json_bytes(value: Any) -> bytes:
    """JSON as Stripe prints it: two spaces, `id` and `object` first, the other names in order."""
    return json.dumps(_ordered(value), indent=2, ensure_ascii=False).encode()


def _ordered(value: Any) -> Any:
    if isinstance(value, list):
        return [_ordered(item) for item in value]
    if not isinstance(value, dict):
        return value
    names = sorted(value, key=lambda name: (name != "id", name != "object", name))
    return {name: _ordered(value[name]) for name in names}


def response(answer: Answer, context: Context, *, with_body: bool = True) -> Response:
    body = answer.body if with_body else b""
    return Response(answer.status, _headers(answer, context), body, reason_phrase(answer.status))


def _headers(answer: Answer, context: Context) -> Headers:
    known = answer.status not in (401, 403)
    rows: Iterable[tuple[str, str]] = (
        ("Server", "nginx"),
        ("Date", formatdate(context.now, usegmt=True)),
        ("Content-Type", "application/json"),
        ("Content-Length", str(len(answer.body))),
        ("Connection", "keep-alive"),
        ("Access-Control-Allow-Credentials", "true"),
        ("Access-Control-Allow-Methods", "GET, HEAD, PUT, PATCH, POST, DELETE"),
        ("Access-Control-Allow-Origin", "*"),
        ("Access-Control-Expose-Headers", _EXPOSED),
        ("Access-Control-Max-Age", "300"),
        ("Cache-Control", "no-cache, no-store"),
        ("Content-Security-Policy", _CONTENT_SECURITY + context.csp_token),
        ("Idempotency-Key", context.idempotency_key),
        ("Idempotent-Replayed", "true" if context.replayed else ""),
        ("Original-Request", context.original_request if known else ""),
        ("Request-Id", context.request_id if known else ""),
        ("Stripe-Account", context.stripe_account),
        ("Stripe-Rate-Limited-Reason", answer.limit_met),
        ("Stripe-Should-Retry", "true" if answer.should_retry else "false" if context.is_post else ""),
        ("Stripe-Version", answer.version if known else ""),
        ("Vary", "Origin"),
        ("Www-Authenticate", 'Bearer realm="Stripe"' if answer.status == 401 else ""),
        ("X-Stripe-Priority-Routing-Enabled", "true"),
        ("X-Stripe-Routing-Context-Priority-Tier", "api-testmode"),
        ("X-Wc", "ABGHIJ"),
        ("Strict-Transport-Security", "max-age=63072000; includeSubDomains; preload"),
        (SANDBOX_HEADER, "true"),
        (ASSUMPTION_HEADER, ", ".join(sorted(answer.assumed))),
    )
    return tuple((name, value) for name, value in rows if value)

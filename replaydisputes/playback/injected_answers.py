"""The answers of Stripe's that a test can ask for: its shape and headers, and a mark that nobody recorded them."""

from __future__ import annotations

import json
from collections.abc import Iterable
from email.utils import formatdate
from typing import NamedTuple

from replaydisputes.model import AnsweredFault, Request, Response, reason_phrase
from replaydisputes.stripe_api.facts import API_VERSION, FAULT_HEADER


class _Form(NamedTuple):
    """What Stripe says. should_retry: its own advice; None where it gives none, and the SDK goes by the status."""

    status: int
    type: str
    message: str
    code: str = ""
    should_retry: bool | None = None
    reason: str = ""


_FORMS: dict[AnsweredFault, _Form] = {
    # Stripe has its SDKs retry a lock and not a limit: github.com/stripe/stripe-dotnet/issues/1886
    "rate-limit": _Form(
        429,
        "invalid_request_error",
        "Request rate limit exceeded. You can learn more about rate limits here https://stripe.com/docs/rate-limits.",
        code="rate_limit",
        should_retry=False,
        reason="global-rate",
    ),
    "lock-timeout": _Form(
        429,
        "invalid_request_error",
        "This object cannot be accessed right now because another API request or Stripe process is currently "
        "accessing it. If you see this error intermittently, retry the request. If you see this error frequently and "
        "are making multiple concurrent requests to a single object, make your requests serially or at a lower rate. "
        "For more details, see https://stripe.com/docs/rate-limits#object-lock-timeouts.",
        code="lock_timeout",
        should_retry=True,
    ),
    "server-error": _Form(500, "api_error", "An unknown error occurred"),
}


def injected_answer(
    kind: AnsweredFault,
    request: Request,
    *,
    number: int = 1,
    date_s: int | None = None,
    should_retry: bool | None = None,
) -> Response:
    """What Stripe would answer, marked as injected.

    number: which injected answer this is, for its Request-Id. date_s: unix seconds for its Date, None for no Date.
    should_retry: what Stripe-Should-Retry is to say; None is what Stripe says to this kind.
    """
    form = _FORMS[kind]
    body = b"" if request.method == "HEAD" else _body(form)
    advice = form.should_retry if should_retry is None else should_retry
    request_id, key = f"req_injected{number:06d}", request.header("Idempotency-Key") or ""
    rows: Iterable[tuple[str, str]] = (
        ("Server", "nginx"),
        ("Date", "" if date_s is None else formatdate(date_s, usegmt=True)),
        ("Content-Type", "application/json"),
        ("Content-Length", str(len(body))),
        ("Connection", "keep-alive"),
        ("Cache-Control", "no-cache, no-store"),
        ("Idempotency-Key", key),
        ("Original-Request", request_id if key else ""),
        ("Request-Id", request_id),
        ("Stripe-Account", request.header("Stripe-Account") or ""),
        ("Stripe-Rate-Limited-Reason", form.reason),
        ("Stripe-Should-Retry", "" if advice is None else str(advice).lower()),
        ("Stripe-Version", request.header("Stripe-Version") or API_VERSION),
        (FAULT_HEADER, kind),
    )
    headers = tuple((name, value) for name, value in rows if value)
    return Response(form.status, headers, body, reason_phrase(form.status))


def _body(form: _Form) -> bytes:
    error = {"message": form.message, "type": form.type}
    if form.code:
        doc_url = f"https://stripe.com/docs/error-codes/{form.code.replace('_', '-')}"
        error = {"code": form.code, "doc_url": doc_url, **error}
    return json.dumps({"error": error}, indent=2).encode()

"""Constants of the dispute API. Sources: docs.stripe.com/api/disputes, Stripe's OpenAPI, recorded traffic."""

from __future__ import annotations

API_HOST = "api.stripe.com"
API_ORIGIN = "https://api.stripe.com"

API_VERSION = "2026-10-28.endive"
"""The Stripe-Version that recordings ask for: the newest one this release knows."""

DISPUTE_STATUSES = (
    "warning_needs_response",
    "warning_under_review",
    "warning_closed",
    "needs_response",
    "under_review",
    "appeal_needs_response",
    "appeal_under_review",
    "won",
    "lost",
    "prevented",
)
"""Known statuses. An open set: Stripe may add to it."""

SENT_UNLISTED = frozenset(
    (
        ("dispute", "balance_transaction"),
        ("dispute", "customer"),
        ("dispute", "network_reason_code"),
        ("list", "count"),
        ("list", "total_count"),
    )
)
"""Fields by object that Stripe sends and its public specification does not name (recorded traffic, the SDKs' types)."""

SANDBOX_HEADER = "Replaydisputes-Sandbox"
"""On every answer of the embedded sandbox, so that nothing can take it for Stripe's. Value: `true`."""

ERROR_HEADER = "Replaydisputes-Error"
"""On an answer that is a server's own, neither recorded nor the sandbox's. Value: the error's class name."""

ASSUMPTION_HEADER = "Replaydisputes-Assumption"
"""On a sandbox answer that rests on an unestablished behaviour of Stripe; the value names the assumption."""

FAULT_HEADER = "Replaydisputes-Fault"
"""On every answer that a test asked for instead of the recorded one; the value names the fault."""

_HEADER_ORDER = """
Server Date Content-Type Content-Length Connection Access-Control-Allow-Credentials Access-Control-Allow-Methods
Access-Control-Allow-Origin Access-Control-Expose-Headers Access-Control-Max-Age Cache-Control Content-Security-Policy
Idempotency-Key Idempotent-Replayed Original-Request Request-Id Stripe-Account Stripe-Rate-Limited-Reason
Stripe-Should-Retry Stripe-Version Vary Www-Authenticate X-Stripe-Priority-Routing-Enabled
X-Stripe-Routing-Context-Priority-Tier X-Wc Strict-Transport-Security
"""
RESPONSE_HEADER_ORDER = tuple(_HEADER_ORDER.lower().split())
"""Stripe's header fields, in lower case, in the order Stripe sends them (recorded traffic)."""

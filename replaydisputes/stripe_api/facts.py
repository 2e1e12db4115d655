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

SANDBOX_HEADER = "Replaydisputes-Sandbox"
"""On every answer of the embedded sandbox, so that nothing can take it for Stripe's. Value: `true`."""

ASSUMPTION_HEADER = "Replaydisputes-Assumption"
"""On a sandbox answer that rests on an unestablished behaviour of Stripe; the value names the assumption."""

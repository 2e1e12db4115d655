"""Which fields of Stripe's objects are times (Stripe's OpenAPI: format unix-time)."""

from __future__ import annotations

TIME_FIELDS = frozenset(
    {
        "arrival_date",
        "available_on",
        "canceled_at",
        "capture_before",
        "created",
        "due_by",
        "email_sent_at",
        "expires_after",
        "expires_at",
    }
)
"""Unix seconds wherever they stand, in a dispute and the objects that hang together with one. 0 is: there is none."""

RANGE_OPERATORS = frozenset({"gt", "gte", "lt", "lte"})
"""How a list is asked for by time: `created[gte]=…`."""

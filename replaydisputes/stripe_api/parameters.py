"""Form and query parameters of Stripe's whose values are no one's: they survive redaction, and decide what matches."""

from __future__ import annotations

from collections.abc import Mapping

from replaydisputes.stripe_api.kinds import Kind

_ASSERTED = "what suites assert on"
_DOCUMENTED = "documented enumeration"
_LINKS = "canonical ids keep the links between objects"
_WHEN = "canonical times keep order and distance in days"

FORM_RULES: Mapping[str, tuple[Kind, str]] = {
    "amount": (Kind.COUNT, _ASSERTED),
    "currency": (Kind.CURRENCY, _ASSERTED),
    "confirm": (Kind.FLAG, _ASSERTED),
    "submit": (Kind.FLAG, _ASSERTED),
    "expand": (Kind.FIELD_PATH, "names of fields, decides the answer's shape"),
    "limit": (Kind.COUNT, "pagination"),
    "starting_after": (Kind.ID, "pagination"),
    "ending_before": (Kind.ID, "pagination"),
    "charge": (Kind.ID, _LINKS),
    "payment_intent": (Kind.ID, _LINKS),
    "dispute": (Kind.ID, _LINKS),
    "payment_method": (Kind.TEST_PAYMENT_METHOD, "Stripe's published test payment methods"),
    "payment_method_types": (Kind.ENUM, _DOCUMENTED),
    "type": (Kind.EVENT_TYPE, _DOCUMENTED),
    "types": (Kind.EVENT_TYPE, _DOCUMENTED),
    "created": (Kind.TIME, _WHEN),
    "created.gt": (Kind.TIME, _WHEN),
    "created.gte": (Kind.TIME, _WHEN),
    "created.lt": (Kind.TIME, _WHEN),
    "created.lte": (Kind.TIME, _WHEN),
    "evidence.uncategorized_text": (Kind.STEERING, "Stripe's magic words for test disputes"),
}
"""Form and query parameters by dotted path, list positions left out (`expand[0]` is `expand`)."""

"""Objects as older Stripe-Versions show them, by date. Source: the fields that the SDK pinned at each version types.

stripe-python 8.0.0 (2023-10-16), 12.0.0 (2025-03-31.basil), 15.6.2 (2026-08-26.dahlia), 16.0.1 (2026-09-30.endive)
and 16.1.0 (2026-10-28.endive); at 2023-10-16 the sample on the reference page, which shows no payment_method_details.
"""

from __future__ import annotations

from typing import Any

from replaydisputes.sandbox.ledger import Json
from replaydisputes.stripe_api.facts import API_VERSION

_SINCE = (
    ("2025-03-31", "dispute", "enhanced_eligibility_types"),
    ("2025-03-31", "dispute", "evidence.enhanced_evidence"),
    ("2025-03-31", "dispute", "evidence_details.enhanced_eligibility"),
    ("2025-03-31", "dispute", "payment_method_details"),
    ("2026-08-26", "balance_transaction", "balance_type"),
    ("2026-08-26", "dispute", "evidence.enhanced_evidence.mastercard_compliance"),
    ("2026-08-26", "dispute", "evidence_details.enhanced_eligibility.mastercard_compliance"),
    ("2026-08-26", "dispute", "payment_method_details.card.network"),
    ("2026-08-26", "payment_intent", "customer_account"),
    ("2026-08-26", "payment_intent", "excluded_payment_method_types"),
    ("2026-10-28", "dispute", "evidence.appeal"),
    ("2026-10-28", "dispute", "evidence_details.submission_method"),
    ("2026-10-28", "dispute", "intended_submission_method"),
)
"""The first date at which a field is seen. Where two known versions differ, the newer one's date stands."""

_UNTIL = (("2025-03-31", "charge", "invoice"), ("2025-03-31", "payment_intent", "invoice"))
"""Fields, null here, that went away at that date."""

_ELIGIBILITY_SINCE = {"mastercard_compliance": "2026-08-26", "visa_compliance": "2026-08-26"}
"""Members of enhanced_eligibility_types that older versions do not list."""


def rendered(value: Any, version: str) -> Any:
    """The value with every object in it as that version shows it. Events keep the account's own version."""
    return value if version[:10] >= API_VERSION[:10] else _rendered(value, version[:10])


def _rendered(value: Any, date: str) -> Any:
    if isinstance(value, list):
        return [_rendered(item, date) for item in value]
    if not isinstance(value, dict) or value.get("object") == "event":
        return value
    return {name: _rendered(inner, date) for name, inner in _object_at(value, date).items()}


def _object_at(obj: Json, date: str) -> Json:
    kind = obj.get("object")
    for since, of, path in _SINCE:
        if kind == of and date < since:
            obj = _without(obj, path.split("."))
    if kind == "dispute" and "enhanced_eligibility_types" in obj:
        listed = [name for name in obj["enhanced_eligibility_types"] if _ELIGIBILITY_SINCE.get(name, "") <= date]
        obj = obj | {"enhanced_eligibility_types": listed}
    return obj | {name: None for until, of, name in _UNTIL if kind == of and date < until}


def _without(obj: Json, path: list[str]) -> Json:
    name, *rest = path
    if name not in obj:
        return obj
    if rest:
        return obj | {name: _without(obj[name], rest)}
    return {other: value for other, value in obj.items() if other != name}

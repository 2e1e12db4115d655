"""How the shapes of objects differ between Stripe-Versions, by date. Source: the fields that each pinned SDK types.

stripe-python 8.0.0 (2023-10-16), 12.0.0 (2025-03-31.basil), 15.6.2 (2026-08-26.dahlia), 16.0.1 (2026-09-30.endive)
and 16.1.0 (2026-10-28.endive); at 2023-10-16 the sample on the reference page, which shows no payment_method_details.
"""

from __future__ import annotations

SINCE = (
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

ALWAYS_SENT = frozenset(
    (
        "enhanced_eligibility_types",
        "evidence.enhanced_evidence",
        "evidence_details.enhanced_eligibility",
        "evidence_details.submission_method",
        "intended_submission_method",
        "payment_method_details.card.network",
    )
)
"""The dispute's fields of SINCE that no dispute lacks from their date on (the SDKs type them as not optional)."""

UNTIL = (("2025-03-31", "charge", "invoice"), ("2025-03-31", "payment_intent", "invoice"))
"""Fields, null in test mode's disputes, that went away at that date."""

ELIGIBILITY_SINCE = {"mastercard_compliance": "2026-08-26", "visa_compliance": "2026-08-26"}
"""Members of enhanced_eligibility_types that older versions do not list."""

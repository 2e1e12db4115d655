"""What the sandbox assumes about Stripe without a recording that shows it: one table, named in every answer."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Assumption:
    """One unestablished behaviour. `settled_by` is the recording that would turn it into a fact."""

    name: str
    assumed: str
    why: str
    settled_by: str


_TABLE = (
    Assumption(
        "inquiry-close",
        "Closing an inquiry (warning_needs_response or warning_under_review) answers 200 with warning_closed.",
        "warning_closed is the only closed status of the warning family; no money moved, so none can be lost.",
        "close-inquiry recorded in test mode: the status in the close's answer.",
    ),
    Assumption(
        "inquiry-reason",
        "The inquiry test card makes a dispute with reason fraudulent and network reason 10.4.",
        "It shares the Visa test family with the fraudulent card; only status and case_type are recorded.",
        "close-inquiry recorded in test mode: reason and network_reason_code in the list.",
    ),
    Assumption(
        "under-review-close",
        "Closing a dispute that is under_review answers 200 with lost.",
        "The reference calls a close an acknowledgement that the dispute is lost and names no status it needs.",
        "A recording that submits evidence and closes before the bank decides.",
    ),
    Assumption(
        "warning-closed-close",
        "Closing an inquiry that is warning_closed is refused as already closed.",
        "It is a final status, and lost is refused in that way.",
        "A recording that closes one inquiry twice.",
    ),
    Assumption(
        "multiple-disputes",
        "The several-disputes card makes two disputes, each for half the charge (the first takes the odd unit).",
        "Together they may not exceed the charge, and two is the least that is several.",
        "A recorded list after a payment with pm_card_createMultipleDisputes.",
    ),
    Assumption(
        "submit-status",
        "Submitting evidence answers under_review (warning_under_review for an inquiry) in the same call.",
        "The reference sends submitted evidence to the bank at once.",
        "A recorded update with submit=true.",
    ),
    Assumption(
        "steered-outcome",
        "winning_evidence gives won and returns amount and fee, losing_evidence gives lost; either turns an inquiry "
        "into warning_closed; escalate_inquiry_evidence makes it a chargeback that needs_response. "
        "It happens right after the update's answer.",
        "The testing guide names the outcomes, not the objects; Stripe takes some seconds.",
        "A recording that submits each text and polls the dispute.",
    ),
    Assumption(
        "update-after-close",
        "Evidence for a closed dispute is refused as already closed; its metadata can still be changed.",
        "Closing is irreversible, and metadata belongs to the merchant.",
        "A recorded update of a lost dispute.",
    ),
    Assumption(
        "charge-updated-event",
        "The charge.updated event after a close carries no previous_attributes.",
        "Nothing in the charge is known to change.",
        "GET /v1/events recorded after a close.",
    ),
    Assumption(
        "object-shape",
        "Another Stripe-Version than 2026-10-28.endive is echoed, but the objects keep the 2026-10-28.endive shape.",
        "The sandbox models one version.",
        "The same scenario recorded at the other version.",
    ),
    Assumption(
        "list-count",
        "`count` on a list is the number of items on this page, also where more follow.",
        "On one-page lists, all that was seen, page and total agree.",
        "A recorded first page of a longer list.",
    ),
    Assumption(
        "unknown-filter",
        "A filter or cursor that names no known object is refused with 400 resource_missing.",
        "Objects named by a parameter, not by the path, are refused so elsewhere in the API.",
        "GET /v1/disputes recorded with an unknown payment_intent.",
    ),
    Assumption(
        "idempotent-refusals",
        "A refusal after validation (unknown id, already closed) is kept for its Idempotency-Key and replayed.",
        "Stripe keeps whatever the endpoint answered once it began to execute.",
        "A recording that repeats a refused close with its key.",
    ),
    Assumption(
        "idempotency-endpoint",
        "A key used again on another path is refused like one used with other parameters, same text.",
        "Only the refusal for other parameters is known.",
        "A recording that uses one key on two disputes.",
    ),
    Assumption(
        "settlement-currency",
        "The account settles in the currency of the payment: fees and balance transactions are in it.",
        "Conversion depends on the account, which is not modelled.",
        "A recorded dispute on a payment in another currency.",
    ),
)

ASSUMPTIONS: dict[str, Assumption] = {row.name: row for row in _TABLE}
"""Every assumption by name; the names are what `Replaydisputes-Assumption` carries, comma-separated."""

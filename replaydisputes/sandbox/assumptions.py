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
        "It happens right after the update's answer, or after `decide_after`; a close that comes first stands.",
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
        "The charge.updated event after a close carries empty previous_attributes.",
        "An update event tells what changed, and nothing in the charge is known to change.",
        "GET /v1/events recorded after a close.",
    ),
    Assumption(
        "object-shape",
        "At another Stripe-Version than 2026-10-28.endive an object shows the fields that the SDK of 2023-10-16, "
        "2025-03-31.basil, 2026-08-26.dahlia or 2026-09-30.endive types, whichever is the last before it; an earlier "
        "version is like 2023-10-16. Events keep 2026-10-28.endive, the account's own.",
        "The SDKs say what a version may show, not what it does; fields added without a new version may show in all.",
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
    Assumption(
        "idempotency-account",
        "An Idempotency-Key that another account has used is new for this account.",
        "Keys are the merchant's own, and two accounts are two merchants.",
        "A recording that uses one key with and without Stripe-Account.",
    ),
    Assumption(
        "idempotency-expiry",
        "A key is forgotten after 24 hours to the second, and its request then executed as if new.",
        "The reference says that keys can be removed once they are at least 24 hours old.",
        "A recording that repeats a key after more than 24 hours.",
    ),
    Assumption(
        "idempotency-in-use",
        "A key whose first answer is on its way is refused with 409 idempotency_key_in_use, type idempotency_error, "
        "Stripe-Should-Retry: true.",
        "Only status and code are told by others; a later attempt succeeds, so it is worth one.",
        "Two closes sent at once with one key, recorded.",
    ),
    Assumption(
        "lock-timeout",
        "A write to an object while another is on its way is refused at once with 429 lock_timeout, in these words.",
        "Code and headers are recorded; what Stripe waits for before it gives up is not known.",
        "Two closes of one dispute sent at once with two keys, recorded.",
    ),
    Assumption(
        "rate-limit",
        "The request that exceeds the limit in any second gets 429 rate_limit, reason global-rate, "
        "Stripe-Should-Retry: true, in these words.",
        "Code and header names are told by others; the limit of test mode is about 25 a second.",
        "Fifty reads sent at once, recorded.",
    ),
    Assumption(
        "api-error",
        "A key that says fails_500 or fails_503 gets that status with an api_error, in these words; nothing is done.",
        "Stripe fails for nobody on demand.",
        "A failure of Stripe that happens to be recorded.",
    ),
    Assumption(
        "restricted-key",
        "A restricted key lacks what it says: rk_test_without_dispute_write_1 gets 403 for every POST on a dispute, "
        "without_dispute_read for every call on one. The body has a message and a type alone, and so for account, "
        "balance_transaction, charge, event and payment_intent.",
        "The message is told by others; permissions of a real key are set in the dashboard.",
        "close recorded with a restricted key that may only read disputes.",
    ),
    Assumption(
        "live-mode-id",
        "An unknown id that says LiveMode is answered as one that exists in live mode.",
        "The message is told by others; the sandbox has no live mode.",
        "A read of a live dispute's id with a test key.",
    ),
    Assumption(
        "unknown-id-write",
        "Closing or updating an unknown dispute is refused as reading it is.",
        "The refusal was recorded for a read.",
        "close-unknown recorded in test mode.",
    ),
    Assumption(
        "refusal-wording",
        "Status, code and wording of this refusal are from memory.",
        "No recording of it is at hand.",
        "The same request recorded in test mode.",
    ),
    Assumption(
        "connected-account",
        "GET /v1/accounts lists the connected accounts, each with a few of its fields.",
        "A dispute touches none of them.",
        "GET /v1/accounts recorded on a platform.",
    ),
    Assumption(
        "connect-events",
        "The events of a connected account, read with its Stripe-Account, name no `account`.",
        "The field is there for the platform's webhooks, which get the events of many accounts.",
        "GET /v1/events recorded with Stripe-Account after a close.",
    ),
)

ASSUMPTIONS: dict[str, Assumption] = {row.name: row for row in _TABLE}
"""Every assumption by name; the names are what `Replaydisputes-Assumption` carries, comma-separated."""

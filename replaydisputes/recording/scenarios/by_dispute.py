"""What becomes of a close, by the kind and the state of its dispute."""

from __future__ import annotations

from replaydisputes.recording.scenarios.recipe import Scenario
from replaydisputes.recording.scenarios.steps import Call, WaitForField
from replaydisputes.recording.scenarios.wording import (
    CLOSE,
    CLOSED,
    FRAUDULENT,
    INQUIRY,
    NOT_RECEIVED,
    OBJECT,
    closing,
    event,
    reading,
    refusal,
)


def submit(text: str) -> Call:
    """Evidence that steers what test mode decides."""
    form = (("evidence[uncategorized_text]", text), ("submit", "true"))
    return Call(f"submit {text}", "POST", OBJECT, form, recorded=False)


BY_DISPUTE = (
    Scenario(
        "close-lost",
        "closing a dispute that needs a response makes it lost, at once and for good",
        (*FRAUDULENT, *CLOSED),
    ),
    Scenario(
        "close-twice",
        "a closed dispute cannot be closed again: the second close is refused with HTTP 400",
        (
            *FRAUDULENT,
            reading("needs_response"),
            closing("lost"),
            refusal("close it again", 400, "invalid_request_error"),
            reading("lost"),
        ),
    ),
    Scenario(
        "close-product-not-received",
        "a product_not_received dispute closes as a fraudulent one does",
        (*NOT_RECEIVED, *CLOSED),
    ),
    Scenario(
        "close-inquiry",
        "an inquiry, where no money has moved yet, can be closed too",
        (
            *INQUIRY,
            reading("warning_needs_response"),
            closing("warning_closed", "lost"),
            reading("warning_closed", "lost"),
            *event(),
        ),
    ),
    Scenario(
        "close-inquiry-escalated",
        "an inquiry that has become a chargeback closes as lost",
        (
            *INQUIRY,
            submit("escalate_inquiry_evidence"),
            WaitForField("status", ("needs_response",)),
            *CLOSED,
        ),
    ),
    Scenario(
        "close-evidence-saved",
        "evidence that was saved and never submitted does not keep a dispute from being closed as lost",
        (
            *FRAUDULENT,
            reading("needs_response"),
            Call(
                "save evidence",
                "POST",
                OBJECT,
                (("evidence[product_description]", "A chair, oak, sold as described"), ("submit", "false")),
                dispute_statuses=("needs_response",),
                fields=(("evidence_details.has_evidence", "true"), ("evidence_details.submission_count", "0")),
            ),
            closing("lost"),
            reading("lost"),
            *event(),
        ),
    ),
    Scenario(
        "close-evidence-submitted",
        "what a close answers while the bank reviews the evidence that was submitted",
        (
            *FRAUDULENT,
            reading("needs_response"),
            Call(
                "submit evidence",
                "POST",
                OBJECT,
                (("evidence[product_description]", "A chair, oak, sold as described"), ("submit", "true")),
                dispute_statuses=("under_review",),
            ),
            Call("close the dispute", "POST", CLOSE, statuses=(200, 400), dispute_statuses=("lost",)),
            reading("lost", "under_review"),
        ),
    ),
    Scenario(
        "close-won",
        "a dispute that was won cannot be closed: HTTP 400, and it stays won",
        (
            *FRAUDULENT,
            submit("winning_evidence"),
            WaitForField("status", ("won",)),
            reading("won"),
            refusal("close the dispute", 400, "invalid_request_error"),
            reading("won"),
        ),
    ),
)

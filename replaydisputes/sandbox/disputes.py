"""Disputes: how one begins, what evidence does to it, and how it ends."""

from __future__ import annotations

from dataclasses import dataclass
from functools import partial

from replaydisputes.sandbox import refusals
from replaydisputes.sandbox.balance import Booking, balance_transaction
from replaydisputes.sandbox.cards import TestCard
from replaydisputes.sandbox.days import end_of_day_after
from replaydisputes.sandbox.evidence import filled_by_stripe, invented_evidence, no_evidence
from replaydisputes.sandbox.ledger import Json, Ledger
from replaydisputes.sandbox.people import Story
from replaydisputes.sandbox.refusals import SandboxLimitError

_ANSWER_WITHIN_DAYS = 9

_CLOSES_TO = {
    "needs_response": ("lost", ()),
    "under_review": ("lost", ("under-review-close",)),
    "warning_needs_response": ("warning_closed", ("inquiry-close",)),
    "warning_under_review": ("warning_closed", ("inquiry-close",)),
}
"""What a close makes of each open status, and the assumptions that rests on."""

_SUBMITS_TO = {"needs_response": "under_review", "warning_needs_response": "warning_under_review"}

_STEERING = ("winning_evidence", "losing_evidence", "escalate_inquiry_evidence")


@dataclass(frozen=True, slots=True)
class Cause:
    """Why a dispute will come: a charge paid with a test card. amount: minor units, the disputed part."""

    charge_id: str
    card: TestCard
    story: Story | None
    amount: int


@dataclass(frozen=True, slots=True)
class Change:
    """What the merchant adds to a dispute. A None unsets; `submit` sends the evidence to the bank."""

    evidence: Json
    metadata: Json
    submit: bool


def open_dispute(ledger: Ledger, cause: Cause, now: int) -> None:
    charge, card, story = ledger.known(cause.charge_id), cause.card, cause.story
    dispute_id = ledger.mint.object_id("du", now)
    dispute = _dispute(dispute_id, charge, cause, now)
    if story:
        people = invented_evidence(ledger, story, dispute_id, charge, now)
        note = {"case_note": f"{story.buyer.name} / {story.order_id}", "handled_by": story.assistant_email}
        details = _details(dispute, enhanced_eligibility=_QUALIFIED, has_evidence=True)
        dispute |= {"evidence": people, "evidence_details": details, "metadata": note}
        dispute |= {"enhanced_eligibility_types": list(_QUALIFIED)}
    ledger.put(dispute, ledger.assumed(charge["id"]).union(card.assumed))
    ledger.put(charge | {"disputed": True})
    ledger.emit("charge.dispute.created", dispute, now)
    if not card.inquiry:
        dispute = _book(ledger, dispute, Booking.withdrawal(dispute), now)
        ledger.emit("charge.dispute.funds_withdrawn", dispute, now)
    if ledger.behaviour.enrich_after_s is not None:
        ledger.later(now + ledger.behaviour.enrich_after_s, partial(_fill_in, ledger, dispute_id))


_QUALIFIED = {
    "mastercard_compliance": {"status": "fee_acknowledged"},
    "visa_compelling_evidence_3": {"required_actions": [], "status": "qualified"},
    "visa_compliance": {"status": "fee_acknowledged"},
}


def close(ledger: Ledger, dispute: Json, now: int) -> Json:
    """The dispute closed. Raises Refusal where it is closed already."""
    status, assumed = _next_status(dispute)
    closed = ledger.put(dispute | {"status": status}, assumed)
    _emit_closed(ledger, closed, now)
    return closed


def update(ledger: Ledger, dispute: Json, change: Change, now: int) -> Json:
    """The dispute with evidence and metadata changed, and submitted to the bank where asked.

    Raises Refusal where the dispute is closed, SandboxLimitError for a second submission.
    """
    if (change.evidence or change.submit) and dispute["status"] not in _SUBMITS_TO:
        _next_status(dispute, "update-after-close")
        raise SandboxLimitError(f"evidence for a dispute that is {dispute['status']}")
    evidence = dispute["evidence"] | change.evidence
    metadata = {key: text for key, text in (dispute["metadata"] | change.metadata).items() if text is not None}
    changed = dispute | {"evidence": evidence, "metadata": metadata}
    if change.evidence:
        changed |= {"evidence_details": _details(changed, has_evidence=any(evidence.values()))}
    if change.submit:
        changed |= {"evidence_details": _details(changed, submission_count=1, submission_method="manual")}
        changed |= {"status": _SUBMITS_TO[dispute["status"]]}
    if changed == dispute:
        return dispute
    ledger.put(changed, ["submit-status"] if change.submit else ())
    ledger.emit("charge.dispute.updated", changed, now, previous=_previous(dispute, changed))
    if change.submit and evidence["uncategorized_text"] in _STEERING:
        due = now + ledger.behaviour.decide_after_s
        ledger.later(due, partial(_steer, ledger, dispute["id"], evidence["uncategorized_text"]))
    return changed


def _next_status(dispute: Json, *assumed_of_refusal: str) -> tuple[str, tuple[str, ...]]:
    status = dispute["status"]
    if status in _CLOSES_TO:
        return _CLOSES_TO[status]
    closed_inquiry = ("warning-closed-close",) if status == "warning_closed" else ()
    raise refusals.already_closed([*assumed_of_refusal, *closed_inquiry])


def _emit_closed(ledger: Ledger, dispute: Json, now: int) -> None:
    ledger.emit("charge.dispute.closed", dispute, now)
    ledger.emit("charge.updated", ledger.known(dispute["charge"]), now, {}, assumed=["charge-updated-event"])


def _steer(ledger: Ledger, dispute_id: str, text: str, now: int) -> None:
    """What the bank decides in test mode, by the evidence's text; nothing where a close came first."""
    dispute = ledger.known(dispute_id)
    if dispute["status"] not in _SUBMITS_TO.values():
        return
    inquiry = dispute["status"] == "warning_under_review"
    if text == "escalate_inquiry_evidence":
        if inquiry:
            _escalate(ledger, dispute, now)
        return
    status = "warning_closed" if inquiry else "won" if text == "winning_evidence" else "lost"
    dispute = ledger.put(dispute | {"status": status}, ["steered-outcome"])
    if status == "won":
        dispute = _book(ledger, dispute, Booking.reversal(dispute), now)
        ledger.emit("charge.dispute.funds_reinstated", dispute, now)
    _emit_closed(ledger, dispute, now)


def _escalate(ledger: Ledger, dispute: Json, now: int) -> None:
    card = dispute["payment_method_details"]["card"] | {"case_type": "chargeback"}
    changed = dispute | {
        "evidence_details": _details(
            dispute,
            due_by=end_of_day_after(now, _ANSWER_WITHIN_DAYS),
            submission_count=0,
            submission_method="not_submitted",
        ),
        "is_charge_refundable": False,
        "payment_method_details": {"card": card, "type": "card"},
        "status": "needs_response",
    }
    ledger.put(changed, ["steered-outcome"])
    changed = _book(ledger, changed, Booking.withdrawal(changed), now)
    ledger.emit("charge.dispute.updated", changed, now, previous=_previous(dispute, changed))
    ledger.emit("charge.dispute.funds_withdrawn", changed, now)


def _fill_in(ledger: Ledger, dispute_id: str, now: int) -> None:
    dispute = ledger.known(dispute_id)
    told = {name: value for name, value in dispute["evidence"].items() if value is not None}
    found = filled_by_stripe(ledger.known(dispute["charge"]))
    ledger.put(dispute | {"evidence": dispute["evidence"] | found | told})


def _book(ledger: Ledger, dispute: Json, booking: Booking, now: int) -> Json:
    transaction = balance_transaction(ledger.mint.object_id("txn", now), dispute, booking, now)
    ledger.put(transaction, ledger.assumed(dispute["id"]))
    booked = {
        "balance_transaction": dispute["balance_transaction"] or transaction["id"],
        "balance_transactions": [*dispute["balance_transactions"], transaction],
    }
    return ledger.put(dispute | booked)


def _details(dispute: Json, **changes: object) -> Json:
    details: Json = dispute["evidence_details"]
    return details | changes


def _previous(before: Json, after: Json) -> Json:
    """The old values of what differs, nested objects reduced to their differing members."""
    changed: Json = {}
    for name in before | after:
        old, new = before.get(name), after.get(name)
        if old != new:
            changed[name] = _previous(old, new) if isinstance(old, dict) and isinstance(new, dict) else old
    return changed


def _dispute(dispute_id: str, charge: Json, cause: Cause, now: int) -> Json:
    card = cause.card
    details = {
        "brand": "visa",
        "case_type": "inquiry" if card.inquiry else "chargeback",
        "network": "visa",
        "network_reason_code": card.network_reason_code,
    }
    return {
        "id": dispute_id,
        "object": "dispute",
        "amount": cause.amount,
        "balance_transaction": None,
        "balance_transactions": [],
        "charge": charge["id"],
        "created": now,
        "currency": charge["currency"],
        "enhanced_eligibility_types": [],
        "evidence": no_evidence(),
        "evidence_details": {
            "due_by": end_of_day_after(now, _ANSWER_WITHIN_DAYS),
            "enhanced_eligibility": {},
            "has_evidence": False,
            "past_due": False,
            "submission_count": 0,
            "submission_method": "not_submitted",
        },
        "intended_submission_method": None,
        "is_charge_refundable": card.inquiry,
        "livemode": False,
        "metadata": {},
        "network_reason_code": card.network_reason_code,
        "payment_intent": charge["payment_intent"],
        "payment_method_details": {"card": details, "type": "card"},
        "reason": card.reason,
        "status": "warning_needs_response" if card.inquiry else "needs_response",
    }

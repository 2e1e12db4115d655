"""The evidence of a dispute: empty, invented in full, or filled in by Stripe."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

from replaydisputes.sandbox.days import DAY_S
from replaydisputes.sandbox.ledger import Json, Ledger
from replaydisputes.sandbox.people import Story, one_line

TEXT_FIELDS = (
    "access_activity_log", "billing_address", "cancellation_policy_disclosure", "cancellation_rebuttal",
    "customer_email_address", "customer_name", "customer_purchase_ip", "duplicate_charge_explanation",
    "duplicate_charge_id", "product_description", "refund_policy_disclosure", "refund_refusal_explanation",
    "service_date", "shipping_address", "shipping_carrier", "shipping_date", "shipping_tracking_number",
    "uncategorized_text",
)  # fmt: skip
FILE_FIELDS = (
    "cancellation_policy", "customer_communication", "customer_signature", "duplicate_charge_documentation", "receipt",
    "refund_policy", "service_documentation", "shipping_documentation", "uncategorized_file",
)  # fmt: skip
FILLED_BY_STRIPE = ("customer_email_address", "customer_name", "product_description")


def no_evidence() -> Json:
    return dict.fromkeys((*TEXT_FIELDS, *FILE_FIELDS)) | {"appeal": None, "enhanced_evidence": {}}


def invented_evidence(ledger: Ledger, story: Story, dispute_id: str, charge: Json, now: int) -> Json:
    """Every field filled but those that Stripe fills in later. Texts quote ids, emails and names, as people do."""
    files = {name: ledger.mint.object_id("file", now) for name in FILE_FIELDS}
    texts = _texts(ledger, story, dispute_id, charge, now)
    appeal_file = ledger.mint.object_id("file", now)
    appeal = {
        "card": {
            "reason_for_filing": f"{story.buyer.name} hat {charge['id']} selbst bezahlt.",
            "supporting_files": [appeal_file],
        }
    }
    enhanced = {
        "mastercard_compliance": {"fee_acknowledged": True},
        "visa_compelling_evidence_3": _compelling(ledger, story, now),
        "visa_compliance": {"fee_acknowledged": True},
    }
    filled = files | texts | {"appeal": appeal, "enhanced_evidence": enhanced}
    return filled | dict.fromkeys(FILLED_BY_STRIPE)


def filled_by_stripe(charge: Json) -> Json:
    """The fields Stripe fills in by itself some moments after a dispute is made, where the payment has them."""
    billing, shipping = charge["billing_details"], charge["shipping"] or {}
    known = {
        "customer_email_address": billing["email"] or charge["receipt_email"],
        "customer_name": billing["name"] or shipping.get("name"),
        "product_description": charge["description"],
    }
    return {name: value for name, value in known.items() if value is not None}


def _texts(ledger: Ledger, story: Story, dispute_id: str, charge: Json, now: int) -> dict[str, str]:
    buyer, recipient = story.buyer, story.recipient
    log = (
        f"{_stamp(charge['created'] - 3600)} login {story.account_id} {story.login_ip}\n"
        f"{_stamp(charge['created'])} purchase {story.order_id} {story.purchase_ip} {story.device_id}\n"
        f"{_stamp(charge['created'] + 60)} mail to {buyer.email}"
    )
    return {
        "access_activity_log": log,
        "billing_address": one_line(buyer.address),
        "cancellation_policy_disclosure": f"Shown to {buyer.name} at checkout of {story.order_id}.",
        "cancellation_rebuttal": f"{buyer.email} never cancelled; see {charge['payment_intent']}.",
        "customer_purchase_ip": story.purchase_ip,
        "duplicate_charge_explanation": f"{charge['id']} and the earlier payment are two orders of {buyer.name}.",
        "duplicate_charge_id": ledger.mint.object_id("ch", now, "3"),
        "refund_policy_disclosure": f"Sent to {buyer.email} with “Bestellung {story.order_id}”.",
        "refund_refusal_explanation": f"The parcel {story.tracking_number} was handed to {recipient.name}.",
        "service_date": _stamp(charge["created"] + 2 * DAY_S)[:10],
        "shipping_address": f"{recipient.name}\n{one_line(recipient.address)}",
        "shipping_carrier": "DHL",
        "shipping_date": _stamp(charge["created"] + DAY_S)[:10],
        "shipping_tracking_number": story.tracking_number,
        "uncategorized_text": (
            f"{buyer.name} ({buyer.email}, {buyer.phone}) disputed {charge['id']} as {dispute_id}, but wrote to "
            f"{story.assistant_email} that „alles angekommen“ is true. Call {recipient.phone}."
        ),
    }


def _compelling(ledger: Ledger, story: Story, now: int) -> dict[str, Any]:
    same_buyer = {
        "customer_account_id": story.account_id,
        "customer_device_fingerprint": story.device_fingerprint,
        "customer_device_id": story.device_id,
        "customer_email_address": story.buyer.email,
        "customer_purchase_ip": story.purchase_ip,
        "shipping_address": story.recipient.address,
    }
    earlier = [
        {"charge": ledger.mint.object_id("ch", now, "3"), "product_description": goods, **same_buyer}
        for goods in story.earlier_goods
    ]
    disputed = {"merchandise_or_services": "merchandise", "product_description": story.goods, **same_buyer}
    return {"disputed_transaction": disputed, "prior_undisputed_transactions": earlier}


def _stamp(unix: int) -> str:
    return datetime.fromtimestamp(unix, UTC).strftime("%Y-%m-%dT%H:%M:%SZ")

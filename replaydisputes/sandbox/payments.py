"""PaymentIntents and charges: what a payment with a test card makes, and how its dispute gets under way."""

from __future__ import annotations

import base64
from functools import partial
from typing import Any

from replaydisputes.sandbox.balance import Booking, balance_transaction
from replaydisputes.sandbox.disputes import Cause, open_dispute
from replaydisputes.sandbox.ledger import Json, Ledger
from replaydisputes.sandbox.people import Story


def create_intent(ledger: Ledger, fields: Json, now: int) -> Json:
    """A PaymentIntent that waits for its payment method or its confirmation.

    fields: amount (minor units), currency, payment_method (an id or None), payment_method_types, and what else the
    merchant may say (description, metadata, receipt_email, shipping, statement descriptors).
    """
    intent_id = ledger.mint.object_id("pi", now, "3")
    intent = _intent(intent_id, fields, now) | {
        "client_secret": ledger.mint.client_secret(intent_id),
        "payment_method": fields.get("payment_method"),
        "status": "requires_confirmation" if fields.get("payment_method") else "requires_payment_method",
    }
    ledger.put(intent, [] if fields["currency"] == "usd" else ["settlement-currency"])
    ledger.emit("payment_intent.created", intent, now)
    return intent


def confirm_intent(ledger: Ledger, intent: Json, now: int) -> Json:
    """Charge its test card: the PaymentIntent as succeeded. The disputes follow when the clock gets there."""
    card, story = ledger.payers[intent["payment_method"]]
    if story:
        intent = intent | _invented(intent, story)
    charge = _charge(ledger, intent, story, now)
    ledger.put(charge, ledger.assumed(intent["id"]))
    paid_in = balance_transaction(charge["balance_transaction"], charge, Booking.payment(charge), now)
    ledger.put(paid_in, ledger.assumed(intent["id"]))
    intent = ledger.put(
        intent
        | {
            "amount_received": intent["amount"],
            "latest_charge": charge["id"],
            "next_action": None,
            "status": "succeeded",
        }
    )
    ledger.emit("charge.succeeded", charge, now)
    ledger.emit("payment_intent.succeeded", intent, now)
    if card.early_fraud_warning:
        _warn_of_fraud(ledger, charge, now)
    due = now + ledger.dispute_delay_s()
    for number in range(card.disputes):
        share = intent["amount"] // card.disputes + (number < intent["amount"] % card.disputes)
        cause = Cause(charge["id"], card, story, share)
        ledger.later(due, partial(open_dispute, ledger, cause))
    return intent


def _intent(intent_id: str, fields: Json, now: int) -> Json:
    said = (
        "automatic_payment_methods",
        "description",
        "receipt_email",
        "shipping",
        "statement_descriptor",
        "statement_descriptor_suffix",
    )
    nothing = (
        "application", "application_fee_amount", "canceled_at", "cancellation_reason", "customer", "customer_account",
        "excluded_payment_method_types", "last_payment_error", "latest_charge", "next_action", "on_behalf_of",
        "payment_method_configuration_details", "processing", "review", "setup_future_usage", "source",
        "transfer_data", "transfer_group",
    )  # fmt: skip
    return {
        "id": intent_id,
        "object": "payment_intent",
        "amount": fields["amount"],
        "amount_capturable": 0,
        "amount_details": {"tip": {}},
        "amount_received": 0,
        "capture_method": "automatic_async",
        "confirmation_method": "automatic",
        "created": now,
        "currency": fields["currency"],
        "livemode": False,
        "metadata": fields.get("metadata", {}),
        "payment_method_options": {"card": _CARD_OPTIONS},
        "payment_method_types": fields["payment_method_types"],
        **dict.fromkeys(nothing),
        **{name: fields.get(name) for name in said},
    }


def _invented(intent: Json, story: Story) -> Json:
    """What a talkative merchant would have said about the payment, where this one said nothing."""
    buyer, recipient = story.buyer, story.recipient
    shipping = {
        "address": recipient.address,
        "carrier": "DHL",
        "name": recipient.name,
        "phone": recipient.phone,
        "tracking_number": story.tracking_number,
    }
    said = {
        "description": f"{story.goods} für {buyer.name} <{buyer.email}>, Bestellung {story.order_id} ({intent['id']})",
        "receipt_email": buyer.email,
        "shipping": shipping,
        "statement_descriptor_suffix": story.descriptor,
    }
    metadata = {
        "assistant": story.assistant_email,
        "customer_email": buyer.email,
        "note": f"{recipient.name} nimmt das Paket an, Tel. {recipient.phone}",
        "order_id": story.order_id,
    }
    blanks = {name: value for name, value in said.items() if intent[name] is None}
    return blanks | {"metadata": metadata | intent["metadata"]}


def _charge(ledger: Ledger, intent: Json, story: Story | None, now: int) -> Json:
    mint = ledger.mint
    method = ledger.known(intent["payment_method"])
    shared = ("amount", "currency", "description", "metadata", "payment_method", "receipt_email", "shipping")
    nothing = (
        "application", "application_fee", "application_fee_amount", "customer", "failure_balance_transaction",
        "failure_code", "failure_message", "on_behalf_of", "review", "source", "source_transfer",
        "transfer_data", "transfer_group",
    )  # fmt: skip
    return {
        "id": mint.object_id("ch", now, "3"),
        "object": "charge",
        "amount_captured": intent["amount"],
        "amount_refunded": 0,
        "balance_transaction": mint.object_id("txn", now, "3"),
        "billing_details": method["billing_details"],
        "calculated_statement_descriptor": story.descriptor if story else "SANDBOX SHOP",
        "captured": True,
        "created": now,
        "disputed": False,
        "fraud_details": {},
        "livemode": False,
        "outcome": _OUTCOME,
        "paid": True,
        "payment_intent": intent["id"],
        "payment_method_details": _card_details(ledger, intent, method["card"]),
        "radar_options": {},
        "receipt_number": ledger.cast.receipt_number() if story else None,
        "receipt_url": f"https://pay.stripe.com/receipts/payment/{_receipt_token(ledger)}",
        "refunded": False,
        "statement_descriptor": intent["statement_descriptor"],
        "statement_descriptor_suffix": intent["statement_descriptor_suffix"],
        "status": "succeeded",
        **dict.fromkeys(nothing),
        **{name: intent[name] for name in shared},
    }


_CARD_OPTIONS = {
    "installments": None,
    "mandate_options": None,
    "network": None,
    "request_three_d_secure": "automatic",
}
_OUTCOME = {
    "advice_code": None,
    "network_advice_code": None,
    "network_decline_code": None,
    "network_status": "approved_by_network",
    "reason": None,
    "risk_level": "normal",
    "risk_score": 42,
    "seller_message": "Payment complete.",
    "type": "authorized",
}


def _receipt_token(ledger: Ledger) -> str:
    """Stripe's receipt links hold the account id in base64; so does this one, or no test could find it leaking."""
    packed = b"\x08\x07\x1a\x17\n\x15" + ledger.mint.account.encode() + ledger.mint.token(21).encode()
    return base64.urlsafe_b64encode(packed).decode()


def _card_details(ledger: Ledger, intent: Json, card: Json) -> dict[str, Any]:
    shared = ("brand", "checks", "country", "exp_month", "exp_year", "fingerprint", "funding", "last4")
    return {
        "card": {
            **{name: card[name] for name in shared},
            "amount_authorized": intent["amount"],
            "authorization_code": ledger.cast.digits(6),
            "extended_authorization": {"status": "disabled"},
            "incremental_authorization": {"status": "unavailable"},
            "installments": None,
            "mandate": None,
            "multicapture": {"status": "unavailable"},
            "network": "visa",
            "network_token": {"used": False},
            "network_transaction_id": ledger.cast.digits(15),
            "overcapture": {"maximum_amount_capturable": intent["amount"], "status": "unavailable"},
            "regulated_status": "unregulated",
            "three_d_secure": None,
            "wallet": None,
        },
        "type": "card",
    }


def _warn_of_fraud(ledger: Ledger, charge: Json, now: int) -> None:
    warning = {
        "id": ledger.mint.object_id("issfr", now),
        "object": "radar.early_fraud_warning",
        "actionable": True,
        "charge": charge["id"],
        "created": now,
        "fraud_type": "misc",
        "livemode": False,
        "payment_intent": charge["payment_intent"],
    }
    ledger.emit("radar.early_fraud_warning.created", ledger.put(warning), now)

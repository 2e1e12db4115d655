"""The PaymentMethod that a test token stands for."""

from __future__ import annotations

from replaydisputes.sandbox.cards import TestCard
from replaydisputes.sandbox.ledger import Json, Ledger

_NO_ADDRESS = dict.fromkeys(("city", "country", "line1", "line2", "postal_code", "state"))


def create_payment_method(ledger: Ledger, card: TestCard, now: int) -> Json:
    """A new PaymentMethod for the card, with somebody's name on it where people are invented."""
    story = ledger.cast.story() if ledger.behaviour.people else None
    person = story.buyer if story else None
    method: Json = {
        "id": ledger.mint.object_id("pm", now),
        "object": "payment_method",
        "allow_redisplay": "unspecified",
        "billing_details": {
            "address": person.address if person else _NO_ADDRESS,
            "email": person.email if person else None,
            "name": person.name if person else None,
            "phone": person.phone if person else None,
            "tax_id": None,
        },
        "card": _card(ledger, card),
        "created": now,
        "customer": None,
        "livemode": False,
        "metadata": {},
        "type": "card",
    }
    ledger.payers[method["id"]] = (card, story)
    return ledger.put(method)


def _card(ledger: Ledger, card: TestCard) -> Json:
    return {
        "brand": "visa",
        "checks": {"address_line1_check": None, "address_postal_code_check": None, "cvc_check": "pass"},
        "country": "US",
        "display_brand": "visa",
        "exp_month": 12,
        "exp_year": 2034,
        "fingerprint": ledger.cast.base62(16),
        "funding": "credit",
        "generated_from": None,
        "last4": card.last4,
        "networks": {"available": ["visa"], "preferred": None},
        "regulated_status": "unregulated",
        "three_d_secure_usage": {"supported": True},
        "wallet": None,
    }

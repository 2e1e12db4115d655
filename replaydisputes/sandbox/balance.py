"""Balance transactions: money moving in or out of the modelled account."""

from __future__ import annotations

from dataclasses import dataclass

from replaydisputes.sandbox.days import midnight_after
from replaydisputes.sandbox.ledger import Json

DISPUTE_FEE_MINOR = 1500


@dataclass(frozen=True, slots=True)
class Booking:
    """One movement. Amounts in minor units of the currency; `fee` is what Stripe keeps of it, negative if returned."""

    amount: int
    fee: int
    fee_for: str
    kind: str
    category: str
    text: str | None

    @classmethod
    def payment(cls, charge: Json) -> Booking:
        """Stripe's price list for a card payment: 2.9 % and 30."""
        fee = round(charge["amount"] * 0.029) + 30
        return cls(charge["amount"], fee, "Stripe processing fees", "charge", "charge", charge["description"])

    @classmethod
    def withdrawal(cls, dispute: Json) -> Booking:
        text = f"Chargeback withdrawal for {dispute['charge']}"
        return cls(-dispute["amount"], DISPUTE_FEE_MINOR, "Dispute fee", "adjustment", "dispute", text)

    @classmethod
    def reversal(cls, dispute: Json) -> Booking:
        text = f"Chargeback reversal for {dispute['charge']}"
        return cls(dispute["amount"], -DISPUTE_FEE_MINOR, "Dispute fee", "adjustment", "dispute_reversal", text)


def balance_transaction(transaction_id: str, source: Json, booking: Booking, now: int) -> Json:
    """The transaction that `source` (a charge or a dispute) causes, pending for a week."""
    fee_detail = {
        "amount": booking.fee,
        "application": None,
        "currency": source["currency"],
        "description": booking.fee_for,
        "type": "stripe_fee",
    }
    return {
        "id": transaction_id,
        "object": "balance_transaction",
        "amount": booking.amount,
        "available_on": midnight_after(now, 7),
        "balance_type": "payments",
        "created": now,
        "currency": source["currency"],
        "description": booking.text,
        "exchange_rate": None,
        "fee": booking.fee,
        "fee_details": [fee_detail],
        "net": booking.amount - booking.fee,
        "reporting_category": booking.category,
        "source": source["id"],
        "status": "pending",
        "type": booking.kind,
    }

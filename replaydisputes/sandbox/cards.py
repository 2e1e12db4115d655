"""The test payment methods that make disputes (docs.stripe.com/testing#disputes), as data."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class TestCard:
    """A test payment method and what a payment with it leads to. `disputes` is how many follow."""

    last4: str
    disputes: int = 0
    reason: str = "fraudulent"
    network_reason_code: str = "10.4"
    inquiry: bool = False
    early_fraud_warning: bool = False
    assumed: tuple[str, ...] = ()


CARDS = {
    "pm_card_visa": TestCard("4242"),
    "pm_card_createDispute": TestCard("0259", disputes=1),
    "pm_card_createDisputeProductNotReceived": TestCard(
        "2685", disputes=1, reason="product_not_received", network_reason_code="13.1"
    ),
    "pm_card_createDisputeInquiry": TestCard("1976", disputes=1, inquiry=True, assumed=("inquiry-reason",)),
    "pm_card_createMultipleDisputes": TestCard("0079", disputes=2, assumed=("multiple-disputes",)),
    "pm_card_createIssuerFraudRecord": TestCard("5423", early_fraud_warning=True),
}

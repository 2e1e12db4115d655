"""Words of sets that Stripe publishes stay; another word in their place is replaced."""

from __future__ import annotations

import json

import pytest

from replaydisputes.leak_gate import find_leaks
from replaydisputes.model import Interaction, Request, Response
from replaydisputes.redaction import redact
from replaydisputes.stripe_api.kinds import Kind, fits

URL = "https://api.stripe.com/v1/charges"
JSON = (("Content-Type", "application/json"),)


def message_of(text: str) -> str:
    body = json.dumps({"error": {"message": text}}).encode()
    (done,) = redact([Interaction(Request("GET", URL), Response(400, JSON, body))]).interactions
    message: str = json.loads(done.response.body)["error"]["message"]
    return message


@pytest.mark.parametrize(
    ("kind", "word"),
    [
        *((Kind.CURRENCY, word) for word in ("usd", "jpy", "kwd", "zmw", "isk")),
        *((Kind.TEST_PAYMENT_METHOD, f"pm_card_{word}") for word in ("visa", "us", "jp", "threeDSecure2Required")),
        *((Kind.TEST_PAYMENT_METHOD, f"pm_card_{word}") for word in ("visa_debit", "chargeDeclinedInsufficientFunds")),
        *(
            (Kind.TEST_PAYMENT_METHOD, f"pm_card_{word}")
            for word in ("createDisputeInquiry", "cvcCheckFail", "avsFail")
        ),
        *((Kind.API_PATH, path) for path in ("/v1/disputes", "/v1/checkout/sessions", "/v2/core/event_destinations")),
        *((Kind.API_VERSION, day) for day in ("2019-12-03", "2024-06-20", "2025-03-31.basil", "2026-10-28.endive")),
        *((Kind.TIER, word) for word in ("api-testmode", "api-livemode", "livemode-critical")),
    ],
)
def test_a_published_word_may_stay(kind: Kind, word: str) -> None:
    assert fits(kind, word)


@pytest.mark.parametrize(
    ("kind", "word"),
    [
        *((Kind.CURRENCY, word) for word in ("wka", "eva", "abc", "max")),
        *((Kind.TEST_PAYMENT_METHOD, f"pm_card_{word}") for word in ("QuenbyTarrow", "evaZorn", "marialopez")),
        *((Kind.API_PATH, path) for path in ("/v1/eva", "/v1/charges/zorn", "/v2/quenby/tarrow")),
        *((Kind.API_VERSION, day) for day in ("1999-12-03", "2004-04-17", "2025-03-31.tarrow", "2026-10-28")),
        *((Kind.TIER, word) for word in ("eva-zorn", "api-quenby", "tarrow")),
    ],
)
def test_another_word_may_not(kind: Kind, word: str) -> None:
    assert not fits(kind, word)


@pytest.mark.parametrize(
    "text",
    [
        "Invalid date of birth: {}.",
        "The date of birth '{}' does not match.",
        "You sent {} as a date",
        "Invalid address: 12 {}.",
    ],
)
@pytest.mark.parametrize("told", ["2004-04-17", "1961-02-28", "Mark Street, Reading", "Grace Field"])
def test_a_date_or_a_name_of_known_words_goes_from_a_message(text: str, told: str) -> None:
    message = message_of(text.format(told))

    assert [part for part in told.replace(",", "").split() if part in message] == []
    assert message_of(message) == message


@pytest.mark.parametrize(
    "text",
    [
        "This needs API version 2019-12-03 or later.",
        "Available since 2026-10-28.endive.",
        "Please use the Stripe Dashboard or Stripe Connect with a Payment Intent.",
        "Your card was declined. Please try Apple Pay.",
    ],
)
def test_versions_and_names_of_stripes_stay_in_a_message(text: str) -> None:
    assert message_of(text) == text


HARMLESS = (
    {"card": "4242 4242 4242 4242"},
    {"card": "4000002760003184"},
    {"card": "378282246310005"},
    {"method": "pm_card_threeDSecure2Required"},
    {"order_no": "0611-3918274"},
    {"invoice": "412-555-3097"},
    {"purchase_order_number": "612.306.7712"},
    {"api_version": "81.2.69.142"},
    {"user_agent": "Ruby 81.2.69.142"},
)
TELLING = (
    {"card": "4716 2391 0384 5526"},
    {"phone": "0611 391 8274"},
    {"order_note": "0611 391 8274"},
    {"order_number": "+44 7700 900461"},
    {"client_ip": "81.2.69.142"},
    {"user_agent": "a phone (81.2.69.142)"},
)


@pytest.mark.parametrize("fields", HARMLESS, ids=str)
@pytest.mark.parametrize("times", [1, 2])
def test_numbers_of_orders_and_versions_and_test_cards_are_no_leak(fields: dict[str, str], times: int) -> None:
    assert find_leaks(_spelled(fields, times)) == []


@pytest.mark.parametrize("fields", TELLING, ids=str)
@pytest.mark.parametrize("times", [1, 2])
def test_numbers_of_people_in_any_other_field_are(fields: dict[str, str], times: int) -> None:
    assert len(find_leaks(_spelled(fields, times))) == 1


def _spelled(fields: dict[str, str], times: int) -> bytes:
    """As JSON, also as a string within JSON, as a cassette in another layout holds it."""
    text = json.dumps(fields)
    return (text if times == 1 else json.dumps({"body": text})).encode()

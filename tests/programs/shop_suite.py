"""A shop's suite, as users write them: `tests/test_recorded_suite.py` records it from the sandbox, and replays it.

CONNECTED is the connected account that the sandbox is started with.
"""

from __future__ import annotations

import asyncio
import time
import unittest
from typing import Any

import httpx
import pytest
import requests
import stripe

KEY = "sk_test_ofTheShopItself"
SECRET = "whsec_" + "0" * 32
CONNECTED = "acct_1ShopConnected00"
V1 = "https://api.stripe.com/v1"
DAY_S = 86_400


def cassette(name: str, **options: Any) -> pytest.MarkDecorator:
    return pytest.mark.replaydisputes(name, **options)


@pytest.fixture
def shop() -> stripe.StripeClient:
    return stripe.StripeClient(KEY)


@pytest.fixture
def dispute_id(replaydisputes: Any) -> str:
    return str(replaydisputes.dispute_id)


def notes(noted: Any) -> dict[str, str]:
    """The metadata of an object, as a plain dictionary."""
    return dict(noted.metadata.to_dict())


def a_payment(**more: Any) -> dict[str, Any]:
    return {
        "amount": 2500,
        "currency": "usd",
        "payment_method_types": ["card"],
        "payment_method": "pm_card_createDispute",
        "confirm": True,
        **more,
    }


@cassette("order-id")
def test_an_order_is_noted_on_the_dispute(shop: stripe.StripeClient, dispute_id: str) -> None:
    noted = shop.v1.disputes.update(dispute_id, {"metadata": {"order_id": "6735"}})
    assert notes(noted) == {"order_id": "6735"}
    assert notes(shop.v1.disputes.retrieve(dispute_id)) == {"order_id": "6735"}


@cassette("two-notes")
def test_two_notes_keep_their_names(shop: stripe.StripeClient, dispute_id: str) -> None:
    noted = shop.v1.disputes.update(dispute_id, {"metadata": {"zeta": "last letter", "alpha": "first letter"}})
    assert notes(noted) == {"zeta": "last letter", "alpha": "first letter"}


@cassette("note-replaced")
def test_a_note_is_replaced(shop: stripe.StripeClient, dispute_id: str) -> None:
    said = [notes(shop.v1.disputes.update(dispute_id, {"metadata": {"stage": word}})) for word in ("open", "done")]
    assert said == [{"stage": "open"}, {"stage": "done"}]


@cassette("note-unset")
def test_a_note_is_unset_and_the_other_stays(shop: stripe.StripeClient, dispute_id: str) -> None:
    shop.v1.disputes.update(dispute_id, {"metadata": {"keep": "a", "drop": "b"}})
    assert notes(shop.v1.disputes.update(dispute_id, {"metadata": {"drop": ""}})) == {"keep": "a"}


@cassette("notes-cleared")
def test_all_notes_are_cleared(shop: stripe.StripeClient, dispute_id: str) -> None:
    shop.v1.disputes.update(dispute_id, {"metadata": {"one": "1", "two": "2"}})
    assert notes(shop.v1.disputes.update(dispute_id, {"metadata": ""})) == {}


@cassette("odd-note")
def test_a_note_in_other_letters_comes_back_as_it_was(shop: stripe.StripeClient, dispute_id: str) -> None:
    text = 'Grüße "aus" Köln\\n 日本 [redacted 2] & mehr=1'
    assert notes(shop.v1.disputes.update(dispute_id, {"metadata": {"größe (x)": text}})) == {"größe (x)": text}


@cassette("evidence-echo")
def test_evidence_is_kept_as_it_was_sent(shop: stripe.StripeClient, dispute_id: str) -> None:
    evidence: Any = {"customer_name": "Ada Example", "product_description": "A blue shirt"}
    shop.v1.disputes.update(dispute_id, {"evidence": evidence, "submit": False})
    kept = shop.v1.disputes.retrieve(dispute_id).evidence
    assert (kept.customer_name, kept.product_description) == ("Ada Example", "A blue shirt")


@cassette("evidence-kinds")
def test_evidence_of_every_shape(shop: stripe.StripeClient, dispute_id: str) -> None:
    evidence: Any = {
        "customer_email_address": "ada@shop.test",
        "customer_purchase_ip": "203.0.113.77",
        "access_activity_log": "line one\nline two",
        "shipping_tracking_number": "00340434161094042557",
        "service_date": "2026-05-04",
    }
    kept = shop.v1.disputes.update(dispute_id, {"evidence": evidence, "submit": False}).evidence
    assert {name: kept[name] for name in evidence} == evidence


@cassette("evidence-replaced")
def test_evidence_is_replaced(shop: stripe.StripeClient, dispute_id: str) -> None:
    names = []
    for name in ("Ada", "Grace"):
        changed = shop.v1.disputes.update(dispute_id, {"evidence": {"customer_name": name}, "submit": False})
        names.append(changed.evidence.customer_name)
    assert names == ["Ada", "Grace"]


@cassette("evidence-unset")
def test_evidence_is_unset(shop: stripe.StripeClient, dispute_id: str) -> None:
    shop.v1.disputes.update(dispute_id, {"evidence": {"customer_name": "Ada"}, "submit": False})
    changed = shop.v1.disputes.update(dispute_id, {"evidence": {"customer_name": ""}, "submit": False})
    assert changed.evidence.customer_name is None


@cassette("evidence-submitted")
def test_evidence_is_submitted(shop: stripe.StripeClient, dispute_id: str) -> None:
    changed = shop.v1.disputes.update(dispute_id, {"evidence": {"uncategorized_text": "See the log"}, "submit": True})
    assert (changed.status, changed.evidence.uncategorized_text) == ("under_review", "See the log")


@cassette("evidence-wins")
def test_winning_evidence_wins(shop: stripe.StripeClient, dispute_id: str) -> None:
    shop.v1.disputes.update(dispute_id, {"evidence": {"uncategorized_text": "winning_evidence"}})
    assert shop.v1.disputes.retrieve(dispute_id).status == "won"


@cassette("update-then-close")
def test_an_update_and_then_a_close(shop: stripe.StripeClient, dispute_id: str) -> None:
    shop.v1.disputes.update(dispute_id, {"metadata": {"by": "Ada"}, "evidence": {"customer_name": "Ada"}})
    closed = shop.v1.disputes.close(dispute_id)
    assert (closed.status, notes(closed), closed.evidence.customer_name) == ("lost", {"by": "Ada"}, "Ada")


@cassette("created-since")
def test_disputes_since_yesterday(shop: stripe.StripeClient, dispute_id: str) -> None:
    charge = str(shop.v1.disputes.retrieve(dispute_id).charge)
    found = shop.v1.disputes.list({"charge": charge, "created": {"gte": int(time.time()) - DAY_S}})
    assert [dispute.id for dispute in found.data] == [dispute_id]


@cassette("created-between")
def test_disputes_between_two_days(shop: stripe.StripeClient, dispute_id: str) -> None:
    now = int(time.time())
    charge = str(shop.v1.disputes.retrieve(dispute_id).charge)
    recent = shop.v1.disputes.list({"charge": charge, "created": {"gte": now - 7 * DAY_S, "lte": now + DAY_S}})
    older = shop.v1.disputes.list({"charge": charge, "created": {"lt": now - 7 * DAY_S}})
    assert (len(recent.data), len(older.data)) == (1, 0)


@cassette("created-exactly")
def test_disputes_of_one_second(dispute_id: str) -> None:
    moment = stripe.Dispute.retrieve(dispute_id, api_key=KEY).created
    found = requests.get(f"{V1}/disputes", params={"created": str(moment)}, auth=(KEY, "")).json()
    assert dispute_id in [dispute["id"] for dispute in found["data"]]


@cassette("unknown-read")
def test_an_unknown_dispute_is_not_found(shop: stripe.StripeClient) -> None:
    with pytest.raises(stripe.InvalidRequestError, match="No such dispute: 'du_unknown'") as refused:
        shop.v1.disputes.retrieve("du_unknown")
    assert refused.value.http_status == 404


@cassette("unknown-close")
def test_an_unknown_dispute_is_not_closed(shop: stripe.StripeClient) -> None:
    with pytest.raises(stripe.InvalidRequestError, match="No such dispute"):
        shop.v1.disputes.close("du_1NoSuchDisputeAnywhere00")


@cassette("known-and-unknown")
def test_a_known_and_an_unknown_dispute(shop: stripe.StripeClient, dispute_id: str) -> None:
    assert shop.v1.disputes.retrieve(dispute_id).status == "needs_response"
    with pytest.raises(stripe.InvalidRequestError):
        shop.v1.disputes.retrieve("du_nope")
    assert shop.v1.disputes.close(dispute_id).status == "lost"


@cassette("two-unknown")
def test_two_unknown_disputes(shop: stripe.StripeClient) -> None:
    for unknown in ("du_first", "du_second", "du_first"):
        with pytest.raises(stripe.InvalidRequestError, match=f"No such dispute: '{unknown}'"):
            shop.v1.disputes.close(unknown)


@cassette("unknown-charge")
def test_disputes_of_an_unknown_charge(shop: stripe.StripeClient) -> None:
    with pytest.raises(stripe.InvalidRequestError, match="No such charge: 'ch_unknown'"):
        shop.v1.charges.retrieve("ch_unknown")


@cassette("keyed-close")
def test_a_close_with_a_key_of_its_own(dispute_id: str) -> None:
    first = stripe.Dispute.close(dispute_id, api_key=KEY, idempotency_key="close-order-6735")
    again = stripe.Dispute.close(dispute_id, api_key=KEY, idempotency_key="close-order-6735")
    assert (first.status, again.status) == ("lost", "lost")
    assert again.last_response.headers["Idempotent-Replayed"] == "true"


@cassette("keyed-twice")
def test_a_second_key_is_refused_by_the_closed_dispute(dispute_id: str) -> None:
    assert stripe.Dispute.close(dispute_id, api_key=KEY, idempotency_key="one").status == "lost"
    with pytest.raises(stripe.InvalidRequestError):
        stripe.Dispute.close(dispute_id, api_key=KEY, idempotency_key="two")


@cassette("keyed-update")
def test_a_key_per_update(shop: stripe.StripeClient, dispute_id: str) -> None:
    for word in ("a", "b"):
        options: Any = {"idempotency_key": f"note-{word}"}
        assert notes(shop.v1.disputes.update(dispute_id, {"metadata": {"note": word}}, options)) == {"note": word}


@cassette("close-twice-over")
def test_a_second_close_is_refused(shop: stripe.StripeClient, dispute_id: str) -> None:
    assert shop.v1.disputes.close(dispute_id).status == "lost"
    with pytest.raises(stripe.InvalidRequestError, match="already closed"):
        shop.v1.disputes.close(dispute_id)
    assert shop.v1.disputes.retrieve(dispute_id).status == "lost"


@cassette("pages", payment_method="pm_card_createMultipleDisputes")
def test_pages_of_one(shop: stripe.StripeClient, dispute_id: str) -> None:
    payment = str(shop.v1.disputes.retrieve(dispute_id).payment_intent)
    pages = shop.v1.disputes.list({"payment_intent": payment, "limit": 1}).auto_paging_iter()
    ids = [dispute.id for dispute in pages]
    assert (len(ids), dispute_id in ids) == (2, True)


@cassette("pages-backwards", payment_method="pm_card_createMultipleDisputes")
def test_pages_backwards(shop: stripe.StripeClient, dispute_id: str) -> None:
    payment = str(shop.v1.disputes.retrieve(dispute_id).payment_intent)
    both = shop.v1.disputes.list({"payment_intent": payment}).data
    before = shop.v1.disputes.list({"payment_intent": payment, "limit": 1, "ending_before": both[1].id}).data
    assert [dispute.id for dispute in before] == [both[0].id]


@cassette("connect-listed")
def test_a_dispute_of_a_connected_account_that_is_looked_up(shop: stripe.StripeClient) -> None:
    (account,) = shop.v1.accounts.list({"limit": 1}).data
    options: Any = {"stripe_account": account.id}
    payment = shop.v1.payment_intents.create(a_payment(), options)  # type: ignore[arg-type]
    (dispute,) = shop.v1.disputes.list({"payment_intent": payment.id}, options).data
    assert shop.v1.disputes.close(dispute.id, None, options).status == "lost"


@cassette("connect-configured")
def test_a_dispute_of_a_connected_account_that_is_configured() -> None:
    payment = stripe.PaymentIntent.create(api_key=KEY, stripe_account=CONNECTED, **a_payment())
    (dispute,) = stripe.Dispute.list(api_key=KEY, stripe_account=CONNECTED, payment_intent=payment.id).data
    closed = stripe.Dispute.close(dispute.id, api_key=KEY, stripe_account=CONNECTED)
    assert (closed.status, closed.last_response.headers["Stripe-Account"]) == ("lost", CONNECTED)


@cassette("payment-metadata")
def test_a_payment_keeps_its_metadata(shop: stripe.StripeClient) -> None:
    made = shop.v1.payment_intents.create(a_payment(metadata={"cart": "17", "gift": "true"}))  # type: ignore[arg-type]
    read = shop.v1.payment_intents.retrieve(made.id)
    assert (notes(made), notes(read)) == ({"cart": "17", "gift": "true"},) * 2


@cassette("payment-shipping")
def test_a_payment_keeps_nested_parameters(shop: stripe.StripeClient) -> None:
    address = {"line1": "1 Main St", "city": "Ghent", "country": "BE", "postal_code": "9000"}
    made = shop.v1.payment_intents.create(
        a_payment(shipping={"name": "Ada Example", "address": address}, description="Order 17")  # type: ignore[arg-type]
    )
    assert made.shipping is not None
    assert (made.shipping.name, made.shipping.address.city, made.description) == ("Ada Example", "Ghent", "Order 17")


@cassette("payment-in-steps")
def test_a_payment_is_confirmed_and_disputed(shop: stripe.StripeClient) -> None:
    made = shop.v1.payment_intents.create({"amount": 900, "currency": "usd", "payment_method_types": ["card"]})
    paid = shop.v1.payment_intents.confirm(made.id, {"payment_method": "pm_card_createDispute"})
    (dispute,) = shop.v1.disputes.list({"payment_intent": paid.id}).data
    assert (dispute.amount, dispute.charge) == (900, paid.latest_charge)


@cassette("expanded")
def test_expanded_objects(shop: stripe.StripeClient, dispute_id: str) -> None:
    dispute = shop.v1.disputes.retrieve(dispute_id, {"expand": ["charge", "payment_intent"]})
    charge: Any = dispute.charge
    assert charge.payment_intent == dispute.payment_intent.id  # type: ignore[union-attr]


@cassette("events-of-types")
def test_events_of_several_types(shop: stripe.StripeClient, dispute_id: str) -> None:
    shop.v1.disputes.close(dispute_id)
    types = ["charge.dispute.closed", "charge.dispute.created"]
    found = shop.v1.events.list({"types": types, "limit": 100}).data
    assert {event.type for event in found if event.data.object["id"] == dispute_id} == set(types)


@cassette("webhook")
def test_the_webhook_of_the_close_holds_what_was_noted(shop: stripe.StripeClient, replaydisputes: Any) -> None:
    dispute_id = replaydisputes.dispute_id
    shop.v1.disputes.update(dispute_id, {"metadata": {"order_id": "6735"}})
    shop.v1.disputes.close(dispute_id)
    (event,) = shop.v1.events.list({"type": "charge.dispute.closed", "limit": 1}).data
    delivered = replaydisputes.webhook("charge.dispute.closed", secret=SECRET)
    told = stripe.Webhook.construct_event(delivered.body, delivered.headers["Stripe-Signature"], SECRET)
    assert (told.id, told.data.object["id"], told.data.object["metadata"].to_dict()) == (
        event.id,
        dispute_id,
        {"order_id": "6735"},
    )


@cassette("refused-parameter")
def test_an_unknown_parameter_is_refused_by_its_name(dispute_id: str) -> None:
    answer = requests.post(f"{V1}/disputes/{dispute_id}", data={"fooBar": "1"}, auth=(KEY, ""))
    assert (answer.status_code, "fooBar" in answer.json()["error"]["message"]) == (400, True)


@cassette("refused-amount")
def test_an_amount_that_is_too_small(shop: stripe.StripeClient) -> None:
    with pytest.raises(stripe.InvalidRequestError, match="at least"):
        shop.v1.payment_intents.create(a_payment(amount=10))  # type: ignore[arg-type]


@cassette("inquiry", payment_method="pm_card_createDisputeInquiry")
def test_an_inquiry_is_closed(shop: stripe.StripeClient, dispute_id: str) -> None:
    assert shop.v1.disputes.retrieve(dispute_id).status == "warning_needs_response"
    assert shop.v1.disputes.close(dispute_id).status == "warning_closed"


@cassette("plain-httpx")
def test_with_httpx(dispute_id: str) -> None:
    with httpx.Client(base_url=V1, headers={"Authorization": f"Bearer {KEY}"}) as client:
        form = {"metadata[invoice no]": "R-1", "metadata[clerk]": "Bob"}
        noted = client.post(f"/disputes/{dispute_id}", data=form).json()
        assert noted["metadata"] == {"invoice no": "R-1", "clerk": "Bob"}
        assert client.get(f"/disputes/{dispute_id}").json()["metadata"] == noted["metadata"]


@cassette("loop")
def test_one_call_again_and_again(shop: stripe.StripeClient, dispute_id: str) -> None:
    assert {shop.v1.disputes.retrieve(dispute_id).status for _ in range(4)} == {"needs_response"}


def in_async() -> stripe.StripeClient:
    return stripe.StripeClient(KEY, http_client=stripe.HTTPXClient())


@cassette("async-notes")
@pytest.mark.asyncio
async def test_async_notes(dispute_id: str) -> None:
    disputes = in_async().v1.disputes
    noted = await disputes.update_async(dispute_id, {"metadata": {"order_id": "6735", "channel": "mail"}})
    read = await disputes.retrieve_async(dispute_id)
    assert notes(noted) == notes(read) == {"order_id": "6735", "channel": "mail"}


@cassette("async-evidence")
@pytest.mark.asyncio
async def test_async_evidence_then_close(dispute_id: str) -> None:
    disputes = in_async().v1.disputes
    await disputes.update_async(dispute_id, {"evidence": {"customer_name": "Ada Example"}, "submit": False})
    closed = await disputes.close_async(dispute_id)
    assert (closed.status, closed.evidence.customer_name) == ("lost", "Ada Example")


@cassette("async-unknown")
@pytest.mark.asyncio
async def test_async_unknown() -> None:
    with pytest.raises(stripe.InvalidRequestError, match="No such dispute: 'du_async'"):
        await in_async().v1.disputes.close_async("du_async")


@cassette("async-payments")
@pytest.mark.asyncio
async def test_async_payments_side_by_side() -> None:
    payments = in_async().v1.payment_intents
    carts = [f"cart {number}" for number in range(3)]
    made = await asyncio.gather(*(payments.create_async(a_payment(metadata={"cart": cart})) for cart in carts))  # type: ignore[arg-type]
    assert sorted(notes(payment)["cart"] for payment in made) == carts


@cassette("async-filter")
@pytest.mark.asyncio
async def test_async_filter(dispute_id: str) -> None:
    disputes = in_async().v1.disputes
    charge = str((await disputes.retrieve_async(dispute_id)).charge)
    found = await disputes.list_async({"charge": charge, "created": {"gte": int(time.time()) - DAY_S}})
    assert [dispute.id for dispute in found.data] == [dispute_id]


@cassette("of-a-class")
class TestOfAClass:
    @pytest.fixture(autouse=True)
    def _begin(self, shop: stripe.StripeClient, dispute_id: str) -> None:
        self.shop, self.dispute_id = shop, dispute_id

    def test_close(self) -> None:
        noted = self.shop.v1.disputes.update(self.dispute_id, {"metadata": {"reason why": "too small"}})
        assert notes(noted) == {"reason why": "too small"}


class OfUnittest(unittest.TestCase):
    @pytest.fixture(autouse=True)
    def _replay(self, replaydisputes: Any) -> None:
        self.dispute_id = replaydisputes.dispute_id

    @cassette("of-unittest")
    def test_close(self) -> None:
        noted = stripe.Dispute.modify(self.dispute_id, api_key=KEY, metadata={"ticket": "T-9"})
        assert notes(noted) == {"ticket": "T-9"}


@pytest.mark.parametrize(
    "clerk", [pytest.param(name, marks=cassette(f"clerk-{name}")) for name in ("ada", "bob", "eve")]
)
def test_each_clerk_signs(shop: stripe.StripeClient, dispute_id: str, clerk: str) -> None:
    assert notes(shop.v1.disputes.update(dispute_id, {"metadata": {"clerk": clerk}})) == {"clerk": clerk}

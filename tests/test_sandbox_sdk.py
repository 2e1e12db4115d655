"""The official SDK against the sandbox over real HTTP."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
import stripe

from replaydisputes.sandbox import Sandbox
from replaydisputes.server import serving
from tests.sandbox_calls import FRAUDULENT, KEY


@pytest.fixture
def url() -> Iterator[str]:
    with serving(Sandbox()) as base:
        yield base


@pytest.fixture
def client(url: str) -> stripe.StripeClient:
    return stripe.StripeClient(KEY, base_addresses={"api": url})


def make_dispute(client: stripe.StripeClient) -> stripe.Dispute:
    intent = client.v1.payment_intents.create(
        {
            "amount": 2000,
            "currency": "usd",
            "payment_method_types": ["card"],
            "payment_method": FRAUDULENT,
            "confirm": True,
        }
    )
    return client.v1.disputes.list({"payment_intent": intent.id}).data[0]


def test_a_dispute_lives_and_ends_through_the_sdk(client: stripe.StripeClient) -> None:
    dispute = make_dispute(client)
    read = client.v1.disputes.retrieve(dispute.id)
    closed = client.v1.disputes.close(dispute.id)

    assert [dispute.status, read.status, closed.status] == ["needs_response", "needs_response", "lost"]
    assert client.v1.disputes.retrieve(dispute.id).status == "lost"


def test_second_close_raises_invalid_request_error(client: stripe.StripeClient) -> None:
    dispute = make_dispute(client)
    client.v1.disputes.close(dispute.id)

    with pytest.raises(stripe.InvalidRequestError) as caught:
        client.v1.disputes.close(dispute.id)

    assert (caught.value.http_status, caught.value.user_message) == (400, "This dispute is already closed")
    assert (caught.value.code, caught.value.param) == (None, None)


def test_unknown_id_raises_invalid_request_error(client: stripe.StripeClient) -> None:
    with pytest.raises(stripe.InvalidRequestError) as caught:
        client.v1.disputes.close("du_1MtJUT2eZvKYlo2CNaw2HvEv")

    error = caught.value
    assert (error.http_status, error.code, error.param, error.user_message) == (
        404,
        "resource_missing",
        "dispute",
        "No such dispute: 'du_1MtJUT2eZvKYlo2CNaw2HvEv'",
    )


def test_bad_key_raises_authentication_error(url: str) -> None:
    client = stripe.StripeClient("sk_test_invalid51AbcDefGhi", base_addresses={"api": url})

    with pytest.raises(stripe.AuthenticationError) as caught:
        client.v1.disputes.list()

    assert caught.value.user_message == "Invalid API Key provided: sk_test_**************fGhi"


def test_a_foreign_account_raises_permission_error(client: stripe.StripeClient) -> None:
    with pytest.raises(stripe.PermissionError) as caught:
        client.v1.disputes.list(options={"stripe_account": "acct_1AbcDefGhiJklMno"})

    assert caught.value.json_body["error"]["code"] == "account_invalid"  # type: ignore[index]


def test_a_reused_key_raises_idempotency_error(client: stripe.StripeClient) -> None:
    first, second = make_dispute(client), make_dispute(client)
    client.v1.disputes.close(first.id, options={"idempotency_key": "k-1"})

    with pytest.raises(stripe.IdempotencyError):
        client.v1.disputes.close(second.id, options={"idempotency_key": "k-1"})


def test_expanded_objects_arrive_as_objects(client: stripe.StripeClient) -> None:
    dispute = make_dispute(client)

    closed = client.v1.disputes.close(dispute.id, {"expand": ["charge", "payment_intent.latest_charge"]})

    assert isinstance(closed.charge, stripe.Charge)
    assert isinstance(closed.payment_intent, stripe.PaymentIntent)
    assert isinstance(closed.payment_intent.latest_charge, stripe.Charge)
    assert closed.charge.id == closed.payment_intent.latest_charge.id == dispute.charge


def test_evidence_and_metadata_can_be_updated(client: stripe.StripeClient) -> None:
    dispute = make_dispute(client)

    staged = client.v1.disputes.update(
        dispute.id, {"evidence": {"customer_name": "Zoë & Søn"}, "metadata": {"order": "7"}, "submit": False}
    )

    assert staged.evidence.customer_name == "Zoë & Søn"
    assert (staged.metadata["order"], staged.status) == ("7", "needs_response")


def test_a_close_can_be_seen_in_the_events(client: stripe.StripeClient) -> None:
    dispute = make_dispute(client)
    client.v1.disputes.close(dispute.id)

    event = client.v1.events.list({"type": "charge.dispute.closed"}).data[0]

    assert (client.v1.events.retrieve(event.id).data.object["id"], event.api_version) == (
        dispute.id,
        "2026-10-28.endive",
    )


def test_auto_paging_reads_every_dispute_once(client: stripe.StripeClient) -> None:
    made = [make_dispute(client).id for _ in range(5)]

    found = [dispute.id for dispute in client.v1.disputes.list({"limit": 2}).auto_paging_iter()]

    assert found == made[::-1]


def test_a_trailing_slash_on_the_base_is_accepted(url: str) -> None:
    client = stripe.StripeClient(KEY, base_addresses={"api": f"{url}/"})

    assert client.v1.disputes.list().data == []


def test_what_the_sandbox_does_not_model_is_not_dressed_up_as_stripes_answer(client: stripe.StripeClient) -> None:
    with pytest.raises(stripe.APIError) as caught:
        client.v1.customers.create({"name": "Ada"})

    error = caught.value
    assert (error.http_status, error.json_body["error"]["type"]) == (501, "replaydisputes_mismatch")  # type: ignore[index]
    assert "the sandbox does not model POST /v1/customers" in str(error)
    assert error.headers["Replaydisputes-Error"] == "SandboxLimitError"  # type: ignore[index]


def test_a_live_key_is_refused_over_http_without_an_echo(url: str) -> None:
    client = stripe.StripeClient("sk_live_51AbcSecretSecretSecret", base_addresses={"api": url})

    with pytest.raises(stripe.APIError) as caught:
        client.v1.disputes.list()

    assert caught.value.headers["Replaydisputes-Error"] == "LiveKeyError"  # type: ignore[index]
    assert "Secret" not in str(caught.value.http_body)

"""Closing a dispute with Stripe's Python SDK, against `replaydisputes serve`."""

import os

import pytest
import requests
import stripe

SERVER = os.environ.get("STRIPE_API_BASE", "http://127.0.0.1:12111")
# The disputes of four shipped cassettes; `replaydisputes serve` tells their ids when it starts.
LOST = "du_1AAAAAreplaydisp00000001"  # close-lost
TWICE = "du_1AAAAAreplaydisp1MxbtBkz"  # close-twice
LISTED, ITS_CHARGE = "du_1AAAAAreplaydisp5UqPOcYJ", "ch_1AAAAAreplaydisp580QPi0w"  # close-list
UNKNOWN = "du_1AAAAAreplaydisp1YON23EJ"  # close-unknown


@pytest.fixture
def key(request):
    """A key of the test's own is a session of its own, from the start of the recordings."""
    key = f"sk_test_python_{request.node.name}"
    requests.post(f"{SERVER}/_replaydisputes/reset", auth=(key, ""), timeout=10).raise_for_status()
    return key


@pytest.fixture
def disputes(key):
    return stripe.StripeClient(key, base_addresses={"api": SERVER}).v1.disputes


def fail_next(key, kind):
    requests.post(
        f"{SERVER}/_replaydisputes/fail-next", json={"kind": kind}, auth=(key, ""), timeout=10
    ).raise_for_status()


def test_a_close_makes_the_dispute_lost(disputes):
    before = disputes.retrieve(LOST)
    closed = disputes.close(LOST)
    after = disputes.retrieve(LOST)

    assert [before.status, closed.status, after.status] == ["needs_response", "lost", "lost"]


def test_a_second_close_is_refused(disputes):
    disputes.close(TWICE)

    with pytest.raises(stripe.InvalidRequestError) as caught:
        disputes.close(TWICE)

    assert (caught.value.http_status, caught.value.user_message) == (400, "This dispute is already closed")


def test_an_unknown_id_is_refused(disputes):
    with pytest.raises(stripe.InvalidRequestError) as caught:
        disputes.close(UNKNOWN)

    assert (caught.value.http_status, caught.value.code) == (404, "resource_missing")


def test_a_list_shows_the_close(disputes):
    before = disputes.list({"charge": ITS_CHARGE, "limit": 1})
    disputes.close(LISTED)
    after = disputes.list({"charge": ITS_CHARGE, "limit": 1})

    assert [(one.id, one.status) for one in before.data] == [(LISTED, "needs_response")]
    assert [(one.id, one.status) for one in after.data] == [(LISTED, "lost")]


@pytest.mark.parametrize("kind", ["server-error", "connection-reset"])
def test_the_sdk_tries_again_when_told_to(key, kind):
    fail_next(key, kind)
    client = stripe.StripeClient(key, base_addresses={"api": SERVER}, max_network_retries=2)

    assert client.v1.disputes.close(LOST).status == "lost"


def test_without_retries_the_error_is_typed_and_nothing_is_closed(disputes, key):
    fail_next(key, "server-error")

    with pytest.raises(stripe.APIError) as caught:
        disputes.close(LOST)

    assert (caught.value.http_status, disputes.retrieve(LOST).status) == (500, "needs_response")

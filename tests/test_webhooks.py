"""Webhooks from recorded events: what `stripe.Webhook.construct_event` makes of them."""

from __future__ import annotations

import json
import time
from pathlib import Path
from typing import Any

import freezegun
import pytest
import requests
import stripe

import replaydisputes
from replaydisputes.cassette_file import write
from replaydisputes.errors import NoReplayError
from replaydisputes.leak_gate import KnownSecrets
from replaydisputes.model import Cassette, Interaction, Request, Response
from replaydisputes.playback.webhooks import (
    EventNotRecordedError,
    Webhook,
    WebhookSecretError,
    choose_event,
    events_in,
    signed,
)
from replaydisputes.redaction import redact
from replaydisputes.sandbox import Sandbox
from tests.canaries.drafts import Recorder
from tests.canaries.runs import PROVENANCE
from tests.sandbox_calls import KEY, Caller

SECRET = "whsec_" + "a1B2" * 8
CLOSED = "charge.dispute.closed"
RECORDED = "du_1AAAAAreplaydisp00000001"


@pytest.fixture
def cassette(tmp_path: Path) -> str:
    """Two disputes that end, their events read in a list and alone, redacted and written as every recording is."""
    recorder = Recorder(Sandbox(seed=4, people=True))
    caller = Caller(recorder)
    disputes = [caller.dispute()["id"] for _ in range(2)]
    caller.post(f"/v1/disputes/{disputes[0]}", ("evidence[customer_name]", "Maria Lopez"), ("submit", "false"))
    recorder.seen.clear()
    for dispute in disputes:
        caller.send("POST", f"/v1/disputes/{dispute}/close", Idempotency_Key=f"close-{dispute}")
    newest = caller.get("/v1/events", ("limit", "5"))["data"][0]
    caller.get(f"/v1/events/{newest['id']}")
    raw = tuple(recorder.seen)
    path = tmp_path / "events.yaml"
    write(path, Cassette(redact(raw).interactions, PROVENANCE), KnownSecrets.collect(raw, [KEY]))
    return str(path)


def constructed(webhook: Webhook) -> stripe.Event:
    return stripe.Webhook.construct_event(webhook.body, webhook.headers["Stripe-Signature"], SECRET)


def close(dispute: str) -> None:
    requests.post(f"https://api.stripe.com/v1/disputes/{dispute}/close")


def test_the_sdk_accepts_the_recorded_event_and_types_it(cassette: str) -> None:
    with replaydisputes.replay(cassette) as replay:
        stripe.Dispute.close(replay.dispute_id, api_key="sk_test_any")
        event = constructed(replaydisputes.webhook(CLOSED, secret=SECRET))

    assert (type(event), event.type, event.api_version) == (stripe.Event, CLOSED, "2026-10-28.endive")
    assert (type(event.data.object), event.data.object["id"]) == (stripe.Dispute, RECORDED)
    assert event.data.object["status"] == "lost"
    assert (event.livemode, event.pending_webhooks, event.created) == (False, 0, 1767225600)
    assert (event.id[:5], event.request["id"][:15]) == ("evt_1", "req_replaydisp0")
    assert event.request["idempotency_key"] == "idempotency-key-1"


def test_what_an_update_changed_is_told(cassette: str) -> None:
    with replaydisputes.replay(cassette) as replay:
        event = constructed(replay.webhook("charge.dispute.updated", secret=SECRET))

    before, after = event.data.previous_attributes.to_dict(), event.data.object["evidence"]
    names = (before["evidence"].pop("customer_name"), after["customer_name"])
    assert before == {"evidence": {}}
    assert [name.startswith("[redacted ") for name in names] == [True, True]
    assert names[0] != names[1]


def test_the_headers_are_what_a_delivery_needs(cassette: str) -> None:
    with replaydisputes.replay(cassette) as replay:
        webhook = replay.webhook(CLOSED, secret=SECRET, timestamp=1_767_225_999)

    assert {name: value for name, value in webhook.headers.items() if name != "Stripe-Signature"} == {
        "Content-Type": "application/json; charset=utf-8",
        "Content-Length": str(len(webhook.body)),
    }
    assert webhook.headers["Stripe-Signature"].startswith("t=1767225999,v1=")


def test_the_signature_is_stripes() -> None:
    webhook = signed({"id": "evt_1", "object": "event"}, "whsec_test_secret", 1_767_225_600)

    stripe.WebhookSignature.verify_header(
        webhook.body.decode(), webhook.headers["Stripe-Signature"], "whsec_test_secret"
    )
    with pytest.raises(stripe.SignatureVerificationError):
        stripe.WebhookSignature.verify_header(webhook.body.decode(), webhook.headers["Stripe-Signature"], "whsec_other")


def test_a_signature_made_now_is_within_the_sdks_tolerance_and_an_old_one_is_not(cassette: str) -> None:
    with replaydisputes.replay(cassette) as replay:
        now = replay.webhook(CLOSED, secret=SECRET)
        old = replay.webhook(CLOSED, secret=SECRET, timestamp=int(time.time()) - 301)

    assert constructed(now).type == CLOSED
    with pytest.raises(stripe.SignatureVerificationError, match="Timestamp outside the tolerance zone"):
        constructed(old)


def test_the_signature_is_made_when_a_frozen_clock_says(cassette: str) -> None:
    with replaydisputes.replay(cassette) as replay, freezegun.freeze_time("2031-01-01"):
        webhook = replay.webhook(CLOSED, secret=SECRET)
        assert constructed(webhook).type == CLOSED

    assert webhook.headers["Stripe-Signature"].startswith("t=1924992000,")


def test_the_body_is_the_event_as_it_was_recorded(cassette: str) -> None:
    with replaydisputes.replay(cassette) as replay:
        newest = replay.cassette.interactions[-1].response.body
        close(RECORDED)
        close("du_1AAAAAreplaydisp00000002")
        webhook = replay.webhook(json.loads(newest)["type"], secret=SECRET)

    assert webhook.body == newest


@pytest.mark.parametrize("dispute", [RECORDED, "du_1AAAAAreplaydisp00000002"])
def test_a_cassette_of_several_disputes_gives_the_named_ones_event(cassette: str, dispute: str) -> None:
    with replaydisputes.replay(cassette):
        event = constructed(replaydisputes.webhook(CLOSED, secret=SECRET, dispute=dispute))

    assert event.data.object["id"] == dispute


def test_by_default_it_is_the_event_of_the_dispute_last_asked_for(cassette: str) -> None:
    told = []
    with replaydisputes.replay(cassette):
        for dispute in (RECORDED, "du_1AAAAAreplaydisp00000002"):
            close(dispute)
            told.append(constructed(replaydisputes.webhook(CLOSED, secret=SECRET)).data.object["id"])

    assert told == [RECORDED, "du_1AAAAAreplaydisp00000002"]


def test_under_any_dispute_the_event_is_about_the_suites_dispute_in_coherent_ids(cassette: str) -> None:
    with replaydisputes.replay(cassette, any_dispute=True) as replay:
        one = stripe.Dispute.close("du_1MtJUT2eZvKYlo2CNaw2HvEv", api_key="sk_test_any")
        other = stripe.Dispute.close("du_other", api_key="sk_test_any")
        last = constructed(replay.webhook(CLOSED, secret=SECRET))
        named = constructed(replay.webhook(CLOSED, secret=SECRET, dispute=one.id))
        new = constructed(replay.webhook(CLOSED, secret=SECRET, dispute="du_never_asked"))

    assert [event.data.object["id"] for event in (last, named, new)] == ["du_other", one.id, "du_never_asked"]
    assert [event.data.object["charge"] for event in (last, named)] == [other.charge, one.charge]
    assert len({event.id for event in (last, named, new)}) == 3
    assert [played.index for played in replay.played] == [0, 0]


def test_with_the_clock_at_now_the_events_times_are_shifted_too(cassette: str) -> None:
    with freezegun.freeze_time("2030-01-01"), replaydisputes.replay(cassette, clock="now") as replay:
        event = constructed(replay.webhook(CLOSED, secret=SECRET, dispute=RECORDED))

    due_by = event.data.object["evidence_details"]["due_by"]
    assert (event.created, event.data.object["created"], due_by - event.created) == (1_893_456_000,) * 2 + (863_999,)


def test_asking_for_a_webhook_plays_nothing(cassette: str) -> None:
    with replaydisputes.replay(cassette) as replay:
        replay.webhook(CLOSED, secret=SECRET)

    assert (replay.played, replay.refused) == ((), ())


def test_an_event_that_was_not_recorded_is_never_made_up(cassette: str) -> None:
    with replaydisputes.replay(cassette) as replay, pytest.raises(EventNotRecordedError) as caught:
        replay.webhook("charge.dispute.close", secret=SECRET)

    assert caught.value.held == ("charge.dispute.closed", "charge.dispute.updated", "charge.updated")
    assert str(caught.value).startswith(
        f"cassette {cassette!r} holds no event 'charge.dispute.close'. "
        "It holds charge.dispute.closed, charge.dispute.updated, charge.updated. Shipped "
    )


def test_a_dispute_without_such_an_event_is_named(cassette: str) -> None:
    with replaydisputes.replay(cassette) as replay, pytest.raises(EventNotRecordedError) as caught:
        replay.webhook(CLOSED, secret=SECRET, dispute="du_1AAAAAreplaydisp00000009")

    assert f"holds no event {CLOSED!r} about du_1AAAAAreplaydisp00000009. " in str(caught.value)


def test_a_cassette_without_events_names_shipped_ones_that_have_it() -> None:
    with replaydisputes.replay("close-bad-key") as replay, pytest.raises(EventNotRecordedError) as caught:
        replay.webhook(CLOSED, secret=SECRET)

    names = ", ".join(caught.value.elsewhere) or "none"
    assert str(caught.value) == (
        f"cassette 'close-bad-key' holds no event {CLOSED!r}. It holds no event. "
        f"Shipped cassettes that hold one: {names}. "
        "An event is in a cassette whose recording reads GET /v1/events after the close."
    )


@pytest.mark.parametrize("secret", ["", None])
def test_a_webhook_needs_a_secret(cassette: str, secret: Any) -> None:
    with replaydisputes.replay(cassette) as replay, pytest.raises(WebhookSecretError, match="whsec_…"):
        replay.webhook(CLOSED, secret=secret)


def test_a_secret_is_in_nothing_that_is_printed(cassette: str) -> None:
    with replaydisputes.replay(cassette) as replay:
        webhook = replay.webhook(CLOSED, secret=SECRET)
        with pytest.raises(EventNotRecordedError) as caught:
            replay.webhook("charge.refunded", secret=SECRET)

    assert SECRET not in f"{webhook!r} {caught.value} {replay!r}"


def test_without_a_replay_it_says_what_is_missing() -> None:
    with pytest.raises(NoReplayError, match=r"webhook\(\) needs a running replay"):
        replaydisputes.webhook(CLOSED, secret=SECRET)


def test_the_newest_event_of_a_type_is_chosen_about_the_dispute_where_there_is_one() -> None:
    def answered(*events: dict[str, Any]) -> Response:
        return Response(200, (), json.dumps({"object": "list", "data": list(events)}).encode())

    def event(number: int, dispute: str) -> dict[str, Any]:
        return {"id": f"evt_{number}", "object": "event", "type": "t", "data": {"object": {"dispute": dispute}}}

    found = events_in([answered(event(2, "du_1"), event(1, "du_2")), answered(event(4, "du_12"), event(3, "du_1"))])

    chosen = [
        choose_event(found, "t", dispute, only=only)
        for dispute, only in (("du_1", True), ("du_2", False), ("du_9", True), ("du_9", False), ("", False))
    ]
    assert [one and one["id"] for one in chosen] == ["evt_3", "evt_1", None, "evt_4", "evt_4"]


@pytest.mark.parametrize(
    "body", [b"", b'"event"', b'["event"]', b'{"object": "event"', b'{"object": "list", "data": null, "x": "event"}']
)
def test_what_is_no_event_is_none(body: bytes) -> None:
    assert events_in([Interaction(Request("GET", "https://api.stripe.com/"), Response(200, (), body)).response]) == []


@pytest.mark.parametrize("names", [("close-on-account",), ("close-lost", "close-on-account")])
def test_the_webhook_of_a_connected_account_has_its_account(names: tuple[str, ...]) -> None:
    with replaydisputes.replay(*names) as replay:
        its = replay["close-on-account"]
        event = constructed(replaydisputes.webhook(CLOSED, secret=SECRET, dispute=its.dispute_id))

    assert (event.account, its.account_id) == ("acct_100001replaydisp",) * 2
    assert list(event.to_dict())[:3] == ["id", "object", "account"]


def test_the_webhook_of_ones_own_account_has_none() -> None:
    with replaydisputes.replay("close-lost"):
        event = constructed(replaydisputes.webhook(CLOSED, secret=SECRET))

    assert "account" not in event.to_dict()


@pytest.mark.parametrize("version", ["2025-03-31.basil", "2019-05-16"])
def test_a_webhook_can_say_another_version_and_is_signed_with_it(version: str) -> None:
    with replaydisputes.replay("close-lost") as replay:
        event = constructed(replay.webhook(CLOSED, secret=SECRET, api_version=version))
        same = constructed(replaydisputes.webhook(CLOSED, secret=SECRET, api_version=version))

    assert (event.api_version, same.api_version) == (version, version)
    assert event.data.object["status"] == "lost"


@pytest.mark.parametrize("version", ["", "basil", 7, "2025-03-31.basil; preview"])
def test_a_version_that_is_none_is_refused(version: str) -> None:
    with replaydisputes.replay("close-lost") as replay, pytest.raises(replaydisputes.WebhookVersionError):
        replay.webhook(CLOSED, secret=SECRET, api_version=version)


def test_an_id_first_told_by_a_webhook_is_known_afterwards() -> None:
    """Under any_dispute: the webhook speaks of the suite's dispute, and so must the reads that follow it."""
    with replaydisputes.replay("close-events", any_dispute=True) as replay:
        webhook = constructed(replay.webhook(CLOSED, secret=SECRET, dispute="du_6735"))
        alone = f"https://api.stripe.com/v1/events/{webhook.id}"
        requests.post("https://api.stripe.com/v1/disputes/du_6735/close")
        read = requests.get(alone).json()

    assert (webhook.data.object["id"], read["id"]) == ("du_6735", webhook.id)
    assert read["data"]["object"]["id"] == "du_6735"


def test_beside_other_cassettes_an_id_that_a_webhook_told_is_of_the_cassette_that_told_it() -> None:
    with replaydisputes.replay("close-lost", "close-events") as replay:
        dispute = replay["close-events"].dispute_id
        webhook = constructed(replay.webhook(CLOSED, secret=SECRET, dispute=dispute))
        requests.post(f"https://api.stripe.com/v1/disputes/{dispute}/close")
        read = requests.get(f"https://api.stripe.com/v1/events/{webhook.id}").json()

    assert (read["id"], read["data"]["object"]["id"]) == (webhook.id, dispute)


def test_beside_other_cassettes_the_report_on_an_id_of_a_webhook_is_of_the_cassette_that_told_it() -> None:
    told = pytest.raises(replaydisputes.MismatchError, match=r"^cassette 'close-events' has no answer")
    with told, replaydisputes.replay("close-lost", "close-events") as replay:
        dispute = replay["close-events"].dispute_id
        charge = constructed(replay.webhook(CLOSED, secret=SECRET, dispute=dispute)).data.object["charge"]
        requests.get(f"https://api.stripe.com/v1/charges/{charge}/refunds")

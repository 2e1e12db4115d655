"""Every shipped cassette through the official SDK, sockets refused: `python -m tests.sdk_scenarios` prints what failed.

One process for all of them, because importing stripe takes longer than all the replays.
"""

from __future__ import annotations

import json
import socket
import sys
import traceback
from collections.abc import Callable
from typing import Any, NoReturn

import stripe

import replaydisputes
from replaydisputes.recording.scenarios import OLDER_VERSION, SCENARIOS

Client = stripe.StripeClient
Said = tuple[str, int | None, str | None, str]


def refused(call: Callable[[], Any]) -> Said:
    """What a refusal is in the SDK: class, HTTP status, code and message."""
    try:
        call()
    except stripe.StripeError as error:
        return type(error).__name__, error.http_status, error.code, error.user_message or ""
    raise AssertionError("not refused")


def closed(client: Client, dispute: str, before: str = "needs_response", after: str = "lost") -> stripe.Dispute:
    """Read, close, read: typed, with the statuses expected. The dispute as closed."""
    was = client.v1.disputes.retrieve(dispute)
    done = client.v1.disputes.close(dispute)
    now = client.v1.disputes.retrieve(dispute)
    assert isinstance(done, stripe.Dispute)
    assert (was.status, done.status, now.status) == (before, after, after)
    assert done.last_response is not None
    assert (done.last_response.request_id or "").startswith("req_")
    return done


def with_event(client: Client, replay: replaydisputes.Replay, done: stripe.Dispute) -> None:
    event = client.v1.events.retrieve(event_ids(replay)[-1])
    assert (event.type, event.api_version) == ("charge.dispute.closed", "2026-10-28.endive")
    assert isinstance(event.data.object, stripe.Dispute)
    assert (event.data.object.id, event.data.object.status) == (done.id, done.status)


def event_ids(replay: replaydisputes.Replay) -> list[str]:
    urls = (interaction.request.url for interaction in replay.cassette.interactions)
    return [url.rpartition("/")[2] for url in urls if "/v1/events/" in url]


def close_lost(client: Client, replay: replaydisputes.Replay) -> None:
    done = closed(client, replay.dispute_id)
    assert done.reason == "fraudulent"
    with_event(client, replay, done)


def close_product_not_received(client: Client, replay: replaydisputes.Replay) -> None:
    done = closed(client, replay.dispute_id)
    assert done.reason == "product_not_received"
    with_event(client, replay, done)


def close_twice(client: Client, replay: replaydisputes.Replay) -> None:
    assert client.v1.disputes.close(replay.dispute_id).status == "lost"
    said = refused(lambda: client.v1.disputes.close(replay.dispute_id))
    assert said == ("InvalidRequestError", 400, None, "This dispute is already closed")
    assert client.v1.disputes.retrieve(replay.dispute_id).status == "lost"


def close_inquiry(client: Client, replay: replaydisputes.Replay) -> None:
    before = client.v1.disputes.retrieve(replay.dispute_id)
    assert (before.is_charge_refundable, before.balance_transactions) == (True, [])
    done = closed(client, replay.dispute_id, "warning_needs_response", "warning_closed")
    assert "inquiry-close" in done.last_response.headers["Replaydisputes-Assumption"]  # type: ignore[union-attr]
    with_event(client, replay, done)


def close_inquiry_escalated(client: Client, replay: replaydisputes.Replay) -> None:
    done = closed(client, replay.dispute_id)
    assert (done.is_charge_refundable, len(done.balance_transactions)) == (False, 1)
    with_event(client, replay, done)


def close_evidence_saved(client: Client, replay: replaydisputes.Replay) -> None:
    saved = client.v1.disputes.update(
        replay.dispute_id, {"evidence": {"product_description": "a lamp"}, "submit": False}
    )
    assert (saved.status, saved.evidence_details.has_evidence) == ("needs_response", True)
    done = client.v1.disputes.close(replay.dispute_id)
    assert (done.status, done.evidence_details.submission_count) == ("lost", 0)
    with_event(client, replay, done)


def close_evidence_submitted(client: Client, replay: replaydisputes.Replay) -> None:
    sent = client.v1.disputes.update(replay.dispute_id, {"evidence": {"product_description": "a lamp"}, "submit": True})
    assert (sent.status, sent.evidence_details.submission_count) == ("under_review", 1)
    assert client.v1.disputes.close(replay.dispute_id).status == "lost"


def close_won(client: Client, replay: replaydisputes.Replay) -> None:
    assert client.v1.disputes.retrieve(replay.dispute_id).status == "won"
    said = refused(lambda: client.v1.disputes.close(replay.dispute_id))
    assert said == ("InvalidRequestError", 400, None, "This dispute is already closed")
    assert client.v1.disputes.retrieve(replay.dispute_id).status == "won"


def close_expand_charge(client: Client, replay: replaydisputes.Replay) -> None:
    done = client.v1.disputes.close(replay.dispute_id, {"expand": ["charge"]})
    assert isinstance(done.charge, stripe.Charge)
    assert (done.status, done.charge.disputed, done.charge.amount) == ("lost", True, 1000)
    assert client.v1.disputes.retrieve(replay.dispute_id).charge == done.charge.id


def close_expand_payment_intent(client: Client, replay: replaydisputes.Replay) -> None:
    done = client.v1.disputes.close(replay.dispute_id, {"expand": ["payment_intent"]})
    assert isinstance(done.payment_intent, stripe.PaymentIntent)
    assert (done.status, done.payment_intent.status) == ("lost", "succeeded")


def close_idempotent(client: Client, replay: replaydisputes.Replay) -> None:
    first, again = (
        client.v1.disputes.close(replay.dispute_id, options={"idempotency_key": "the-close"}) for _ in range(2)
    )
    assert first.to_dict() == again.to_dict()
    headers = [done.last_response.headers for done in (first, again)]  # type: ignore[union-attr]
    assert [header.get("Idempotent-Replayed") for header in headers] == [None, "true"]
    assert headers[1]["Original-Request"] == headers[0]["Request-Id"]


def close_idempotency_key_reused(client: Client, replay: replaydisputes.Replay) -> None:
    key: Any = {"idempotency_key": "the-close"}
    assert client.v1.disputes.close(replay.dispute_id, options=key).status == "lost"
    said = refused(lambda: client.v1.disputes.close(replay.dispute_id, {"expand": ["charge"]}, options=key))
    assert said[:3] == ("IdempotencyError", 400, None)
    assert said[3].startswith("Keys for idempotent requests can only be used with the same parameters")


def close_unknown_parameter(client: Client, replay: replaydisputes.Replay) -> None:
    odd: Any = {"wat": "1"}
    said = refused(lambda: client.v1.disputes.close(replay.dispute_id, odd))
    assert said == ("InvalidRequestError", 400, "parameter_unknown", "Received unknown parameter: wat")
    assert client.v1.disputes.retrieve(replay.dispute_id).status == "needs_response"


def close_restricted_key(client: Client, replay: replaydisputes.Replay) -> None:
    said = refused(lambda: client.v1.disputes.close(replay.dispute_id))
    assert said[:3] == ("PermissionError", 403, None)
    assert "Having the 'rak_dispute_write' permission would allow this request" in said[3]
    assert client.v1.disputes.retrieve(replay.dispute_id).status == "needs_response"
    assert client.v1.disputes.close(replay.dispute_id).status == "lost"


def close_on_account(client: Client, replay: replaydisputes.Replay) -> None:
    account = replay.cassette.interactions[0].request.header("Stripe-Account")
    options: Any = {"stripe_account": account}
    done = client.v1.disputes.close(replay.dispute_id, options=options)
    assert (done.status, (account or "").startswith("acct_")) == ("lost", True)
    assert done.last_response.headers["Stripe-Account"] == account  # type: ignore[union-attr]
    assert client.v1.events.retrieve(event_ids(replay)[0], options=options).type == "charge.dispute.closed"


def close_several(client: Client, replay: replaydisputes.Replay) -> None:
    ids = {interaction.request.url.split("/")[5] for interaction in replay.cassette.interactions}
    (other,) = ids - {replay.dispute_id}
    one = client.v1.disputes.close(replay.dispute_id)
    before = client.v1.disputes.retrieve(other)
    two = client.v1.disputes.close(other)
    assert (one.status, before.status, two.status) == ("lost", "needs_response", "lost")
    assert (one.charge, one.amount + two.amount) == (two.charge, 1000)


def close_list(client: Client, replay: replaydisputes.Replay) -> None:
    first = json.loads(replay.cassette.interactions[0].response.body)["data"][0]

    def listed() -> list[tuple[str, str]]:
        pages = client.v1.disputes.list({"charge": first["charge"], "limit": 1})
        return [(dispute.id, dispute.status) for dispute in pages.auto_paging_iter()]

    before = listed()
    client.v1.disputes.close(first["id"])
    after = listed()
    assert [status for _, status in before] == ["needs_response"] * 2
    assert after == [(before[0][0], "lost"), before[1]]


def close_metadata(client: Client, replay: replaydisputes.Replay) -> None:
    changed = client.v1.disputes.update(replay.dispute_id, {"metadata": {"key_1": "anything"}})
    done = client.v1.disputes.close(replay.dispute_id)
    told = done.to_dict()["metadata"]
    assert (done.status, told, list(told)) == ("lost", changed.to_dict()["metadata"], ["key_1"])


def close_events(client: Client, replay: replaydisputes.Replay) -> None:
    created, withdrawn, ended, updated = event_ids(replay)
    types = [client.v1.events.retrieve(event).type for event in (created, withdrawn)]
    done = client.v1.disputes.close(first_dispute(replay))
    types += [client.v1.events.retrieve(event).type for event in (ended, updated)]
    assert types == [
        "charge.dispute.created",
        "charge.dispute.funds_withdrawn",
        "charge.dispute.closed",
        "charge.updated",
    ]
    caused = client.v1.events.retrieve(ended).request
    assert (done.status, (caused.id if caused else "") or "") == ("lost", done.last_response.request_id)  # type: ignore[union-attr]


def first_dispute(replay: replaydisputes.Replay) -> str:
    return str(json.loads(replay.cassette.interactions[0].response.body)["data"]["object"]["id"])


def close_unknown(client: Client, replay: replaydisputes.Replay) -> None:
    said = refused(lambda: client.v1.disputes.close(replay.dispute_id))
    assert said == ("InvalidRequestError", 404, "resource_missing", f"No such dispute: '{replay.dispute_id}'")


def close_other_object(client: Client, replay: replaydisputes.Replay) -> None:
    said = refused(lambda: client.v1.disputes.close(replay.dispute_id))
    assert replay.dispute_id.startswith("ch_")
    assert said == ("InvalidRequestError", 404, "resource_missing", f"No such dispute: '{replay.dispute_id}'")


def close_bad_key(client: Client, replay: replaydisputes.Replay) -> None:
    said = refused(lambda: client.v1.disputes.close(replay.dispute_id))
    assert said[:3] == ("AuthenticationError", 401, None)
    assert said[3].startswith("Invalid API Key provided: sk_test_***")
    assert said[3].endswith("*0000")


def close_no_key(client: Client, replay: replaydisputes.Replay) -> None:
    said = refused(lambda: client.v1.disputes.close(replay.dispute_id))
    assert said[:3] == ("AuthenticationError", 401, None)
    assert said[3].startswith("You did not provide an API key.")


def tried(name: str) -> str:
    """Play one cassette at its own Stripe-Version; what went wrong, empty where nothing did."""
    version = SCENARIOS[name].stripe_version
    check = globals()[name.removesuffix(f"-{OLDER_VERSION}").replace("-", "_")]
    try:
        with replaydisputes.replay(name, stripe_version="fail") as replay:
            check(stripe.StripeClient("sk_test_any", stripe_version=version, max_network_retries=0), replay)
    except Exception:
        return traceback.format_exc()
    return ""


def refuse(*_: object, **__: object) -> NoReturn:
    raise AssertionError("a socket was made")


if __name__ == "__main__":
    socket.socket.__init__ = refuse  # type: ignore[method-assign]
    socket.getaddrinfo = refuse
    json.dump({name: tried(name) for name in SCENARIOS}, sys.stdout)

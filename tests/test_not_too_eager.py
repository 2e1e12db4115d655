"""What redaction must leave alone: everything a test suite asserts on, over every endpoint of the sandbox."""

from __future__ import annotations

import functools
import json
import re
from collections.abc import Callable
from typing import Any

import pytest
import stripe

from replaydisputes.cassette_file import serialize
from replaydisputes.interception import answering
from replaydisputes.leak_gate import KnownSecrets, find_leaks
from replaydisputes.model import Cassette, Interaction
from replaydisputes.playback import Player
from replaydisputes.redaction import redact
from replaydisputes.redaction.stand_ins import CANONICAL_FRAGMENT, STAND_IN
from replaydisputes.sandbox import Sandbox
from replaydisputes.stripe_api.facts import DISPUTE_STATUSES
from replaydisputes.stripe_api.ids import is_id
from tests.canaries.drafts import Recorder
from tests.canaries.runs import PROVENANCE
from tests.sandbox_calls import KEY, Caller, body_of, payment
from tests.test_sandbox_seeds import leaves

CARDS = ("createDispute", "createDisputeProductNotReceived", "createDisputeInquiry", "createMultipleDisputes")
TIMES = ("created", "due_by", "available_on")
PERSONAL_NUMBERS = ("exp_month", "exp_year", "risk_score")


@functools.cache
def whole_tour(*, people: bool) -> tuple[Interaction, ...]:
    """Every endpoint, every way it answers: payments of all cards, closes, evidence, events, and all refusals."""
    recorder = Recorder(Sandbox(seed=5, people=people))
    caller = Caller(recorder)
    for card in CARDS:
        _live_and_end(caller, f"pm_card_{card}")
    _be_refused(caller)
    return tuple(recorder.seen)


def _live_and_end(caller: Caller, card: str) -> None:
    made = body_of(caller.send("POST", "/v1/payment_intents", *payment(card)[:-1], Idempotency_Key=f"make-{card}"))
    intent = f"/v1/payment_intents/{made['id']}"
    caller.post(f"{intent}/confirm", ("receipt_email", "maria@web.de"))
    caller.send("POST", f"{intent}/confirm")
    found = caller.get("/v1/disputes", ("payment_intent", made["id"]), ("expand[]", "data.charge"))
    for dispute in found["data"]:
        path, charge = f"/v1/disputes/{dispute['id']}", dispute["charge"]
        caller.get(path, ("expand[]", "charge"), ("expand[]", "payment_intent"))
        caller.get(f"/v1/charges/{charge['id']}")
        for transaction in dispute["balance_transactions"]:
            caller.get(f"/v1/balance_transactions/{transaction['id']}", ("expand[]", "source"))
        evidence = ("evidence[customer_name]", "Maria Lopez"), ("evidence[product_description]", "a blue bicycle")
        caller.post(path, *evidence, ("metadata[order]", "77"), ("submit", "false"))
        caller.send("POST", f"{path}/close", Idempotency_Key=f"close-{dispute['id']}")
        caller.send("POST", f"{path}/close", Idempotency_Key=f"close-{dispute['id']}")
        caller.send("POST", f"{path}/close", ("expand[]", "charge"), Idempotency_Key=f"close-{dispute['id']}")
        caller.send("POST", f"{path}/close")
        caller.send("HEAD", path)
    for text in ("winning_evidence", "losing_evidence"):
        steered = caller.dispute(card)
        caller.post(f"/v1/disputes/{steered['id']}", ("evidence[uncategorized_text]", text), ("submit", "true"))
        caller.get(f"/v1/disputes/{steered['id']}")
    caller.get("/v1/disputes", ("limit", "1"))
    events = caller.get("/v1/events", ("type", "charge.dispute.closed"), ("limit", "2"))
    caller.get(f"/v1/events/{events['data'][0]['id']}")
    caller.get("/v1/events", ("types[]", "charge.dispute.updated"), ("types[]", "charge.dispute.closed"))
    caller.get(intent, ("expand[]", "latest_charge"))


def _be_refused(caller: Caller) -> None:
    dispute = caller.dispute()["id"]
    Caller(caller.answerer, key=None).send("GET", "/v1/disputes")
    Caller(caller.answerer, key="sk_test_invalid_4eC39HqLyjWD").send("GET", "/v1/disputes")
    caller.send("GET", "/v1/disputes", Stripe_Account="acct_1AbcDefGhiJklMno")
    caller.send("GET", "/v1/disputes/search")
    caller.send("DELETE", f"/v1/disputes/{dispute}")
    for method, path, *params in (
        ("GET", "/v1/disputes/du_1MtJUT2eZvKYlo2CNaw2HvEv"),
        ("POST", "/v1/disputes/du_unknown/close"),
        ("GET", "/v1/charges/ch_1MtJUT2eZvKYlo2CNaw2HvEv"),
        ("GET", "/v1/disputes", ("payment_intent", "pi_1MtJUT2eZvKYlo2CNaw2HvEv")),
        ("GET", "/v1/disputes", ("starting_after", "du_1MtJUT2eZvKYlo2CNaw2HvEv")),
        ("GET", "/v1/disputes", ("limit", "1.5")),
        ("GET", "/v1/disputes", ("limit", "")),
        ("GET", "/v1/disputes", ("expand[]", "data.status")),
        ("GET", "/v1/disputes", ("expand[]", "data.evidence")),
        ("POST", f"/v1/disputes/{dispute}/close", ("wat", "1")),
        ("POST", f"/v1/disputes/{dispute}/close", ("wat", "1"), ("evidence[wat]", "1"), ("a[0][b]", "1")),
        ("POST", f"/v1/disputes/{dispute}", ("submit", "yes")),
        ("POST", "/v1/payment_intents", ("amount", "1000")),
        ("POST", "/v1/payment_intents", ("amount", "1"), ("currency", "usd")),
        ("POST", "/v1/payment_intents", ("amount", "0"), ("currency", "usd")),
        ("POST", "/v1/payment_intents", ("amount", "999999999"), ("currency", "usd")),
    ):
        caller.send(method, path, *params)


@pytest.mark.parametrize("people", [False, True])
def test_status_lines_and_shapes_come_through_exactly(people: bool) -> None:
    raw = whole_tour(people=people)
    done = redact(raw).interactions

    assert [shape(item) for item in done] == [shape(item) for item in raw]
    assert len(raw) > 130
    assert {item.response.status for item in raw} >= {200, 400, 401, 403, 404}


def shape(interaction: Interaction) -> object:
    """All but the texts and numbers: lists as long, the same fields, booleans and nulls; keys of metadata counted."""
    body = json.loads(interaction.response.body) if interaction.response.body else None
    request, response = interaction.request, interaction.response
    return request.method, response.status, response.reason, outline(body)


def outline(value: Any, name: str = "") -> object:
    if isinstance(value, dict):
        if name == "metadata":
            return [outline(member) for member in value.values()]
        return {key: outline(member, key) for key, member in value.items()}
    if isinstance(value, list):
        return [outline(member, name) for member in value]
    return value if value is None or isinstance(value, bool) else type(value).__name__


@pytest.mark.parametrize("people", [False, True])
def test_numbers_come_through_but_times_and_a_persons(people: bool) -> None:
    changed = {path.rpartition("/")[2] for path, before, after in changes(people) if not isinstance(before, str)}

    assert changed == {*TIMES, *PERSONAL_NUMBERS}


KEPT_NAMES = (
    "object", "status", "reason", "currency", "type", "code", "param", "brand", "network", "case_type", "funding",
    "network_reason_code", "url", "api_version", "capture_method", "confirmation_method", "reporting_category",
    "balance_type", "network_status", "risk_level", "request_three_d_secure", "regulated_status", "cvc_check",
)  # fmt: skip


@pytest.mark.parametrize("people", [False, True])
def test_enumerations_come_through_exactly(people: bool) -> None:
    assert [change for change in changes(people) if change[0].rpartition("/")[2] in KEPT_NAMES] == []


@pytest.mark.parametrize("people", [False, True])
def test_messages_come_through_but_for_ids_keys_and_what_the_caller_made_up(people: bool) -> None:
    changed = [change for change in changes(people) if change[0] == "/error/message"]

    assert len(changed) > 10
    assert [
        (before, after) for _, before, after in changed if less_what_was_sent(before) != less_stand_ins(after)
    ] == []


def changes(people: bool) -> list[tuple[str, Any, Any]]:
    """(path, before, after) of each leaf that redaction changes in the whole tour."""
    raw = whole_tour(people=people)
    pairs = zip(raw, redact(raw).interactions, strict=True)
    bodies = [(body_of(one.response), body_of(two.response)) for one, two in pairs if one.response.body]
    return [
        (path, before, after)
        for one, two in bodies
        for (path, before), (_, after) in zip(leaves(one), leaves(two), strict=True)
        if before != after
    ]


_SENT = re.compile(
    r"(?<=than ')[^']+(?=')|(?<=No such dispute: ')[^']+(?=')|(?<=Invalid (?:integer|boolean): ).+"
    r"|sk_test_\*+[A-Za-z0-9]*|\b[a-z]{2,4}_[A-Za-z0-9]{16,}"
)
"""What the caller sent and a message repeats: it has the stand-in that the request has."""


def less_what_was_sent(text: str) -> str:
    return _SENT.sub("…", text)


def less_stand_ins(text: str) -> str:
    return STAND_IN.sub("…", less_what_was_sent(text))


OTHER_MESSAGES = """\
This dispute is already closed
No such dispute: 'du_unknown'
No such charge: 'du_1AAAAAreplaydisp00000001'
No such dispute: 'du_1AAAAAreplaydisp00000001'; a similar object exists in live mode, but a test mode key was used to \
make this request.
No such PaymentMethod: 'pm_card_createDispute'
Invalid API Key provided: sk_test_*********************0000
Expired API Key provided: sk_test_*********************0000
The provided key 'sk_test_*********************0000' does not have access to account 'acct_100001replaydisp' (or that \
account does not exist). Application access may have been revoked.
The provided key 'rk_test_*********************0000' does not have the required permissions for this endpoint on \
account 'acct_100001replaydisp'. Having the 'rak_dispute_write' permission would allow this request to continue.
There is currently another in-progress request using this Stripe Idempotency Key (that probably means you submitted \
twice, and the other request is still going through): idempotency-key-1. Please try again later.
Keys for idempotent requests can only be used with the same parameters they were first used with. Try using a key \
other than 'idempotency-key-1' if you meant to execute a different request.
Request rate limit exceeded. Learn more about rate limits here https://stripe.com/docs/rate-limits.
Received unknown parameter: wat
Received unknown parameters: wat, evidence[customer_namee], expand
Missing required param: payment_method_data[type].
Invalid boolean: yes
This value must be greater than or equal to 1.
You passed an empty string for 'evidence[customer_name]'. We assume empty values are an attempt to unset a parameter; \
however 'evidence[customer_name]' cannot be unset. You should remove 'evidence[customer_name]' from your request or \
supply a non-empty value.
This property cannot be expanded (data.charge.status).
You cannot confirm this PaymentIntent because it has already succeeded after being previously confirmed.
Unrecognized request URL (GET: /v1/disputes/search). Please see https://stripe.com/docs or we can help at \
https://support.stripe.com/.
The dispute can't be closed, because it isn't open.
Invalid request (check that your POST content type is application/x-www-form-urlencoded). If you have any questions, \
we can help at https://support.stripe.com/.
""".splitlines()


@pytest.mark.parametrize("message", OTHER_MESSAGES)
def test_a_message_of_stripes_comes_through_word_for_word(message: str) -> None:
    assert redacted_error(message=message) == {"message": message}


def redacted_error(**error: str) -> object:
    raw = Caller(Recorder(Sandbox())).answerer
    assert isinstance(raw, Recorder)
    Caller(raw).send("GET", "/v1/disputes")
    request, response = raw.seen[0].request, raw.seen[0].response
    body = json.dumps({"error": error}).encode()
    [done] = redact([Interaction(request, type(response)(400, response.headers, body, response.reason))]).interactions
    return body_of(done.response)["error"]


@pytest.mark.parametrize("status", [*DISPUTE_STATUSES, "some_future_status"])
def test_a_status_comes_through_even_a_new_one(status: str) -> None:
    assert redacted_error(code=status, type="invalid_request_error") == {
        "code": status,
        "type": "invalid_request_error",
    }


def story(dispute: str, unknown: str) -> list[tuple[object, ...]]:
    """Calls of the SDK as a suite makes them; each result by its types and by what a suite asserts on."""
    client = stripe.StripeClient(KEY, max_network_retries=0)
    disputes = client.v1.disputes
    calls: tuple[Callable[[], stripe.StripeObject], ...] = (
        lambda: disputes.list({"limit": 3, "expand": ["data.charge"]}),
        lambda: disputes.retrieve(dispute, {"expand": ["payment_intent"]}),
        lambda: disputes.update(dispute, {"evidence": {"customer_name": "Maria Lopez"}, "submit": False}),
        lambda: disputes.close(dispute),
        lambda: disputes.close(dispute),
        lambda: disputes.retrieve(dispute),
        lambda: client.v1.events.list({"limit": 4}),
        lambda: client.v1.balance_transactions.retrieve(unknown),
    )
    return [told(call) for call in calls]


def told(call: Callable[[], stripe.StripeObject]) -> tuple[object, ...]:
    try:
        return "no error", typed(call())
    except stripe.StripeError as error:
        message = less_what_was_sent(error.user_message or "")
        return type(error).__name__, error.http_status, error.code, error.param, message


def typed(value: object, name: str = "") -> object:
    """The classes of all that an SDK's result holds, lists in full; the value itself where suites assert on it."""
    if isinstance(value, stripe.StripeObject):
        members = value.to_dict(recursive=False)
        told_members = {key: typed(member, key) for key, member in members.items()}
        return type(value).__name__, len(members) if name == "metadata" else told_members
    if isinstance(value, list):
        return [typed(member, name) for member in value]
    if value is None or isinstance(value, bool) or name in KEPT_NAMES:
        return value
    if isinstance(value, str):
        return "id" if is_id(value) else "str"
    return type(value).__name__ if name in (*TIMES, *PERSONAL_NUMBERS) else value


UNKNOWN = "txn_1MtJUT2eZvKYlo2CNaw2HvEv"


def recorded_story(*, people: bool) -> tuple[tuple[Interaction, ...], list[tuple[object, ...]]]:
    """What went over the wire while the SDK told the story to the sandbox, and what the SDK made of it."""
    recorder = Recorder(Sandbox(seed=9, people=people))
    dispute = Caller(recorder).dispute()["id"]
    recorder.seen.clear()
    with answering(recorder):
        results = story(dispute, UNKNOWN)
    return tuple(recorder.seen), results


@pytest.mark.parametrize("people", [False, True])
def test_a_redacted_cassette_replays_to_the_same_typed_results(people: bool) -> None:
    raw, live = recorded_story(people=people)
    done = redact(raw).interactions
    player = Player(Cassette(done, PROVENANCE), "story")
    with answering(player):
        replayed = story(player.dispute_id, done[-1].request.url.rpartition("/")[2])

    assert CANONICAL_FRAGMENT in player.dispute_id
    assert replayed == live
    assert [result[0] for result in live if len(result) == 5] == ["InvalidRequestError"] * 2


@pytest.mark.parametrize("people", [False, True])
def test_the_gate_finds_nothing_in_what_was_redacted(people: bool) -> None:
    for raw in (whole_tour(people=people), recorded_story(people=people)[0]):
        done = redact(raw).interactions

        assert find_leaks(serialize(Cassette(done, PROVENANCE)), KnownSecrets.collect(raw, [KEY])) == []
        assert redact(done).interactions == done

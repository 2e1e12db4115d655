from __future__ import annotations

import gzip
import json
from dataclasses import replace

import pytest

from replaydisputes.model import Interaction, Request, Response
from replaydisputes.redaction import redact
from replaydisputes.redaction.stand_ins import CANONICAL_START, StandIns
from replaydisputes.redaction.text import scrub
from replaydisputes.stripe_api.kinds import Kind, fits
from tests.raw_traffic import Account
from tests.stripe_messages import MESSAGES


def as_text(interactions: tuple[Interaction, ...]) -> str:
    return repr(interactions)


def answer(body: object, headers: tuple[tuple[str, str], ...] = ()) -> Interaction:
    content = body if isinstance(body, bytes) else json.dumps(body).encode()
    return Interaction(Request("GET", "https://api.stripe.com/v1/disputes"), Response(200, headers, content, "OK"))


def redacted_body(body: object) -> object:
    return json.loads(redact([answer(body)]).interactions[0].response.body)


@pytest.mark.parametrize("seed", range(20))
def test_nothing_secret_survives(seed: int) -> None:
    account = Account(seed)

    text = as_text(redact(account.close_twice()).interactions)

    assert [secret for secret in account.secrets() if secret in text] == []


def test_two_accounts_on_two_days_redact_to_the_same_interactions() -> None:
    one, other = Account(1, 1790000000), Account(2, 1790000000 + 40 * 86400 + 7777)
    moved = [
        replace(
            interaction,
            response=replace(
                interaction.response,
                headers=tuple(
                    (name, "Sat, 31 Oct 2026 16:22:57 GMT" if name == "Date" else value)
                    for name, value in interaction.response.headers
                ),
            ),
        )
        for interaction in other.close_twice()
    ]

    assert redact(one.close_twice()).interactions == redact(moved).interactions


def test_redacting_twice_equals_redacting_once() -> None:
    once = redact(Account(3).close_twice()).interactions

    assert redact(once).interactions == once


def test_what_a_suite_asserts_on_comes_through() -> None:
    account = Account(4)
    before, after = account.dispute_object("needs_response"), redacted_body(account.dispute_object("needs_response"))

    assert isinstance(after, dict)
    kept = ("object", "amount", "currency", "reason", "status", "livemode", "is_charge_refundable")
    assert {key: after[key] for key in kept} == {key: before[key] for key in kept}
    assert list(after) == list(before)
    assert after["balance_transactions"][0]["fee"] == 1500
    assert after["evidence_details"]["has_evidence"] is False


def test_ids_keep_prefix_and_length_and_stay_linked() -> None:
    account = Account(5)
    read, close, *_ = redact(account.close_twice()).interactions
    dispute = json.loads(read.response.body)["id"]

    assert dispute == "du_1AAAAAreplaydisp00000001"
    assert len(dispute) == len(account.dispute)
    assert close.request.url == f"https://api.stripe.com/v1/disputes/{dispute}/close"


def test_times_keep_their_distance_in_days() -> None:
    dispute = json.loads(redact(Account(6).close_twice()).interactions[0].response.body)

    assert dispute["created"] == CANONICAL_START
    assert dispute["evidence_details"]["due_by"] == CANONICAL_START + 9 * 86400 - 1
    assert dispute["balance_transactions"][0]["available_on"] == CANONICAL_START + 2 * 86400


def test_a_field_nobody_named_becomes_a_placeholder_of_its_kind() -> None:
    body = {
        "object": "dispute",
        "new_field": "Jane Roe",
        "new_email": "jane@corp.io",
        "new_ip": "81.2.69.142",
        "new_phone": "+44 20 7946 0018",
        "new_url": "https://corp.io/jane",
        "new_number": 4242,
        "new_float": 1.5,
        "new_flag": True,
        "nested": [{"deep": ["Jane Roe"]}],
    }

    assert redacted_body(body) == {
        "object": "dispute",
        "new_field": "[redacted 1]",
        "new_email": "customer-1@example.invalid",
        "new_ip": "192.0.2.1",
        "new_phone": "+15555550001",
        "new_url": "https://example.invalid/1",
        "new_number": 0,
        "new_float": 0.0,
        "new_flag": True,
        "nested": [{"deep": ["[redacted 1]"]}],
    }


def test_a_secret_in_a_field_that_may_survive_is_replaced() -> None:
    body = {"object": "dispute", "status": "jane@corp.io", "reason": "sk_test_abcdefgh12345678", "currency": "Jane"}

    done = redacted_body(body)

    assert done == {
        "object": "dispute",
        "status": "customer-1@example.invalid",
        "reason": "[redacted 1]",
        "currency": "[redacted 2]",
    }


def test_metadata_keys_are_replaced_as_well() -> None:
    assert redacted_body({"object": "charge", "metadata": {"jane_roe": "x", "order": "y"}}) == {
        "object": "charge",
        "metadata": {"key_1": "[redacted 1]", "key_2": "[redacted 2]"},
    }


def test_expanded_objects_fall_under_their_own_policy() -> None:
    body = {"object": "dispute", "charge": {"object": "charge", "amount": 5, "receipt_email": "jane@corp.io"}}

    assert redacted_body(body) == {
        "object": "dispute",
        "charge": {"object": "charge", "amount": 5, "receipt_email": "customer-1@example.invalid"},
    }


def test_an_events_previous_attributes_fall_under_the_changed_objects_policy() -> None:
    body = {
        "object": "event",
        "type": "charge.dispute.closed",
        "data": {
            "object": {"object": "dispute", "status": "lost"},
            "previous_attributes": {"status": "needs_response", "customer": "Jane"},
        },
    }

    done = redacted_body(body)

    assert isinstance(done, dict)
    assert done["data"]["previous_attributes"] == {"status": "needs_response", "customer": "[redacted 1]"}


def test_only_named_headers_survive() -> None:
    request = Account(7).close_twice()[1].request
    done = redact(Account(7).close_twice()).interactions[1]

    assert request.header("user-agent")
    assert done.request.headers == (
        ("Authorization", "Bearer [redacted]"),
        ("Idempotency-Key", "idempotency-key-1"),
        ("Content-Type", "application/x-www-form-urlencoded"),
    )
    assert [name for name, _ in done.response.headers] == [
        "Server",
        "Date",
        "Content-Type",
        "Content-Length",
        "Request-Id",
        "Stripe-Version",
    ]


def test_content_length_is_counted_again() -> None:
    for interaction in redact(Account(8).close_twice()).interactions:
        assert interaction.response.header("content-length") == str(len(interaction.response.body))


def test_form_fields_survive_only_where_named() -> None:
    form = b"expand[0]=charge&evidence[customer_name]=Jane+Roe&metadata[jane]=1&amount=500"
    form += b"&evidence[uncategorized_text]=losing_evidence"
    raw = Account(9).interaction("POST", "/v1/disputes/x", 200, {}, form)

    assert redact([raw]).interactions[0].request.body == (
        b"expand[0]=charge&evidence[customer_name]=%5Bredacted+1%5D&metadata[key_1]=%5Bredacted+2%5D&amount=500"
        b"&evidence[uncategorized_text]=losing_evidence"
    )


def test_a_compressed_body_is_opened_redacted_and_left_open() -> None:
    body = gzip.compress(json.dumps({"object": "dispute", "status": "lost", "x": "Jane"}).encode())

    done = redact([answer(body, (("Content-Encoding", "gzip"), ("Content-Length", "9")))]).interactions[0].response

    assert json.loads(done.body) == {"object": "dispute", "status": "lost", "x": "[redacted 1]"}
    assert done.headers == (("Content-Length", str(len(done.body))),)


@pytest.mark.parametrize(
    ("body", "headers"),
    [
        (b"<html>Jane</html>", ()),
        (b"\xff\xfeJane", ()),
        (b"[" * 100_000, ()),
        (b"Jane", (("Content-Encoding", "rot13"),)),
        (b"Jane", (("Content-Encoding", "br"),)),
        (gzip.compress(b"Jane" * 99)[:-9], (("Content-Encoding", "gzip"),)),
        (b'{"a": NaN}', ()),
    ],
    ids=["html", "not-utf-8", "too-deep", "unknown-encoding", "torn-brotli", "torn-gzip", "nan"],
)
def test_a_body_that_cannot_be_read_is_replaced_whole(body: bytes, headers: tuple[tuple[str, str], ...]) -> None:
    assert redact([answer(body, headers)]).interactions[0].response.body == b"[redacted 1]"


@pytest.mark.parametrize(
    ("raw", "scrubbed"),
    [
        ("No such dispute: 'du_1MtJUT2eZvKYlo2CNaw2HvEv'", "No such dispute: 'du_1AAAAAreplaydisp00000001'"),
        ("This dispute is already closed", "This dispute is already closed"),
        (
            "Invalid API Key provided: sk_test_***************************aB3d",
            "Invalid API Key provided: sk_test_*********************0000",
        ),
        ("Received unknown parameter: wat", "Received unknown parameter: wat"),
        ("write to jane@corp.io or +44 20 7946 0018", "write to customer-1@example.invalid or +15555550001"),
        ("key sk_test_51abcDEF", "key [redacted 1]"),
        (
            "see https://stripe.com/docs/error-codes/resource-missing",
            "see https://stripe.com/docs/error-codes/resource-missing",
        ),
        ("see https://corp.io/jane?x=1", "see https://example.invalid/1"),
        ("from 81.2.69.142 and 2a02:6b8::feed", "from 192.0.2.1 and 2001:db8::2"),
        ("API version 2026-10-28 is fine", "API version 2026-10-28 is fine"),
        (
            "pi_3MtJUT2eZvKYlo2CNaw2HvEv_secret_abcdefghijklmnopqrstuvwx1",
            "pi_1AAAAAreplaydisp00000001_secret_replaydisp000000000000001",
        ),
        ("jane_smith_1234567890ABCD", "[redacted 1]"),
    ],
)
def test_text_keeps_its_words_and_loses_its_secrets(raw: str, scrubbed: str) -> None:
    again = StandIns()
    again.reserve(scrubbed)

    assert scrub(raw, StandIns()) == scrubbed
    assert scrub(scrubbed, again) == scrubbed


@pytest.mark.parametrize("message", MESSAGES)
def test_a_message_of_stripes_comes_through_word_for_word(message: str) -> None:
    assert redacted_body({"error": {"message": message}}) == {"error": {"message": message}}


def test_a_person_in_a_message_is_replaced() -> None:
    said = redacted_body({"error": {"message": "The name 'Jane Roe-Núñez' at 12 Elm Grove is not valid."}})

    assert said == {"error": {"message": "The name '[redacted 1]' at 12 [redacted 2] is not valid."}}


def test_a_stand_in_already_in_the_text_keeps_its_number_for_itself() -> None:
    body = {"object": "dispute", "one": "Jane", "two": "[redacted 1]"}

    assert redacted_body(body) == {"object": "dispute", "one": "[redacted 2]", "two": "[redacted 1]"}


@pytest.mark.parametrize("kind", Kind)
def test_no_kind_lets_a_key_or_an_email_pass(kind: Kind) -> None:
    secrets = ["sk_test_51HxYzabcdEFGH1234", "sk_live_abcdefgh1234", "jane@corp.io", "+442079460018", "81.2.69.142"]

    assert [secret for secret in secrets if fits(kind, secret)] == []

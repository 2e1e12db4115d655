"""Which statuses of a dispute may follow one another in a cassette."""

from __future__ import annotations

import pytest

from replaydisputes.checking.history import STEPS
from replaydisputes.model import Headers, Request
from replaydisputes.stripe_api.facts import DISPUTE_STATUSES
from tests.check_support import CLOSE, DISPUTE_ID, ORIGIN, READ, a_dispute, answered, findings, rules, said

EVIDENCE = Request("POST", READ.url, body=b"evidence[uncategorized_text]=losing_evidence&submit=true")
METADATA = Request("POST", READ.url, body=b"metadata[order]=7")
REFUND = Request("POST", f"{ORIGIN}/v1/refunds", body=b"charge=ch_1AAAAAreplaydisp00000001")
REFUSAL = {"error": {"type": "invalid_request_error", "message": "This dispute is already closed"}}


def keyed(key: str) -> Request:
    return Request("POST", CLOSE.url, (("Idempotency-Key", key),))


@pytest.mark.parametrize(
    ("before", "after", "rule"),
    [
        ("needs_response", "lost", "status/closed-unasked"),
        ("warning_needs_response", "warning_closed", "status/closed-unasked"),
        ("warning_needs_response", "lost", "status/closed-unasked"),
        ("lost", "needs_response", "status/reopened"),
        ("won", "under_review", "status/reopened"),
        ("warning_closed", "warning_needs_response", "status/reopened"),
        ("prevented", "needs_response", "status/reopened"),
        ("won", "appeal_needs_response", "status/reopened"),
        ("lost", "won", "status/verdict-changed"),
        ("needs_response", "warning_closed", "status/back-to-inquiry"),
        ("under_review", "warning_under_review", "status/back-to-inquiry"),
        ("lost", "appeal_needs_response", ""),
        ("appeal_under_review", "won", ""),
        ("under_review", "lost", ""),
        ("needs_response", "under_review", ""),
        ("needs_response", "won", ""),
        ("warning_needs_response", "needs_response", ""),
        ("warning_needs_response", "prevented", ""),
    ],
)
def test_a_status_that_follows_another_between_two_reads(before: str, after: str, rule: str) -> None:
    assert rules(said(before), said(after)) == ([rule] if rule else [])


def test_the_rows_speak_only_of_known_statuses_and_fit_each_pair_at_most_once_per_rule() -> None:
    named = {status for step in STEPS for status in step.before | step.after}

    assert named <= set(DISPUTE_STATUSES)
    assert [step.rule for step in STEPS if step.verdict != "legal" and not (step.rule and step.why)] == []


def test_a_finding_of_order_points_at_the_status_and_names_the_answer_before() -> None:
    (found,) = findings(said("lost"), said("needs_response"))

    assert (found.field, found.message) == (
        "interactions[1].response.body $.status",
        "lost in interactions[0], needs_response here: a dispute that has ended stays so",
    )


@pytest.mark.parametrize(
    ("write", "found"),
    [
        (said("lost", CLOSE), []),
        (said("under_review", EVIDENCE), []),
        (answered(REFUND, {"object": "refund"}), []),
        (answered(CLOSE, REFUSAL, 500), []),
        (answered(CLOSE, REFUSAL, 429), ["status/closed-unasked"]),
        (said("needs_response", METADATA), ["status/closed-unasked"]),
        (said("needs_response", Request("DELETE", CLOSE.url)), ["status/closed-unasked"]),
        (
            answered(Request("POST", CLOSE.url.replace("0001/", "0002/")), {"object": "dispute"}, 500),
            ["status/closed-unasked"],
        ),
    ],
)
def test_a_dispute_is_lost_only_after_something_asked_for_it(write, found) -> None:  # type: ignore[no-untyped-def]
    told = rules(said("needs_response"), write, said("lost"))

    assert [rule for rule in told if rule.startswith("status/")] == found


def test_a_cassette_may_begin_with_the_close() -> None:
    assert rules(said("lost", CLOSE)) == []


@pytest.mark.parametrize("status", ["needs_response", "warning_needs_response"])
def test_a_close_that_leaves_the_dispute_open_is_the_reference_pages_sample_and_no_recording(status: str) -> None:
    assert rules(said(status, CLOSE)) == ["status/close-left-open"]


@pytest.mark.parametrize("status", ["lost", "won"])
def test_closing_what_is_closed_cannot_succeed(status: str) -> None:
    assert "status/closed-twice" in rules(said(status), said("lost", CLOSE))
    assert rules(said(status), answered(CLOSE, REFUSAL, 400), said(status)) == []


@pytest.mark.parametrize(
    ("first", "second", "headers", "found"),
    [
        (keyed("idempotency-key-1"), keyed("idempotency-key-1"), (), []),
        (keyed("idempotency-key-1"), keyed("idempotency-key-2"), (), ["status/closed-twice"]),
        (CLOSE, CLOSE, (("Idempotent-Replayed", "true"),), []),
        (CLOSE, CLOSE, (), ["status/closed-twice"]),
    ],
)
def test_an_answer_that_is_repeated_for_its_key_tells_nothing_new(
    first: Request, second: Request, headers: Headers, found: list[str]
) -> None:
    assert rules(said("lost", first), said("lost", second, headers=headers)) == found


def test_events_tell_of_the_past() -> None:
    event = {"object": "event", "id": "evt_1AAAAAreplaydisp00000001", "data": {"object": a_dispute()}}
    page = {"object": "list", "data": [event]}

    assert rules(said("lost", CLOSE), answered(Request("GET", f"{ORIGIN}/v1/events"), page)) == []


def test_disputes_have_each_a_history_of_their_own() -> None:
    other = a_dispute(id=DISPUTE_ID[:-1] + "2", status="needs_response")
    page = {"object": "list", "data": [a_dispute(status="lost"), other]}

    assert rules(said("lost", CLOSE), answered(Request("GET", f"{ORIGIN}/v1/disputes"), page)) == []


def test_a_status_nobody_knows_is_judged_by_nobody() -> None:
    assert rules(said("lost"), said("reconsidered"), said("needs_response")) == ["schema/unknown-value"]

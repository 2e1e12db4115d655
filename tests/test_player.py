from __future__ import annotations

import json
from collections.abc import Sequence

import pytest

from replaydisputes.errors import MismatchError
from replaydisputes.model import Cassette, Interaction, Request, Response
from replaydisputes.playback import Player

DISPUTE = "https://api.stripe.com/v1/disputes/du_1AAAAAreplaydisp00000001"
CLOSE = f"{DISPUTE}/close"
FORM = (("Content-Type", "application/x-www-form-urlencoded"),)


def recorded(method: str, url: str, status: int, said: str, form: bytes = b"") -> Interaction:
    headers = (*FORM, ("Stripe-Version", "2026-10-28.endive"))
    body = json.dumps({"status": said}).encode()
    return Interaction(Request(method, url, headers, form), Response(status, (), body, ""))


READ_OPEN = recorded("GET", DISPUTE, 200, "needs_response")
CLOSED = recorded("POST", CLOSE, 200, "lost")
REFUSED = recorded("POST", CLOSE, 400, "refused")
READ_LOST = recorded("GET", DISPUTE, 200, "lost")
CLOSE_TWICE = (READ_OPEN, CLOSED, REFUSED, READ_LOST)


def player(*interactions: Interaction) -> Player:
    return Player(Cassette(interactions), "close-twice")


def said(answering: Player, calls: Sequence[tuple[str, str]]) -> list[str]:
    return [json.loads(answering.answer(Request(method, url)).body)["status"] for method, url in calls]


def refusal(answering: Player, request: Request) -> str:
    with pytest.raises(MismatchError) as caught:
        answering.answer(request)
    return caught.value.report


def test_reads_repeat_and_writes_advance() -> None:
    calls = [("GET", DISPUTE)] * 3 + [("POST", CLOSE)] + [("GET", DISPUTE)] * 2

    assert said(player(*CLOSE_TWICE), calls) == ["needs_response"] * 3 + ["lost"] * 3


def test_a_second_close_gets_the_recorded_refusal() -> None:
    assert said(player(*CLOSE_TWICE), [("POST", CLOSE)] * 2) == ["lost", "refused"]


def test_a_read_between_the_close_and_its_refusal_sees_the_close() -> None:
    calls = [("POST", CLOSE), ("GET", DISPUTE), ("POST", CLOSE), ("GET", DISPUTE)]

    assert said(player(*CLOSE_TWICE), calls) == ["lost", "lost", "refused", "lost"]


def test_a_third_close_was_never_recorded() -> None:
    answering = player(*CLOSE_TWICE)
    said(answering, [("POST", CLOSE)] * 2)

    assert "It was recorded, but only 2 times, and that is played" in refusal(answering, Request("POST", CLOSE))


def test_a_read_that_was_recorded_only_before_the_close_is_not_repeated_after_it() -> None:
    answering = player(READ_OPEN, CLOSED)
    said(answering, [("GET", DISPUTE), ("POST", CLOSE)])

    assert "only before a write that this run has already made" in refusal(answering, Request("GET", DISPUTE))


def test_a_read_that_was_recorded_only_after_the_close_does_not_answer_before_it() -> None:
    report = refusal(player(CLOSED, READ_LOST), Request("GET", DISPUTE))

    assert "only after POST /v1/disputes/du_1AAAAAreplaydisp00000001/close (recording 1)" in report


def test_a_write_is_not_played_past_one_that_took_effect_before_it() -> None:
    update = recorded("POST", DISPUTE, 200, "needs_response", b"submit=false")

    assert "only after POST" in refusal(player(update, CLOSED), Request("POST", CLOSE))


def test_reads_of_one_epoch_play_in_order_and_the_last_repeats() -> None:
    polls = [recorded("GET", DISPUTE, 200, said) for said in ("none yet", "none yet", "needs_response")]

    assert said(player(*polls), [("GET", DISPUTE)] * 5) == ["none yet", "none yet", *["needs_response"] * 3]


def test_the_same_idempotency_key_answers_the_same_recording_again() -> None:
    answering = player(*CLOSE_TWICE)
    keyed = Request("POST", CLOSE, (("Idempotency-Key", "k1"),))
    first, again = answering.answer(keyed), answering.answer(keyed)

    assert (again.status, again.body) == (first.status, first.body)
    assert (first.header("idempotent-replayed"), again.header("Idempotent-Replayed")) == (None, "true")
    assert said(answering, [("POST", CLOSE)]) == ["refused"]


def test_an_idempotency_key_reused_for_another_request_is_not_answered() -> None:
    answering = player(*CLOSE_TWICE)
    key = (("Idempotency-Key", "k1"),)
    answering.answer(Request("POST", CLOSE, key))

    assert "Its Idempotency-Key was used before" in refusal(answering, Request("POST", DISPUTE, key))


@pytest.mark.parametrize(
    ("asked", "recording"),
    [
        (b"expand[0]=charge&expand[1]=payment_intent", b"expand[]=payment_intent&expand[]=charge"),
        (b"submit=true&evidence[customer_name]=Jane+Roe", b"evidence[customer_name]=%5Bredacted+1%5D&submit=true"),
        (b"metadata[a]=&metadata[b]=1", b"metadata[b]=1&metadata[a]="),
    ],
)
def test_parameters_match_as_stripe_reads_them(asked: bytes, recording: bytes) -> None:
    answering = player(recorded("POST", DISPUTE, 200, "updated", recording))

    assert answering.answer(Request("POST", DISPUTE, FORM, asked)).status == 200


@pytest.mark.parametrize(
    ("request_", "difference"),
    [
        (Request("POST", f"{DISPUTE}9/close"), "path: asked /v1/disputes/du_1AAAAAreplaydisp000000019/close"),
        (Request("DELETE", CLOSE), "method: asked DELETE, recorded POST"),
        (Request("POST", CLOSE, FORM, b"wat=1"), "wat: asked 1, recorded (absent)"),
        (Request("POST", CLOSE, FORM, b"wat="), "wat: asked (blank), recorded (absent)"),
        (Request("POST", CLOSE, (("Stripe-Account", "acct_1"),)), "Stripe-Account: asked acct_1, recorded (none)"),
        (Request("POST", "https://example.com/v1/close"), "host: asked https://example.com"),
        (Request("POST", "http://api.stripe.com/v1/close"), "host: asked http://api.stripe.com"),
    ],
)
def test_a_mismatch_names_just_what_differs(request_: Request, difference: str) -> None:
    assert difference in refusal(player(*CLOSE_TWICE), request_)


def test_a_mismatch_shows_no_key_and_no_person() -> None:
    form = b"evidence[customer_name]=Jane+Roe&evidence[customer_email_address]=jane@corp.io"
    form += b"&metadata[who]=Jane&key=sk_test_51abc"
    request = Request("POST", CLOSE, (*FORM, ("Authorization", "Bearer sk_test_51abcdef")), form)

    report = refusal(player(*CLOSE_TWICE), request)

    assert [secret for secret in ("Jane", "jane@", "sk_test") if secret in report] == []


def test_a_double_slash_in_front_of_the_path_is_one() -> None:
    assert said(player(*CLOSE_TWICE), [("GET", DISPUTE.replace(".com/", ".com//"))]) == ["needs_response"]


def test_what_was_played_and_what_was_not_is_told() -> None:
    answering = player(*CLOSE_TWICE)
    said(answering, [("GET", DISPUTE), ("GET", DISPUTE), ("POST", CLOSE)])

    assert [played.index for played in answering.played] == [0, 0, 1]
    assert answering.unplayed == (REFUSED, READ_LOST)
    assert answering.dispute_id == "du_1AAAAAreplaydisp00000001"


def test_another_stripe_version_is_told() -> None:
    told: list[tuple[str, str]] = []
    answering = Player(Cassette(CLOSE_TWICE), "x", on_version=lambda asked, recorded: told.append((asked, recorded)))

    answering.answer(Request("GET", DISPUTE, (("Stripe-Version", "2025-03-31.basil"),)))
    answering.answer(Request("GET", DISPUTE, (("Stripe-Version", "2026-10-28.endive"),)))

    assert told == [("2025-03-31.basil", "2026-10-28.endive")]

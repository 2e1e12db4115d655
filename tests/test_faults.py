"""Faults on demand: which request fails, how, and what a retry gets."""

from __future__ import annotations

import json
from typing import Any

import pytest

from replaydisputes.errors import ReplayDisputesError
from replaydisputes.library import Library
from replaydisputes.model import AnsweredFault, Headers, Interaction, Request, Response, TransportFault
from replaydisputes.playback import Fault, Faults, Player
from replaydisputes.playback.faults import FaultOptionError
from replaydisputes.playback.injected_answers import injected_answer
from replaydisputes.redaction import redact
from replaydisputes.stripe_api.facts import API_VERSION

DISPUTE = "https://api.stripe.com/v1/disputes/du_1AAAAAreplaydisp00000001"
CLOSE = Request("POST", f"{DISPUTE}/close", (("Idempotency-Key", "key-1"), ("Stripe-Version", "2026-10-28.endive")))
READ = Request("GET", DISPUTE)


@pytest.fixture
def player() -> Player:
    return Player(Library([]).load("close-twice"), "close-twice")


def came(faults: Faults, *requests: Request) -> list[str]:
    """What each request met: a status, `again` behind it where it is a repeat, or the fault on the wire."""
    met = []
    for request in requests:
        try:
            response = faults.answer(request)
        except TransportFault as fault:
            met.append(fault.kind)
        else:
            injected = response.header("Replaydisputes-Fault")
            again = " again" if response.header("Idempotent-Replayed") else ""
            met.append(f"{response.status} {injected}" if injected else f"{response.status}{again}")
    return met


def planned(player: Player, *faults: Fault) -> Faults:
    planned = Faults(player)
    for fault in faults:
        planned.plan(fault)
    return planned


def test_a_request_lost_on_its_way_plays_nothing_and_its_retry_gets_the_recorded_answer(player: Player) -> None:
    faults = planned(player, Fault("timeout", times=2))

    assert came(faults, CLOSE, CLOSE, CLOSE) == ["timeout", "timeout", "200"]
    assert [played.index for played in player.played] == [1]


@pytest.mark.parametrize("kind", ["timeout", "connection-reset", "server-error"])
def test_an_answer_lost_on_its_way_back_is_played_and_its_retry_gets_it_as_a_repeat(player: Player, kind: Any) -> None:
    faults = planned(player, Fault(kind, processed=True))

    assert came(faults, CLOSE, CLOSE)[1] == "200 again"
    assert [played.index for played in player.played] == [1, 1]


def test_a_second_close_without_a_key_after_a_lost_answer_meets_a_closed_dispute(player: Player) -> None:
    bare = Request("POST", CLOSE.url)

    assert came(planned(player, Fault("timeout", processed=True)), bare, bare) == ["timeout", "400"]


def test_faults_come_in_the_order_asked_for_with_answers_between_them(player: Player) -> None:
    faults = planned(player, Fault("timeout"), Fault("rate-limit", after=1), Fault("connection-reset", times=2))

    assert came(faults, CLOSE, CLOSE, CLOSE, CLOSE, CLOSE, READ) == [
        *("timeout", "200", "429 rate-limit", "connection-reset", "connection-reset", "200"),
    ]
    assert [(one.kind, one.request.method, one.processed) for one in faults.injected] == [
        ("timeout", "POST", False),
        ("rate-limit", "POST", False),
        ("connection-reset", "POST", False),
        ("connection-reset", "POST", False),
    ]


def test_a_fault_waits_for_the_requests_it_is_for_and_others_do_not_count(player: Player) -> None:
    faults = planned(player, Fault("timeout", after=1, on="POST */close"))

    assert came(faults, CLOSE, READ, READ, CLOSE, READ) == ["200", "200", "200", "timeout", "200"]


@pytest.mark.parametrize(
    ("kind", "status", "advice", "error"),
    [
        ("rate-limit", 429, "false", ("invalid_request_error", "rate_limit")),
        ("lock-timeout", 429, "true", ("invalid_request_error", "lock_timeout")),
        ("server-error", 500, None, ("api_error", None)),
    ],
)
def test_an_injected_answer_has_stripes_shape_and_says_that_it_is_injected(
    kind: Any, status: int, advice: str | None, error: tuple[str, str | None]
) -> None:
    response = injected_answer(kind, CLOSE, number=7, date_s=1767225600)

    told = json.loads(response.body)["error"]
    assert (response.status, told["type"], told.get("code")) == (status, *error)
    assert told["message"]
    assert {name: response.header(name) for name in ("Stripe-Should-Retry", "Idempotency-Key", "Original-Request")} == {
        "Stripe-Should-Retry": advice,
        "Idempotency-Key": "key-1",
        "Original-Request": "req_injected000007",
    }
    assert response.header("Date") == "Thu, 01 Jan 2026 00:00:00 GMT"
    assert response.header("Content-Length") == str(len(response.body))
    assert response.header("Replaydisputes-Fault") == kind


@pytest.mark.parametrize(
    ("sent", "told"),
    [
        ((), (None, API_VERSION, None, None)),
        (
            (("Stripe-Account", "acct_1AAAAAreplaydisp00000002"),),
            ("acct_1AAAAAreplaydisp00000002", API_VERSION, None, None),
        ),
        ((("Stripe-Version", "2025-03-31.basil"),), (None, "2025-03-31.basil", None, None)),
        ((("Idempotency-Key", "key-7"),), (None, API_VERSION, "key-7", "req_injected000001")),
    ],
)
def test_an_injected_answer_says_back_what_the_request_said(sent: Headers, told: tuple[str | None, ...]) -> None:
    response = injected_answer("server-error", Request("POST", CLOSE.url, sent))

    names = ("Stripe-Account", "Stripe-Version", "Idempotency-Key", "Original-Request")
    assert tuple(response.header(name) for name in names) == told
    assert response.header("Date") is None


def test_only_a_rate_limit_names_the_limit_that_was_reached() -> None:
    kinds: tuple[AnsweredFault, ...] = ("rate-limit", "lock-timeout", "server-error")

    reasons = [injected_answer(kind, CLOSE).header("Stripe-Rate-Limited-Reason") for kind in kinds]

    assert reasons == ["global-rate", None, None]


@pytest.mark.parametrize("kind", ["rate-limit", "lock-timeout", "server-error"])
def test_redaction_leaves_an_injected_answer_and_its_mark_alone(kind: Any) -> None:
    injected = injected_answer(kind, Request("GET", DISPUTE), date_s=1767225600)

    redacted = redact([Interaction(READ, injected)]).interactions[0].response

    told = dict(redacted.headers) | {"Request-Id": injected.header("Request-Id")}
    assert (redacted.status, redacted.body, told) == (injected.status, injected.body, dict(injected.headers))


def test_the_advice_to_retry_can_be_given_otherwise() -> None:
    advice = [injected_answer("rate-limit", CLOSE, should_retry=said).header("Stripe-Should-Retry") for said in ADVICE]

    assert advice == ["false", "true", "false"]


ADVICE = (None, True, False)


def test_an_injected_answer_to_a_head_has_no_body() -> None:
    response = injected_answer("server-error", Request("HEAD", DISPUTE))

    assert (response.body, response.header("Content-Length")) == (b"", "0")


def test_what_never_came_is_told_once(player: Player) -> None:
    faults = planned(player, Fault("timeout", times=3), Fault("lock-timeout", on="POST *"))
    came(faults, READ)

    unused, again = faults.unused(), faults.unused()

    assert again is None
    assert unused is not None
    assert unused.unused == ("2 of 3 'timeout'", "1 of 1 'lock-timeout' on 'POST *'")
    assert "never injected: 2 of 3 'timeout'; 1 of 1 'lock-timeout' on 'POST *'." in str(unused)


@pytest.mark.parametrize(
    ("wrong", "told"),
    [
        ({"kind": "time-out"}, "no fault is called 'time-out'; did you mean timeout?"),
        ({"kind": 429}, "no fault is called 429; known: "),
        ({"kind": "timeout", "times": 0}, "got times=0, after=0"),
        ({"kind": "timeout", "times": True}, "got times=True, after=0"),
        ({"kind": "timeout", "after": -1}, "got times=1, after=-1"),
        ({"kind": "timeout", "after": "2"}, "got times=1, after='2'"),
        ({"kind": "timeout", "on": None}, "such as 'POST */close'; got None"),
        ({"kind": "rate-limit", "processed": True}, "Stripe never begins a request that it answers with 429"),
        ({"kind": "timeout", "should_retry": True}, "should_retry is a header of an answer, and 'timeout' gives none"),
    ],
)
def test_a_fault_that_cannot_be_is_refused_with_what_can(wrong: dict[str, Any], told: str) -> None:
    with pytest.raises(FaultOptionError) as caught:
        Fault(**wrong)

    assert told in str(caught.value)
    assert (isinstance(caught.value, ReplayDisputesError), caught.value.exit_code) == (True, 2)


def test_a_request_that_no_recording_answers_still_says_so_after_its_fault(player: Player) -> None:
    faults = planned(player, Fault("timeout"))
    unknown = Request("GET", "https://api.stripe.com/v1/charges")

    assert came(faults, unknown) == ["timeout"]
    with pytest.raises(ReplayDisputesError, match="has no answer to this request"):
        faults.answer(unknown)


def test_without_a_fault_the_answer_is_the_players_own_object(player: Player) -> None:
    class Always:
        def answer(self, request: Request) -> Response:
            return ONE

    assert Faults(Always()).answer(READ) is ONE


NO_HEADERS: Headers = ()
ONE = Response(200, NO_HEADERS, b"{}")

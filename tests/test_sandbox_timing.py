"""What takes time: keys and objects in use, keys forgotten, limits, decisions, late disputes."""

from __future__ import annotations

from dataclasses import dataclass

import pytest

from replaydisputes.sandbox import Sandbox
from tests.sandbox_calls import FRAUDULENT, Caller, body_of, error_of, payment

START = 1_800_000_000


@dataclass
class Clock:
    """A clock that a test moves."""

    now: float = START

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def clock() -> Clock:
    return Clock()


def test_a_key_whose_answer_is_on_its_way_is_refused_until_it_arrives(clock: Clock) -> None:
    caller = Caller(Sandbox(clock=clock, latency=0.5))
    path = f"/v1/disputes/{caller.dispute()['id']}/close"
    clock.now += 1

    first = caller.send("POST", path, Idempotency_Key="k")
    clock.now += 0.4
    early = caller.send("POST", path, Idempotency_Key="k")
    clock.now += 0.1
    late = caller.send("POST", path, Idempotency_Key="k")

    assert [first.status, early.status, late.status] == [200, 409, 200]
    assert late.body == first.body
    assert (error_of(early)[1]["code"], error_of(early)[1]["type"], early.header("Stripe-Should-Retry")) == (
        "idempotency_key_in_use",
        "idempotency_error",
        "true",
    )
    assert early.header("Replaydisputes-Assumption") == "idempotency-in-use"


def test_a_second_write_to_an_object_whose_first_is_on_its_way_meets_its_lock(clock: Clock) -> None:
    caller = Caller(Sandbox(clock=clock, latency=0.5))
    path = f"/v1/disputes/{caller.dispute()['id']}"
    clock.now += 1

    closed = caller.send("POST", f"{path}/close", Idempotency_Key="a")
    locked = caller.send("POST", f"{path}/close", Idempotency_Key="b")
    read = caller.get(path)
    clock.now += 0.5
    refused = caller.send("POST", f"{path}/close", Idempotency_Key="b")

    assert [closed.status, locked.status, read["status"], refused.status] == [200, 429, "lost", 400]
    assert (error_of(locked)[1]["code"], locked.header("Stripe-Should-Retry"), locked.header("Retry-After")) == (
        "lock_timeout",
        "true",
        None,
    )


@pytest.mark.parametrize(("later_s", "again"), [(24 * 3600 - 1, True), (24 * 3600, False)])
def test_a_key_is_remembered_for_a_day(clock: Clock, later_s: int, again: bool) -> None:
    caller = Caller(Sandbox(clock=clock))
    first = caller.send("POST", "/v1/payment_intents", *payment(), Idempotency_Key="k")
    clock.now += later_s

    second = caller.send("POST", "/v1/payment_intents", *payment(), Idempotency_Key="k")

    assert (second.body == first.body, second.header("Idempotent-Replayed") == "true") == (again, again)
    assert second.header("Replaydisputes-Assumption") == (None if again else "idempotency-expiry")


def test_the_limiter_lets_that_many_in_within_any_second(clock: Clock) -> None:
    caller = Caller(Sandbox(clock=clock, rate_limit=25))
    statuses = []
    for number in range(60):
        clock.now = START + number / 40
        statuses.append(caller.send("GET", "/v1/disputes").status)

    assert [statuses.count(200), statuses[:25], statuses[25:40]] == [45, [200] * 25, [429] * 15]
    assert statuses[40:] == [200] * 20


def test_a_limited_request_is_told_so_in_its_headers_and_has_done_nothing(clock: Clock) -> None:
    caller = Caller(Sandbox(clock=clock, rate_limit=1))
    caller.get("/v1/disputes")

    limited = caller.send("POST", "/v1/payment_intents", *payment(), Idempotency_Key="k")

    assert (limited.status, error_of(limited)[1]["code"]) == (429, "rate_limit")
    names = [name.lower() for name, _ in limited.headers]
    at = names.index("stripe-rate-limited-reason")
    assert limited.header("Stripe-Rate-Limited-Reason") == "global-rate"
    assert names[at - 1 : at + 2] == ["request-id", "stripe-rate-limited-reason", "stripe-should-retry"]
    assert limited.header("Replaydisputes-Assumption") == "rate-limit"
    assert limited.header("Stripe-Should-Retry") == "true"
    clock.now += 1
    assert caller.send("POST", "/v1/payment_intents", *payment(), Idempotency_Key="k").status == 200


def test_disputes_appear_within_the_seconds_given_and_not_all_at_once(clock: Clock) -> None:
    caller = Caller(Sandbox(clock=clock, dispute_delay=(0, 2)))
    delays = []
    for _ in range(30):
        paid = clock.now
        intent = caller.pay()["id"]
        while not (found := caller.get("/v1/disputes", ("payment_intent", intent))["data"]):
            clock.now += 1
        delays.append(clock.now - paid)
        assert found[0]["created"] == clock.now

    assert set(delays) == {0, 1, 2}


def test_a_decision_comes_after_its_delay(clock: Clock) -> None:
    caller = Caller(Sandbox(clock=clock, decide_after=3))
    path = f"/v1/disputes/{caller.dispute()['id']}"
    caller.post(path, ("evidence[uncategorized_text]", "winning_evidence"), ("submit", "true"))

    seen = []
    for _ in range(2):
        clock.now += 2
        seen.append(caller.get(path)["status"])

    assert seen == ["under_review", "won"]


def test_a_close_that_comes_before_the_decision_stands(clock: Clock) -> None:
    caller = Caller(Sandbox(clock=clock, decide_after=3))
    path = f"/v1/disputes/{caller.dispute()['id']}"
    caller.post(path, ("evidence[uncategorized_text]", "winning_evidence"), ("submit", "true"))
    closed = caller.post(f"{path}/close")
    clock.now += 10

    assert (closed["status"], caller.get(path)) == ("lost", closed)


@pytest.mark.parametrize("status", [500, 503])
def test_a_key_can_ask_for_stripes_failure(status: int) -> None:
    sandbox = Sandbox()
    path = f"/v1/disputes/{Caller(sandbox).dispute(FRAUDULENT)['id']}"

    failed = Caller(sandbox, f"sk_test_fails_{status}").send("POST", f"{path}/close")

    assert (failed.status, body_of(failed)["error"]["type"]) == (status, "api_error")
    assert failed.header("Replaydisputes-Assumption") == "api-error"
    assert Caller(sandbox).get(path)["status"] == "needs_response"


def test_a_live_objects_id_is_told_apart_from_an_unknown_one() -> None:
    status, error = error_of(Caller(Sandbox()).send("GET", "/v1/disputes/du_1LiveModeAbcDefGhiJkl"))

    assert (status, error["code"], error["message"]) == (
        404,
        "resource_missing",
        "No such dispute: 'du_1LiveModeAbcDefGhiJkl'; a similar object exists in live mode, but a test mode key was "
        "used to make this request.",
    )

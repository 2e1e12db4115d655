"""Every answer that rests on an assumption says so, and every kind of answer has its headers in Stripe's order."""

from __future__ import annotations

import ast
from collections.abc import Callable
from pathlib import Path

import pytest

from replaydisputes.model import Response
from replaydisputes.sandbox import ASSUMPTIONS, Sandbox
from replaydisputes.sandbox import sandbox as module
from replaydisputes.stripe_api.facts import ASSUMPTION_HEADER, RESPONSE_HEADER_ORDER, SANDBOX_HEADER
from tests.sandbox_calls import KEY, Caller, body_of, payment

Ask = Callable[[Caller], Response]


def closed_twice(caller: Caller) -> Response:
    path = f"/v1/disputes/{caller.dispute()['id']}/close"
    caller.post(path)
    return caller.send("POST", path)


def confirmed_twice(caller: Caller) -> Response:
    return caller.send("POST", f"/v1/payment_intents/{caller.pay()['id']}/confirm")


def repeated(path: str) -> Ask:
    def ask(caller: Caller) -> Response:
        caller.send("POST", "/v1/payment_intents", *payment(), Idempotency_Key="k")
        return caller.send("POST", path, *payment(), Idempotency_Key="k")

    return ask


def with_key(key: str | None) -> Ask:
    return lambda caller: Caller(caller.answerer, key).send("POST", "/v1/disputes/du_x/close")


def sent(method: str, path: str, *params: tuple[str, str]) -> Ask:
    return lambda caller: caller.send(method, path, *params)


KNOWN: dict[str, Ask] = {
    "a list": sent("GET", "/v1/disputes"),
    "a payment": sent("POST", "/v1/payment_intents", *payment()),
    "a repeated key": repeated("/v1/payment_intents"),
    "a bad key": with_key("sk_test_invalid1"),
    "an unknown dispute read": sent("GET", "/v1/disputes/du_x"),
    "an unknown parameter": sent("POST", "/v1/disputes/du_x/close", ("wat", "1")),
    "a second close": closed_twice,
}
"""Answers that STRIPE.md's sources show word for word."""

WORDED_FROM_MEMORY: dict[str, Ask] = {
    "no key": with_key(None),
    "something that is no key": with_key("hunter2hunter2"),
    "a foreign account": lambda caller: caller.send("GET", "/v1/disputes", Stripe_Account="acct_1AbcDefGhiJklMno"),
    "no such endpoint": sent("GET", "/v1/wat"),
    "an unknown charge": sent("GET", "/v1/charges/ch_x"),
    "an unknown payment method": sent("POST", "/v1/payment_intents", *payment("pm_x")),
    "two unknown parameters": sent("GET", "/v1/disputes", ("a", "1"), ("b", "1")),
    "a missing parameter": sent("POST", "/v1/payment_intents"),
    "an amount that is no number": sent("POST", "/v1/payment_intents", ("amount", "x"), ("currency", "usd")),
    "a small amount": sent("POST", "/v1/payment_intents", ("amount", "1"), ("currency", "usd")),
    "an empty limit": sent("GET", "/v1/disputes", ("limit", "")),
    "a limit out of range": sent("GET", "/v1/disputes", ("limit", "101")),
    "a boolean that is none": sent("POST", "/v1/disputes/du_x", ("submit", "x")),
    "what cannot be expanded": lambda caller: caller.send(
        "GET", f"/v1/charges/{caller.dispute()['charge']}?expand[]=x"
    ),
    "an expansion too deep": sent("GET", "/v1/disputes", ("expand[]", "data.a.b.c.d")),
    "a second confirmation": confirmed_twice,
}
OTHERWISE_ASSUMED: dict[str, tuple[str, Ask]] = {
    "an unknown dispute closed": ("unknown-id-write", sent("POST", "/v1/disputes/du_x/close")),
    "an unknown dispute updated": ("unknown-id-write", sent("POST", "/v1/disputes/du_x")),
    "an unknown filter": ("unknown-filter", sent("GET", "/v1/disputes", ("charge", "ch_x"))),
    "an unknown cursor": ("unknown-filter", sent("GET", "/v1/disputes", ("starting_after", "du_x"))),
    "a key used elsewhere": ("idempotency-endpoint", repeated("/v1/disputes/du_x/close")),
    "a restricted key": ("restricted-key", with_key("rk_test_without_dispute_write")),
    "a failure": ("api-error", with_key("sk_test_fails_500")),
    "a live id": ("live-mode-id", sent("GET", "/v1/disputes/du_1LiveMode")),
    "the connected accounts": ("connected-account", sent("GET", "/v1/accounts")),
}


@pytest.mark.parametrize("kind", KNOWN)
def test_what_was_recorded_rests_on_nothing(kind: str) -> None:
    assert KNOWN[kind](Caller(Sandbox())).header(ASSUMPTION_HEADER) is None


@pytest.mark.parametrize("kind", WORDED_FROM_MEMORY)
def test_what_is_worded_from_memory_says_so(kind: str) -> None:
    answer = WORDED_FROM_MEMORY[kind](Caller(Sandbox()))

    assert (answer.status >= 400, answer.header(ASSUMPTION_HEADER)) == (True, "refusal-wording")


@pytest.mark.parametrize("kind", OTHERWISE_ASSUMED)
def test_every_other_assumption_is_named(kind: str) -> None:
    name, ask = OTHERWISE_ASSUMED[kind]

    assert ask(Caller(Sandbox())).header(ASSUMPTION_HEADER) == name


@pytest.mark.parametrize("kind", [*KNOWN, *WORDED_FROM_MEMORY, *OTHERWISE_ASSUMED])
def test_headers_come_in_stripes_order_in_every_kind_of_answer(kind: str) -> None:
    asks = KNOWN | WORDED_FROM_MEMORY | {name: ask for name, (_, ask) in OTHERWISE_ASSUMED.items()}
    answer = asks[kind](Caller(Sandbox(), KEY))

    names = [name.lower() for name, _ in answer.headers if name not in (SANDBOX_HEADER, ASSUMPTION_HEADER)]
    assert names == sorted(names, key=RESPONSE_HEADER_ORDER.index)
    assert ("request-id" in names, "stripe-version" in names) == (answer.status not in (401, 403),) * 2
    assert ("www-authenticate" in names) is (answer.status == 401)
    assert list(body_of(answer)) != []


def test_every_row_of_the_table_is_named_somewhere_in_the_sandbox() -> None:
    named = set()
    for path in Path(module.__file__).parent.glob("*.py"):
        if path.name != "assumptions.py":
            tree = ast.parse(path.read_text("utf-8"))
            named |= {node.value for node in ast.walk(tree) if isinstance(node, ast.Constant)} & ASSUMPTIONS.keys()

    assert named == ASSUMPTIONS.keys()

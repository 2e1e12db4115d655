"""What a comparison finds in a changed recording, and that it is silent about one that is only another."""

from __future__ import annotations

import json
import random
from collections.abc import Callable, Iterator
from dataclasses import replace
from typing import Any

import pytest

from replaydisputes.comparing import Drift, compare
from replaydisputes.model import Cassette, Interaction, Request, Response
from replaydisputes.redaction import redact
from replaydisputes.sandbox import Sandbox
from replaydisputes.stripe_api.forms import encode_form
from tests.recording_support import KEY, with_json

PAYMENT = (
    ("amount", "1000"),
    ("currency", "usd"),
    ("payment_method_types[]", "card"),
    ("payment_method", "pm_card_createDispute"),
    ("confirm", "true"),
)


def recorded(seed: int = 0, *, start_time: int = 1_793_610_000, people: bool = False) -> Cassette:
    """A raw recording, secrets and all, as another account at another time gives it: read, close, refused, list."""
    sandbox = Sandbox(seed=seed, start_time=start_time, people=people)
    made: list[Interaction] = []

    def call(method: str, path: str, body: bytes = b"") -> dict[str, Any]:
        headers = (("Authorization", f"Bearer {KEY}"), ("Stripe-Version", "2026-10-28.endive"))
        request = Request(method, f"https://api.stripe.com{path}", headers, body)
        made.append(Interaction(request, sandbox.answer(request)))
        value: dict[str, Any] = json.loads(made[-1].response.body)
        return value

    payment = call("POST", "/v1/payment_intents", encode_form(PAYMENT))
    dispute = call("GET", f"/v1/disputes?payment_intent={payment['id']}")["data"][0]["id"]
    for method, path in (("GET", ""), ("POST", "/close"), ("POST", "/close"), ("GET", "")):
        call(method, f"/v1/disputes/{dispute}{path}")
    call("GET", "/v1/disputes/du_1AAAAAreplaydisp99999999")
    return Cassette(tuple(made))


OLD = recorded()
READ, CLOSE, REFUSAL, LAST, UNKNOWN = range(2, 7)
"""The calls of a recording on its dispute, by index."""


def with_response(cassette: Cassette, index: int, change: Callable[[Response], Response]) -> Cassette:
    interactions = list(cassette.interactions)
    interactions[index] = replace(interactions[index], response=change(interactions[index].response))
    return Cassette(tuple(interactions))


def with_body(cassette: Cassette, index: int, change: Callable[[dict[str, Any]], None]) -> Cassette:
    def changed(response: Response) -> Response:
        return with_json(response, change)

    return with_response(cassette, index, changed)


def fields_of(value: Any, path: tuple[Any, ...] = ()) -> Iterator[tuple[Any, ...]]:
    """The path of every leaf of a JSON object."""
    if isinstance(value, dict):
        for name, inner in value.items():
            yield from fields_of(inner, (*path, name))
    elif isinstance(value, list):
        for index, inner in enumerate(value):
            yield from fields_of(inner, (*path, index))
    else:
        yield path


def holder(body: dict[str, Any], path: tuple[Any, ...]) -> Any:
    inner: Any = body
    for step in path[:-1]:
        inner = inner[step]
    return inner


def shown(path: tuple[Any, ...]) -> str:
    return "$" + "".join(f"[{step}]" if isinstance(step, int) else f".{step}" for step in path)


Mutation = tuple[Cassette, str, str]
"""A changed recording, and kind and path of what must be found."""


def a_field_gone(drawn: random.Random) -> Mutation:
    path = drawn.choice([path for path in _leaves(READ) if isinstance(path[-1], str) and path[-1] != "object"])
    return with_body(OLD, READ, lambda body: holder(body, path).pop(path[-1])), "field gone", shown(path)


def a_field_added(drawn: random.Random) -> Mutation:
    path = (*drawn.choice([path for path in _leaves(CLOSE) if isinstance(path[-1], str)])[:-1], "brand_new")
    value = drawn.choice([None, True, "word", 3, [], {}])
    return (
        with_body(OLD, CLOSE, lambda body: holder(body, path).update(brand_new=value)),
        "field added",
        shown(path),
    )


def a_field_retyped(drawn: random.Random) -> Mutation:
    path = drawn.choice([path for path in _leaves(LAST) if isinstance(path[-1], str) and path[-1] != "object"])

    def change(body: dict[str, Any]) -> None:
        inner = holder(body, path)
        inner[path[-1]] = {} if not isinstance(inner[path[-1]], dict) else 1

    return with_body(OLD, LAST, change), "type changed", shown(path)


def an_enumeration_grown(drawn: random.Random) -> Mutation:
    name = drawn.choice(["status", "reason"])
    return with_body(OLD, CLOSE, lambda body: body.update({name: "settled_early"})), "value changed", f"$.{name}"


def a_header_gone(drawn: random.Random) -> Mutation:
    index = drawn.choice([READ, CLOSE, REFUSAL])
    headers = OLD.interactions[index].response.headers
    gone = drawn.choice([name for name, _ in redact([OLD.interactions[index]]).interactions[0].response.headers])
    kept = tuple(pair for pair in headers if pair[0] != gone)
    return with_response(OLD, index, lambda answer: replace(answer, headers=kept)), "header gone", gone.lower()


def a_status_changed(drawn: random.Random) -> Mutation:
    index, status = drawn.choice([READ, CLOSE, REFUSAL, UNKNOWN]), drawn.choice([202, 402, 409, 500])
    return with_response(OLD, index, lambda answer: replace(answer, status=status)), "status changed", ""


def an_order_changed(drawn: random.Random) -> Mutation:
    if drawn.random() < 0.5:
        calls = list(OLD.interactions)
        calls[REFUSAL], calls[UNKNOWN] = calls[UNKNOWN], calls[REFUSAL]
        return Cassette(tuple(calls)), "call moved", ""

    def reverse(body: dict[str, Any]) -> None:
        pairs = list(body.items())
        body.clear()
        body.update(reversed(pairs))

    return with_body(OLD, READ, reverse), "order changed", "$"


def an_error_text_changed(drawn: random.Random) -> Mutation:
    index = drawn.choice([REFUSAL, UNKNOWN])
    return (
        with_body(OLD, index, lambda body: body["error"].update(message="This dispute cannot be closed")),
        "value changed",
        "$.error.message",
    )


def _leaves(index: int) -> list[tuple[Any, ...]]:
    return list(fields_of(json.loads(OLD.interactions[index].response.body)))


MUTATIONS = (
    a_field_gone,
    a_field_added,
    a_field_retyped,
    an_enumeration_grown,
    a_header_gone,
    a_status_changed,
    an_order_changed,
    an_error_text_changed,
)


@pytest.mark.parametrize("mutate", MUTATIONS)
def test_each_of_five_seeded_mutations_of_a_kind_is_found_and_nothing_else(
    mutate: Callable[[random.Random], Mutation],
) -> None:
    seed = random.SystemRandom().randrange(2**32)
    print(f"seed {seed}")
    drawn = random.Random(seed)
    for _ in range(5):
        changed, kind, path = mutate(drawn)

        found = compare(OLD, changed).drifts

        assert {(drift.kind, drift.path) for drift in found} == {(kind, path)}, (seed, found)


def test_forty_recordings_by_other_accounts_at_other_times_with_other_people_do_not_differ() -> None:
    seed = random.SystemRandom().randrange(2**32)
    print(f"seed {seed}")
    drawn = random.Random(seed)
    with_people = recorded(people=True)
    for number in range(40):
        people = number % 2 == 1
        other = recorded(
            drawn.randrange(10**6), start_time=drawn.randrange(1_700_000_000, 1_900_000_000), people=people
        )

        assert compare(with_people if people else OLD, other).drifts == ()


def test_a_raw_recording_and_its_redacted_copy_do_not_differ() -> None:
    assert compare(OLD, Cassette(redact(OLD.interactions).interactions)).drifts == ()


def test_an_id_that_names_another_object_than_before_is_a_change() -> None:
    charge = json.loads(OLD.interactions[READ].response.body)["charge"]
    other = charge[:-1] + ("0" if charge[-1] != "0" else "1")

    found = compare(OLD, with_body(OLD, CLOSE, lambda body: body.update(charge=other))).drifts

    assert [(drift.kind, drift.path) for drift in found] == [("value changed", "$.charge")]


def test_what_is_told_of_a_difference_holds_no_secret() -> None:
    changed = with_body(OLD, READ, lambda body: body.update(note="call maria.lopez@gmail.com, key sk_test_" + "4" * 24))

    (found,) = compare(OLD, changed).drifts

    assert found == Drift("field added", "3. GET /v1/disputes/du_…", "$.note", "", found.new)
    assert "maria" not in found.new
    assert "4444" not in found.new


def test_a_call_more_and_a_call_less_are_told_as_such() -> None:
    shorter = Cassette(OLD.interactions[:-1])

    assert [str(drift) for drift in compare(OLD, shorter).drifts] == ["7. GET /v1/disputes/du_…: call gone"]
    assert [str(drift) for drift in compare(shorter, OLD).drifts] == ["7. GET /v1/disputes/du_…: call added"]


def test_a_changed_parameter_is_told_by_name() -> None:
    calls = list(OLD.interactions)
    request = calls[CLOSE].request
    calls[CLOSE] = replace(calls[CLOSE], request=replace(request, body=b"expand[]=charge"))

    found = compare(OLD, Cassette(tuple(calls))).drifts

    assert [(drift.kind, drift.path, drift.new) for drift in found] == [("request changed", "expand[0]", "charge")]


@pytest.mark.parametrize(("status", "note"), [("appeal_under_review", ""), ("settled_early", "not a known status")])
def test_a_dispute_status_that_the_schema_does_not_know_is_noted(status: str, note: str) -> None:
    changed = with_body(OLD, CLOSE, lambda body: body.update(status=status))

    assert compare(OLD, changed).drifts == (
        Drift("value changed", "4. POST /v1/disputes/du_…/close", "$.status", '"lost"', f'"{status}"', note),
    )

"""What the seed decides and what it must not: ids and people, never structure or amounts."""

from __future__ import annotations

import base64
import json
import re
from collections.abc import Iterator
from dataclasses import astuple
from itertools import combinations
from typing import Any

import pytest

from replaydisputes.model import Response, without_headers
from replaydisputes.sandbox import Sandbox
from replaydisputes.sandbox.people import Cast
from replaydisputes.stripe_api.ids import ID, is_id, is_id_suffix
from tests.sandbox_calls import FRAUDULENT, Caller, body_of, payment

SEEDS = range(12)


def tour(sandbox: Sandbox) -> list[Response]:
    """Two payments read, closed and looked back at, with every object once in full."""
    caller = Caller(sandbox, headers={"Idempotency-Key": "k"})
    answers = []
    for number in range(2):
        pay = caller.send("POST", "/v1/payment_intents", *payment(), Idempotency_Key=f"k-{number}")
        intent = body_of(pay)["id"]
        found = caller.send("GET", "/v1/disputes", ("payment_intent", intent), ("expand[]", "data.charge"))
        dispute = body_of(found)["data"][0]["id"]
        answers += [pay, found, caller.send("GET", f"/v1/disputes/{dispute}")]
        answers.append(caller.send("POST", f"/v1/disputes/{dispute}/close", Idempotency_Key=f"c-{number}"))
        answers.append(caller.send("POST", f"/v1/disputes/{dispute}/close", Idempotency_Key=f"d-{number}"))
        answers.append(caller.send("GET", f"/v1/payment_intents/{intent}", ("expand[]", "latest_charge")))
    return [*answers, caller.send("GET", "/v1/events", ("limit", "100"))]


def leaves(value: Any, path: str = "") -> Iterator[tuple[str, Any]]:
    members = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else None
    if members is None:
        yield path, value
        return
    for name, member in members:
        yield from leaves(member, f"{path}/{name}")


def numbered(answers: list[Response]) -> list[tuple[str, Any]]:
    """Every leaf, with strings replaced by the number of their first appearance: the structure without the values.

    Content-Length is left out: it counts bytes, and names are of different lengths.
    """
    seen: dict[str, int] = {}
    headers = [dict(without_headers(answer.headers, ["Content-Length"])) for answer in answers]
    pairs = zip(headers, map(body_of, answers), strict=True)
    rows = [row for header, body in pairs for row in [*leaves(header), *leaves(body)]]
    return [(path, f"s{seen.setdefault(leaf, len(seen))}" if isinstance(leaf, str) else leaf) for path, leaf in rows]


def ids_in(answers: list[Response]) -> set[str]:
    text = " ".join(answer.body.decode() + " ".join(map(str, answer.headers)) for answer in answers)
    return {found[0] for found in ID.finditer(text) if is_id_suffix(found["suffix"]) and found["prefix"] != "secret"}


@pytest.mark.parametrize("people", [False, True])
def test_same_seed_and_same_calls_give_the_same_bytes(people: bool) -> None:
    assert tour(Sandbox(seed=7, people=people)) == tour(Sandbox(seed=7, people=people))


def test_other_seeds_share_no_id() -> None:
    found = [ids_in(tour(Sandbox(seed=seed, people=True))) for seed in SEEDS]

    assert min(map(len, found)) > 40
    assert [left & right for left, right in combinations(found, 2) if left & right] == []


@pytest.mark.parametrize("people", [False, True])
def test_only_strings_depend_on_the_seed_and_equal_strings_stay_equal(people: bool) -> None:
    structures = {seed: numbered(tour(Sandbox(seed=seed, people=people))) for seed in SEEDS}

    assert [seed for seed, structure in structures.items() if structure != structures[0]] == []


def test_another_start_time_changes_no_distance_between_times() -> None:
    def distances(start: int) -> list[int]:
        return [
            leaf - start if path.endswith("created") else leaf // 86_400 - start // 86_400
            for path, leaf in numbered(tour(Sandbox(start_time=start)))
            if re.search(r"created|due_by|_on$", path)
        ]

    assert distances(1_700_000_000) == distances(1_893_456_789)


def test_what_stripe_dates_by_the_calendar_falls_on_the_edges_of_a_day() -> None:
    leaves = numbered(tour(Sandbox(start_time=1_700_000_000)))

    assert {leaf % 86_400 for path, leaf in leaves if path.endswith("due_by")} == {86_399}
    assert {leaf % 86_400 for path, leaf in leaves if path.endswith("available_on")} == {0}


def test_ids_have_the_anatomy_of_stripes() -> None:
    sandbox = Sandbox(seed=3, account="acct_1AbcDefGhiJklMno")
    lengths = {"acct": 16, "req": 14}

    found = ids_in(tour(sandbox))
    wrong = [
        found_id
        for found_id in found
        if len(found_id.rpartition("_")[2]) != lengths.get(found_id.partition("_")[0], 24)
        or ("req_" not in found_id and sandbox.account[-10:] not in found_id)
    ]

    assert wrong == []
    assert {found_id.rpartition("_")[0] for found_id in found} >= {"acct", "ch", "du", "evt", "pi", "pm", "req", "txn"}


def test_an_id_tells_its_time_as_on_the_reference_page() -> None:
    intent = Caller(Sandbox(clock=lambda: 1_680_651_737)).pay()

    assert intent["id"].startswith("pi_3MtJUT")


def test_client_secret_and_receipt_link_name_the_account_as_stripes_do() -> None:
    sandbox = Sandbox(seed=5)
    intent = Caller(sandbox).pay(FRAUDULENT, 2000, ("expand[]", "latest_charge"))

    secret = re.fullmatch(rf"{intent['id']}_secret_[A-Za-z0-9]{{25}}", intent["client_secret"])
    token = intent["latest_charge"]["receipt_url"].rpartition("/")[2]
    assert secret
    assert sandbox.account.encode() in base64.urlsafe_b64decode(token)


@pytest.mark.parametrize("account", ["acct_short", "acct_1AbcDefGhiJklMn!", "1AbcDefGhiJklMno"])
def test_an_account_of_another_shape_is_refused(account: str) -> None:
    with pytest.raises(ValueError, match="account must be acct_ and 16"):
        Sandbox(account=account)


def test_people_fill_every_field_of_evidence_and_charge() -> None:
    caller = Caller(Sandbox(people=True))
    dispute = caller.dispute()
    path = f"/v1/disputes/{dispute['id']}"
    caller.get(path)
    dispute = caller.get(path)
    charge = caller.get(f"/v1/charges/{dispute['charge']}")

    personal = {name: charge[name] for name in ("billing_details", "description", "metadata", "receipt_email")}
    personal |= {name: charge[name] for name in ("receipt_number", "receipt_url", "shipping")}
    empty = [path for path, leaf in leaves({"evidence": dispute["evidence"], **personal}) if leaf in (None, "", {})]
    assert empty == ["/billing_details/tax_id"]
    assert is_id(dispute["evidence"]["duplicate_charge_id"])


def test_stripe_fills_the_persons_name_in_only_later() -> None:
    caller = Caller(Sandbox(people=True))
    fields = ("customer_email_address", "customer_name", "product_description")

    first = caller.dispute()
    later = caller.get(f"/v1/disputes/{first['id']}")["evidence"]
    charge = caller.get(f"/v1/charges/{first['charge']}")

    assert [first["evidence"][name] for name in fields] == [None] * 3
    billing = charge["billing_details"]
    assert [later[name] for name in fields] == [billing["email"], billing["name"], charge["description"]]


def test_what_the_merchant_says_wins_over_invention() -> None:
    caller = Caller(Sandbox(people=True))

    intent = caller.pay(FRAUDULENT, 2000, ("description", "One hat"), ("metadata[order_id]", "7"))

    assert (intent["description"], intent["metadata"]["order_id"]) == ("One hat", "7")


def test_a_hundred_payments_invent_a_hundred_different_people() -> None:
    caller = Caller(Sandbox(people=True))

    intents = [caller.pay(FRAUDULENT, 2000, ("expand[]", "latest_charge")) for _ in range(100)]

    billing = [intent["latest_charge"]["billing_details"] for intent in intents]
    assert [len({row[name] for row in billing}) for name in ("name", "email", "phone")] == [100] * 3


def test_text_outside_ascii_is_sent_as_it_is() -> None:
    caller = Caller(Sandbox(seed=1, people=True))

    body = caller.send("POST", "/v1/payment_intents", *payment()).body

    assert b"\\u" not in body
    assert json.loads(body)["description"].encode() in body


@pytest.mark.parametrize("seed", SEEDS)
def test_no_invented_value_hides_in_another(seed: int) -> None:
    cast = Cast(seed)
    stories = [cast.story() for _ in range(5)]

    people = [person for story in stories for person in (story.buyer, story.recipient)]
    values = [text for story in stories for text in astuple(story) if isinstance(text, str)]
    values += [goods for story in stories for goods in story.earlier_goods]
    values += [text for person in people for text in (person.name, person.email, person.phone)]
    values += [person.address[name] for person in people for name in ("line1", "line2", "postal_code")]
    hidden = [(short, long) for short in values for long in values if short is not long and short in long]
    assert (len(values), hidden) == (5 * (10 + 2 + 6 + 6), [])

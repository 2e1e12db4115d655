"""A dispute at each Stripe-Version: which fields it shows, in every place where it can stand."""

from __future__ import annotations

import json
from importlib.resources import files
from itertools import pairwise
from typing import Any

import jsonschema
import pytest

from replaydisputes.sandbox import Sandbox
from replaydisputes.sandbox.evidence import FILE_FIELDS, TEXT_FIELDS
from tests.sandbox_calls import Caller, body_of

SCHEMA = json.loads(files("replaydisputes.stripe_api").joinpath("dispute.schema.json").read_text("utf-8"))
OLD, BASIL, DAHLIA, ENDIVE = "2023-10-16", "2025-03-31.basil", "2026-08-26.dahlia", "2026-10-28.endive"

APPEARED = [
    (OLD, set()),
    (
        BASIL,
        {
            "enhanced_eligibility_types",
            "evidence.enhanced_evidence",
            "evidence_details.enhanced_eligibility",
            "payment_method_details",
            "payment_method_details.card.case_type",
        },
    ),
    (DAHLIA, {"payment_method_details.card.network"}),
    (ENDIVE, {"evidence.appeal", "evidence_details.submission_method", "intended_submission_method"}),
]


def members(value: Any, path: str = "") -> set[str]:
    """Every path of names in an object."""
    found: set[str] = set()
    for name, inner in value.items() if isinstance(value, dict) else ():
        found |= {f"{path}{name}", *members(inner, f"{path}{name}.")}
    return found


def at(version: str, *, people: bool = False) -> Any:
    caller = Caller(Sandbox(people=people))
    dispute = caller.dispute()["id"]
    return body_of(caller.send("GET", f"/v1/disputes/{dispute}", Stripe_Version=version))


@pytest.mark.parametrize(("older", "newer"), list(pairwise(APPEARED)))
def test_each_version_shows_what_the_one_before_did_and_its_own(older: Any, newer: Any) -> None:
    assert members(at(newer[0])) - members(at(older[0])) >= newer[1]
    assert members(at(older[0])) - members(at(newer[0])) == set()
    later = [name for version, names in APPEARED if version > newer[0] for name in names]
    assert members(at(newer[0])).isdisjoint(later)


def test_the_oldest_shape_is_that_of_the_reference_pages_sample() -> None:
    dispute = at(OLD)

    assert set(dispute["evidence"]) == {*TEXT_FIELDS, *FILE_FIELDS}
    assert (len(dispute["evidence"]), len(dispute["evidence_details"])) == (27, 4)
    assert not {"payment_method_details", "enhanced_eligibility_types"} & dispute.keys()


@pytest.mark.parametrize("people", [False, True])
@pytest.mark.parametrize("version", [OLD, BASIL, DAHLIA, ENDIVE])
def test_every_versions_dispute_fits_the_schema(version: str, people: bool) -> None:
    jsonschema.validate(at(version, people=people), SCHEMA)


@pytest.mark.parametrize(
    ("version", "listed"),
    [
        (BASIL, {"visa_compelling_evidence_3"}),
        (DAHLIA, {"mastercard_compliance", "visa_compelling_evidence_3", "visa_compliance"}),
    ],
)
def test_eligibility_is_listed_as_far_as_the_version_knows_it(version: str, listed: set[str]) -> None:
    dispute = at(version, people=True)

    assert set(dispute["enhanced_eligibility_types"]) == listed
    assert ("mastercard_compliance" in dispute["evidence"]["enhanced_evidence"]) is (version == DAHLIA)


@pytest.mark.parametrize(
    ("between", "like"),
    [("2020-08-27", OLD), ("2024-06-20", OLD), ("2025-11-17.clover", BASIL), ("2027-01-01", ENDIVE)],
)
def test_a_version_between_is_shown_like_the_one_before_it(between: str, like: str) -> None:
    assert at(between) == at(like)


def test_a_dispute_is_rendered_wherever_it_stands_but_in_an_event() -> None:
    caller = Caller(Sandbox(), headers={"Stripe-Version": OLD})
    dispute = caller.dispute()
    closed = caller.post(f"/v1/disputes/{dispute['id']}/close", ("expand[]", "charge.payment_intent"))
    booked = caller.get(f"/v1/balance_transactions/{dispute['balance_transaction']}", ("expand[]", "source"))
    event = caller.get("/v1/events", ("type", "charge.dispute.closed"))["data"][0]

    assert members(dispute) == members(closed) - {path for path in members(closed) if path.startswith("charge.")}
    assert members(booked["source"]) == members(dispute)
    assert (closed["charge"]["invoice"], closed["charge"]["payment_intent"]["invoice"]) == (None, None)
    assert "balance_type" not in booked
    assert "balance_type" not in booked["source"]["balance_transactions"][0]
    assert event["api_version"] == ENDIVE
    assert members(event["data"]["object"]) == members(at(ENDIVE))


def test_a_repeated_key_answers_in_the_first_requests_version() -> None:
    caller = Caller(Sandbox())
    path = f"/v1/disputes/{caller.dispute()['id']}/close"

    answers = [caller.send("POST", path, Idempotency_Key="k", Stripe_Version=version) for version in (OLD, ENDIVE)]

    assert answers[0].body == answers[1].body
    assert [answer.header("Stripe-Version") for answer in answers] == [OLD, OLD]
    assert [answer.header("Replaydisputes-Assumption") for answer in answers] == ["object-shape"] * 2

"""Our reading of the dispute schema against the jsonschema library's."""

from __future__ import annotations

import copy
import json
import random
from collections.abc import Iterator
from dataclasses import replace
from itertools import pairwise
from pathlib import Path
from typing import Any

import jsonschema
import pytest

from replaydisputes.checking.schema import dispute_schema, violations
from replaydisputes.sandbox import Sandbox
from tests.check_support import PROVENANCE, READ, a_dispute, answered, rules
from tests.sandbox_calls import Caller, body_of

UNDERSTOOD = {"type", "const", "properties", "required", "items", "anyOf", "additionalProperties", "x-enum", "$comment"}
ODD: list[Any] = [None, True, 0, 1.0, 1.5, "", "text", [], {}, {"id": "x", "object": "y"}, [{}], [None], {"a": 1}]


def schemas(schema: dict[str, Any]) -> Iterator[dict[str, Any]]:
    yield schema
    for inner in (*schema.get("properties", {}).values(), *schema.get("anyOf", [])):
        yield from schemas(inner)
    for word in ("items", "additionalProperties"):
        if word in schema:
            yield from schemas(schema[word])


def test_the_schema_uses_no_word_that_is_not_understood() -> None:
    assert {word for schema in schemas(dict(dispute_schema())) for word in schema} == UNDERSTOOD


def test_the_packaged_schema_is_the_one_the_sandbox_answers_with() -> None:
    assert list(violations(a_dispute(), dispute_schema())) == []


def test_it_judges_as_jsonschema_does_after_any_change() -> None:
    """Both say yes or no to the same values, and where ours says no, it points at what the other points at."""
    seed = random.randrange(2**32)
    drawn = random.Random(seed)
    other = jsonschema.Draft202012Validator(dict(dispute_schema()))
    refused = 0
    for _ in range(1500):
        value = changed(a_value(drawn), drawn)
        ours = {
            (violation.path, violation.rule == "schema/required")
            for violation in violations(value, dispute_schema())
            if violation.rule != "schema/unknown-value"
        }
        theirs = {(tuple(error.absolute_path), error.validator == "required") for error in other.iter_errors(value)}
        assert ours == theirs, f"seed {seed}: {json.dumps(value)[:500]}"
        refused += bool(ours)
    assert 300 < refused < 1500


BASE = a_dispute()


def a_value(drawn: random.Random) -> Any:
    value = copy.deepcopy(BASE)
    if drawn.random() < 0.3:
        value["evidence"]["enhanced_evidence"] = {
            "visa_compelling_evidence_3": {"disputed_transaction": None, "prior_undisputed_transactions": [{}]},
            "visa_compliance": {"fee_acknowledged": drawn.choice(ODD)},
        }
    return value


def changed(value: Any, drawn: random.Random) -> Any:
    """A few members replaced by something odd, taken away or added, anywhere."""
    for _ in range(drawn.randint(0, 3)):
        holder = value
        while True:
            keys = list(holder) if isinstance(holder, dict) else list(range(len(holder)))
            if not keys:
                break
            key = drawn.choice(keys)
            if isinstance(holder[key], dict | list) and holder[key] and drawn.random() < 0.6:
                holder = holder[key]
                continue
            if drawn.random() < 0.3:
                del holder[key]
            else:
                holder[key] = copy.deepcopy(drawn.choice(ODD))
            break
    return value


def test_the_file_is_json_without_references_so_nothing_is_ever_fetched() -> None:
    text = Path(__file__).parent.parent.joinpath("replaydisputes/stripe_api/dispute.schema.json").read_text()

    assert "$ref" not in text


def test_a_stand_in_is_no_unknown_value() -> None:
    schema = {"type": "string", "x-enum": ["merchandise", "services"]}

    values = ("services", "[redacted 3]", "food")
    said = {value: [found.rule for found in violations(value, schema)] for value in values}

    assert said == {"services": [], "[redacted 3]": [], "food": ["schema/unknown-value"]}


VERSIONS = ("2023-10-16", "2025-03-31.basil", "2026-08-26.dahlia", "2026-10-28.endive")


def at_version(version: str) -> Any:
    caller = Caller(Sandbox())
    return body_of(caller.send("GET", f"/v1/disputes/{caller.dispute()['id']}", Stripe_Version=version))


@pytest.mark.parametrize("version", VERSIONS)
def test_a_dispute_is_what_its_version_shows_and_no_more(version: str) -> None:
    said = [(found.rule, found.message) for found in violations(at_version(version), dispute_schema(version))]

    assert said == []


@pytest.mark.parametrize(("older", "newer"), list(pairwise(VERSIONS)))
def test_a_dispute_of_an_older_version_lacks_what_the_newer_one_always_sends(older: str, newer: str) -> None:
    found = list(violations(at_version(older), dispute_schema(newer)))

    assert {violation.rule for violation in found} == {"schema/required"}
    assert list(violations(at_version(newer), dispute_schema(""))) == []


@pytest.mark.parametrize(("older", "newer"), list(pairwise(VERSIONS)))
def test_a_field_of_a_newer_version_is_worth_a_note(older: str, newer: str) -> None:
    found = {violation.rule for violation in violations(at_version(newer), dispute_schema(older))}

    assert found == {"schema/newer-field"}


def test_the_version_is_the_answers_own_then_the_requests_then_the_recordings() -> None:
    old, new = (("Stripe-Version", "2023-10-16"),), (("Stripe-Version", "2026-10-28.endive"),)
    dispute = at_version("2023-10-16")
    cases = (
        answered(replace(READ, headers=new), dispute, headers=old),
        answered(replace(READ, headers=old), dispute),
        answered(READ, dispute),
    )

    assert ["schema/required" in rules(case) for case in cases] == [False, False, True]
    assert "schema/required" not in rules(cases[0], provenance=replace(PROVENANCE, stripe_version="2026-10-28.endive"))


def test_an_event_shows_its_dispute_in_the_accounts_version() -> None:
    event = {"id": "evt_1", "object": "event", "data": {"object": at_version("2023-10-16")}}
    request = replace(READ, url="https://api.stripe.com/v1/events/evt_1")

    assert not any(rule.startswith("schema/") for rule in rules(answered(request, event)))

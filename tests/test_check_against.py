"""`check --against`: recorded answers held against an OpenAPI file in the layout of Stripe's.

The file is a subset made by hand, tests/data/openapi_subset.json; Stripe's own was not at hand.
"""

from __future__ import annotations

import copy
import json
import random
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import jsonschema
import pytest

from replaydisputes.checking import Finding, OpenApi, OpenApiError, check
from replaydisputes.checking.against import deviations
from replaydisputes.checking.finding import RULES
from replaydisputes.recording.recorder import record
from replaydisputes.recording.scenarios import SCENARIOS
from replaydisputes.sandbox import Sandbox
from tests.check_support import HERE, ORIGIN, PROVENANCE, READ, answered, file_of
from tests.recording_support import sandbox_target, surroundings
from tests.sandbox_calls import Caller, body_of
from tests.test_cli import run

SUBSET = Path(__file__).parent / "data" / "openapi_subset.json"
SPEC = OpenApi(SUBSET.read_bytes(), SUBSET)
VERSION = "2026-09-30.endive"


def a_dispute() -> dict[str, Any]:
    caller = Caller(Sandbox())
    dispute: dict[str, Any] = body_of(
        caller.send("GET", f"/v1/disputes/{caller.dispute()['id']}", Stripe_Version=VERSION)
    )
    return dispute


DISPUTE = a_dispute()


def found(value: Any, url: str = READ.url, status: int = 200) -> list[Finding]:
    """What the specification has to say of an answer, but for what it never names."""
    content = file_of(
        answered(replace(READ, url=url), value, status), provenance=replace(PROVENANCE, stripe_version=VERSION)
    )
    every = check(content, HERE, spec=SPEC)
    return [finding for finding in every if finding.rule.startswith("openapi/") and finding.rule != "openapi/unlisted"]


def changed(change: Callable[[dict[str, Any]], object]) -> dict[str, Any]:
    value = copy.deepcopy(DISPUTE)
    change(value)
    return value


def recorded(name: str, directory: Path) -> list[Finding]:
    """What is found in a scenario recorded from the sandbox at the specification's version."""
    with sandbox_target() as target:
        scenario = replace(SCENARIOS[name], stripe_version=VERSION)
        made = record(scenario, target, directory / "x.yaml", surroundings())
    return list(check(made.path.read_bytes(), made.path, spec=SPEC))


@pytest.mark.parametrize(
    "name", ["close-twice", "close-list", "close-unknown", "close-expand-charge", "close-metadata"]
)
def test_a_recording_at_the_specifications_version_is_clean(name: str, tmp_path: Path) -> None:
    assert {finding.rule for finding in recorded(name, tmp_path)} - {"openapi/unlisted"} == set()


def test_an_event_shows_its_object_in_the_accounts_newer_version(tmp_path: Path) -> None:
    told = [finding for finding in recorded("close-lost", tmp_path) if finding.rule != "openapi/unlisted"]

    inside = "interactions[3].response.body $.data.object"
    assert [(finding.rule, finding.field) for finding in told] == [
        ("openapi/other-version", "replaydisputes"),
        ("openapi/unknown", f"{inside}.evidence.appeal"),
        ("openapi/unknown", f"{inside}.evidence_details.submission_method"),
        ("openapi/unknown", f"{inside}.intended_submission_method"),
    ]


DEVIATIONS: dict[str, tuple[Callable[[dict[str, Any]], object], str, str, str]] = {
    "unknown": (
        lambda body: body.update(wat=1),
        "openapi/unknown",
        "$.wat",
        "a field that the specification does not name",
    ),
    "unknown, deeper": (
        lambda body: body["evidence_details"].update(wat=None),
        "openapi/unknown",
        "$.evidence_details.wat",
        "a field that the specification does not name",
    ),
    "missing": (
        lambda body: [body.pop(name) for name in ("amount", "livemode")],
        "openapi/missing",
        "$",
        "the specification requires: amount, livemode",
    ),
    "missing in a list": (
        lambda body: body["balance_transactions"][0].pop("fee_details"),
        "openapi/missing",
        "$.balance_transactions[0]",
        "the specification requires: fee_details",
    ),
    "absent": (
        lambda body: body["evidence"].pop("customer_name"),
        "openapi/absent",
        "$.evidence",
        "absent, where the specification has a value or null: customer_name",
    ),
    "type": (
        lambda body: body.update(amount="10"),
        "openapi/type",
        "$.amount",
        "the specification has an integer, got text",
    ),
    "null": (lambda body: body.update(charge=None), "openapi/type", "$.charge", "has text or an object, got null"),
    "neither id nor object": (
        lambda body: body.update(payment_intent=7),
        "openapi/type",
        "$.payment_intent",
        "the specification has text or an object or null, got an integer",
    ),
    "type in a map": (
        lambda body: body.update(metadata={"key_1": 1}),
        "openapi/type",
        "$.metadata.key_1",
        "the specification has text, got an integer",
    ),
    "value": (
        lambda body: body.update(status="forgotten"),
        "openapi/unknown-value",
        "$.status",
        "a value that the specification does not list: 'forgotten'",
    ),
}


@pytest.mark.parametrize("case", DEVIATIONS)
def test_a_deviation_is_told_once_by_its_path_without_the_value(case: str) -> None:
    change, rule, path, message = DEVIATIONS[case]

    (one,) = found(changed(change))

    assert (one.rule, one.field) == (rule, f"interactions[0].response.body {path}")
    assert message in one.message


def test_every_rule_of_the_specification_has_a_case_here() -> None:
    elsewhere = {"openapi/unlisted", "openapi/no-schema", "openapi/other-version"}

    assert {rule for _, rule, _, _ in DEVIATIONS.values()} | elsewhere == {
        rule for rule in RULES if rule.startswith("openapi/")
    }


def test_lists_errors_and_what_an_event_holds_are_held_to_their_schemas_too() -> None:
    wrong = changed(lambda body: body.update(amount=None))
    listed = {"object": "list", "data": [DISPUTE, wrong], "has_more": False, "count": 2}
    event = {
        "id": "evt_1",
        "object": "event",
        "api_version": VERSION,
        "created": 1767225600,
        "data": {"object": wrong},
        "livemode": False,
        "pending_webhooks": 0,
        "request": None,
        "type": "charge.dispute.closed",
    }
    error = {"error": {"message": "No", "kind": "invalid_request_error"}}

    def said(value: Any, url: str, status: int = 200) -> list[tuple[str, str]]:
        return [(one.rule, one.field.partition(" ")[2]) for one in found(value, ORIGIN + url, status)]

    assert said(listed, "/v1/disputes?limit=2") == [("openapi/missing", "$"), ("openapi/type", "$.data[1].amount")]
    assert said(event, "/v1/events/evt_1") == [("openapi/type", "$.data.object.amount")]
    assert said(error, "/v1/disputes/du_1", 404) == [
        ("openapi/missing", "$.error"),
        ("openapi/unknown", "$.error.kind"),
    ]


def test_an_answer_that_no_path_describes_is_known_by_its_object_or_else_not_described() -> None:
    wrong = changed(lambda body: body.update(amount=None))

    assert [one.rule for one in found(wrong, f"{ORIGIN}/v1/elsewhere")] == ["openapi/type"]
    assert [one.rule for one in found({"object": "unicorn"}, f"{ORIGIN}/v1/elsewhere")] == ["openapi/no-schema"]


def test_a_specification_of_another_version_is_said_once() -> None:
    content = file_of(answered(READ, DISPUTE), answered(READ, DISPUTE))

    notes = [one for one in check(content, HERE, spec=SPEC) if one.rule == "openapi/other-version"]

    assert [(one.message, one.field) for one in notes] == [
        (f"the specification is of {VERSION}, the recording of 2026-10-28.endive", "replaydisputes")
    ]


def test_a_deleted_object_is_held_to_the_schema_of_what_is_deleted() -> None:
    alive = {"required": ["id", "name"], "properties": {"id": {"type": "string"}, "object": {"enum": ["thing"]}}}
    deleted = {"required": ["deleted", "id"], "properties": {"deleted": {}, "id": {}, "object": {"enum": ["thing"]}}}
    either = {"anyOf": [{"$ref": "#/components/schemas/thing"}, {"$ref": "#/components/schemas/deleted_thing"}]}
    document = {"openapi": "3.0.0", "components": {"schemas": {"thing": alive, "deleted_thing": deleted}}}
    spec = OpenApi(json.dumps(document).encode(), SUBSET)

    gone = {"id": "x", "object": "thing", "deleted": True}
    assert list(deviations(gone, either, spec)) == []
    assert [one.message for one in deviations({"id": "x", "object": "thing"}, either, spec)] == [
        "the specification requires: name"
    ]


def test_it_judges_as_jsonschema_does_after_any_change() -> None:
    """OpenAPI's words put into JSON Schema's, unknown fields refused: then both say yes or no to the same values."""
    seed = random.SystemRandom().randrange(2**32)
    print(f"seed {seed}")
    drawn = random.Random(seed)
    other = jsonschema.Draft202012Validator(as_json_schema(json.loads(SUBSET.read_bytes()), "dispute"))
    schema = {"$ref": "#/components/schemas/dispute"}
    refused = 0
    base = {
        name: value for name, value in DISPUTE.items() if name not in ("balance_transaction", "network_reason_code")
    }
    for _ in range(800):
        value = copy.deepcopy(base)
        for _ in range(drawn.randint(0, 3)):
            change_anywhere(value, drawn)
        ours = [one for one in deviations(value, schema, SPEC) if RULES[one.rule].level == "error"]
        assert bool(ours) != other.is_valid(value), f"seed {seed}: {ours} {json.dumps(value)[:800]}"
        refused += bool(ours)
    assert 150 < refused < 800


ODD: list[Any] = [None, True, 0, 1.5, "text", [], {}, {"id": "x"}, [None], {"a": 1}]


def change_anywhere(value: Any, drawn: random.Random) -> None:
    """One member replaced by something odd, taken away or added, at any depth."""
    while True:
        keys = list(value) if isinstance(value, dict) else list(range(len(value)))
        if not keys:
            return
        key = drawn.choice(keys)
        if isinstance(value[key], dict | list) and value[key] and drawn.random() < 0.7:
            value = value[key]
            continue
        if drawn.random() < 0.3:
            del value[key]
        elif isinstance(value, dict) and drawn.random() < 0.2:
            value["wat"] = copy.deepcopy(drawn.choice(ODD))
        else:
            value[key] = copy.deepcopy(drawn.choice(ODD))
        return


def as_json_schema(document: dict[str, Any], name: str) -> dict[str, Any]:
    """A schema of an OpenAPI 3.0 document in JSON Schema, closed where it names properties; enums are open sets."""

    def put(schema: dict[str, Any]) -> dict[str, Any]:
        words = {"$ref", "type", "required"}
        made: dict[str, Any] = {word: schema[word] for word in words if word in schema}
        if "anyOf" in schema:
            made["anyOf"] = [put(each) for each in schema["anyOf"]]
        if "items" in schema:
            made["items"] = put(schema["items"])
        if schema.get("properties"):
            made["properties"] = {key: put(each) for key, each in schema["properties"].items()}
            made["additionalProperties"] = False
        if isinstance(schema.get("additionalProperties"), dict):
            made["additionalProperties"] = put(schema["additionalProperties"])
        return {"anyOf": [{"type": "null"}, made]} if schema.get("nullable") else made

    schemas = {key: put(each) for key, each in document["components"]["schemas"].items()}
    return {"$ref": f"#/components/schemas/{name}", "components": {"schemas": schemas}}


BAD = {
    "yaml": (b"openapi: 3.0.0\ninfo: {}\n", "got YAML; the same in JSON lies beside it"),
    "swagger 2": (b'{"swagger": "2.0"}', "got version 2.0"),
    "nothing described": (b'{"openapi": "3.0.0", "paths": {}}', "got one that describes no call and no object"),
    "3.1": (b'{"openapi": "3.1.0"}', "got version 3.1.0"),
    "other JSON": (b'{"a": 1}', "got other JSON"),
    "a list": (b"[]", "got other JSON"),
    "no JSON": (b"\x00\xff", "got something else"),
    "too deep": (b"[" * 200_000, "got something else"),
}


@pytest.mark.parametrize("kind", BAD)
def test_a_file_that_is_no_specification_is_one_clear_line(kind: str) -> None:
    content, said = BAD[kind]

    with pytest.raises(OpenApiError) as refused:
        OpenApi(content, Path("spec3.json"))

    assert str(refused.value).startswith("spec3.json: expected an OpenAPI 3 specification in JSON, ")
    assert said in str(refused.value)


@pytest.mark.parametrize(
    "reference", ["#/components/schemas/none", "#/components/schemas/loop", "other.json#/x", "#/info/version"]
)
def test_a_reference_that_leads_nowhere_is_said(reference: str) -> None:
    schemas = {"loop": {"$ref": "#/components/schemas/loop"}}
    spec = OpenApi(json.dumps({"openapi": "3.0.0", "components": {"schemas": schemas}}).encode(), Path("spec3.json"))

    with pytest.raises(OpenApiError, match="leads to no schema"):
        list(deviations({}, {"$ref": reference}, spec))


@pytest.fixture
def cassette(tmp_path: Path) -> Path:
    path = tmp_path / "cassettes" / "x.yaml"
    path.parent.mkdir()
    wrong = changed(lambda body: body.update(wat=1))
    answer = answered(READ, {**wrong, "balance_transaction": None})
    path.write_bytes(file_of(answer, provenance=replace(PROVENANCE, stripe_version=VERSION)))
    return path


def test_the_command_tells_it_in_every_format_and_exits_with_3(cassette: Path, tmp_path: Path) -> None:
    def said(*arguments: str) -> str:
        done = run("check", "cassettes", "--against", str(SUBSET), *arguments, cwd=tmp_path)
        assert done.returncode == 3, done.stderr
        return done.stdout

    field = "interactions[0].response.body $.wat"
    assert f"openapi/unknown: a field that the specification does not name [{field}]" in said()
    told = {one["rule"]: one for one in json.loads(said("--json"))["findings"]}["openapi/unknown"]
    assert (told["field"], told["level"]) == (field, "error")
    results = json.loads(said("--format", "sarif"))["runs"][0]["results"]
    line = next(one for one in results if one["ruleId"] == "openapi/unknown")["locations"][0]["physicalLocation"]
    assert line["region"]["startLine"] == told["line"]
    assert f"::error file=cassettes/x.yaml,line={told['line']}," in said("--format", "github")
    assert '"wat": 1' in cassette.read_text(encoding="utf-8").splitlines()[told["line"] - 1]


@pytest.mark.parametrize(("name", "code"), [("none.json", 2), ("cassettes/x.yaml", 2), ("cassettes", 2)])
def test_the_command_says_what_is_wrong_with_the_file(name: str, code: int, cassette: Path, tmp_path: Path) -> None:
    done = run("check", "cassettes", "--against", name, cwd=tmp_path)

    assert (done.returncode, done.stdout) == (code, "")
    assert "Traceback" not in done.stderr

"""What a check finds in the bytes of a cassette, and where it says that it stands."""

from __future__ import annotations

import base64
import gzip
import json
import random
import re
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
import yaml

from replaydisputes.cassette_file.stamp import without_stamp
from replaydisputes.checking import Finding, check
from replaydisputes.checking.finding import RULES
from replaydisputes.checking.json_index import JsonIndex
from replaydisputes.model import Interaction, Request, Response
from replaydisputes.redaction import extended
from tests.check_support import (
    CLOSE,
    HERE,
    ORIGIN,
    PROVENANCE,
    READ,
    SHIPPED,
    a_dispute,
    answered,
    edited,
    file_of,
    findings,
    rules,
    said,
)

EMAIL = "jane.austen@" + "corp-mail.io"
JSON_TYPE = ("Content-Type", "application/json")


@pytest.mark.parametrize("path", sorted(SHIPPED.glob("*.yaml")), ids=lambda path: path.stem)
def test_every_shipped_cassette_is_clean(path: Path) -> None:
    assert check(path.read_bytes(), path) == ()


def test_an_email_is_found_at_its_line_column_and_field_and_stays_masked() -> None:
    content = edited(lambda text: text.replace('"customer_name": null', f'"customer_name": "{EMAIL}"', 1))
    line = next(number for number, text in enumerate(content.decode().splitlines(), 1) if EMAIL in text)

    (found,) = [found for found in check(content, HERE) if found.rule.startswith("leak/")]

    assert found == Finding(
        "leak/email",
        "email j…@c… (24 characters)",
        line,
        content.decode().splitlines()[line - 1].index(EMAIL) + 1,
        "interactions[0].response.body $.evidence.customer_name",
        "j…@c… (24 characters)",
    )
    assert EMAIL not in repr(found)


@pytest.mark.parametrize(
    ("change", "field"),
    [
        (("    uri: https", f"    uri: https://x/?a={EMAIL}#https"), "interactions[0].request.uri"),
        (
            ("    headers:\n", f"    headers:\n      X-Note:\n      - {EMAIL}\n"),
            "interactions[0].request.headers.X-Note",
        ),
        (("  scenario: close-lost", f"  scenario: {EMAIL}"), "replaydisputes.scenario"),
        (("    body: null", f"    body: email={EMAIL}"), "interactions[0].request.body"),
        (("version: 1\n", f"note: {EMAIL}\nversion: 1\n"), "note"),
        (("# Made", f"# {EMAIL} Made"), ""),
    ],
)
def test_a_leak_outside_an_answer_is_told_by_its_field(change: tuple[str, str], field: str) -> None:
    content = edited(lambda text: text.replace(*change, 1))

    assert [found.field for found in check(content, HERE) if found.rule == "leak/email"] == [field]


@pytest.mark.parametrize(
    "key", [EMAIL, "sk_test_" + "4eC39HqLyjWDarjtT1zdp7dc", "sk_test_" + "abcdefghijklmnopqrstuvwx"]
)
def test_a_key_that_is_itself_the_leak_is_not_printed(key: str) -> None:
    found = findings(answered(READ, a_dispute(metadata={key: 5})))

    assert {each.rule for each in found} > {"schema/type"}
    assert key not in repr(found)


def test_an_edit_without_a_seal_is_a_finding_at_the_digest() -> None:
    content = edited(lambda text: text.replace('"amount": 1000', '"amount": 1001').replace("reason: ", "reason:  "))
    ours = [found for found in check(content, HERE) if found.rule == "digest/edited"]

    assert [(found.field, content.decode().splitlines()[found.line - 1][:10]) for found in ours if found.line] == [
        ("replaydisputes.digest", "  digest: ")
    ]


def test_a_digest_that_is_gone_is_an_edit() -> None:
    content = edited(lambda text: "".join(line for line in text.splitlines(True) if "digest:" not in line))

    assert [(found.rule, found.field) for found in check(content, HERE)] == [("digest/edited", "replaydisputes")]


def test_a_foreign_cassette_is_told_that_it_has_no_provenance() -> None:
    (found,) = findings(said("lost"), provenance=None)

    assert (found.rule, found.line, found.field) == ("provenance/missing", 1, "version")
    assert "redact" in RULES[found.rule].next_step


def test_what_the_sandbox_answered_cannot_pass_for_stripe() -> None:
    spoken = said("lost", headers=(("Replaydisputes-Sandbox", "true"),))
    accused = {
        source: rules(spoken, provenance=replace(PROVENANCE, made_against=source))
        for source in ("stripe-test-mode", "sandbox", "imported")
    }

    assert accused == {"stripe-test-mode": ["provenance/sandbox"], "sandbox": [], "imported": []}


def test_live_mode_is_found_at_any_depth_and_in_bodies_that_are_no_json() -> None:
    charge = {"id": "ch_1AAAAAreplaydisp00000001", "object": "charge", "livemode": True}
    broken = Response(200, (("Content-Type", "text/plain"),), b'{"livemode" : true', "OK")

    found = findings(answered(READ, a_dispute(charge=charge)), Interaction(Request("GET", ORIGIN), broken))

    assert [(each.rule, each.field) for each in found] == [
        ("livemode", "interactions[0].response.body $.charge.livemode"),
        ("livemode", "interactions[1].response.body"),
    ]


@pytest.mark.parametrize(
    ("change", "field", "message"),
    [
        ({"amount": "1000"}, "$.amount", "expected an integer, got text"),
        ({"amount": 10.5}, "$.amount", "expected an integer, got a fraction"),
        ({"amount": True}, "$.amount", "expected an integer, got true or false"),
        ({"is_charge_refundable": 1}, "$.is_charge_refundable", "expected true or false, got an integer"),
        ({"charge": None}, "$.charge", "expected text or an object with id and object, got null"),
        ({"charge": {"id": "ch"}}, "$.charge", "expected text or an object with id and object, got an object"),
        ({"metadata": {"order": 7}}, "$.metadata.order", "expected text, got an integer"),
        ({"balance_transactions": {}}, "$.balance_transactions", "expected a list, got an object"),
        ({"livemode": None}, "$.livemode", "expected true or false, got null"),
        ({"status": 5}, "$.status", "expected text, got an integer"),
    ],
)
def test_a_field_of_the_wrong_type_is_found_where_it_stands(change: dict[str, Any], field: str, message: str) -> None:
    content = file_of(answered(READ, a_dispute(**change)))
    (found,) = check(content, HERE)

    assert (found.rule, found.field, found.message) == (
        "schema/type",
        f"interactions[0].response.body {field}",
        message,
    )
    assert found.line is not None
    assert field.rpartition(".")[2] in content.decode().splitlines()[found.line - 1]


def test_missing_fields_are_named_in_lists_and_expanded_objects() -> None:
    listed = {"object": "list", "data": [a_dispute(), a_dispute(reason=..., charge=...)], "has_more": False}
    expanded = {"object": "charge", "id": "ch_1AAAAAreplaydisp00000001", "dispute": a_dispute(status=...)}
    page, charge = Request("GET", f"{ORIGIN}/v1/disputes"), Request("GET", f"{ORIGIN}/v1/charges/{expanded['id']}")

    found = findings(answered(page, listed), answered(charge, expanded))

    assert [(each.rule, each.field, each.message) for each in found] == [
        ("schema/required", "interactions[0].response.body $.data[1]", "missing: charge, reason"),
        ("schema/required", "interactions[1].response.body $.dispute", "missing: status"),
    ]


def test_an_unknown_value_is_a_note_and_what_changed_in_an_event_is_no_dispute() -> None:
    event = {
        "object": "event",
        "id": "evt_1AAAAAreplaydisp00000001",
        "data": {"object": a_dispute(), "previous_attributes": {"object": "dispute", "status": "needs_response"}},
    }
    found = findings(
        answered(Request("GET", f"{ORIGIN}/v1/events/{event['id']}"), event),
        answered(READ, a_dispute(status="reconsidered")),
    )

    assert [(each.rule, each.level, each.message) for each in found] == [
        ("schema/unknown-value", "note", "a value that is not known here: 'reconsidered'")
    ]


def test_an_unknown_value_that_is_no_word_is_not_printed() -> None:
    (found,) = findings(answered(READ, a_dispute(reason="Jane Austen of Steventon")))

    assert found.message == "a value that is not known here: of 24 characters"


@pytest.mark.parametrize(
    ("change", "field"),
    [
        ({"ssn": "078-05-1120"}, "interactions[0].response.body $.ssn"),
        ({"holder_note": "Jean-Luc Picard, Rosenweg 12"}, "interactions[0].response.body $.holder_note"),
        ({"marias_secret": "hunter2"}, "interactions[0].response.body $.marias_secret"),
        ({"network_reason_code": "Picard"}, "interactions[0].response.body $.network_reason_code"),
    ],
)
def test_what_no_rule_of_the_policy_lets_stand_is_a_finding_though_no_shape_gives_it_away(
    change: dict[str, Any], field: str
) -> None:
    found = findings(answered(READ, a_dispute(**change)))

    assert [(each.rule, each.field) for each in found] == [("redaction/not-redacted", field)]
    assert not any(str(value) in each.message for value in change.values() for each in found)


def test_headers_and_addresses_are_held_to_the_policy_too() -> None:
    read = Request("GET", f"{READ.url}?customer=Picard", (("X-Internal-User", "picard"),))

    assert [(each.rule, each.field) for each in findings(answered(read, a_dispute()))] == [
        ("redaction/not-redacted", "interactions[0].request.uri"),
        ("redaction/not-redacted", "interactions[0].request.headers.X-Internal-User"),
    ]


@pytest.mark.parametrize(
    ("old", "new", "rule"),
    [
        ("version: 1\n", "version: 1 # for Jane Roe\n", "format/beside"),
        ("version: 1\n", "version: 1\nnote: Jane Roe\n", "format/beside"),
        ("  made_against: sandbox\n", "  made_against: sandbox\n  note: Jane Roe\n", "format/beside"),
        ("- request:\n", "- janes: Jane Roe\n  request:\n", "format/beside"),
        ("  scenario: close-lost\n", '  scenario: "Jane Roe 078-05-1120"\n', "provenance/odd"),
    ],
)
def test_what_stands_beside_the_interactions_is_found_though_the_digest_holds(old: str, new: str, rule: str) -> None:
    text = (SHIPPED / "close-lost.yaml").read_text(encoding="utf-8")
    assert old in text

    assert [found.rule for found in check(text.replace(old, new, 1).encode(), HERE)] == [rule]


def test_a_stamp_that_does_not_hold_may_hide_something() -> None:
    text = (SHIPPED / "close-lost.yaml").read_text(encoding="utf-8")
    hidden = re.sub("(?<=  layout: sha256:).{64}", b"jane.roe@gmail.com".hex().ljust(64, "0"), text)

    assert [found.rule for found in check(hidden.encode(), HERE)] == ["format/beside"]


def test_a_file_from_before_there_were_stamps_is_clean() -> None:
    content = without_stamp((SHIPPED / "close-lost.yaml").read_bytes())

    assert b"layout" not in content
    assert check(content, HERE) == ()


def test_a_checkout_with_other_line_endings_is_clean() -> None:
    content = (SHIPPED / "close-lost.yaml").read_bytes().replace(b"\n", b"\r\n")

    assert check(content, HERE) == ()


def test_a_key_that_comes_twice_hides_nothing() -> None:
    body = json.dumps(a_dispute()).replace('"currency"', '"currency": "Jane Roe", "currency"', 1)
    answer = Interaction(READ, Response(200, (JSON_TYPE,), body.encode(), "OK"))

    assert "redaction/not-redacted" in [found.rule for found in findings(answer)]


def test_a_reason_phrase_is_held_to_the_standard_ones() -> None:
    answer = Interaction(READ, Response(200, (), json.dumps(a_dispute()).encode(), "Jane Roe"))

    assert [(found.rule, found.field) for found in findings(answer)] == [
        ("redaction/not-redacted", "interactions[0].response.status.message")
    ]


def test_a_users_own_rule_lets_a_value_stand() -> None:
    content = file_of(answered(READ, a_dispute(region="eu-west")))

    assert [found.rule for found in check(content, HERE)] == ["redaction/not-redacted"]
    assert check(content, HERE, policy=extended(keep=["dispute:region"])) == ()


def test_a_call_for_a_dispute_that_answers_with_something_else_is_found() -> None:
    assert rules(answered(CLOSE, {"object": "charge"})) == ["schema/not-a-dispute"]
    assert rules(answered(READ, {"error": {"type": "invalid_request_error"}}, 404)) == []


@pytest.mark.parametrize(
    ("response", "expected"),
    [
        (Response(200, (("Content-Length", "3"),), b"four"), [("http/content-length", "says")]),
        (Response(200, (("Content-Length", "many"),), b"four"), [("http/content-length", "no number")]),
        (Response(204, (("Content-Length", "3"),), b""), []),
        (Response(999, (), b""), [("http/status", "999")]),
        (Response(200, (JSON_TYPE,), b"{"), [("http/body-not-json", "at its line 1")]),
        (Response(200, (JSON_TYPE,), b"\xff"), [("http/body-not-json", "not UTF-8")]),
        (Response(200, (JSON_TYPE,), b"[" * 100_000), [("http/body-not-json", "nested too deeply")]),
        (Response(200, (JSON_TYPE,), b"[" * 300 + b"]" * 300), [("http/body-not-json", "nested too deeply")]),
        (Response(200, (JSON_TYPE,), b"[" * 300), [("http/body-not-json", "nested too deeply")]),
        (Response(200, (JSON_TYPE,), b'{"a]": [' * 300 + b"x"), [("http/body-not-json", "nested too deeply")]),
        (
            Response(200, (JSON_TYPE,), b'["' + b"[" * 300 + b'", x'),
            [("http/body-not-json", "is no JSON at its line 1")],
        ),
        (Response(200, (JSON_TYPE,), b"[], " + b"[" * 300), [("http/body-not-json", "is no JSON at its line 1")]),
        (Response(200, (JSON_TYPE,), b'{"a": NaN}'), [("http/body-not-json", "a number that JSON does not know")]),
        (Response(200, (JSON_TYPE,), b"9" * 5000), [("http/body-not-json", "a number")]),
        (Response(200, (JSON_TYPE,), b""), []),
        (Response(200, (("Content-Type", "text/html"),), b"<p>"), []),
        (Response(200, (("Content-Encoding", "gzip"),), b""), []),
        (Response(304, (("Content-Encoding", "br"),), b""), []),
        (Response(204, (("Content-Encoding", "gzip, br"), JSON_TYPE), b""), []),
        (Response(200, (("Content-Encoding", " Identity "),), b"{}"), []),
        (Response(200, (("Content-Encoding", "br"),), b"{}"), [("http/encoding", "in br")]),
        (Response(200, (("Content-Encoding", "gzip"),), b"{}"), [("http/encoding", "is gzip, but the body is not")]),
        (Response(200, (("Content-Encoding", "gzip"),), gzip.compress(b"{}")[:-9]), [("http/encoding", "one piece")]),
    ],
)
def test_oddities_of_http(response: Response, expected: list[tuple[str, str]]) -> None:
    found = findings(Interaction(Request("GET", f"{ORIGIN}/v1/balance"), response))

    assert [each.rule for each in found if each.rule.startswith("http/")] == [rule for rule, _ in expected]
    for each, (_, part) in zip(found, expected, strict=False):
        assert part.replace("says", "is 3, the body has 4") in each.message


@pytest.mark.parametrize("url", ["/v1/disputes", "https://", "ftp://x/", "https://[::1/", "https://x:99999/"])
def test_an_address_that_is_none_is_found_and_stops_nothing(url: str) -> None:
    found = findings(Interaction(Request("POST", url), Response(200)), said("nonsense"))

    assert [each.rule for each in found] == ["http/url", "schema/unknown-value"]


@pytest.mark.parametrize("compress", [gzip.compress, lambda data: __import__("zlib").compress(data)])
def test_a_compressed_body_is_checked_as_what_it_holds(compress: Any) -> None:
    body = compress(json.dumps(a_dispute(amount="1")).encode())
    encoding = "gzip" if body.startswith(b"\x1f") else "deflate"
    answer = Interaction(READ, Response(200, (("Content-Encoding", encoding),), body, "OK"))

    (found,) = findings(answer)

    assert (found.rule, found.field) == ("schema/type", "interactions[0].response.body $.amount")


def test_a_vcrpy_cassette_in_vcrpys_own_spelling_gets_the_same_findings() -> None:
    body = json.dumps(a_dispute(amount="1"), indent=2)
    foreign = {
        "version": 1,
        "interactions": [
            {
                "request": {"method": "GET", "uri": READ.url, "headers": {"Accept": ["*/*"]}, "body": None},
                "response": {
                    "status": {"code": 200, "message": "OK"},
                    "headers": {"Content-Type": ["application/json"], "X-Mail": [EMAIL]},
                    "body": {"string": body},
                },
            }
        ],
    }
    content = yaml.dump(foreign).encode()

    found = check(content, HERE)

    assert sorted((each.rule, each.field) for each in found) == [
        ("leak/email", "interactions[0].response.headers.X-Mail"),
        ("provenance/missing", "version"),
        ("schema/type", "interactions[0].response.body $.amount"),
    ]
    assert [content.decode().splitlines()[each.line - 1].strip()[:8] for each in found if each.line] == [
        "string: ",
        "- " + EMAIL[:6],
        "version:",
    ]


def test_a_leak_is_found_in_a_file_that_is_no_cassette() -> None:
    found = check(f"{{[broken\nmail: {EMAIL}\n".encode(), HERE)

    assert [(each.rule, each.line) for each in found if each.rule != "format"] == [("leak/email", 2)]
    assert any(each.rule == "format" for each in found)


def test_a_leak_hidden_in_base64_says_how_it_was_hidden() -> None:
    hidden = base64.b64encode(f"mail {EMAIL} of a customer".encode()).decode()
    content = edited(lambda text: text.replace('"customer_name": null', f'"product_description": "{hidden}"', 1))

    assert "hidden as base64" in " ".join(found.message for found in check(content, HERE))


def test_every_finding_of_a_damaged_cassette_points_into_the_file() -> None:
    """Random edits of a good file never make the check fail, nor point outside it."""
    seed = random.randrange(2**32)
    drawn = random.Random(seed)
    good = (SHIPPED / "close-twice.yaml").read_bytes()
    for _ in range(150):
        bad = bytearray(good)
        for _ in range(drawn.randint(1, 4)):
            at = drawn.randrange(len(bad))
            bad[at : at + drawn.choice((0, 1, 30))] = drawn.choice(
                (b"", b'"', b"\n", b"null", b"\xe2\x82\xac", b"[", b"9")
            )
        lines = bytes(bad).split(b"\n")
        for found in check(bytes(bad), HERE):
            assert found.line is None or 1 <= found.line <= len(lines), f"seed {seed}"
            assert found.rule in RULES or found.rule.startswith("leak/")


def test_the_index_of_a_json_text_agrees_with_the_parser() -> None:
    seed = random.randrange(2**32)
    drawn = random.Random(seed)

    def value(depth: int) -> Any:
        kind = drawn.randrange(7 if depth else 5)
        leaves = [None, True, drawn.randint(-9, 9), drawn.choice(("", '"', "\\", "a,b:{[", "é€")), 1.5e3]
        if kind < 5:
            return leaves[kind]
        members = range(drawn.randrange(4))
        inside = [value(depth - 1) for _ in members]
        return (
            inside
            if kind == 5
            else {f"k{drawn.choice(('', ' :', chr(34)))}{at}": each for at, each in enumerate(inside)}
        )

    for _ in range(300):
        whole = value(4)
        text = json.dumps(whole, indent=drawn.choice((None, 2)), ensure_ascii=drawn.random() < 0.5)
        index, waiting = JsonIndex(text), [((), whole)]
        while waiting:
            path, member = waiting.pop()
            at = index.offset_of(path)
            assert json.JSONDecoder().raw_decode(text, at)[0] == member, f"seed {seed}: {text}"
            assert index.path_at(at) == path, f"seed {seed}: {text}"
            steps = (
                member.items() if isinstance(member, dict) else enumerate(member) if isinstance(member, list) else ()
            )
            waiting.extend(((*path, step), each) for step, each in steps)

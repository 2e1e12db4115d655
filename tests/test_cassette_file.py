"""What a cassette looks like on disk, and that every reader of it gets the bytes that were written."""

from __future__ import annotations

import random
import sys
from dataclasses import replace
from pathlib import Path

import pytest
import vcr.serialize
import yaml
from vcr.serializers import yamlserializer

from replaydisputes.cassette_file import digest_of, load, parse, serialize
from replaydisputes.errors import EditedCassetteWarning
from replaydisputes.model import Cassette, Headers, Interaction, Provenance, Request, Response

HERE = Path("cassettes/close-lost.yaml")
PROVENANCE = Provenance("sandbox", "close-lost", "2026-10-28.endive", "0.1.0", "2030-01-01T00:00:00Z")
CLOSE = Interaction(
    Request(
        "POST",
        "https://api.stripe.com/v1/disputes/du_1AAAAAreplaydisp00000001/close",
        (("Stripe-Version", "2026-10-28.endive"), ("Content-Type", "application/x-www-form-urlencoded")),
        b"expand[0]=charge",
    ),
    Response(
        200,
        (("Content-Type", "application/json"), ("Content-Length", "43")),
        b'{\n  "object": "dispute",\n  "status": "lost"\n}',
        "OK",
    ),
)
READ = Interaction(
    Request("GET", "https://api.stripe.com/v1/disputes/du_1AAAAAreplaydisp00000001", (("Accept", "*/*"),)),
    Response(200, (("Vary", "Origin"), ("Vary", "Accept")), b'{"status": "lost"}\n', "OK"),
)
CASSETTE = Cassette((CLOSE, READ), PROVENANCE)
DIGEST = "sha256:68968a764341364295b203e7d9c39e97ecc488deea144c6a917b5be61a77185a"
STAMP = "908bfa4eff39245948787b630b927d4b1a33d1a6160abf32b322a7dccaf79321"
FILE = f"""\
# Made by the replaydisputes sandbox. NOT a recording of Stripe.
version: 1
replaydisputes:
  made_against: sandbox
  scenario: close-lost
  stripe_version: "2026-10-28.endive"
  tool_version: "0.1.0"
  recorded_at: "2030-01-01T00:00:00Z"
  interactions: 2
  digest: {DIGEST}
  layout: sha256:{STAMP}
interactions:
- request:
    method: POST
    uri: https://api.stripe.com/v1/disputes/du_1AAAAAreplaydisp00000001/close
    headers:
      Stripe-Version:
      - "2026-10-28.endive"
      Content-Type:
      - application/x-www-form-urlencoded
    body: expand[0]=charge
  response:
    headers:
      Content-Type:
      - application/json
      Content-Length:
      - "43"
    body:
      string: |-
        {{
          "object": "dispute",
          "status": "lost"
        }}
    status:
      message: OK
      code: 200
- request:
    method: GET
    uri: https://api.stripe.com/v1/disputes/du_1AAAAAreplaydisp00000001
    headers:
      Accept:
      - "*/*"
    body: null
  response:
    headers:
      Vary:
      - Origin
      - Accept
    body:
      string: |
        {{"status": "lost"}}
    status:
      message: OK
      code: 200
"""

AWKWARD = [
    "",
    " ",
    "\n",
    "\n\n",
    "a\n",
    "a\n\n",
    "\na",
    " a",
    "a ",
    "a \nb",
    "a\t\nb",
    "\ta",
    "a\n\tb",
    "a\n  b\nc",
    "a\r\nb\r\n",
    "a\rb",
    "# a",
    "a # b",
    "a: b",
    "a:",
    "- a",
    "---\na",
    "...\na",
    "%YAML 1.2\n",
    "null",
    "~",
    "yes",
    "No",
    "1",
    "1e3",
    "0x1f",
    "1_000",
    "12:30:45",
    "2030-01-01",
    ".inf",
    "nan",
    "=",
    "<<",
    "'",
    '"',
    "\\",
    "a\\n",
    "!!binary x",
    "&a",
    "*a",
    "{a",
    "[a",
    "|",
    ">",
    "@",
    "`",
    "a\x00b",
    "a\x07b",
    "a\x7fb",
    "a\x85b",
    "a\xa0b",
    "a\xadb",
    "a\u2028b",
    "a\u2029b",
    "\ufeffa",
    "a\ufeffb",
    "a\ufffeb",
    "a\uffffb",
    "a\U0001f600b",
    "a\U0010ffffb",
    '{\n  "é": "ü\u200b"\n}',
    "x" * 5000 + " " + "y" * 5000,
]


def with_body(body: bytes) -> Interaction:
    return Interaction(replace(CLOSE.request, body=body), replace(CLOSE.response, body=body))


def read_by_vcrpy(text: bytes) -> list[tuple[bytes, bytes]]:
    requests, responses = vcr.serialize.deserialize(text.decode(), yamlserializer)
    return [
        (request.body or b"", response["body"]["string"]) for request, response in zip(requests, responses, strict=True)
    ]


def random_text(rng: random.Random) -> str:
    """Text of everything that UTF-8 can carry, rich in what YAML treats specially."""
    special = "\t\n\r \"'#:-\\{}[]|>%@`&*!?,=\x00\x1f\x7f\x80\x85\xa0\u2028\u2029\ufeff\ufffe\uffff"
    ranges = [(0, 0x7F), (0x80, 0xFF), (0x100, 0xD7FF), (0xE000, 0xFFFF), (0x10000, 0x10FFFF)]
    chars = []
    for _ in range(rng.choice([1, 2, 3, 5, 8, 30])):
        chars.append(rng.choice(special) if rng.random() < 0.6 else chr(rng.randint(*rng.choice(ranges))))
    return "".join(chars)


def random_body(rng: random.Random) -> bytes:
    match rng.randrange(5):
        case 0:
            return rng.randbytes(rng.randrange(80))
        case 1:
            return random_text(rng).encode() + rng.choice([b"\xed\xa0\x80", b"\xff", b"\xc3"])
        case 2:
            return "\n".join(random_text(rng) for _ in range(4)).encode()
        case 3:
            return rng.choice(AWKWARD).encode() + rng.choice(AWKWARD).encode()
        case _:
            return random_text(rng).encode()


def test_a_cassette_is_readable_yaml_that_says_what_it_is() -> None:
    assert serialize(CASSETTE).decode() == FILE


@pytest.mark.parametrize(
    ("made_against", "line"),
    [
        ("sandbox", "# Made by the replaydisputes sandbox. NOT a recording of Stripe."),
        ("stripe-test-mode", "# Recorded from Stripe test mode by replaydisputes."),
        ("imported", "# Imported by replaydisputes from another tool's cassette."),
    ],
)
def test_the_first_line_says_in_words_where_it_comes_from(made_against: str, line: str) -> None:
    cassette = Cassette((), replace(PROVENANCE, made_against=made_against))  # type: ignore[arg-type]

    assert serialize(cassette).decode().splitlines()[0] == line


def test_what_is_parsed_is_what_was_serialized() -> None:
    assert parse(serialize(CASSETTE), HERE) == Cassette((CLOSE, READ), replace(PROVENANCE, digest=DIGEST))


def test_a_cassette_without_interactions_or_provenance_round_trips() -> None:
    assert parse(serialize(Cassette(())), HERE) == Cassette(())


def test_a_changed_field_of_one_interaction_changes_its_line_and_the_digests_only() -> None:
    lost = CLOSE.response.body
    won = replace(CLOSE, response=replace(CLOSE.response, body=lost.replace(b'"lost"', b'"won"')))

    before = serialize(CASSETTE).decode().splitlines()
    after = serialize(Cassette((won, READ), PROVENANCE)).decode().splitlines()

    assert len(before) == len(after)
    changed = [b for a, b in zip(before, after, strict=True) if a != b]
    assert [line[:17] for line in changed[:2]] == ["  digest: sha256:", "  layout: sha256:"]
    assert changed[2:] == ['          "status": "won"']


@pytest.mark.parametrize("text", AWKWARD)
def test_awkward_bodies_reach_us_and_vcrpy_byte_for_byte(text: str) -> None:
    body = text.encode()
    serialized = serialize(Cassette((with_body(body),), PROVENANCE))

    [interaction] = parse(serialized, HERE).interactions

    assert interaction == with_body(body)
    assert read_by_vcrpy(serialized) == [(body, body)]


@pytest.mark.parametrize("text", AWKWARD)
def test_awkward_header_values_names_and_reasons_come_back_as_they_were(text: str) -> None:
    headers = (("X-Before", "1"), (text, text), ("x-before", "2"), (text, "again"))
    interaction = Interaction(
        Request("POST", f"https://api.stripe.com/{text}", headers), Response(418, headers, b"", text)
    )

    [parsed] = parse(serialize(Cassette((interaction,), PROVENANCE)), HERE).interactions

    grouped: Headers = (("X-Before", "1"), (text, text), (text, "again"), ("x-before", "2"))
    assert parsed == Interaction(
        Request("POST", f"https://api.stripe.com/{text}", grouped), Response(418, grouped, b"", text)
    )


def test_random_bodies_reach_us_and_vcrpy_byte_for_byte() -> None:
    seed = random.SystemRandom().randrange(2**32)
    print(f"seed {seed}", file=sys.stderr)
    rng = random.Random(seed)
    for _ in range(40):
        bodies = [random_body(rng) for _ in range(25)]
        serialized = serialize(Cassette(tuple(map(with_body, bodies)), PROVENANCE))

        assert parse(serialized, HERE).interactions == tuple(map(with_body, bodies))
        assert read_by_vcrpy(serialized) == [(body, body) for body in bodies]


def test_the_pure_python_loader_reads_the_same(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("replaydisputes.cassette_file.tree._LOADER", yaml.SafeLoader)
    interactions = tuple(with_body(text.encode()) for text in AWKWARD)

    assert parse(serialize(Cassette(interactions, PROVENANCE)), HERE).interactions == interactions


def test_the_file_stays_whole_where_lines_are_checked_out_with_crlf() -> None:
    interactions = tuple(with_body(text.encode()) for text in AWKWARD)
    checked_out = serialize(Cassette(interactions, PROVENANCE)).replace(b"\n", b"\r\n")

    assert parse(checked_out, HERE).interactions == interactions


def test_no_line_ends_in_a_blank_that_an_editor_would_strip() -> None:
    interactions = tuple(with_body(text.encode()) for text in AWKWARD)
    lines = serialize(Cassette(interactions, PROVENANCE)).decode().split("\n")

    assert [line for line in lines if line != line.rstrip(" \t")] == []


def test_a_name_too_long_for_a_simple_key_still_round_trips() -> None:
    interaction = replace(CLOSE, request=replace(CLOSE.request, headers=(("X" * 2000, "1"), ("Y", "2"))))

    assert parse(serialize(Cassette((interaction,))), HERE).interactions == (interaction,)


def test_a_lone_surrogate_in_a_header_is_refused_rather_than_changed() -> None:
    interaction = replace(CLOSE, request=replace(CLOSE.request, headers=(("X", "\ud800"),)))

    with pytest.raises(UnicodeEncodeError):
        serialize(Cassette((interaction,)))


def test_another_yaml_tool_may_rewrite_the_file_without_breaking_its_digest(tmp_path: Path) -> None:
    path = tmp_path / "close-lost.yaml"
    rewritten = yaml.safe_dump(yaml.safe_load(serialize(CASSETTE)), width=40)
    path.write_text(rewritten)

    assert rewritten != FILE
    assert load(path).provenance == replace(PROVENANCE, digest=DIGEST)


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ('"lost"', '"won"'),
        ("code: 200", "code: 400"),
        ("message: OK", "message: Fine"),
        ("expand[0]=charge", "expand[0]=customer"),
        ("      - Origin\n      - Accept", "      - Accept\n      - Origin"),
        ("  digest: sha256:", "  digest: sha256:0"),
        (f"  digest: {DIGEST}\n", ""),
    ],
)
def test_an_edited_file_loads_with_a_warning_that_names_it(tmp_path: Path, old: str, new: str) -> None:
    path = tmp_path / "close-lost.yaml"
    path.write_text(FILE.replace(old, new))

    with pytest.warns(EditedCassetteWarning, match="close-lost.yaml was edited") as caught:
        cassette = load(path)

    assert [warning.filename for warning in caught] == [__file__]
    assert cassette == parse(path.read_bytes(), path)


def test_an_interaction_added_by_hand_is_an_edit(tmp_path: Path) -> None:
    path = tmp_path / "close-lost.yaml"
    path.write_text(FILE + FILE[FILE.index("- request:\n    method: GET") :])

    with pytest.warns(EditedCassetteWarning):
        assert load(path).interactions == (CLOSE, READ, READ)


def test_an_unedited_file_loads_without_a_warning(tmp_path: Path) -> None:
    path = tmp_path / "close-lost.yaml"
    path.write_text(FILE)

    assert load(path) == Cassette((CLOSE, READ), replace(PROVENANCE, digest=DIGEST))


def test_no_part_can_move_into_its_neighbour_without_changing_the_digest() -> None:
    request, response = CLOSE.request, CLOSE.response
    variants = [
        CLOSE,
        replace(CLOSE, request=replace(request, method="POS", url="T" + request.url)),
        replace(CLOSE, request=replace(request, headers=(("a", "bc"),))),
        replace(CLOSE, request=replace(request, headers=(("ab", "c"),))),
        replace(CLOSE, request=replace(request, headers=(), body=b"abc")),
        replace(CLOSE, response=replace(response, reason="")),
        replace(CLOSE, response=replace(response, headers=(*response.headers, *request.headers))),
        replace(CLOSE, response=replace(response, status=201)),
    ]

    assert len({digest_of([variant]) for variant in variants} | {digest_of([]), digest_of([CLOSE, CLOSE])}) == 10


def test_keys_that_a_later_version_adds_do_no_harm() -> None:
    later = FILE.replace("  scenario:", "  mood:\n    good: [1, {a: b}]\n  scenario:").replace(
        "version: 1\n", "version: 1\nrecorded_with: {x: 1}\n"
    )

    assert parse(later.encode(), HERE) == parse(FILE.encode(), HERE)


def test_a_byte_order_mark_is_overlooked() -> None:
    assert parse(b"\xef\xbb\xbf" + FILE.encode(), HERE) == parse(FILE.encode(), HERE)


def test_a_file_of_vcrpys_own_making_loads_without_provenance() -> None:
    shared = ["same", "list"]
    request = vcr.serialize.Request("POST", "https://api.stripe.com/v1/x", b"a=\xff", {"Accept": "*/*"})
    plain = vcr.serialize.Request("GET", "https://api.stripe.com/v1/x", None, {})
    answers = [
        {
            "status": {"code": 200, "message": None},
            "headers": {"A": shared, "B": shared, "C": "bare"},
            "body": {"string": body},
        }
        for body in (b"\x00\xff" * 100, '{\n  "a": "é: \'x\'"\n}\n '.encode())
    ]
    text = vcr.serialize.serialize({"requests": [request, plain], "responses": answers}, yamlserializer)

    assert "*id001" in text
    assert "!!binary" in text
    headers = (("A", "same"), ("A", "list"), ("B", "same"), ("B", "list"), ("C", "bare"))
    assert parse(text.encode(), HERE) == Cassette(
        (
            Interaction(
                Request("POST", "https://api.stripe.com/v1/x", (("Accept", "*/*"),), b"a=\xff"),
                Response(200, headers, b"\x00\xff" * 100, ""),
            ),
            Interaction(
                Request("GET", "https://api.stripe.com/v1/x"),
                Response(200, headers, '{\n  "a": "é: \'x\'"\n}\n '.encode(), ""),
            ),
        )
    )

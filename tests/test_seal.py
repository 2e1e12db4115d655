"""`seal` accepts an edit that passes the checks, changes nothing it need not, and has the file say so."""

from __future__ import annotations

import json
import random
import warnings
from dataclasses import replace
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from replaydisputes.cassette_file import WriteOutcome, digest_of, load, parse, serialize, write
from replaydisputes.checking import FOLLOWS_FROM_EDIT, NotSealableError, check, sealed
from replaydisputes.cli import group
from replaydisputes.leak_gate import KnownSecrets
from replaydisputes.model import header
from tests.check_support import HERE, SHIPPED, file_of, said

PATH = Path("cassettes/close-lost.yaml")
EMAIL = "jane.austen@" + "corp-mail.io"


def invoke(*arguments: str) -> Result:
    return CliRunner().invoke(group, list(arguments))


@pytest.fixture(autouse=True)
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    PATH.parent.mkdir()
    PATH.write_bytes((SHIPPED / "close-lost.yaml").read_bytes())
    return tmp_path


def edit(old: str, new: str) -> None:
    text = PATH.read_text(encoding="utf-8")
    assert old in text
    PATH.write_text(text.replace(old, new), encoding="utf-8")


def test_a_sealed_edit_is_clean_and_says_that_it_is_one() -> None:
    edit('"network_reason_code": "10.4"', '"network_reason_code": "C08"')

    before, done, after = invoke("check"), invoke("seal", "close-lost"), invoke("check")

    assert (before.exit_code, done.exit_code, after.exit_code) == (3, 0, 0)
    assert done.stdout == (
        "cassettes/close-lost.yaml: sealed; the digest is renewed, 4 Content-Length counted again, "
        "and the provenance says that it was edited by hand\n"
    )
    text = PATH.read_text(encoding="utf-8")
    assert text.startswith("# Made by the replaydisputes sandbox. NOT a recording of Stripe. Edited by hand since.\n")
    assert "\n  edited: true\n  layout: sha256:" in text
    assert "edited by hand and sealed" in invoke("show", "close-lost").stdout
    rows = {row["name"]: row["edited"] for row in json.loads(invoke("list", "--json").stdout)}
    assert (rows["close-lost"], rows["close-twice"]) == (True, False)


def test_a_sealed_file_no_longer_warns() -> None:
    edit('"network_reason_code": "10.4"', '"network_reason_code": "10.5"')
    with pytest.warns(UserWarning, match="keep the edit with `replaydisputes seal cassettes/close-lost.yaml`"):
        load(PATH)
    invoke("seal", str(PATH))
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        assert load(PATH).provenance is not None


def test_only_digests_mark_and_lengths_differ_from_what_the_person_wrote() -> None:
    edit('"network_reason_code": "10.4"', '"network_reason_code":\t"\\u00310.4",\n          "a":  true , "b":null')
    written = PATH.read_text(encoding="utf-8").splitlines()
    bodies = [interaction.response.body for interaction in parse(PATH.read_bytes(), PATH).interactions]

    assert invoke("seal", str(PATH)).exit_code == 0

    result = parse(PATH.read_bytes(), PATH).interactions
    assert [interaction.response.body for interaction in result] == bodies
    assert [header(each.response.headers, "Content-Length") for each in result] == [str(len(body)) for body in bodies]
    now = PATH.read_text(encoding="utf-8").splitlines()
    now.remove("  edited: true")
    differing = [old for old, new in zip(written, now, strict=True) if old != new]
    assert [line.strip().partition(":")[0] for line in differing[:3]] == [
        "# Made by the replaydisputes sandbox. NOT a recording of Stripe.",
        "digest",
        "layout",
    ]
    assert [line.strip()[:3] for line in differing[3:]] == ['- "'] * 4


def test_any_body_comes_through_byte_for_byte() -> None:
    seed = random.randrange(2**32)
    drawn = random.Random(seed)
    original = parse(PATH.read_bytes(), PATH)
    for _ in range(100):
        body = drawn.choice((drawn.randbytes(40), "".join(drawn.choices("a \t\n\r#:'\"\\é\u2028€-|>", k=30)).encode()))
        first = original.interactions[0]
        changed = replace(first, response=replace(first.response, body=body))
        done = sealed(replace(original, interactions=(changed, *original.interactions[1:])), PATH)
        assert done is not None
        assert parse(serialize(done.cassette), PATH).interactions[0].response.body == body, f"seed {seed}"


@pytest.mark.parametrize(
    ("old", "new", "rule"),
    [
        ('"customer_name": null', f'"customer_name": "{EMAIL}"', "leak/email"),
        ('"livemode": false', '"livemode": true', "livemode"),
        ('"status": "needs_response"', '"status": "won"', "status/closed-twice"),
        ('"status": "lost"', '"status": "needs_response"', "status/close-left-open"),
        ('"object": "dispute"', '"object": "charge"', "schema/not-a-dispute"),
        ('"currency": "usd",', "", "schema/required"),
        ('"currency": "usd",', '"currency": 7,', "schema/type"),
        ('"currency": "usd",', '"currency": "usd"', "http/body-not-json"),
        ("made_against: sandbox", "made_against: stripe-test-mode", "provenance/sandbox"),
    ],
)
def test_an_edit_with_a_finding_is_refused_and_left_as_it_is(old: str, new: str, rule: str) -> None:
    edit('"network_reason_code": "10.4"', '"network_reason_code": "10.5"')
    edit(old, new)
    content = PATH.read_bytes()

    done = invoke("seal", str(PATH))

    assert (done.exit_code, done.stdout, PATH.read_bytes()) == (3, "", content)
    assert f": {rule}: " in done.stderr
    assert "digest/edited" not in done.stderr
    assert "cassettes/close-lost.yaml not sealed: " in done.stderr.splitlines()[-1]
    assert EMAIL not in done.stderr


def test_a_note_does_not_stand_in_the_way() -> None:
    edit('"reason": "fraudulent"', '"reason": "mislaid"')

    done = invoke("seal", str(PATH))

    assert (done.exit_code, "schema/unknown-value" in done.stderr) == (0, True)


def test_a_file_that_is_not_edited_is_left_alone() -> None:
    stamp, content = PATH.stat().st_mtime_ns, PATH.read_bytes()

    done = invoke("seal", "close-lost")

    assert (done.exit_code, done.stdout) == (
        0,
        "cassettes/close-lost.yaml: unchanged; its digest holds, so there is no edit to seal\n",
    )
    assert (PATH.stat().st_mtime_ns, PATH.read_bytes()) == (stamp, content)


def test_a_comment_is_told_at_its_line_and_goes_with_the_seal() -> None:
    lines = PATH.read_text(encoding="utf-8").splitlines(keepends=True)
    PATH.write_text("".join([*lines[:19], "# why: see the ticket\n", *lines[19:]]), encoding="utf-8")

    (found,) = check(PATH.read_bytes(), HERE)
    done, after = invoke("seal", str(PATH)), invoke("check")

    assert (found.rule, found.line, done.exit_code, after.exit_code) == ("format/beside", 20, 0, 0)
    assert PATH.read_text(encoding="utf-8").splitlines(keepends=True)[12:] == lines[11:]


def test_a_scenario_changed_by_hand_is_told_at_the_stamp_below_it_and_can_be_sealed() -> None:
    edit("  scenario: close-lost\n", "  scenario: close-lots\n")

    (found,) = check(PATH.read_bytes(), HERE)
    done, after = invoke("seal", str(PATH)), invoke("check")

    assert (found.line, found.field, found.message) == (
        11,
        "replaydisputes.layout",
        "the stamp is not that of this file: a line above it was changed by hand, such as the scenario's name",
    )
    assert (done.exit_code, after.exit_code) == (0, 0)
    provenance = load(PATH).provenance
    assert provenance is not None
    assert (provenance.scenario, provenance.edited) == ("close-lots", True)


def test_sealing_twice_changes_nothing_and_a_second_edit_can_be_sealed_as_well() -> None:
    edit('"network_reason_code": "10.4"', '"network_reason_code": "10.5"')
    invoke("seal", str(PATH))
    content = PATH.read_bytes()
    assert "unchanged" in invoke("seal", str(PATH)).stdout
    assert PATH.read_bytes() == content

    edit('"network_reason_code": "10.5"', '"network_reason_code": "10.4"')
    invoke("seal", str(PATH))

    provenance = parse(PATH.read_bytes(), PATH).provenance
    assert provenance is not None
    assert provenance.edited


def test_a_fresh_recording_takes_the_place_of_a_sealed_edit_even_where_it_answers_the_same() -> None:
    recorded = parse(PATH.read_bytes(), PATH)
    assert recorded.provenance is not None
    same_but_sealed = replace(recorded, provenance=replace(recorded.provenance, edited=True))
    assert write(PATH, same_but_sealed, KnownSecrets()) is WriteOutcome.WRITTEN
    assert write(PATH, same_but_sealed, KnownSecrets()) is WriteOutcome.UNCHANGED

    assert write(PATH, recorded, KnownSecrets()) is WriteOutcome.WRITTEN
    assert PATH.read_bytes() == (SHIPPED / "close-lost.yaml").read_bytes()


def test_a_foreign_cassette_is_refused_with_the_next_step() -> None:
    PATH.write_bytes(file_of(said("lost"), provenance=None))

    with pytest.raises(NotSealableError, match=r"has no provenance.* `replaydisputes redact cassettes/close-lost.yaml"):
        sealed(parse(PATH.read_bytes(), PATH), PATH)
    assert NotSealableError(PATH).exit_code == 3


def test_a_shipped_cassette_is_not_sealed_by_its_name() -> None:
    done = invoke("seal", "close-twice")

    assert done.exit_code == 2
    assert "close-twice is a shipped cassette, and cassettes has none of that name" in done.stderr


def test_seal_leaves_nothing_to_find_of_what_it_sets_right() -> None:
    edit('"network_reason_code": "10.4"', '"network_reason_code": "C08"')
    content = PATH.read_bytes()
    assert {found.rule for found in check(content, HERE)} == FOLLOWS_FROM_EDIT

    done = sealed(parse(content, PATH), PATH)

    assert done is not None
    assert (done.recounted, done.cassette.provenance and done.cassette.provenance.edited) == (4, True)
    assert done.cassette.provenance is not None
    assert done.cassette.provenance.digest == digest_of(done.cassette.interactions)

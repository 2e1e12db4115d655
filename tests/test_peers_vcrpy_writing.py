"""vcrpy's limits in what it writes, each shown on vcrpy and held here."""

from __future__ import annotations

import json
import logging
from dataclasses import replace
from pathlib import Path
from urllib.parse import quote

import pytest
import requests
import vcr
import zstandard

from replaydisputes.cassette_file import load
from replaydisputes.errors import CassetteFormatError, ReplayDisputesError
from replaydisputes.recording.recorder import record
from replaydisputes.recording.scenarios import SCENARIOS
from tests.peers_support import FORM, JSON, answered, no_longer, published, told
from tests.recording_support import KEY, sandbox_target, surroundings

SHIPPED = Path(__file__).parent.parent / "cassettes" / "close-twice.yaml"
EMAIL = "maria.lopez@web.de"
SECRET = "pi_3MtwBwLkdIwHu7ix28a3tqPa_secret_YrKJUKribcBjcG8HVhfZluoGH"


def by_vcrpy(path: Path, body: bytes, *headers: tuple[str, str], **settings: object) -> bytes:
    """The file that vcrpy makes of one POST, with such filters."""
    sent = settings.pop("sent", b"")
    sent_type = settings.pop("sent_type", FORM[1])
    with answered(body, *headers) as base, vcr.use_cassette(str(path), **settings):
        requests.post(base, data=sent, headers={"Content-Type": sent_type})
    return path.read_bytes()


def test_a_secret_in_a_response_header(tmp_path: Path) -> None:
    carrier = ("Stripe-Echo", SECRET)
    theirs = by_vcrpy(tmp_path / "a.yaml", b"{}", JSON, carrier, filter_headers=["Stripe-Echo"])

    assert SECRET.encode() in theirs, no_longer("vcrpy", "leaves response headers unfiltered")
    assert SECRET.encode() not in published(headers=(JSON, carrier))


def test_a_form_parameter_within_another(tmp_path: Path) -> None:
    sent = f"evidence[customer_email_address]={quote(EMAIL)}".encode()
    theirs = by_vcrpy(tmp_path / "a.yaml", b"{}", sent=sent, filter_post_data_parameters=["customer_email_address"])

    assert quote(EMAIL).encode() in theirs, no_longer("vcrpy", "misses parameters written within others")
    assert b"maria" not in published(sent=sent)


def test_a_json_request_whose_type_names_its_encoding(tmp_path: Path) -> None:
    sent, sent_type = json.dumps({"email": EMAIL}).encode(), "application/json; charset=utf-8"
    theirs = by_vcrpy(tmp_path / "a.yaml", b"{}", sent=sent, sent_type=sent_type, filter_post_data_parameters=["email"])

    assert EMAIL.encode() in theirs, no_longer("vcrpy", "filters JSON of exactly application/json only")
    assert b"maria" not in published(sent=sent, sent_headers=(("Content-Type", sent_type),))


@pytest.mark.parametrize(
    ("value", "body", "form"),
    [
        (EMAIL, b"{}", f"email={quote(EMAIL)}"),
        ("Zoë Müller", json.dumps({"customer_name": "Zoë Müller"}).encode(), ""),
    ],
    ids=["percent-encoded", "JSON-escaped"],
)
def test_a_known_value_in_another_spelling(tmp_path: Path, value: str, body: bytes, form: str) -> None:
    spelt = (form.partition("=")[2] or json.dumps(value)[1:-1]).encode()
    settings = {"filter_sensitive_data": {"<hidden>": value}}
    theirs = by_vcrpy(tmp_path / "a.yaml", body, JSON, sent=form.encode(), **settings)

    assert spelt in theirs.replace(b"\\\\", b"\\"), no_longer("vcrpy", "misses other spellings of a known value")
    ours = published(sent=form.encode(), body=body)
    assert [part for part in (b"maria", b"Zo", b"ller") if part in ours] == []


def test_a_known_value_in_a_compressed_body(tmp_path: Path) -> None:
    """vcrpy sees through gzip, deflate and br, and not through zstd, which urllib3 accepts just as well."""
    said = {"object": "dispute", "currency": "usd", "reason": "fraudulent", "email": EMAIL, "status": "lost"}
    path, compressed = tmp_path / "a.yaml", ("Content-Encoding", "zstd")
    body = zstandard.compress(json.dumps(said, indent=2).encode(), level=19)
    assert EMAIL.encode() not in body
    by_vcrpy(path, body, JSON, compressed, filter_sensitive_data={"<hidden>": EMAIL})
    [theirs] = load(path).interactions
    path.write_bytes(published(body=body, headers=(JSON, compressed)))
    [ours] = load(path).interactions

    told_by_theirs = zstandard.decompress(theirs.response.body)
    assert EMAIL.encode() in told_by_theirs, no_longer("vcrpy", "misses values compressed with zstd")
    assert json.loads(ours.response.body).keys() == said.keys()
    assert b"maria" not in ours.response.body


def test_the_unredacted_answer_in_the_log(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    body = json.dumps({"client_secret": SECRET}).encode()
    with caplog.at_level(logging.DEBUG):
        by_vcrpy(tmp_path / "a.yaml", body, JSON, before_record_response=lambda response: {**response, "body": {}})
        theirs = caplog.text
        caplog.clear()
        with sandbox_target() as target:
            record(SCENARIOS["close-lost"], target, tmp_path / "ours.yaml", surroundings())

    assert SECRET in theirs, no_longer("vcrpy", "logs answers before they are redacted")
    assert [part for part in (KEY, "client_secret", "_secret_") if part in caplog.text] == []


def test_a_recording_that_broke_off_is_not_written(tmp_path: Path) -> None:
    path = tmp_path / "a.yaml"
    with pytest.raises(ZeroDivisionError), answered(b"{}") as base, vcr.use_cassette(str(path)):
        requests.get(base)
        raise ZeroDivisionError
    ours, steps = tmp_path / "ours.yaml", iter(range(3))
    breaking_off = replace(surroundings(), on_step=lambda text: next(steps))
    with sandbox_target() as target, pytest.raises(StopIteration):
        record(SCENARIOS["close-lost"], target, ours, breaking_off)

    assert path.exists(), no_longer("vcrpy", "writes what a failing block had recorded")
    assert not ours.exists()


def test_a_call_that_never_got_an_answer_is_told(tmp_path: Path) -> None:
    path, ours = tmp_path / "a.yaml", tmp_path / "ours.yaml"
    with vcr.use_cassette(str(path)):
        with answered(b"{}") as base:
            requests.get(base)
        with pytest.raises(requests.ConnectionError):
            requests.get(base)
    with sandbox_target() as target:
        gone = target
    with pytest.raises(ReplayDisputesError, match="no connection"):
        record(SCENARIOS["close-lost"], gone, ours, surroundings())

    assert path.read_text(encoding="utf-8").count("request:") == 1, no_longer("vcrpy", "drops calls without an answer")
    assert not ours.exists()


def test_a_file_that_is_no_cassette_is_not_written_over(tmp_path: Path) -> None:
    path = tmp_path / "a.yaml"
    path.write_bytes(b"notes of somebody: \xff\xfe")
    with answered(b"{}") as base, vcr.use_cassette(str(path)):
        requests.get(base)
    ours = tmp_path / "ours.yaml"
    ours.write_bytes(b"notes of somebody: \xff\xfe")
    with sandbox_target() as target, pytest.raises(CassetteFormatError):
        record(SCENARIOS["close-lost"], target, ours, surroundings())

    assert b"somebody" not in path.read_bytes(), no_longer("vcrpy", "takes what it cannot decode for an empty file")
    assert ours.read_bytes() == b"notes of somebody: \xff\xfe"


def test_a_file_cut_off_between_two_interactions_is_refused(tmp_path: Path) -> None:
    whole = SHIPPED.read_bytes()
    path = tmp_path / "cut.yaml"
    path.write_bytes(whole[: whole.rindex(b"- request:")])
    with vcr.use_cassette(str(path), record_mode="none") as cassette:
        theirs = len(cassette)

    assert theirs == len(load(SHIPPED).interactions) - 1, no_longer("vcrpy", "loads a cut file without a word")
    with pytest.raises(CassetteFormatError):
        load(path)


DISK_FULL = """
import json, resource, signal, sys
from dataclasses import replace
from pathlib import Path
import vcr
from replaydisputes.cassette_file import load, write
from replaydisputes.errors import ReplayDisputesError
from replaydisputes.leak_gate import KnownSecrets

theirs, ours = map(Path, sys.argv[1:])
cassette = load(ours)
less = replace(cassette, interactions=cassette.interactions[:2])
signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
resource.setrlimit(resource.RLIMIT_FSIZE, (2_000, 2_000))
try:
    with vcr.use_cassette(str(theirs), record_mode="none") as recorded:
        recorded._save(force=True)
except OSError:
    pass
try:
    write(ours, less, KnownSecrets())
except (OSError, ReplayDisputesError):
    pass
print(json.dumps([path.stat().st_size for path in (theirs, ours)]))
"""


def test_a_write_that_fails_half_way_leaves_the_old_file(tmp_path: Path) -> None:
    whole = SHIPPED.read_bytes()
    files = [tmp_path / "theirs.yaml", tmp_path / "ours.yaml"]
    for path in files:
        path.write_bytes(whole)
    theirs, _ = told(DISK_FULL, *map(str, files))

    assert theirs < len(whole), no_longer("vcrpy", "leaves half a file where writing fails")
    assert files[1].read_bytes() == whole

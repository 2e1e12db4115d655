"""Every way other tools write a recording gives the same cassette, and nothing secret."""

from __future__ import annotations

import functools
import gzip
import json
import threading
import zlib
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import brotli
import cassetter
import pytest
import requests
import vcr
import zstandard

from replaydisputes import cassette_file
from replaydisputes.importing import FileReport, Importer, plan
from replaydisputes.model import Interaction, Request, Response
from replaydisputes.redaction import redact
from tests.foreign.builders import BUILDERS, vcrpy_yaml
from tests.raw_traffic import Account

FORM = b"expand%5B0%5D=charge&evidence%5Bcustomer_name%5D=Maria+Lopez"


def run(directory: Path, files: dict[str, bytes], all_hosts: bool = False) -> dict[str, FileReport]:
    """Write the files below `in`, import them into `out`, and give the reports by name."""
    for name, content in files.items():
        path = directory / "in" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content)
    planned = plan([directory / "in"], directory / "out")
    reports = Importer(all_hosts=all_hosts).run(planned)
    return {report.path.relative_to(directory / "in").as_posix(): report for report in reports}


def interactions_of(path: Path) -> tuple[Interaction, ...]:
    return cassette_file.load(path).interactions


def comparable(interactions: tuple[Interaction, ...]) -> list[Interaction]:
    """Less what recorders lose: cassetter the case of header names, vcrpy the order of fields."""

    def lower(headers: tuple[tuple[str, str], ...]) -> tuple[tuple[str, str], ...]:
        return tuple(sorted((name.lower(), value) for name, value in headers))

    return [
        Interaction(
            Request(one.request.method, one.request.url, lower(one.request.headers), one.request.body),
            Response(one.response.status, lower(one.response.headers), one.response.body, one.response.reason),
        )
        for one in interactions
    ]


@pytest.fixture
def account() -> Account:
    return Account(seed=7)


@pytest.mark.parametrize("builder", BUILDERS)
def test_each_format_gives_what_redacting_the_raw_calls_gives(builder: str, account: Account, tmp_path: Path) -> None:
    raw = account.close_twice()
    raw[1] = account.interaction(
        "POST", f"/v1/disputes/{account.dispute}/close", 200, json.loads(raw[1].response.body), FORM
    )
    build, name = BUILDERS[builder]

    report = run(tmp_path, {"close.rec.yaml": build(raw)})["close.rec.yaml"]

    got = interactions_of(tmp_path / "out" / "close.rec.yaml")
    assert (report.outcome, report.format, report.kept, report.problem) == ("written", name, 4, "")
    assert comparable(got) == comparable(redact(raw).interactions)
    content = (tmp_path / "out" / "close.rec.yaml").read_text()
    assert [secret for secret in [*account.secrets(), "Lopez"] if secret in content] == []


def test_the_provenance_says_imported_and_dates_it_by_the_recording(account: Account, tmp_path: Path) -> None:
    run(tmp_path, {"sub/close twice!.yml": vcrpy_yaml(account.close_twice())})

    provenance = cassette_file.load(tmp_path / "out" / "sub" / "close twice!.yaml").provenance
    assert provenance is not None
    assert (provenance.made_against, provenance.scenario) == ("imported", "sub/close-twice-")
    assert (provenance.stripe_version, provenance.recorded_at) == ("2026-10-28.endive", "2026-09-21T14:13:20Z")


def test_a_recording_without_any_date_gets_a_date_that_is_always_the_same(tmp_path: Path) -> None:
    call = Interaction(Request("GET", "https://api.stripe.com/v1/events"), Response(200, (), b"{}"))
    run(tmp_path, {"a.yaml": vcrpy_yaml([call])})

    provenance = cassette_file.load(tmp_path / "out" / "a.yaml").provenance
    assert provenance is not None
    assert (provenance.recorded_at, provenance.stripe_version) == ("1970-01-01T00:00:00Z", "unknown")


def test_calls_marked_by_the_sandbox_stay_the_sandboxs(account: Account, tmp_path: Path) -> None:
    body = account.dispute_object("lost")
    call = account.interaction("GET", f"/v1/disputes/{account.dispute}", 200, body)
    marked = Response(200, (*call.response.headers, ("Replaydisputes-Sandbox", "true")), call.response.body, "OK")
    run(tmp_path, {"a.yaml": vcrpy_yaml([Interaction(call.request, marked)])})

    provenance = cassette_file.load(tmp_path / "out" / "a.yaml").provenance
    assert provenance is not None
    assert provenance.made_against == "sandbox"


def _packed(call: Interaction, name: str | None, body: bytes) -> Interaction:
    named = (("Content-Encoding", name),) if name else ()
    return Interaction(call.request, Response(200, (*call.response.headers, *named), body, "OK"))


ENCODINGS = {
    "gzip": ("gzip", lambda body: gzip.compress(body, mtime=0)),
    "deflate": ("deflate", zlib.compress),
    "br": ("br", brotli.compress),
    "zstd": ("zstd", zstandard.compress),
    "gzip that no header names": (None, lambda body: gzip.compress(body, mtime=0)),
    "gzip in name only": ("gzip", lambda body: body),
    "zstd in name only": ("zstd", lambda body: body),
}


@pytest.mark.parametrize("encoding", ENCODINGS)
def test_a_packed_body_is_opened_and_its_header_goes(encoding: str, account: Account, tmp_path: Path) -> None:
    name, pack = ENCODINGS[encoding]
    call = account.close_twice()[0]
    report = run(tmp_path, {"a.yaml": vcrpy_yaml([_packed(call, name, pack(call.response.body))])})["a.yaml"]

    assert (report.outcome, report.replaced_whole) == ("written", 0)
    assert comparable(interactions_of(tmp_path / "out" / "a.yaml")) == comparable(redact([call]).interactions)


@pytest.mark.parametrize("encoding", ["gzip", "deflate", "br", "zstd", "gzip, gzip, gzip"])
def test_a_body_that_decompresses_beyond_reason_is_replaced_whole(
    encoding: str, account: Account, tmp_path: Path
) -> None:
    bomb = b"[" + b"0," * 4_000_000 + b"0]"
    for name in encoding.split(", "):
        bomb = ENCODINGS[name][1](bomb)
    calls = [_packed(account.close_twice()[0], encoding, bomb)] * 2
    report = run(tmp_path, {"a.yaml": vcrpy_yaml(calls)})["a.yaml"]

    assert (report.outcome, report.replaced_whole, report.problem) == ("written", 2, "")


def test_a_mark_of_utf_8_is_no_fault(account: Account, tmp_path: Path) -> None:
    report = run(tmp_path, {"a.yaml": b"\xef\xbb\xbf" + vcrpy_yaml(account.close_twice())})["a.yaml"]

    assert (report.outcome, report.kept) == ("written", 4)


class _Answers(BaseHTTPRequestHandler):
    """Answers everything with one dispute, over a real socket."""

    body = json.dumps(Account(seed=7).dispute_object("lost"), indent=2).encode()

    def do_GET(self) -> None:
        self.rfile.read(int(self.headers.get("Content-Length") or 0))
        self.send_response(200)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(self.body)))
        self.end_headers()
        self.wfile.write(self.body)

    def do_POST(self) -> None:
        self.do_GET()

    def log_message(self, format: str, *args: object) -> None:
        return


RECORDERS = {
    "vcrpy": ("a.yaml", vcr.use_cassette),
    "vcrpy in JSON": ("a.json", functools.partial(vcr.use_cassette, serializer="json")),
    "cassetter": ("a.yaml", cassetter.use_cassette),
    "cassetter in a file called .json": ("a.json", cassetter.use_cassette),
}


@pytest.mark.parametrize("recorder", RECORDERS)
def test_what_the_installed_recorders_write_is_read(recorder: str, tmp_path: Path) -> None:
    name, recording = RECORDERS[recorder]
    with ThreadingHTTPServer(("127.0.0.1", 0), _Answers) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        close = f"http://127.0.0.1:{server.server_port}/v1/disputes/du_1/close"
        with recording(str(tmp_path / "in" / name)):
            requests.post(close, data={"expand[]": "charge"}, auth=("sk_test_" + "4" * 24, ""), timeout=10)
            requests.get(close.removesuffix("/close"), timeout=10)
        server.shutdown()

    report = run(tmp_path, {}, all_hosts=True)[name]

    assert (report.outcome, report.format, report.kept) == ("written", recorder.partition(" ")[0], 2)
    got = interactions_of(tmp_path / "out" / "a.yaml")
    assert [one.request.method for one in got] == ["POST", "GET"]
    assert got[0].request.body == b"expand[]=charge"
    assert [json.loads(one.response.body)["status"] for one in got] == ["lost", "lost"]


def test_a_body_nobody_can_read_is_replaced_whole_and_told(account: Account, tmp_path: Path) -> None:
    call = account.close_twice()[0]
    report = run(tmp_path, {"a.yaml": vcrpy_yaml([_packed(call, "xor", b"\xff\xfe\x00 secret")])})["a.yaml"]

    assert (report.outcome, report.replaced_whole) == ("written", 1)
    assert [one.response.body[:10] for one in interactions_of(tmp_path / "out" / "a.yaml")] == [b"[redacted "]


def test_a_har_entry_without_an_answer_is_dropped_and_counted(account: Account, tmp_path: Path) -> None:
    tree = json.loads(BUILDERS["har"][0](account.close_twice()))
    entries = tree["log"]["entries"]
    entries[0]["response"] |= {"status": 0, "content": {"size": 0}}
    entries[1]["response"]["content"] = {"size": 120}
    report = run(tmp_path, {"a.har": json.dumps(tree).encode()})["a.har"]

    assert (report.kept, dict(report.dropped_calls)) == (2, {"no answer": 2})


def test_a_har_upload_given_as_parameters_is_put_together_and_redacted(account: Account, tmp_path: Path) -> None:
    call = account.close_twice()[1]
    tree = json.loads(BUILDERS["har"][0]([call]))
    tree["log"]["entries"][0]["request"]["postData"] = {
        "mimeType": "multipart/form-data; boundary=xyz",
        "params": [{"name": "file", "fileName": f"{account.name}.pdf", "value": account.email}],
    }
    report = run(tmp_path, {"a.har": json.dumps(tree).encode()})["a.har"]

    content = (tmp_path / "out" / "a.yaml").read_text()
    assert report.outcome == "written"
    assert [secret for secret in account.secrets() if secret in content] == []


OF_ANOTHER_HOST = {
    "a placeholder for the whole address": "<SLACK_WEBHOOK_URL>",
    "a placeholder of another filter": "[FILTERED]",
    "a host without a scheme": "hooks.slack.example/T0/B0",
    "another scheme": "ftp://files.example.org/a",
    "a port that is none": "https://example.org:70000/a",
}


@pytest.mark.parametrize("address", OF_ANOTHER_HOST)
@pytest.mark.parametrize("builder", ["vcrpy_yaml", "ruby_yaml", "har", "exvcr_json", "go_vcr_yaml"])
def test_a_faulty_call_to_another_host_is_left_out_and_counted(
    builder: str, address: str, account: Account, tmp_path: Path
) -> None:
    calls = account.close_twice()[:2]
    elsewhere = Request("POST", "https://elsewhere.invalid/", (), b"")
    content = BUILDERS[builder][0]([Interaction(elsewhere, calls[0].response), *calls])
    filtered = content.replace(b"https://elsewhere.invalid/", json.dumps(OF_ANOTHER_HOST[address]).encode()[1:-1])
    if b"url: [" in filtered or b"uri: [" in filtered:
        filtered = filtered.replace(b": [FILTERED]", b": '[FILTERED]'")

    report = run(tmp_path, {"a.yaml": filtered})["a.yaml"]

    assert (report.outcome, report.kept, report.problem) == ("written", 2, "")
    assert report.dropped_calls == {"other hosts, unreadable": 1}


@pytest.mark.parametrize("address", ["<STRIPE_URL>/v1/disputes", "/v1/charges", "api.stripe.com/v1/charges"])
def test_a_call_that_may_be_stripes_is_not_left_out_for_its_address(
    address: str, account: Account, tmp_path: Path
) -> None:
    content = vcrpy_yaml(account.close_twice()).replace(b"https://api.stripe.com/v1/", address.encode() + b"/", 1)

    assert run(tmp_path, {"a.yaml": content})["a.yaml"].outcome == "refused"


NOT_ENOUGH = {
    "WireMock mapping": {"request": {"method": "GET", "url": "/v1/charges"}, "response": {"status": 200}},
    "WireMock mappings": {"mappings": [{"request": {"method": "GET"}, "response": {"status": 200}}]},
    "responses": {"responses": [{"response": {"method": "GET", "url": "https://api.stripe.com/v1/a", "status": 200}}]},
}


@pytest.mark.parametrize("name", NOT_ENOUGH)
def test_a_format_that_lacks_a_part_of_the_calls_is_refused_by_name(name: str, tmp_path: Path) -> None:
    problem = run(tmp_path, {"a.json": json.dumps(NOT_ENOUGH[name]).encode()})["a.json"].problem

    assert name.split(maxsplit=1)[0] in problem
    assert "does not" in problem
    assert "\n" not in problem


def test_a_packed_answer_of_nock_is_opened(account: Account, tmp_path: Path) -> None:
    call = account.close_twice()[0]
    packed = gzip.compress(call.response.body, mtime=0)
    recorded = json.loads(BUILDERS["nock_json"][0]([call]))
    recorded[0]["rawHeaders"] += ["Content-Encoding", "gzip"]
    recorded[0]["response"] = [packed[:100].hex(), packed[100:].hex()]
    run(tmp_path, {"a.json": json.dumps(recorded).encode()})

    assert comparable(interactions_of(tmp_path / "out" / "a.yaml")) == comparable(redact([call]).interactions)


def test_a_webhook_in_a_stripe_playback_cassette_is_left_out(account: Account, tmp_path: Path) -> None:
    content = BUILDERS["stripe_playback_yaml"][0](account.close_twice()).replace(b"- type: 0", b"- type: 1", 1)
    report = run(tmp_path, {"a.yaml": content})["a.yaml"]

    assert (report.kept, report.dropped_calls) == (3, {"no answer": 1})

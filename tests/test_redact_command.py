"""`replaydisputes redact` as a user runs it, and what code under test sees of a redacted recording."""

from __future__ import annotations

import gzip
import json
import os
import pty
import select
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import pytest

from replaydisputes.model import Interaction, Response
from tests.foreign.builders import har, ruby_yaml, vcrpy_yaml
from tests.raw_traffic import Account

COMMAND = [sys.executable, "-m", "replaydisputes", "redact"]
ENVIRONMENT = {**os.environ, "PYTHONWARNINGS": "error", "COLUMNS": "200"}


def run(*args: str, cwd: Path) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [*COMMAND, *args],
        cwd=cwd,
        env=ENVIRONMENT,
        capture_output=True,
        text=True,
        encoding="utf-8",
        timeout=120,
        check=False,
        stdin=subprocess.DEVNULL,
    )


@pytest.fixture
def place(tmp_path: Path) -> Path:
    """Two good recordings and a broken one in `old`."""
    (tmp_path / "old").mkdir()
    (tmp_path / "old" / "close.yaml").write_bytes(vcrpy_yaml(Account(seed=1).close_twice()))
    (tmp_path / "old" / "export.har").write_bytes(har(Account(seed=2).close_twice()))
    (tmp_path / "old" / "ruby.yml").write_bytes(b"http_interactions: [")
    return tmp_path


def test_each_file_is_told_in_a_line_and_one_refused_gives_exit_code_3(place: Path) -> None:
    done = run("old", "--out", "cassettes", cwd=place)

    told = (
        "kept 4 interactions; replaced 12 id, 3 field name, 3 text, 2 idempotency key, 1 IP address, 1 email address; "
        "dropped 12 header fields; "
        "the original holds API keys in clear (1 test): roll them, in Stripe's dashboard"
    )
    assert done.returncode == 3
    assert done.stdout.splitlines() == [
        f"old/close.yaml (vcrpy) -> cassettes/close.yaml: written; {told}",
        f"old/export.har (HAR) -> cassettes/export.yaml: written; {told}",
        "3 files: 2 written, 1 refused; 8 interactions kept",
    ]
    assert done.stderr.splitlines() == [
        "Error: old/ruby.yml:1: expected YAML, got did not find expected node content. The file was left as it is."
    ]


def test_a_live_key_in_an_original_is_counted_and_never_shown(tmp_path: Path) -> None:
    live = vcrpy_yaml(Account(seed=1).close_twice()).replace(b"sk_test_", b"sk_live_")
    (tmp_path / "old.yaml").write_bytes(live)

    done = run("old.yaml", "--out", "cassettes", cwd=tmp_path)

    assert "holds API keys in clear (1 live): roll them" in done.stdout
    assert "sk_live_" not in done.stdout + done.stderr + (tmp_path / "cassettes" / "old.yaml").read_text()


def test_json_says_the_same_for_scripts(place: Path) -> None:
    done = run("old", "--out", "cassettes", "--json", cwd=place)
    said = json.loads(done.stdout)

    assert (done.returncode, done.stderr, said["summary"]) == (3, "", {"written": 2, "refused": 1})
    assert said["files"][0] == {
        "path": "old/close.yaml",
        "target": "cassettes/close.yaml",
        "outcome": "written",
        "overwrote": False,
        "format": "vcrpy",
        "kept": 4,
        "replaced": {"id": 12, "field name": 3, "text": 3, "idempotency key": 2, "IP address": 1, "email address": 1},
        "replaced_whole": 0,
        "dropped_interactions": {},
        "dropped_header_fields": 12,
        "keys_in_the_original": {"test": 1},
        "doubt": None,
        "problem": None,
    }


def test_a_cassette_made_from_another_recording_is_not_written_over_in_silence(place: Path) -> None:
    (place / "x2").mkdir()
    (place / "x2" / "close.yaml").write_bytes(vcrpy_yaml(Account(seed=1).close_twice()[:1]))

    outcomes = [
        run(f"{name}/close.yaml", "--out", "red", cwd=place).stdout.partition("red/close.yaml: ")[2].partition(";")[0]
        for name in ("old", "old", "x2")
    ]

    assert outcomes == ["written", "unchanged", "written over an older cassette that held something else"]


def test_all_done_gives_exit_code_0(place: Path) -> None:
    assert run("old/close.yaml", "old/export.har", "--out", "cassettes", cwd=place).returncode == 0


USAGE = {
    "no input": (["--out", "x"], "Missing argument"),
    "no out": (["old"], "Missing option '--out'"),
    "an input that is not there": (["new", "--out", "x"], "does not exist"),
    "an out that is a file": (["old", "--out", "old/close.yaml"], "is a file"),
    "an out inside an input": (["old", "--out", "old/made"], "lies in the input old"),
    "nothing to read": (["empty", "--out", "x"], "There is no *.yaml, *.yml, *.json, *.har in the inputs."),
}


@pytest.mark.parametrize("usage", USAGE)
def test_usage_gives_exit_code_2_and_writes_nothing(usage: str, place: Path) -> None:
    (place / "empty").mkdir()
    before = sorted(place.rglob("*"))
    args, expected = USAGE[usage]
    done = run(*args, cwd=place)

    assert (done.returncode, expected in done.stderr, "Traceback" in done.stderr) == (2, True, False)
    assert sorted(place.rglob("*")) == before


def test_an_out_that_cannot_be_made_gives_exit_code_4(place: Path) -> None:
    (place / "file").write_bytes(b"")
    done = run("old/close.yaml", "--out", "file/made", cwd=place)

    assert (done.returncode, done.stderr) == (
        4,
        "Error: old/close.yaml: file/made/close.yaml: cannot write: Not a directory.\n",
    )


def test_a_file_name_that_no_terminal_can_show_is_escaped(place: Path) -> None:
    name = b"old/\xffodd\nname.yaml"
    with open(os.fsencode(place) + b"/" + name, "wb") as file:
        file.write(vcrpy_yaml(Account(seed=3).close_twice()))
    done = run("old", "--out", "cassettes", cwd=place)

    assert len(done.stdout.splitlines()) == 4
    assert "old/\\udcffodd\\nname.yaml (vcrpy) -> " in done.stdout


def test_a_progress_bar_shows_on_a_terminal_once_the_run_takes_a_second(place: Path) -> None:
    for times in (8, 16, 64):  # until it takes that long on this machine
        for seed in range(30):
            calls = Account(seed=seed).close_twice() * times
            (place / "old" / f"{seed}.yaml").write_bytes(vcrpy_yaml(calls))
        shown, said = _redacted_on_a_terminal(place, f"cassettes-{times}")
        if "redacting" in shown:
            break

    assert said["summary"]["written"] == 32
    assert "redacting" in shown


def _redacted_on_a_terminal(place: Path, out: str) -> tuple[str, Any]:
    """What a person sees meanwhile, and what a script is told."""
    ours, theirs = pty.openpty()
    command = [*COMMAND, "old", "--out", out, "--json"]
    with subprocess.Popen(
        command, cwd=place, env=ENVIRONMENT | {"TERM": "xterm"}, stdout=subprocess.PIPE, stderr=theirs
    ) as running:
        os.close(theirs)
        assert running.stdout is not None
        shown = _read_all(ours, running)
        return shown, json.loads(running.stdout.read())


def _read_all(descriptor: int, running: subprocess.Popen[bytes]) -> str:
    """What a process shows on its terminal until it ends."""
    shown, deadline = b"", time.monotonic() + 100
    while time.monotonic() < deadline:
        ready, _, _ = select.select([descriptor], [], [], 0.2)
        if ready:
            try:
                shown += os.read(descriptor, 65536)
            except OSError:
                break
        elif running.poll() is not None:
            break
    os.close(descriptor)
    return shown.decode("utf-8", "replace")


CALLS = """
import json, sys, warnings
import stripe

def told(call):
    try:
        got = call()
    except stripe.StripeError as error:
        return [type(error).__name__, error.http_status, error.code, error.user_message, error.param]
    return [type(got).__name__, got.last_response.code, got.to_dict()]

def calls(dispute):
    client = stripe.StripeClient("sk_test_any", http_client=stripe.RequestsClient())
    disputes = client.v1.disputes
    return [
        told(lambda: disputes.retrieve(dispute)),
        told(lambda: disputes.close(dispute)),
        told(lambda: disputes.close(dispute)),
        told(lambda: disputes.retrieve(dispute)),
    ]
"""
THROUGH_VCRPY = """
import vcr
with vcr.use_cassette(sys.argv[1], record_mode="none", decode_compressed_response=True):
    print(json.dumps(calls(sys.argv[2])))
"""
THROUGH_US = """
import replaydisputes
with replaydisputes.replay(sys.argv[1]) as replay:
    print(json.dumps(calls(replay.dispute_id)))
"""


def played(program: str, cassette: str, dispute: str, cwd: Path) -> list[Any]:
    done = subprocess.run(
        [sys.executable, "-c", CALLS + program, cassette, dispute], cwd=cwd, capture_output=True, text=True, check=False
    )
    assert done.stderr == ""
    answers: list[Any] = json.loads(done.stdout)
    return answers


REDACTED = frozenset(
    {"id", "charge", "payment_intent", "description", "created", "available_on", "due_by", "metadata"}
    | {"customer_name", "customer_email_address", "customer_purchase_ip", "uncategorized_text", "source"}
)


def in_substance(value: Any, field: str = "") -> Any:
    """An answer with what redaction has to replace reduced to its type, and all else as it is."""
    if field in REDACTED:
        return type(value).__name__
    if isinstance(value, dict):
        return {key: in_substance(one, key) for key, one in value.items()}
    return [in_substance(one) for one in value] if isinstance(value, list) else value


def packed(call: Interaction) -> Interaction:
    """The call as it went over the wire, its answer in gzip."""
    response = call.response
    headers = (*response.headers, ("Content-Encoding", "gzip"))
    return Interaction(call.request, Response(response.status, headers, gzip.compress(response.body), response.reason))


@pytest.mark.parametrize("compressed", [False, True])
def test_the_sdk_gets_from_the_redacted_file_what_it_gets_from_the_original(compressed: bool, place: Path) -> None:
    account = Account(seed=5)
    calls = account.close_twice()
    (place / "old" / "close.yaml").write_bytes(vcrpy_yaml(list(map(packed, calls)) if compressed else calls))
    original = played(THROUGH_VCRPY, "old/close.yaml", account.dispute, place)
    run("old/close.yaml", "--out", "cassettes", cwd=place)

    redacted = played(THROUGH_US, "cassettes/close.yaml", "", place)

    assert [answer[:2] for answer in original] == [
        ["Dispute", 200],
        ["Dispute", 200],
        ["InvalidRequestError", 400],
        ["Dispute", 200],
    ]
    assert in_substance(redacted) == in_substance(original)
    assert [secret for secret in account.secrets() if secret in json.dumps(redacted)] == []


def test_ruby_recordings_replay_as_well(place: Path) -> None:
    account = Account(seed=6)
    (place / "old" / "ruby.yml").write_bytes(ruby_yaml(account.close_twice()))
    run("old/ruby.yml", "--out", "cassettes", cwd=place)

    answers = played(THROUGH_US, "ruby", "", place)

    assert [answer[1] for answer in answers] == [200, 200, 400, 200]
    assert [answer[2]["status"] for answer in answers if answer[0] == "Dispute"] == ["needs_response", "lost", "lost"]

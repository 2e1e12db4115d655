"""A written cassette is played, unchanged, by the tools whose format it uses: vcrpy, pytest-recording, cassetter."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from importlib.metadata import version
from pathlib import Path

from replaydisputes.cassette_file import serialize
from replaydisputes.model import Cassette
from tests.test_cassette_file import CLOSE, PROVENANCE, READ, with_body

FIELDS = 1 if tuple(map(int, version("vcrpy").split(".")[:2])) < (9, 1) else None
"""How many header fields of one name vcrpy plays: older ones play just the first."""

TRICKY = '{\n  "a": "é \u2028 \x85 # : \\u0000",\n\t"b": " "\n} \n\n'.encode()
CASSETTE = Cassette((CLOSE, READ, with_body(TRICKY), with_body(b""), with_body(b"\x00\xff" * 60)), PROVENANCE)

CALLS = """
import json, requests
def calls(sent):
    answers = []
    for method, url, headers, body in sent:
        answer = requests.request(method, url, headers=dict(headers), data=bytes.fromhex(body), timeout=1)
        answers.append([answer.status_code, answer.reason, answer.content.hex(), sorted(answer.headers.items())])
    return answers
sent = json.loads({sent!r})
"""

VCRPY = """
import vcr
with vcr.VCR(record_mode="none", match_on=["method", "uri", "raw_body"]).use_cassette("close-lost.yaml") as cassette:
    answers = calls(sent)
assert cassette.all_played
print(json.dumps(answers))
"""

CASSETTER = """
import cassetter
with cassetter.use_cassette("close-lost.yaml", record_mode="none") as cassette:
    answers = calls(sent)
assert cassette.all_played
print(json.dumps(answers))
"""

PYTEST_RECORDING = """
import pytest
@pytest.mark.vcr("close-lost.yaml", record_mode="none", match_on=["method", "uri", "raw_body"])
@pytest.mark.block_network
def test_replay(vcr):
    answers = calls(sent)
    assert vcr.all_played
    print("answers", json.dumps(answers))
"""


def sent_json() -> str:
    requests = [interaction.request for interaction in CASSETTE.interactions]
    return json.dumps([[each.method, each.url, each.headers, each.body.hex()] for each in requests])


def expected() -> list[list[object]]:
    answers: list[list[object]] = []
    for each in CASSETTE.interactions:
        fields: dict[str, list[str]] = {}
        for name, value in each.response.headers:
            fields.setdefault(name, []).append(value)
        headers = sorted([name, ", ".join(values[:FIELDS])] for name, values in fields.items())
        answers.append([each.response.status, each.response.reason, each.response.body.hex(), headers])
    return answers


def run(directory: Path, *arguments: str) -> str:
    (directory / "close-lost.yaml").write_bytes(serialize(CASSETTE))
    environment = {**os.environ, "PYTEST_DISABLE_PLUGIN_AUTOLOAD": "1", "NO_PROXY": "*"}
    ran = subprocess.run(
        [sys.executable, *arguments], cwd=directory, env=environment, capture_output=True, text=True, check=False
    )
    assert ran.returncode == 0, ran.stdout + ran.stderr
    assert (directory / "close-lost.yaml").read_bytes() == serialize(CASSETTE)
    return ran.stdout


def test_vcrpy_replays_it_byte_for_byte(tmp_path: Path) -> None:
    assert json.loads(run(tmp_path, "-c", CALLS.format(sent=sent_json()) + VCRPY)) == expected()


def test_cassetter_replays_it(tmp_path: Path) -> None:
    answers = json.loads(run(tmp_path, "-c", CALLS.format(sent=sent_json()) + CASSETTER))

    # It plays no reason phrase, and JSON generated anew from what it parsed: only the meaning can be compared.
    assert [(status, meaning(body)) for status, _, body, _ in answers] == [
        (interaction.response.status, meaning(interaction.response.body.hex())) for interaction in CASSETTE.interactions
    ]


def meaning(body: str) -> object:
    content = bytes.fromhex(body)
    return json.loads(content) if content.startswith(b"{") else content


def test_pytest_recording_replays_it_byte_for_byte(tmp_path: Path) -> None:
    directory = tmp_path / "cassettes" / "test_replay"
    directory.mkdir(parents=True)
    (tmp_path / "test_replay.py").write_text(CALLS.format(sent=sent_json()) + PYTEST_RECORDING)
    (directory / "close-lost.yaml").write_bytes(serialize(CASSETTE))
    arguments = ["-m", "pytest", "-q", "-s", "-p", "pytest_recording.plugin", "-p", "no:cacheprovider"]

    output = run(tmp_path, *arguments, "test_replay.py")

    [answers] = [line for line in output.splitlines() if "answers [" in line]
    assert json.loads(answers[answers.index("[") :]) == expected()

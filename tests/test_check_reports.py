"""The four ways a check reports: to a person, a script, a code scanner, GitHub."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
from importlib.metadata import version
from pathlib import Path
from typing import Any

import jsonschema
import pytest
from click.testing import CliRunner

from replaydisputes.checking import FileReport, Finding, github_lines, sarif
from replaydisputes.checking.finding import RULES
from replaydisputes.cli import group
from tests.check_support import READ, SHIPPED, a_dispute, answered, edited, file_of

EMAIL = "jane.austen@" + "corp-mail.io"


def run(*arguments: str, cwd: Path, **environment: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "replaydisputes", "check", *arguments],
        cwd=cwd,
        env={**os.environ, "PYTHONWARNINGS": "error", **environment},
        capture_output=True,
        text=True,
        encoding="utf-8",
        timeout=60,
        check=False,
    )


@pytest.fixture
def here(tmp_path: Path) -> Path:
    """A directory with a clean cassette, one with an email and an unknown reason, and a link to nowhere."""
    cassettes = tmp_path / "cassettes"
    cassettes.mkdir()
    (cassettes / "close-twice.yaml").write_bytes((SHIPPED / "close-twice.yaml").read_bytes())
    (cassettes / "with, space%.yaml").write_bytes(
        edited(
            lambda text: text.replace('"customer_name": null', f'"customer_name": "{EMAIL}"', 1).replace(
                '"reason": "fraudulent"', '"reason": "mislaid"', 1
            )
        )
    )
    (cassettes / "z.yaml").symlink_to("nowhere")
    return tmp_path


RULES_FOUND = ["digest/edited", "http/content-length", "leak/email", "schema/unknown-value"]


def test_a_person_gets_a_line_a_finding_what_to_do_and_the_sum(here: Path) -> None:
    done = run(cwd=here)
    lines = done.stdout.splitlines()

    assert [
        re.fullmatch(r"cassettes/with, space%\.yaml:\d+: (\S+): .+ \[.+\]", line)[1] for line in lines[:4]
    ] == RULES_FOUND  # type: ignore[index]
    assert (
        lines[4] == "next, for digest/edited: Record the cassette again, or accept the edit with `replaydisputes seal`."
    )
    assert lines[-1] == "3 files checked: 1 clean, 1 with findings (3 in all), 1 unreadable, 1 note"
    assert (done.returncode, done.stderr) == (
        3,
        "Error: cassettes/z.yaml: cannot read: No such file or directory.\n",
    )
    assert "\x1b" not in done.stdout


def test_notes_alone_do_not_fail(tmp_path: Path) -> None:
    mislaid = answered(READ, a_dispute(reason="mislaid"))
    (tmp_path / "cassettes").mkdir()
    (tmp_path / "cassettes" / "a.yaml").write_bytes(file_of(mislaid))

    done = run(cwd=tmp_path)

    assert (done.returncode, done.stdout.splitlines()[-1]) == (0, "1 file checked: 1 clean, 1 note")


@pytest.mark.parametrize("command", ["check", "seal"])
def test_help_gives_an_example(command: str) -> None:
    assert "Example: replaydisputes" in CliRunner().invoke(group, [command, "--help"]).stdout


def test_on_a_terminal_there_is_colour(here: Path) -> None:
    done = run(cwd=here, FORCE_COLOR="1", TERM="xterm-256color")

    assert "\x1b[" in done.stdout
    assert re.sub(r"\x1b\[[0-9;]*m", "", done.stdout) == run(cwd=here).stdout


def test_a_script_gets_one_document(here: Path) -> None:
    done = run("--json", cwd=here)
    said = json.loads(done.stdout)

    assert (done.returncode, done.stderr, said["version"]) == (3, "", 1)
    assert said["summary"] == {"files": 3, "clean": 1, "with_findings": 1, "unreadable": 1, "findings": 3, "notes": 1}
    assert [(row["file"], row["clean"]) for row in said["files"]] == [
        ("cassettes/close-twice.yaml", True),
        ("cassettes/with, space%.yaml", False),
        ("cassettes/z.yaml", False),
    ]
    assert [row["rule"] for row in said["findings"]] == RULES_FOUND
    leak = next(row for row in said["findings"] if row["rule"] == "leak/email")
    assert leak == {
        "file": "cassettes/with, space%.yaml",
        "line": 108,
        "column": 31,
        "field": "interactions[0].response.body $.evidence.customer_name",
        "rule": "leak/email",
        "level": "error",
        "message": "email j…@c… (24 characters)",
        "masked": "j…@c… (24 characters)",
        "next_step": leak["next_step"],
    }
    assert said["unreadable"] == [
        {"file": "cassettes/z.yaml", "message": "cassettes/z.yaml: cannot read: No such file or directory."}
    ]
    assert run("--format", "json", cwd=here).stdout == done.stdout
    assert EMAIL not in done.stdout


def test_github_gets_annotations_with_its_escapes(here: Path) -> None:
    done = run("--format", "github", cwd=here)
    lines = done.stdout.splitlines()

    assert done.returncode == 3
    assert lines[2].startswith(
        "::error file=cassettes/with%2C space%25.yaml,line=108,col=31,title=leak/email::email j…@c… (24 characters) ["
    )
    assert [line.partition(" ")[0] for line in lines[:5]] == ["::error", "::error", "::error", "::notice", "::error"]
    assert lines[4] == (
        "::error file=cassettes/z.yaml,title=unreadable::cassettes/z.yaml: cannot read: No such file or directory."
    )


def test_an_annotation_cannot_be_broken_out_of() -> None:
    finding = Finding("format", "100% wrong\r\n::warning::x", 1, 2)

    (line,) = github_lines([FileReport(Path("a:b,c\n.yaml"), (finding,))])

    assert line.startswith("::error file=a%3Ab%2Cc\\n.yaml,line=1,col=2,title=format::100%25 wrong%0D%0A::warning::x")
    assert "\n" not in line


TEXT = {"type": "object", "properties": {"text": {"type": "string", "minLength": 1}}, "required": ["text"]}
LOCATION = {
    "type": "object",
    "properties": {
        "physicalLocation": {
            "type": "object",
            "properties": {
                "artifactLocation": {
                    "type": "object",
                    "properties": {"uri": {"type": "string", "pattern": r"^[!$&-;=@-Z_a-z~%]+$"}},
                    "required": ["uri"],
                    "additionalProperties": False,
                },
                "region": {
                    "type": "object",
                    "properties": {
                        "startLine": {"type": "integer", "minimum": 1},
                        "startColumn": {"type": "integer", "minimum": 1},
                    },
                    "required": ["startLine"],
                    "additionalProperties": False,
                },
            },
            "required": ["artifactLocation", "region"],
            "additionalProperties": False,
        }
    },
    "required": ["physicalLocation"],
    "additionalProperties": False,
}
LEVEL = {"enum": ["none", "note", "warning", "error"]}


def only(required: list[str], **properties: Any) -> dict[str, Any]:
    return {"type": "object", "properties": properties, "required": required, "additionalProperties": False}


SARIF = only(
    ["$schema", "version", "runs"],
    **{"$schema": {"type": "string", "pattern": "^https://.*/sarif-schema-2.1.0.json$"}},
    version={"const": "2.1.0"},
    runs={
        "type": "array",
        "minItems": 1,
        "items": only(
            ["tool", "results"],
            tool=only(
                ["driver"],
                driver=only(
                    ["name", "rules"],
                    name={"type": "string"},
                    semanticVersion={"type": "string", "pattern": r"^\d+\.\d+\.\d+"},
                    rules={
                        "type": "array",
                        "uniqueItems": True,
                        "items": only(
                            ["id", "shortDescription"],
                            id={"type": "string"},
                            shortDescription=TEXT,
                            help=TEXT,
                            defaultConfiguration=only([], level=LEVEL),
                        ),
                    },
                ),
            ),
            columnKind={"enum": ["utf16CodeUnits", "unicodeCodePoints"]},
            invocations={
                "type": "array",
                "items": only(
                    ["executionSuccessful"],
                    executionSuccessful={"type": "boolean"},
                    toolExecutionNotifications={
                        "type": "array",
                        "items": only(
                            ["message"], level=LEVEL, message=TEXT, locations={"type": "array", "items": LOCATION}
                        ),
                    },
                ),
            },
            results={
                "type": "array",
                "items": only(
                    ["ruleId", "ruleIndex", "level", "message", "locations"],
                    ruleId={"type": "string"},
                    ruleIndex={"type": "integer", "minimum": 0},
                    level=LEVEL,
                    message=TEXT,
                    locations={"type": "array", "minItems": 1, "maxItems": 1, "items": LOCATION},
                ),
            },
        ),
    },
)
"""The part of SARIF 2.1.0 that is used here, and nothing besides; what the standard makes required is required."""


def test_a_scanner_gets_sarif(here: Path) -> None:
    done = run("--format", "sarif", cwd=here)
    log = json.loads(done.stdout)
    jsonschema.validate(log, SARIF)
    (run_log,) = log["runs"]
    rules = run_log["tool"]["driver"]["rules"]

    assert (done.returncode, done.stderr) == (3, "")
    assert run_log["tool"]["driver"]["semanticVersion"] == version("replaydisputes")
    assert [result["ruleId"] for result in run_log["results"]] == RULES_FOUND
    assert [rules[result["ruleIndex"]]["id"] for result in run_log["results"]] == RULES_FOUND
    assert {rule["id"] for rule in rules} == {*RULES, "leak/email"}
    assert run_log["results"][2]["locations"] == [
        {
            "physicalLocation": {
                "artifactLocation": {"uri": "cassettes/with%2C%20space%25.yaml"},
                "region": {"startLine": 108, "startColumn": 31},
            }
        }
    ]
    assert [invocation["executionSuccessful"] for invocation in run_log["invocations"]] == [False]
    assert EMAIL not in done.stdout


def test_sarif_of_clean_files_is_whole_as_well(here: Path) -> None:
    done = run("cassettes/close-twice.yaml", "--format", "sarif", cwd=here)
    log = json.loads(done.stdout)
    jsonschema.validate(log, SARIF)

    assert (done.returncode, log["runs"][0]["results"]) == (0, [])


@pytest.mark.parametrize(
    ("path", "uri"),
    [
        ("a/b.yaml", "a/b.yaml"),
        ("/root/a/b.yaml", "a/b.yaml"),
        ("../other/é.yaml", "file:///other/%C3%A9.yaml"),
        ("./a/../c d.yaml", "c%20d.yaml"),
    ],
)
def test_addresses_in_sarif_are_relative_to_the_root_where_they_can_be(path: str, uri: str) -> None:
    log = sarif([FileReport(Path(path), (Finding("format", "x"),))], "1.0.0", Path("/root"))

    (location,) = log["runs"][0]["results"][0]["locations"]
    assert location["physicalLocation"] == {"artifactLocation": {"uri": uri}, "region": {"startLine": 1}}


def test_every_rule_says_what_is_wrong_and_what_to_do() -> None:
    assert [
        name for name, rule in RULES.items() if not (rule.describes.endswith(".") and rule.next_step.endswith("."))
    ] == []

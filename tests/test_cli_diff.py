"""`replaydisputes diff` as a user runs it."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

LOST, OTHER = "close-lost", "close-product-not-received"


def run(*args: str, cwd: Path) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "replaydisputes", "diff", *args],
        cwd=cwd,
        env={**os.environ, "PYTHONWARNINGS": "error"},
        capture_output=True,
        text=True,
        encoding="utf-8",
        timeout=60,
        check=False,
    )


def test_a_cassette_does_not_differ_from_itself(tmp_path: Path) -> None:
    done = run(LOST, LOST, cwd=tmp_path)

    assert (done.returncode, done.stdout) == (0, "close-lost → close-lost: the same in substance\n")


def test_differences_are_told_by_call_and_path_with_exit_code_3(tmp_path: Path) -> None:
    done = run(LOST, OTHER, cwd=tmp_path)

    assert done.returncode == 3
    assert done.stderr == ""
    assert (
        '  1. GET /v1/disputes/du_…  value changed $.reason  "fraudulent" → "product_not_received"'
        in done.stdout.splitlines()
    )


def test_json_and_markdown_say_the_same(tmp_path: Path) -> None:
    as_json, as_markdown = run(LOST, OTHER, "--json", cwd=tmp_path), run(LOST, OTHER, "--markdown", cwd=tmp_path)
    (cassette,) = json.loads(as_json.stdout)["cassettes"]
    reason = next(drift for drift in cassette["drifts"] if drift["path"] == "$.reason")

    assert (as_json.returncode, as_markdown.returncode) == (3, 3)
    assert (reason["kind"], reason["old"], reason["new"]) == ("value changed", '"fraudulent"', '"product_not_received"')
    assert (
        '| 1. GET /v1/disputes/du_… | value changed | `$.reason` | `"fraudulent"` | `"product_not_received"` |'
        in as_markdown.stdout.splitlines()
    )


def test_an_unknown_name_offers_the_nearest(tmp_path: Path) -> None:
    done = run("close-lots", LOST, cwd=tmp_path)

    assert done.returncode == 2
    assert "did you mean close-lost" in done.stderr

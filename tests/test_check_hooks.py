"""The pre-commit hook and the GitHub workflow do what they say, as printed."""

from __future__ import annotations

import json
import os
import re
import shlex
import subprocess
import sys
from importlib.metadata import version
from pathlib import Path
from typing import Any

import pytest
import yaml

from tests.check_support import SHIPPED

ROOT = Path(__file__).parent.parent
(HOOK,) = yaml.safe_load((ROOT / ".pre-commit-hooks.yaml").read_text(encoding="utf-8"))
WORKFLOW: dict[Any, Any] = yaml.safe_load((ROOT / "examples" / "github-workflow.yml").read_text(encoding="utf-8"))
BAD = (SHIPPED / "close-lost.yaml").read_text(encoding="utf-8").replace('"needs_response"', '"won"')


def run(command: str, cwd: Path) -> subprocess.CompletedProcess[str]:
    """As a runner does: bash, stopping at the first error; pip may not reach for an index."""
    path = f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"
    environment = {**os.environ, "PATH": path, "PIP_NO_INDEX": "1", "PIP_DISABLE_PIP_VERSION_CHECK": "1"}
    return subprocess.run(
        ["bash", "-e", "-c", command],
        cwd=cwd,
        env=environment,
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )


@pytest.fixture
def checkout(tmp_path: Path) -> Path:
    (tmp_path / "cassettes").mkdir()
    (tmp_path / "cassettes" / "close-lost.yaml").write_bytes((SHIPPED / "close-lost.yaml").read_bytes())
    return tmp_path


def test_the_hook_is_handed_cassettes_and_nothing_else() -> None:
    handed = [
        path
        for path in (
            "cassettes/a.yaml",
            "tests/cassettes/refunds/b.yml",
            "mkdocs.yaml",
            "cassettes/a.yaml.bak",
            "my_cassettes/a.yaml",
        )
        if re.search(HOOK["files"], path)
    ]

    assert handed == ["cassettes/a.yaml", "tests/cassettes/refunds/b.yml"]
    assert (HOOK["id"], HOOK["language"], HOOK["pass_filenames"]) == ("replaydisputes-check", "python", True)


def test_the_hook_passes_a_clean_cassette_and_stops_a_bad_one(checkout: Path) -> None:
    (checkout / "cassettes" / "bad.yaml").write_text(BAD, encoding="utf-8")
    codes = [
        run(f"{HOOK['entry']} {name}", checkout).returncode
        for name in ("cassettes/close-lost.yaml", "cassettes/bad.yaml")
    ]

    assert codes == [0, 3]


def test_the_hooks_command_is_one_the_package_installs() -> None:
    assert shlex.split(HOOK["entry"])[0] in (ROOT / "pyproject.toml").read_text(encoding="utf-8")


@pytest.mark.parametrize("job", WORKFLOW["jobs"])
def test_each_job_runs_as_printed(job: str, checkout: Path) -> None:
    install, command = [step["run"] for step in WORKFLOW["jobs"][job]["steps"] if "run" in step]
    done = run(command, checkout)

    assert (done.returncode, done.stdout != "") == (0, job == "check"), done.stderr
    assert install == f"python -m pip install vendor/replaydisputes-{version('replaydisputes')}-py3-none-any.whl"


def test_the_scanning_job_leaves_the_report_that_it_uploads_even_where_it_fails(checkout: Path) -> None:
    (checkout / "cassettes" / "bad.yaml").write_text(BAD, encoding="utf-8")
    *_, check, upload = WORKFLOW["jobs"]["code-scanning"]["steps"]
    done = run(check["run"], checkout)
    report = json.loads((checkout / upload["with"]["sarif_file"]).read_text(encoding="utf-8"))

    assert (done.returncode, upload["if"]) == (3, "always()")
    assert len(report["runs"][0]["results"]) > 0

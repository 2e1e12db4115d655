"""Every command and file of docs/recording.md, and the nightly job, do what the text around them says."""

from __future__ import annotations

import os
import subprocess
import sys
from importlib.metadata import version
from pathlib import Path
from typing import Any

import pytest
import yaml

from replaydisputes.recording.scenarios import SCENARIOS
from replaydisputes.sandbox import Sandbox
from tests.at_length import at_length
from tests.docs_support import ROOT, blocks
from tests.plugin_support import own_cassette, run_apart
from tests.recording_support import KEY, Watched, sandbox_target
from tests.settle_support import ALTERED
from tests.test_readme import shell

PAGE = "docs/recording.md"
COMMANDS = [line.removeprefix("$ ") for text in blocks(PAGE, "console") for line in text.splitlines()]
FEW = {"close-lost", "close-twice", "shop-close"}
"""The cassettes that are refreshed; all of them would take long."""
JOB: dict[Any, Any] = yaml.safe_load((ROOT / "examples" / "ci" / "refresh-cassettes.yml").read_text(encoding="utf-8"))
STEPS = JOB["jobs"]["refresh"]["steps"]


def with_key(command: str, api_base: str) -> str:
    """The command with only key and origin changed."""
    return f"{command.replace('sk_test_...', KEY)} --api-base {api_base}" if "sk_test_" in command else command


def test_every_block_is_run_here() -> None:
    assert (ROOT / PAGE).read_text(encoding="utf-8").count("```") == 2 * (len(COMMANDS) + 2)
    assert COMMANDS == [
        "STRIPE_API_KEY=sk_test_... replaydisputes record close-lost",
        "replaydisputes list --scenarios",
        "STRIPE_API_KEY=sk_test_... replaydisputes record --all",
        "STRIPE_API_KEY=sk_test_... replaydisputes record shop-close --scenarios recipes.py",
        "replaydisputes recover",
        "STRIPE_API_KEY=sk_test_... replaydisputes refresh --all --dry-run --markdown",
        "STRIPE_API_KEY=sk_test_... replaydisputes refresh --all --redate",
    ]


@at_length("long")
def test_the_commands_run_one_after_the_other_as_printed(tmp_path: Path) -> None:
    (recipes,) = blocks(PAGE, "python")
    (tmp_path / "recipes.py").write_text(recipes, encoding="utf-8")
    with sandbox_target() as target:
        done = [shell(with_key(command, target.api_base), tmp_path) for command in COMMANDS[:5]]
        made = {path.stem for path in (tmp_path / "cassettes").iterdir()}
        for name in made - FEW:
            (tmp_path / "cassettes" / f"{name}.yaml").unlink()
        done += [shell(with_key(command, target.api_base), tmp_path) for command in COMMANDS[5:]]

    one, listed, every, own, recovered, compared, redated = done
    assert [each.returncode for each in done] == [0] * 7, [each.stderr for each in done]
    skipped = {name for name, scenario in SCENARIOS.items() if "a restricted key" in scenario.needs}
    assert made == {*SCENARIOS, "shop-close"} - skipped
    assert one.stdout.startswith("cassettes/close-lost.yaml: written; 4 interactions")
    assert "close-lost" in listed.stdout
    assert every.stderr.count("Skipped: ") == len(skipped)
    assert own.stdout.startswith("cassettes/shop-close.yaml: written; 2 interactions")
    assert recovered.stdout == "Nothing is in quarantine.\n"
    assert compared.stdout.splitlines()[0] == "**3 cassettes: 2 unchanged, 1 left out.**"
    assert redated.stdout.splitlines()[-1] == "3 cassettes: 2 redated, 1 left out"


def test_the_ini_block_is_understood(pytester: pytest.Pytester) -> None:
    (text,) = blocks(PAGE, "ini")
    pytester.makeini(text)
    own_cassette(pytester, "mine")
    pytester.makepyfile(
        "import pytest\n@pytest.mark.replaydisputes('mine')\ndef test_it(replaydisputes): assert replaydisputes"
    )

    run_apart(pytester, "--strict-config", "-p", "no:asyncio", "-W", "error").assert_outcomes(passed=1)


FAKE_GH = '#!/bin/sh\necho "$@" >> "$GH_CALLS"\n'
"""Stands in for GitHub's own client: notes what it is asked."""


@pytest.fixture
def checkout(tmp_path: Path) -> Path:
    """A repository with a remote, two cassettes of the sandbox in it, and what a runner gives a job."""
    for command in (
        "git init -q --bare remote.git",
        "git init -q -b main work && cd work && git remote add origin ../remote.git",
        "cd work && replaydisputes record close-inquiry close-lost --sandbox && git add . && git "
        "-c user.name=a -c user.email=a@example.invalid commit -q -m first",
        "mkdir bin temp",
    ):
        assert shell(command, tmp_path).returncode == 0
    gh = tmp_path / "bin" / "gh"
    gh.write_text(FAKE_GH)
    gh.chmod(0o755)
    return tmp_path / "work"


def step(run: str, checkout: Path) -> subprocess.CompletedProcess[str]:
    """As a runner runs it: bash, stopping at the first error, with a runner's environment."""
    top = checkout.parent
    environment = {
        **os.environ,
        "PATH": os.pathsep.join([str(top / "bin"), str(Path(sys.executable).parent), os.environ["PATH"]]),
        "RUNNER_TEMP": str(top / "temp"),
        "GITHUB_STEP_SUMMARY": str(top / "summary"),
        "GITHUB_OUTPUT": str(top / "output"),
        "GH_CALLS": str(top / "gh"),
        "STRIPE_API_KEY": KEY,
    }
    command = ["bash", "-e", "-c", run]
    return subprocess.run(command, cwd=checkout, env=environment, capture_output=True, text=True, check=False)


def test_the_nightly_job_opens_a_pull_request_with_the_report_where_something_drifted(checkout: Path) -> None:
    install, refresh, propose = [one["run"] for one in STEPS if "run" in one]
    with sandbox_target(Watched(Sandbox(), ALTERED["inquiry-close"])) as target:
        refreshed = step(refresh.replace("refresh --all", f"refresh --all --api-base {target.api_base}"), checkout)
    proposed = step(propose, checkout)

    top = checkout.parent
    assert (refreshed.returncode, proposed.returncode) == (0, 0), refreshed.stderr + proposed.stderr
    assert (top / "output").read_text() == "code=3\n"
    assert (top / "summary").read_text().startswith("**2 cassettes: 1 replaced, 1 unchanged.**")
    assert (top / "summary").read_text() == (top / "temp" / "drift.md").read_text()
    changed = shell("git diff --name-only main origin/refresh-cassettes", checkout)
    assert changed.stdout == "cassettes/close-inquiry.yaml\n"
    assert (top / "gh").read_text().startswith("pr create --title Stripe answers otherwise than recorded --body-file")
    assert install == f"python -m pip install vendor/replaydisputes-{version('replaydisputes')}-py3-none-any.whl"
    assert [one["if"] for one in STEPS if "if" in one] == ["steps.refresh.outputs.code == '3'"]


@at_length("long")
def test_the_nightly_job_says_so_where_nothing_changed_and_fails_where_there_is_no_key(checkout: Path) -> None:
    _, refresh, _ = [one["run"] for one in STEPS if "run" in one]
    with sandbox_target() as target:
        done = step(refresh.replace("refresh --all", f"refresh --all --api-base {target.api_base}"), checkout)
    without = step(f"unset STRIPE_API_KEY; {refresh}", checkout)

    assert (done.returncode, without.returncode) == (0, 1)
    assert (checkout.parent / "output").read_text() == "code=0\ncode=4\n"
    assert shell("git status --porcelain", checkout).stdout == ""

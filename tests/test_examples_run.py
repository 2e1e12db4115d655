"""The examples run with the real clients against one running server. `make languages` installs what it can."""

from __future__ import annotations

import os
import re
import shlex
import shutil
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest
import requests

from tests.served import served

ROOT = Path(__file__).parent.parent
LANGUAGES = ROOT / ".languages"
REQUIRED = os.environ.get("LANGUAGES_REQUIRED", "").split()
INSTALL = os.environ.get("LANGUAGES_INSTALL")
SHUT = "http://127.0.0.1:9"
_AGAIN = "sk_test_python_test_the_sdk_tries_again_when_told_to"


@dataclass(frozen=True)
class Example:
    """fetch: what installs the SDK, where its registry is reached. ready: succeeds where it is installed.

    ends: what the run says at its end. retried: the keys of sessions in which the SDK, not the example, sends the
    failed close again. All commands run in a copy of the example's folder.
    """

    name: str
    fetch: str
    ready: str
    run: str
    ends: str
    retried: tuple[str, ...] = ()


EXAMPLES = (
    Example(
        "python",
        "true",
        "true",
        f"PYTEST_DISABLE_PLUGIN_AUTOLOAD=1 {shlex.quote(sys.executable)} -m pytest -q -c {os.devnull} --rootdir . "
        "test_closing.py",
        "7 passed",
        (f"{_AGAIN}[server-error]", f"{_AGAIN}[connection-reset]"),
    ),
    Example(
        "node",
        "npm install --ignore-scripts",
        "test -d node_modules/stripe",
        "node --test",
        "# pass 7",
        ("sk_test_node_server_error", "sk_test_node_connection_reset"),
    ),
    Example(
        "stripe-cli",
        f"make -C '{ROOT}' .stripe-cli/.installed",
        f"test -x '{ROOT}/.stripe-cli/node_modules/.bin/stripe'",
        f"STRIPE_CLI='{ROOT}/.stripe-cli/node_modules/.bin/stripe' bash closing.sh",
        "10 claims hold",
    ),
    Example("php", "composer install", "test -e vendor/autoload.php", "php closing.php", "ok: and nothing is closed"),
    Example(
        "ruby",
        "gem install --install-dir gems stripe minitest",
        """GEM_HOME=gems ruby -e 'require "stripe"; require "minitest"'""",
        "GEM_HOME=gems ruby closing_test.rb",
        "6 runs, ",
    ),
    Example(
        "go",
        "go mod tidy",
        "GOFLAGS=-mod=mod GOPROXY=off GOTOOLCHAIN=local go vet ./...",
        "GOFLAGS=-mod=mod GOPROXY=off GOTOOLCHAIN=local go test ./...",
        "ok  \texample.com/closing",
    ),
    Example(
        "java",
        "mvn -q dependency:go-offline compile",
        "mvn -q -o compile",
        "mvn -q -o exec:java",
        "ok: and nothing is closed",
    ),
    Example("dotnet", "dotnet restore", "dotnet build --no-restore", "dotnet run --no-build", "ok: and nothing is"),
)


@pytest.fixture(scope="module")
def url() -> Iterator[str]:
    with served() as base:
        yield base


def laid_out(example: Example, directory: Path) -> Path:
    """A copy of the example, beside what an earlier run has installed for it there."""
    return shutil.copytree(ROOT / "examples" / example.name, directory / example.name, dirs_exist_ok=True)


def shell(command: str, folder: Path, **environment: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        ["bash", "-c", command],
        cwd=folder,
        env={**os.environ, **environment},
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        timeout=300,
        check=False,
    )


def need(example: Example, command: str, folder: Path) -> None:
    """What must succeed before the example can run; else it is not run, or, where it has to be, fails."""
    done = shell(command, folder)
    if done.returncode:
        reason = f"not run: {example.name}: its SDK is not installed here (`{command}` failed)"
        pytest.fail(f"{reason}\n{done.stdout}{done.stderr}") if example.name in REQUIRED else pytest.skip(reason)


@pytest.mark.parametrize("example", EXAMPLES, ids=lambda example: example.name)
def test_the_example_runs(example: Example, url: str, tmp_path: Path) -> None:
    if not REQUIRED and example.name != "python":
        pytest.skip("`make languages` runs the examples of other languages")
    folder = laid_out(example, LANGUAGES if REQUIRED else tmp_path)
    if INSTALL:
        need(example, example.fetch, folder)
    need(example, example.ready, folder)

    shut = {"HTTP_PROXY": SHUT, "HTTPS_PROXY": SHUT, "NO_PROXY": "127.0.0.1", "no_proxy": "127.0.0.1"}
    if example.name == "stripe-cli":  # its configuration is no business of the developer's own
        shut |= {"HOME": str(tmp_path), "XDG_CONFIG_HOME": str(tmp_path)}
    done = shell(example.run, folder, STRIPE_API_BASE=url, **shut)

    assert done.returncode == 0, done.stdout + done.stderr
    assert example.ends in done.stdout
    assert [outcomes(url, key) for key in example.retried] == [["fault", "answered"] for _ in example.retried]


def outcomes(url: str, key: str) -> list[str]:
    """What became of each request of a session, in order."""
    journal = requests.get(f"{url}/_replaydisputes/journal", auth=(key, ""), timeout=10).json()
    return [one["outcome"] for one in journal["requests"]]


def test_the_java_example_parses(tmp_path: Path) -> None:
    if not REQUIRED or not shutil.which("javac"):
        pytest.skip("`make languages` parses it where there is a javac")
    source = ROOT / "examples/java/src/main/java/Closing.java"
    done = subprocess.run(
        ["javac", "-d", str(tmp_path), "-Xmaxerrs", "1000", str(source)],
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )

    # The SDK is not there, so that its names are unknown; any other error is the example's own.
    errors = set(re.findall(r": error: (.*)", done.stderr))
    assert {
        error for error in errors if not re.match(r"(cannot find symbol|package com\.stripe\S* does)", error)
    } == set()

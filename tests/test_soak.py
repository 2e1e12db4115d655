"""The short form of `make soak`, and that its judges can tell a fault."""

from __future__ import annotations

import http.client
import json
import subprocess
import sys
import textwrap
from pathlib import Path

import pytest

from tests.at_length import at_length
from tests.soak.witnesses import attributes, changed

ROOT = Path(__file__).parent.parent
SHORT = ("--seconds", "1.5", "--threads", "16", "--tasks", "100", "--cassettes", "12")


def soaked(*before: str) -> subprocess.CompletedProcess[str]:
    """A short soak in a process of its own, after some lines of code that spoil it."""
    code = "\n".join((*before, "import sys", "from tests.soak.__main__ import main", "sys.exit(main())"))
    command = [sys.executable, "-c", textwrap.dedent(code), *SHORT] if before else [sys.executable, "-m", "tests.soak"]
    arguments = [] if before else list(SHORT)
    return subprocess.run([*command, *arguments], cwd=ROOT, capture_output=True, text=True, timeout=120, check=False)


@at_length("soak")
def test_threads_and_tasks_with_a_cassette_each_get_their_own_answers_and_leave_nothing() -> None:
    run = soaked()

    assert run.returncode == 0, json.dumps([run.stdout, run.stderr], indent=1)
    assert "wrong answers 0;" in run.stdout
    assert "changed 0; sockets used, by audit, 0;" in run.stdout


ONE_FOR_ALL = """\
import os
os.environ["REPLAYDISPUTES_SOAK_IN_NAMESPACE"] = "no"
from replaydisputes.interception import routing
class Everywhere:
    def __init__(self): self.value = None
    def get(self, default=None): return self.value
    def set(self, value): self.value = value
    def reset(self, token): self.value = None
routing.current = Everywhere()
"""


@at_length("soak")
def test_a_route_that_all_contexts_share_is_found_out() -> None:
    run = soaked(ONE_FOR_ALL)

    assert run.returncode == 1, run.stdout + run.stderr
    errors = ("WrongAnswerError", "NetworkBlockedError", "MismatchError", "NestedReplayError")
    assert any(error in run.stdout for error in errors)


def test_a_method_left_replaced_is_found_out(monkeypatch: pytest.MonkeyPatch) -> None:
    before = attributes()

    def request(self: object) -> None: ...

    monkeypatch.setattr(http.client.HTTPConnection, "request", request)
    monkeypatch.setattr(http.client.HTTPSConnection, "request", request, raising=False)

    assert changed(before) == ["http.client.HTTPConnection.request", "http.client.HTTPSConnection.request"]

"""The short forms of `make load` and `make fuzz`, and that their judges can tell a fault."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from tests.at_length import at_length
from tests.load.__main__ import growth, unexpected, unexplained
from tests.redis_support import needs_redis

ROOT = Path(__file__).parent.parent
LOAD = ("--seconds", "4", "--sessions", "100", "--connections", "16", "--steady", "2", "--judged", "600")
FUZZ = ("--requests", "400", "--idle", "200")


def ran(module: str, arguments: tuple[str, ...], spoiled: str = "") -> subprocess.CompletedProcess[str]:
    """A short run in a process of its own, of a server that some lines of code spoil."""
    serve = f"{spoiled}\nfrom replaydisputes.cli import main\nmain()"
    code = f"import sys\nimport {module}.__main__ as it\nit.SERVE[1:3] = ['-c', {serve!r}]\nsys.exit(it.main())"
    command = [sys.executable, "-c", code] if spoiled else [sys.executable, "-m", module]
    return subprocess.run([*command, *arguments], cwd=ROOT, capture_output=True, text=True, timeout=170, check=False)


@at_length("load")
@needs_redis
def test_under_load_every_answer_is_right_while_redis_and_workers_are_killed() -> None:
    run = ran("tests.load", LOAD)

    assert (run.returncode, run.stderr) == (0, ""), run.stdout
    assert "wrong answers 0; faults 0" in run.stdout


WITHOUT_COMPARING = """\
from replaydisputes.server import state_redis
state_redis._SAVE = state_redis._SAVE.replace("if held[1]", "if false and held[1]")
"""


@at_length("load")
@needs_redis
def test_a_store_that_does_not_compare_is_found_out() -> None:
    run = ran("tests.load", LOAD, WITHOUT_COMPARING)

    assert run.returncode == 1, run.stdout + run.stderr
    assert "sk_test_load" in run.stdout


@at_length("fuzz")
def test_mutated_requests_leave_the_server_at_work() -> None:
    run = ran("tests.fuzz", FUZZ)

    assert (run.returncode, run.stderr) == (0, ""), run.stdout
    assert "faults 0" in run.stdout


ONE_FOR_ALL = """\
from replaydisputes.server import session_app
session_app.session_name = lambda authorization: ""
"""
FALLS_OVER = """\
from replaydisputes.server import session_app
def fail(*_):
    raise LookupError("a bug")
session_app.own_error = fail
"""


@at_length("fuzz")
@pytest.mark.parametrize(
    ("spoiled", "told"),
    [(ONE_FOR_ALL, "'needs_response')"), (FALLS_OVER, "Internal Server Error")],
    ids=["mixes sessions", "falls over"],
)
def test_a_server_that_mixes_sessions_or_falls_over_is_found_out(spoiled: str, told: str) -> None:
    run = ran("tests.fuzz", FUZZ, spoiled)

    assert run.returncode == 1, run.stdout + run.stderr
    assert told in run.stdout


def test_what_is_judged_can_be_told_amiss() -> None:
    leaking = [(number * 1000, number * 1_000_000) for number in range(30)]

    assert growth(leaking, 3000) == ["the workers grew by 20,000,000 bytes in 29,000 answers; at most 8,232,000"]
    assert growth([(count, 100_000_000 + count % 7 * 100_000) for count, _ in leaking], 3000) == []
    assert growth(leaking[:3], 30_000) == ["only 2,000 answers to judge memory by, too few"]
    assert unexplained([1.0, 5.5, 20.0], [(0.5, 2.0), (5.0, 6.0)]) == [14.0]
    assert unexpected("Worker 1 ended (SIGKILL); another begins.\nTraceback (most recent…\n  x\nE: y\n") == [
        "the server said: E: y"
    ]

from __future__ import annotations

from pathlib import Path

import pytest

from replaydisputes.errors import LeakFoundError
from replaydisputes.model import Request, Response
from replaydisputes.recording.quarantine import quarantine_directory
from replaydisputes.recording.recorder import record
from replaydisputes.recording.scenarios import SCENARIOS, catalogue
from replaydisputes.sandbox import Sandbox
from tests.recording_support import (
    OWN_SCENARIO,
    TALKATIVE_ACCOUNT,
    Watched,
    sandbox_target,
    surroundings,
    tell_account,
    with_json,
)
from tests.test_cli import run


def leave_a_capture(tmp_path: Path) -> str:
    with (
        sandbox_target(Watched(Sandbox(account=TALKATIVE_ACCOUNT), tell_account)) as target,
        pytest.raises(LeakFoundError),
    ):
        record(SCENARIOS["close-lost"], target, tmp_path / "cassettes" / "close-lost.yaml", surroundings())
    (journal,) = quarantine_directory().glob("*.jsonl")
    return journal.stem


def test_nothing_in_quarantine_is_said(tmp_path: Path) -> None:
    done = run("recover", cwd=tmp_path)

    assert (done.returncode, done.stdout) == (0, "Nothing is in quarantine.\n")


def test_a_capture_is_listed_with_what_was_closed_and_why_it_is_kept(tmp_path: Path) -> None:
    name = leave_a_capture(tmp_path)

    said = run("recover", cwd=tmp_path).stdout

    assert said.splitlines()[0] == name
    assert "4 calls of the scenario answered; closes sent for: du_1" in said
    assert "kept because: LeakFoundError: " in said
    assert "the gate finds: account fragment in interactions[0].response.body $.reason" in said


def test_it_stays_until_a_rule_is_added_and_then_becomes_the_cassette(tmp_path: Path) -> None:
    name = leave_a_capture(tmp_path)

    before = run("recover", name, cwd=tmp_path)
    (tmp_path / "pyproject.toml").write_text('[tool.replaydisputes]\nreplace = ["dispute:reason"]\n')
    after = run("recover", name, cwd=tmp_path)

    assert (before.returncode, "leak(s)" in before.stderr) == (3, True)
    assert (after.returncode, after.stderr) == (0, "")
    text = (tmp_path / "cassettes" / "close-lost.yaml").read_text(encoding="utf-8")
    assert ("abcdefghij" in text, text.count('"reason": "[redacted ')) == (False, 4)
    assert list(quarantine_directory().glob("*.jsonl")) == []


def test_a_recovered_cassette_equals_one_recorded_with_the_rule(tmp_path: Path) -> None:
    name = leave_a_capture(tmp_path)
    (tmp_path / "pyproject.toml").write_text('[tool.replaydisputes]\nreplace = ["dispute:reason"]\n')
    run("recover", name, cwd=tmp_path)
    recovered = (tmp_path / "cassettes" / "close-lost.yaml").read_text(encoding="utf-8")
    run("record", "close-lost", "--sandbox", "--cassettes", "again", cwd=tmp_path)
    again = (tmp_path / "again" / "close-lost.yaml").read_text(encoding="utf-8")

    assert recovered.partition("interactions:\n-")[2] == again.partition("interactions:\n-")[2]


def test_a_capture_that_breaks_the_promise_is_not_made_a_cassette(tmp_path: Path) -> None:
    def stay_open(request: Request, response: Response) -> Response:
        last_read = request.method == "GET" and "/v1/disputes/du_" in request.url and watched.closes
        return with_json(response, lambda body: body.update(status="won")) if last_read else response

    watched = Watched(Sandbox(), stay_open)
    with sandbox_target(watched) as target, pytest.raises(Exception, match="expected status lost, got won"):
        record(SCENARIOS["close-lost"], target, tmp_path / "x.yaml", surroundings())
    (journal,) = quarantine_directory().glob("*.jsonl")

    done = run("recover", journal.stem, cwd=tmp_path)

    assert done.returncode == 3
    assert "it is not what close-lost promises: read the dispute: expected status lost, got won" in done.stderr
    assert journal.exists()


def test_discard_asks_first_and_erases(tmp_path: Path) -> None:
    name = leave_a_capture(tmp_path)

    asked = run("recover", "--discard", cwd=tmp_path)
    still = list(quarantine_directory().glob("*.jsonl"))
    erased = run("recover", name, "--discard", "--yes", cwd=tmp_path)

    assert (asked.returncode != 0, len(still)) == (True, 1)
    assert (erased.returncode, erased.stdout) == (0, f"erased {name}\n")
    assert list(quarantine_directory().glob("*.jsonl")) == []


def test_an_unknown_capture_offers_the_nearest(tmp_path: Path) -> None:
    name = leave_a_capture(tmp_path)

    done = run("recover", name[:-1] + "x", cwd=tmp_path)

    assert done.returncode == 2
    assert name in done.stderr


@pytest.mark.parametrize(
    ("table", "said"),
    [
        ('keep = ["charge:billing_details.email"]', "such a field carries keys, ids or people and is never kept"),
        ('keep = ["dispute:evidence.product_description"]', "is never kept"),
        ('keep = ["header:Authorization"]', "such a header carries keys, ids or people and is never kept"),
        ('keep = ["form:metadata.order"]', "is never kept"),
        ('replace = ["nonsense"]', "this is not a rule"),
        ('keeep = ["charge:paid"]', "'keeep' is not a setting; did you mean keep?"),
        ("keep = 1", "'keep' must be a list of strings"),
        ("keep = [", "cannot be read"),
    ],
)
def test_a_rule_that_would_let_people_through_or_says_nothing_is_refused(table: str, said: str, tmp_path: Path) -> None:
    (tmp_path / "pyproject.toml").write_text(f"[tool.replaydisputes]\n{table}\n")

    done = run("record", "close-lost", "--sandbox", cwd=tmp_path)

    assert (done.returncode, len(done.stderr.splitlines())) == (2, 1)
    assert said in done.stderr
    assert not (tmp_path / "cassettes").exists()


def test_a_capture_of_a_users_own_scenario_is_finished_with_its_file(tmp_path: Path) -> None:
    own = tmp_path / "own.py"
    own.write_text(OWN_SCENARIO)
    with (
        sandbox_target(Watched(Sandbox(account=TALKATIVE_ACCOUNT), tell_account)) as target,
        pytest.raises(LeakFoundError),
    ):
        record(catalogue([own]).named("mine"), target, tmp_path / "mine.yaml", surroundings())
    (journal,) = quarantine_directory().glob("*.jsonl")
    (tmp_path / "pyproject.toml").write_text('[tool.replaydisputes]\nreplace = ["dispute:reason"]\n')

    without = run("recover", journal.stem, cwd=tmp_path)
    done = run("recover", journal.stem, "--scenarios", "own.py", cwd=tmp_path)

    assert (without.returncode, "no scenario is called 'mine'" in without.stderr) == (2, True)
    assert (done.returncode, done.stderr, (tmp_path / "cassettes" / "mine.yaml").exists()) == (0, "", True)

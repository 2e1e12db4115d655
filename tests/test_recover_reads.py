"""`recover` with a key: the reads that could not be made after a close are made, and never a write."""

from __future__ import annotations

from pathlib import Path

import pytest

from replaydisputes.cassette_file import load
from replaydisputes.errors import UnexpectedAnswerError, UnreachableError
from replaydisputes.model import Cassette, Response
from replaydisputes.recording.quarantine import quarantine_directory
from replaydisputes.recording.recorder import Target, record
from replaydisputes.recording.scenarios import SCENARIOS
from replaydisputes.sandbox import Sandbox
from tests.at_length import all_at_length
from tests.recording_support import KEY, Watched, sandbox_target, surroundings
from tests.sandbox_calls import Caller
from tests.test_cli import run

FAILURE = Response(500, (("Content-Type", "application/json"), ("Content-Length", "2")), b"{}", "Internal Server Error")
TORN = Response(200, (("Content-Type", "application/json"), ("Connection", "close")), b'{"id": "du_', "OK")


def failing(at: int, instead: Response) -> Watched:
    """A sandbox of which every answer from its n-th on is `instead`, until it is given another `change`."""
    watched = Watched(Sandbox(seed=4))
    watched.change = lambda request, response: instead if len(watched.seen) >= at else response
    return watched


def interrupted(scenario: str, target: Target, watched: Watched, dispute: str | None = None) -> str:
    """The name of the capture that a recording leaves behind; then the other side is well again."""
    path = quarantine_directory().parent / "never.yaml"
    with pytest.raises((UnexpectedAnswerError, UnreachableError)):
        record(SCENARIOS[scenario], target, path, surroundings(), dispute)
    watched.change = lambda request, response: response
    watched.seen.clear()
    (journal,) = quarantine_directory().glob("*.jsonl")
    return journal.stem


def undisturbed(scenario: str, path: Path) -> Cassette:
    with sandbox_target(Sandbox(seed=8)) as target:
        return record(SCENARIOS[scenario], target, path, surroundings()).cassette


INTERRUPTED = [
    ("close-lost", 5, FAILURE),
    ("close-lost", 6, TORN),
    ("close-lost", 7, FAILURE),
    ("close-twice", 6, TORN),
    ("close-expand-charge", 5, FAILURE),
]


@pytest.mark.parametrize(("scenario", "at", "instead"), all_at_length(INTERRUPTED, [INTERRUPTED[0], INTERRUPTED[3]]))
def test_the_missing_reads_are_made_and_the_cassette_is_as_if_nothing_had_happened(
    scenario: str, at: int, instead: Response, tmp_path: Path
) -> None:
    watched = failing(at, instead)
    with sandbox_target(watched) as target:
        name = interrupted(scenario, target, watched)
        done = run("recover", name, cwd=tmp_path, STRIPE_API_KEY=KEY)

    assert (done.returncode, {request.method for request in watched.seen}) == (0, {"GET"}), done.stderr
    made = load(tmp_path / "cassettes" / f"{scenario}.yaml")
    assert made.interactions == undisturbed(scenario, tmp_path / "other.yaml").interactions
    assert list(quarantine_directory().iterdir()) == []


def test_only_what_is_sent_now_is_told(tmp_path: Path) -> None:
    watched = failing(5, FAILURE)
    with sandbox_target(watched) as target:
        name = interrupted("close-lost", target, watched)
        done = run("recover", name, cwd=tmp_path, STRIPE_API_KEY=KEY)

    told = [line.strip() for line in done.stderr.splitlines() if line.startswith("  ")]
    event = "the event charge.dispute.closed"
    assert told == ["read the dispute", f"waiting for {event} (0.0 s)", f"read {event}"]


def test_without_a_key_it_says_that_only_reads_are_missing(tmp_path: Path) -> None:
    watched = failing(5, FAILURE)
    with sandbox_target(watched) as target:
        name = interrupted("close-lost", target, watched)
        done = run("recover", name, cwd=tmp_path)

    assert (done.returncode, watched.seen) == (3, [])
    assert "Only reads are missing: with its key in STRIPE_API_KEY, the same command makes them." in done.stderr


def test_a_close_that_was_not_answered_is_not_made_again(tmp_path: Path) -> None:
    watched = failing(4, TORN)
    with sandbox_target(watched) as target:
        name = interrupted("close-lost", target, watched)
        done = run("recover", name, cwd=tmp_path, STRIPE_API_KEY=KEY)

    assert (done.returncode, watched.seen) == (3, [])
    assert "1 of 4 calls were answered, which makes no cassette. A write is missing or went wrong" in done.stderr


def test_a_read_that_still_fails_leaves_the_capture_for_another_time(tmp_path: Path) -> None:
    watched = failing(5, FAILURE)
    with sandbox_target(watched) as target:
        name = interrupted("close-lost", target, watched)
        watched.change = lambda request, response: Response(404, (), b"{}", "Not Found")
        failed = run("recover", name, cwd=tmp_path, STRIPE_API_KEY=KEY)
        watched.change = lambda request, response: response
        done = run("recover", name, cwd=tmp_path, STRIPE_API_KEY=KEY)

    assert (failed.returncode, done.returncode) == (3, 0)
    assert "close-lost: read the dispute: expected HTTP 200, got HTTP 404" in failed.stderr


def test_a_live_key_is_refused_before_anything_is_sent(tmp_path: Path) -> None:
    watched = failing(5, FAILURE)
    with sandbox_target(watched) as target:
        name = interrupted("close-lost", target, watched)
        done = run("recover", name, cwd=tmp_path, STRIPE_API_KEY="sk_live_" + "a" * 24)

    assert (done.returncode, watched.seen) == (4, [])
    assert "the key is a live-mode key" in done.stderr


def test_of_a_dispute_that_was_there_before_the_reads_are_made_as_well(tmp_path: Path) -> None:
    watched = Watched(Sandbox())
    dispute = Caller(watched.inner).dispute()["id"]
    with sandbox_target(watched) as target:
        watched.change = lambda request, response: FAILURE if watched.closes and request.method == "GET" else response
        name = interrupted("close-lost", target, watched, dispute)
        done = run("recover", name, cwd=tmp_path, STRIPE_API_KEY=KEY)

    assert (done.returncode, {request.method for request in watched.seen}) == (0, {"GET"}), done.stderr

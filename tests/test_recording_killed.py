"""The recorder killed at any point: the old cassette or the new one, and no close that was sent is lost."""

from __future__ import annotations

import json
import os
import random
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from replaydisputes.model import Request, Response
from replaydisputes.recording.quarantine import quarantine_directory, quarantined
from replaydisputes.recording.recorder import record
from replaydisputes.recording.scenarios import SCENARIOS
from replaydisputes.sandbox import Sandbox
from tests.at_length import all_at_length, at_length
from tests.recording_support import KEY, Watched, sandbox_target, surroundings

CALLS = 6
"""Of close-twice: payment, list, read, close, close, read."""
CLOSES = (4, 5)


class Killer:
    """An Answerer that kills its client at one of its requests, before or after the sandbox has acted on it."""

    def __init__(self, at: int, after: bool) -> None:
        self._sandbox, self._at, self._after = Sandbox(seed=3), at, after
        self.closes_done: list[str] = []
        self.seen = 0
        self.kill: Callable[[], object] = lambda: None

    def answer(self, request: Request) -> Response:
        self.seen += 1
        if self.seen == self._at and not self._after:
            self.kill()
        response = self._sandbox.answer(request)
        if request.url.endswith("/close") and response.status == 200:
            self.closes_done.append(request.url.split("/")[-2])
        if self.seen == self._at and self._after:
            self.kill()
        return response


def start(api_base: str, path: Path) -> subprocess.Popen[bytes]:
    return subprocess.Popen(
        [sys.executable, "-m", "tests.recorder_process", api_base, str(path)],
        cwd=Path(__file__).parent.parent,
        env={**os.environ, "PYTHONWARNINGS": "error"},
    )


def old_cassette(path: Path) -> bytes:
    """A cassette that recording close-twice again would replace: it is the one of another scenario."""
    with sandbox_target() as target:
        record(SCENARIOS["close-lost"], target, path, surroundings())
    return path.read_bytes()


def noted_closes() -> set[str]:
    """Every dispute whose close some journal says was sent or answered."""
    found: set[str] = set()
    for journal in quarantine_directory().glob("*.jsonl"):
        for line in journal.read_text().rstrip("\0").splitlines():  # a killed recorder leaves the room that it kept
            event = json.loads(line)
            if event["event"] == "sending" and event["path"].endswith("/close"):
                found.add(event["dispute"])
    return found


@pytest.mark.parametrize("after", [False, True], ids=["before", "after"])
@pytest.mark.parametrize("at", all_at_length(range(1, CALLS + 1), always=CLOSES))
def test_killed_at_a_call_it_leaves_the_old_cassette_and_a_note_of_each_close(
    at: int, after: bool, tmp_path: Path
) -> None:
    path = tmp_path / "cassette.yaml"
    before = old_cassette(path)
    killer = Killer(at, after)
    with sandbox_target(killer) as target:
        process = start(target.api_base, path)
        killer.kill = lambda: process.send_signal(signal.SIGKILL)
        assert process.wait(timeout=60) == -signal.SIGKILL

    assert path.read_bytes() == before
    assert set(killer.closes_done) <= noted_closes()


@at_length("long")
def test_killed_at_random_moments_it_leaves_the_old_cassette_or_the_new_one(tmp_path: Path) -> None:
    seed = random.SystemRandom().randrange(2**32)
    print(f"seed {seed}")
    drawn = random.Random(seed)
    path = tmp_path / "cassette.yaml"
    before = old_cassette(path)
    watched = Watched(Sandbox(seed=3))
    with sandbox_target(watched) as target:
        began = time.monotonic()
        assert start(target.api_base, path).wait(timeout=60) == 0
        whole_run_s = time.monotonic() - began
        after = path.read_bytes()
        kept = 0
        for _ in range(12):
            path.write_bytes(before)
            watched.seen.clear()
            process = start(target.api_base, path)
            time.sleep(drawn.uniform(0.3, 1.0) * whole_run_s)
            process.kill()
            process.wait(timeout=60)
            assert path.read_bytes() in (before, after)
            kept += path.read_bytes() == after
            closed = {request.url.split("/")[-2] for request in watched.closes}
            assert path.read_bytes() == after or closed <= noted_closes()
    print(f"{kept} of 12 were finished before the kill")


def test_what_a_journal_holds_can_be_read_back_up_to_a_torn_line(tmp_path: Path) -> None:
    killer = Killer(at=6, after=True)
    path = tmp_path / "cassette.yaml"
    with sandbox_target(killer) as target:
        process = start(target.api_base, path)
        killer.kill = lambda: process.send_signal(signal.SIGKILL)
        process.wait(timeout=60)
    (journal,) = quarantine_directory().glob("*.jsonl")
    with journal.open("ab") as file:
        file.write(b'{"event": "answered", "reque')

    (kept,) = quarantined()

    assert [interaction.response.status for interaction in kept.interactions] == [200, 200, 200, 200, 400]
    assert kept.kept == (False, False, True, True, True)
    assert kept.sent_closes == tuple(killer.closes_done)
    assert (kept.scenario, kept.problem) == ("close-twice", "the recorder was interrupted")


def test_interrupted_at_the_keyboard_it_says_what_was_closed_and_where_the_capture_is(tmp_path: Path) -> None:
    killer = Killer(at=5, after=False)
    with sandbox_target(killer) as target:
        process = subprocess.Popen(
            [sys.executable, "-m", "replaydisputes", "record", "close-twice", "--api-base", target.api_base],
            cwd=tmp_path,
            env={**os.environ, "STRIPE_API_KEY": KEY, "PYTHONPATH": str(Path(__file__).parent.parent)},
            stderr=subprocess.PIPE,
            text=True,
        )
        killer.kill = lambda: (process.send_signal(signal.SIGINT), time.sleep(1))
        said = process.communicate(timeout=60)[1]
    (kept,) = quarantined()

    assert process.returncode == 130
    assert said.splitlines()[-1] == (
        f"Error: close-twice: interrupted, nothing was written. A close of {killer.closes_done[0]} was sent. "
        f"The capture is kept in {kept.path}; `replaydisputes recover` shows it."
    )
    assert "Traceback" not in said

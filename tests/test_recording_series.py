"""Several scenarios in one run, cut off anywhere: the next run finishes, nothing is closed twice, nothing is lost."""

from __future__ import annotations

import os
import re
import signal
import subprocess
import sys
import time
from collections import defaultdict
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest
import trustme

from replaydisputes.cassette_file import load
from replaydisputes.errors import UnreachableError
from replaydisputes.model import Request, Response
from replaydisputes.recording.progress import Progress
from replaydisputes.recording.quarantine import quarantined
from replaydisputes.recording.recorder import Target
from replaydisputes.recording.scenarios import SCENARIOS
from replaydisputes.recording.series import record_each
from replaydisputes.sandbox import Sandbox
from replaydisputes.stripe_api.facts import API_ORIGIN
from tests.at_length import all_at_length
from tests.recording_support import KEY, Watched, sandbox_target, surroundings, with_json
from tests.tls_support import https_serving, resolve_stripe_to, trust

NAMES = ("close-lost", "close-unknown", "close-expand-charge")
CHOSEN = [SCENARIOS[name] for name in NAMES]
CALLS = {"close-lost": 7, "close-unknown": 2, "close-expand-charge": 6}
"""Of each scenario: payment, list, read, close, read, list of events, event; read, close."""
TOTAL = sum(CALLS.values())
UNFINISHED = "The same command goes on from here; with --again it records everything anew."


class CutAt:
    """A sandbox for several runs; its n-th request cuts the client off, before or after the sandbox has acted on it."""

    def __init__(self, at: int, after: bool) -> None:
        self._sandbox, self.at, self._after = Sandbox(seed=3), at, after
        self.seen: list[Request] = []
        self.closed: set[str] = set()
        self.keys_of: dict[str, set[str]] = defaultdict(set)
        self.cut: Callable[[], object] = lambda: None

    def answer(self, request: Request) -> Response:
        self.seen.append(request)
        is_it = len(self.seen) == self.at
        if is_it and not self._after:
            self.cut()
        response = self._sandbox.answer(request)
        if request.url.endswith("/close"):
            dispute = request.url.split("/")[-2]
            self.keys_of[dispute].add(request.header("Idempotency-Key") or "")
            self.closed |= {dispute} if response.status == 200 else set()
        if is_it and self._after:
            self.cut()
        return response


def start(*args: str, cwd: Path) -> subprocess.Popen[str]:
    return subprocess.Popen(
        [sys.executable, "-m", "replaydisputes", "record", *args],
        cwd=cwd,
        env={**os.environ, "STRIPE_API_KEY": KEY, "PYTHONPATH": str(Path(__file__).parent.parent), "COLUMNS": "200"},
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        encoding="utf-8",
    )


KILLED = NAMES[:2]
CUTS = [(at, (signal.SIGKILL, signal.SIGINT, signal.SIGTERM)[at % 3], at % 2 == 0) for at in range(1, 10)]


@pytest.mark.parametrize(
    ("at", "sent", "after"), all_at_length(CUTS, always=CUTS[3:6]), ids=[f"{at}-{sent.name}" for at, sent, _ in CUTS]
)
def test_cut_off_at_a_call_the_next_run_finishes_and_nothing_is_closed_twice_or_lost(
    at: int, sent: signal.Signals, after: bool, tmp_path: Path
) -> None:
    sandbox = CutAt(at, after)
    with sandbox_target(sandbox) as target:
        args = (*KILLED, "--api-base", target.api_base)
        first = start(*args, cwd=tmp_path)
        sandbox.cut = lambda: (first.send_signal(sent), time.sleep(0.4))
        out, said = first.communicate(timeout=60)
        kept = ["close-lost"] if at > CALLS["close-lost"] else []
        on_disk = [path.stem for path in (tmp_path / "cassettes").glob("*")]
        noted = {dispute for capture in quarantined() for dispute in capture.sent_closes}
        not_noted, calls = sandbox.closed - noted, len(sandbox.seen)
        second = start(*args, cwd=tmp_path)
        said_again = second.communicate(timeout=60)[1]

    assert (on_disk, len(not_noted)) == (kept, len(kept))
    if sent is signal.SIGKILL:
        assert first.returncode == -signal.SIGKILL
        assert re.search(r"close-\w+: the recording of \S+ was cut off\. (Left open|Whether du_|`replay)", said_again)
    else:
        assert first.returncode == 130
        assert out.endswith(f"2 scenarios: {'1 recorded, 1 cut off' if kept else '1 cut off, 1 not reached'}\n")
        assert UNFINISHED in said
        assert "Traceback" not in said
    assert (second.returncode, said_again.count("Kept: ")) == (0, len(kept))
    assert sorted(path.stem for path in (tmp_path / "cassettes").iterdir()) == sorted(KILLED)
    assert len(sandbox.seen) - calls == 9 - sum(CALLS[name] for name in kept)
    assert all(len(keys) == 1 for dispute, keys in sandbox.keys_of.items() if dispute in sandbox.closed)


class Losing(CutAt):
    """From its n-th request on, every answer breaks off."""

    def answer(self, request: Request) -> Response:
        response = super().answer(request)
        if len(self.seen) < self.at:
            return response
        return Response(200, (("Content-Type", "application/json"), ("Connection", "close")), b'{"id": ')


OPEN_AT = {1, 2, 3, 4, 9, 10, 11, 12, 13}
"""The calls at which a dispute, or a payment that leads to one, is open, or a close not answered."""


@pytest.mark.parametrize("at", range(1, TOTAL + 1))
def test_a_connection_lost_at_any_call_is_named_and_the_next_run_finishes(at: int, tmp_path: Path) -> None:
    sandbox, entries = Losing(at, after=True), []
    with sandbox_target(sandbox) as target:
        with pytest.raises(UnreachableError) as lost:
            for entry in record_each(CHOSEN, target, tmp_path, surroundings(), progress(target, tmp_path)):
                entries.append(entry.scenario)
        sandbox.at = 10**6
        then = outcomes(target, tmp_path)

    names_open = re.search(r"Left open|leaves a dispute open|may leave|not known", str(lost.value)) is not None
    assert names_open == (at in OPEN_AT)
    assert then == ["kept"] * len(entries) + ["recorded"] * (3 - len(entries))
    assert all(len(keys) == 1 for dispute, keys in sandbox.keys_of.items() if dispute in sandbox.closed)


def progress(target: Target, directory: Path, again: bool = False) -> Progress:
    return Progress(CHOSEN, target, directory, surroundings(), again)


def outcomes(target: Target, directory: Path, again: bool = False) -> list[str]:
    return [
        entry.outcome
        for entry in record_each(CHOSEN, target, directory, surroundings(), progress(target, directory, again))
    ]


def test_one_that_failed_is_made_again_and_the_others_stay_until_all_is_done(tmp_path: Path) -> None:
    is_broken = True

    def break_expansion(request: Request, response: Response) -> Response:
        if is_broken and b"expand" in request.body:
            return with_json(response, lambda body: body.update(charge="ch_1"))
        return response

    with sandbox_target(Watched(Sandbox(), break_expansion)) as target:
        first = outcomes(target, tmp_path)
        is_broken = False
        then = [outcomes(target, tmp_path) for _ in range(2)]

    assert first == ["recorded", "recorded", "failed"]
    assert then == [["kept", "kept", "recorded"], ["recorded", "recorded", "recorded"]]


@pytest.mark.parametrize("change", ["again", "another key", "the file edited", "the file gone", "another directory"])
def test_only_what_the_same_run_recorded_and_nobody_touched_is_kept(change: str, tmp_path: Path) -> None:
    def fail(request: Request, response: Response) -> Response:
        return replace(response, status=400) if b"expand" in request.body else response

    with sandbox_target(Watched(Sandbox(), fail)) as target:
        outcomes(target, tmp_path / "a")
        assert outcomes(target, tmp_path / "a") == ["kept", "kept", "failed"]
        path = tmp_path / "a" / "close-lost.yaml"
        if change == "the file edited":
            path.write_bytes(path.read_bytes().replace(b"lost", b"won "))
        if change == "the file gone":
            path.unlink()
        then = outcomes(
            replace(target, key=KEY[:-1] + "6") if change == "another key" else target,
            tmp_path / ("b" if change == "another directory" else "a"),
            again=change == "again",
        )

    others = "kept" if change.startswith("the file") else "recorded"
    assert then == ["recorded", others, "failed"]


def test_the_note_of_an_unfinished_run_holds_no_key_and_no_id_and_goes_when_it_is_finished(
    tmp_path: Path, empty_home: Path
) -> None:
    def fail(request: Request, response: Response) -> Response:
        return replace(response, status=400) if b"expand" in request.body else response

    watched = Watched(Sandbox(), fail)
    with sandbox_target(watched) as target:
        outcomes(target, tmp_path)
        (note,) = (empty_home / ".local" / "state" / "replaydisputes" / "unfinished").iterdir()
        text, mode = note.read_text(), note.stat().st_mode & 0o777
        watched.change = lambda request, response: response
        outcomes(target, tmp_path)

    assert re.findall(r"_test_|du_|ch_|pi_|127\.0", text) == []
    assert (mode, note.exists()) == (0o600, False)


def test_the_table_tells_what_became_of_each(tmp_path: Path) -> None:
    with sandbox_target() as target:
        names = ("close-restricted-key", "close-unknown")
        done = start(*names, "--api-base", target.api_base, cwd=tmp_path)
        out, said = done.communicate(timeout=60)

    assert done.returncode == 0
    assert [re.split(r"\s{2,}", line.strip())[:2] for line in out.splitlines()[-4:-1]] == [
        ["scenario", "outcome"],
        ["close-restricted-key", "skipped"],
        ["close-unknown", "recorded"],
    ]
    assert "it needs a restricted test-mode key" in out
    assert out.splitlines()[-1] == "2 scenarios: 1 recorded, 1 skipped"
    assert "  2 of 2: close-unknown\n" in said


def test_what_a_killed_recorder_left_open_is_named_once_by_the_next(tmp_path: Path) -> None:
    sandbox = CutAt(at=3, after=True)
    with sandbox_target(sandbox) as target:
        args = ("close-lost", "--api-base", target.api_base)
        first = start(*args, cwd=tmp_path)
        sandbox.cut = first.kill
        first.communicate(timeout=60)
        told = [start(*args, cwd=tmp_path).communicate(timeout=60)[1] for _ in range(2)]

    named = re.match(r"close-lost: the recording of \S+ was cut off\. Left open: du_\w{24}\.\n", told[0])
    assert named is not None
    assert "cut off" not in told[1]
    assert quarantined() == []


def test_a_run_over_several_scenarios_stays_below_stripes_limit(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    authority = trustme.CA()
    trust(authority, tmp_path, monkeypatch)
    slept: list[float] = []
    around = replace(surroundings(), sleep=slept.append)
    with https_serving(Sandbox(), authority.issue_cert("api.stripe.com")) as port:
        resolve_stripe_to(port, monkeypatch)
        began = time.monotonic()
        list(record_each(CHOSEN, Target(API_ORIGIN, KEY), tmp_path, around))
        took = time.monotonic() - began

    assert max(slept) >= (TOTAL - 1) * 0.05 - took
    assert load(tmp_path / "close-lost.yaml").provenance is not None

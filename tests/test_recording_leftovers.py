"""What a recording that ends early leaves open at Stripe, as it is said to whoever ran it."""

from __future__ import annotations

import re
from dataclasses import replace
from pathlib import Path

import pytest

from replaydisputes.errors import ReplayDisputesError, UnreachableError
from replaydisputes.model import Request, Response
from replaydisputes.recording.recorder import RecordingInterruptedError, Target, record
from replaydisputes.recording.scenarios import SCENARIOS
from replaydisputes.sandbox import Sandbox
from tests.recording_support import KEY, Watched, sandbox_target, surroundings

DISPUTE = r"du_\w{24}"
KEPT = rf" A close of ({DISPUTE}) was sent\. The capture is kept in \S+; `replaydisputes recover` shows it\."


CALLS = {
    "payment": r" A payment was asked for and not answered: it may leave a dispute open\.",
    "list": r" The payment pi_\w{24} leaves a dispute open, which has not appeared\.",
    "read": rf" Left open: ({DISPUTE})\.",
    "close": KEPT + r" Whether \1 is closed is not known: its close was not answered\.",
    "close again": KEPT,
    "read again": KEPT,
}


@pytest.mark.parametrize("at", range(len(CALLS)), ids=list(CALLS))
def test_cut_off_at_a_call_it_names_the_dispute_left_open_and_no_other(at: int, tmp_path: Path) -> None:
    watched = Watched(Sandbox(seed=5))

    def count(request: Request, response: Response) -> Response:
        if len(watched.seen) > at:
            return Response(200, (("Content-Type", "application/json"), ("Connection", "close")), b'{"id": ')
        return response

    watched.change = count
    with sandbox_target(watched) as target, pytest.raises(UnreachableError) as failed:
        record(SCENARIOS["close-twice"], target, tmp_path / "x.yaml", surroundings())

    said = str(failed.value).partition("the answer broke off in the middle.")[2]
    assert re.fullmatch(list(CALLS.values())[at], said), said


def test_interrupted_at_a_step_it_names_the_dispute_left_open(tmp_path: Path) -> None:
    def interrupt(step: str) -> None:
        if step.startswith("read"):
            raise KeyboardInterrupt

    with sandbox_target() as target, pytest.raises(RecordingInterruptedError) as failed:
        record(SCENARIOS["close-lost"], target, tmp_path / "x.yaml", replace(surroundings(), on_step=interrupt))

    said = rf"close-lost: interrupted, nothing was written\. Left open: {DISPUTE}\."
    assert re.fullmatch(said, str(failed.value))


def test_where_no_connection_was_made_nothing_is_left_open(tmp_path: Path) -> None:
    with pytest.raises(ReplayDisputesError) as failed:
        record(SCENARIOS["close-lost"], Target("http://127.0.0.1:1", KEY), tmp_path / "x.yaml", surroundings())

    assert str(failed.value) == "127.0.0.1:1 did not answer: no connection, or it broke off."

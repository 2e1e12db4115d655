"""What a type checker rejects: each line that says so. Checked by tests/test_typing.py; never run."""

# ruff: noqa: F401, I001 - unused and unsorted on purpose: one line, one error

from __future__ import annotations

import replaydisputes
from replaydisputes import Answerer  # rejected
from replaydisputes import replays  # rejected
from replaydisputes import Replay, replay

replaydisputes.rewind("close-lost")  # rejected
replay("close-lost", on_exhausted="again")  # rejected
replay("close-lost", anydispute=True)  # rejected
replay(7)  # rejected


def test_fixture(replaydisputes: Replay) -> None:
    replaydisputes.fail_next("meteor")  # rejected
    assert replaydisputes.disputeid  # rejected
    number: int = replaydisputes.dispute_id  # rejected
    assert number

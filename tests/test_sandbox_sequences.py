"""Any sequence of calls keeps the sandbox's invariants: see sandbox_invariants."""

from __future__ import annotations

from tests.sandbox_invariants import EDGES, STATUSES
from tests.sandbox_sequences import run_sequence

SEEDS = range(60)


def test_any_thirty_calls_keep_the_invariants_and_together_they_reach_every_status() -> None:
    sequences = [run_sequence(seed) for seed in SEEDS]

    reached = {status for run in sequences for seen in run.seen.values() for status in seen.statuses.values()}
    assert reached == EDGES.keys()
    assert {answer.status for run in sequences for answer in run.answers} == STATUSES


def test_the_same_seed_clock_and_calls_give_the_same_bytes() -> None:
    for seed in range(5):
        assert run_sequence(seed).answers == run_sequence(seed).answers, seed

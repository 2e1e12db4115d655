"""The harness of the benchmarks tells medians of ratios within a run, and says honestly where it has no figure."""

from __future__ import annotations

import time
from contextlib import nullcontext
from dataclasses import replace

import pytest

from benchmarks.harness import OURS, SHORT, Cell, Figure, Row, interleave
from benchmarks.results import far_off, number, refuse_far_off


def refuse() -> float:
    raise ValueError("a cassette too large")


def sleep() -> float:
    time.sleep(30)
    return 30.0


def test_each_block_is_held_against_the_one_of_the_baseline_beside_it() -> None:
    bases = iter([1.0, 2.0, 4.0, 8.0, 16.0])
    costs = iter([2.0, 4.0, 8.0, 16.0, 80.0])

    cells = interleave(SHORT, lambda: next(bases), {"a": lambda: next(costs)})

    assert cells == {"a": Figure(2.0, 2.0, 2.0, 5)}


def test_what_refuses_takes_too_long_or_is_not_there_is_said_to() -> None:
    def missing() -> float:
        raise ModuleNotFoundError("respx")

    contenders = {"refusing": refuse, "sleeping": sleep, "missing": missing, "quick": lambda: 3.0}

    assert interleave(replace(SHORT, budget_s=0.6), lambda: 2.0, contenders) == {
        "refusing": "refuses",
        "sleeping": "more than 1 s",
        "missing": "not installed",
        "quick": Figure(1.5, 1.5, 1.5, 5),
    }


def test_figures_lose_decimals_as_they_grow() -> None:
    assert [number(value) for value in (0.123, 1.149, 17.04, 732.6, 18500)] == ["0.12", "1.15", "17.0", "733", "18,500"]


@pytest.mark.parametrize(
    ("cell", "target", "below", "is_far"),
    [
        (Figure(9.0, 2.9, 12.0, 5), 1.0, True, False),
        (Figure(9.0, 3.1, 12.0, 5), 1.0, True, True),
        (Figure(20.0, 10.0, 34.0, 5), 100.0, False, False),
        (Figure(20.0, 10.0, 33.0, 5), 100.0, False, True),
        (Figure(9.0, 9.0, 9.0, 5), None, True, False),
        ("refuses", 1.0, True, True),
        ("refuses", None, True, False),
    ],
)
def test_three_times_off_a_target_fails_a_run(cell: Cell, target: float | None, below: bool, is_far: bool) -> None:
    row = Row("key", "what it takes", "ms", target, {OURS: cell}, below)

    assert far_off(row) is is_far
    with pytest.raises(SystemExit, match=r"not measured:\s+what it takes$") if is_far else nullcontext():
        refuse_far_off([row])

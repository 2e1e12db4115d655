"""Interleaved blocks, ratios to a baseline of the same run, medians and spread, and a limit of time per cell."""

from __future__ import annotations

import contextlib
import json
import math
import os
import resource
import signal
import statistics
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

OURS = "replaydisputes"
ROOT = Path(__file__).parent.parent


@dataclass(frozen=True, slots=True)
class Effort:
    """How much is measured. budget_s: what a peer may take for one row, in seconds of the clock on the wall."""

    blocks: int
    calls: int
    budget_s: float
    sizes: tuple[int, ...]
    tests: int
    processes: int
    recorded: int
    accounts: int


FULL = Effort(15, 100, 90.0, (1, 10, 100, 1_000, 10_000), 1_000, 15, 2_000, 20)
SHORT = Effort(5, 40, 6.0, (1, 100), 200, 3, 100, 2)


@dataclass(frozen=True, slots=True)
class Figure:
    """Median, lower and upper quartile over so many blocks, in the unit of its row."""

    median: float
    low: float
    high: float
    blocks: int


Cell = Figure | str
"""A figure, or why there is none."""


@dataclass(frozen=True, slots=True)
class Row:
    """One line of the table. unit: `×` for ratios, else `ms`, `MB/s`, `× file`; below: smaller is better."""

    key: str
    what: str
    unit: str
    target: float | None
    cells: Mapping[str, Cell]
    below: bool = True
    note: str = ""


class TimeIsUpError(BaseException):
    """No Exception, so that no tool under measurement swallows it."""


@dataclass(slots=True)
class _Running:
    values: list[float] = field(default_factory=list)
    spent_s: float = 0.0
    ended: str = ""


def seconds_of(work: Callable[[], object]) -> float:
    """Processor time of this process: what the neighbours on the machine do does not count."""
    began = time.process_time()
    work()
    return time.process_time() - began


def interleave(
    effort: Effort,
    baseline: Callable[[], float] | None,
    contenders: Mapping[str, Callable[[], float]],
    combine: Callable[[float, float], float] = lambda value, base: value / base,
    blocks: int = 0,
) -> dict[str, Cell]:
    """Round after round, each contender's block beside a block of the baseline, the order turned every round.

    A block gives its cost; `combine` makes a value of it and of the baseline's just before it. A contender that
    raises refuses (BENCH_DEBUG=1 shows why); a peer that passes the budget keeps the blocks it has, or says so.
    """
    running = {name: _Running() for name in contenders}
    for turn in range(blocks or effort.blocks):
        names = list(contenders)
        for name in names[turn % len(names) :] + names[: turn % len(names)]:
            if not running[name].ended:
                budget_s = math.inf if name == OURS else effort.budget_s
                _one_block(running[name], budget_s, baseline, contenders[name], combine)
    return {name: _cell(one) for name, one in running.items()}


def _one_block(
    one: _Running,
    budget_s: float,
    baseline: Callable[[], float] | None,
    block: Callable[[], float],
    combine: Callable[[float, float], float],
) -> None:
    base = baseline() if baseline is not None else 1.0
    began = time.monotonic()
    try:
        with limited(budget_s - one.spent_s):
            one.values.append(combine(block(), base))
    except TimeIsUpError:
        one.ended = f"more than {budget_s:.0f} s"
    except ModuleNotFoundError:
        one.ended = "not installed"
    except Exception:  # a peer that cannot is a finding of the table
        if os.environ.get("BENCH_DEBUG"):
            raise
        one.ended = "refuses"
    one.spent_s += time.monotonic() - began
    if one.spent_s >= budget_s:
        one.ended = one.ended or "budget"


def _cell(one: _Running) -> Cell:
    return figure(one.values) if one.values else one.ended


def figure(values: Sequence[float]) -> Figure:
    ordered = sorted(values)
    if len(ordered) < 3:
        return Figure(statistics.median(ordered), ordered[0], ordered[-1], len(ordered))
    low, _, high = statistics.quantiles(ordered, n=4, method="inclusive")
    return Figure(statistics.median(ordered), low, high, len(ordered))


@contextlib.contextmanager
def limited(seconds: float) -> Iterator[None]:
    """Raise TimeIsUpError inside once the time has passed. What does not come back from C is stopped late."""

    def stop(signum: int, frame: object) -> None:
        raise TimeIsUpError

    before = signal.signal(signal.SIGALRM, stop)
    signal.setitimer(signal.ITIMER_REAL, 0 if seconds == math.inf else max(seconds, 0.001))
    try:
        yield
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)
        signal.signal(signal.SIGALRM, before)


def process(command: Sequence[str], cwd: Path = ROOT, **environment: str) -> float:
    """Run a command to its end; its processor time in seconds, children included. Raises where it fails.

    With bytecode kept, whatever this environment says: it is what pip has made of the peers, and of an installed us.
    """
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    variables = {**os.environ, "PYTHONDONTWRITEBYTECODE": "", **environment}
    run = subprocess.run(command, cwd=cwd, env=variables, capture_output=True, check=False)  # noqa: S603
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    if run.returncode:
        raise RuntimeError(f"{command}: exit {run.returncode}\n{(run.stdout + run.stderr).decode()[-2000:]}")
    return after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime


def told(module: str, *arguments: str, timeout_s: float | None) -> dict[str, float]:
    """What a module of this package, run in a fresh process, prints as JSON. Raises TimeIsUpError, RuntimeError."""
    command = [sys.executable, "-m", f"benchmarks.{module}", *arguments]
    try:
        run = subprocess.run(command, cwd=ROOT, capture_output=True, check=False, timeout=timeout_s, text=True)  # noqa: S603
    except subprocess.TimeoutExpired:
        raise TimeIsUpError from None
    if run.returncode:
        raise RuntimeError(run.stderr[-2000:])
    answer: dict[str, float] = json.loads(run.stdout.splitlines()[-1])
    return answer

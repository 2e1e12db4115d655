"""Recording many calls in a row over loopback: what the last ones cost over the first ones."""

from __future__ import annotations

import statistics
import tempfile
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import cassetter
import requests
import vcr

from benchmarks import cassettes
from benchmarks.harness import OURS, Effort, Row, interleave
from replaydisputes.model import Request, Response
from replaydisputes.recording.capture import capturing
from replaydisputes.server import serving

EDGE = 50
"""Calls at either end whose median is taken; as many before them are not counted."""


class _Fixed:
    def __init__(self) -> None:
        self._answer = cassettes.answer()

    def answer(self, request: Request) -> Response:
        return self._answer


def rows(effort: Effort) -> Iterator[Row]:
    calls = effort.recorded
    with serving(_Fixed()) as base, tempfile.TemporaryDirectory() as directory:
        runs = {
            OURS: lambda: _ours(base, calls),
            "vcrpy": lambda: _peer(vcr.use_cassette(str(Path(directory, f"v{time.time_ns()}.yaml"))), base, calls),
            "cassetter": lambda: _peer(
                cassetter.use_cassette(str(Path(directory, f"c{time.time_ns()}.yaml"))), base, calls
            ),
        }
        cells = interleave(effort, None, runs, blocks=min(3, effort.processes))
    yield Row("recording", f"recording {calls:,} calls: the last call's cost over the first's", "×", 1.2, cells)


def _ours(base: str, calls: int) -> float:
    with capturing(base) as capture:
        return _growth(lambda path: capture.call("GET", path, b"", {}, "sk_test_bench"), calls)


def _peer(opened: object, base: str, calls: int) -> float:
    with opened, requests.Session() as session:  # type: ignore[attr-defined]
        return _growth(lambda path: session.get(base + path), calls)


def _growth(call: Callable[[str], object], calls: int) -> float:
    """This thread's time for one of the last calls over that for one of the first; the server runs in another."""
    spent = []
    for number in range(calls + EDGE):
        began = time.thread_time()
        call(f"/v1/disputes/{cassettes.dispute_id(number)}")
        spent.append(time.thread_time() - began)
    return statistics.median(spent[-EDGE:]) / statistics.median(spent[EDGE : 2 * EDGE])

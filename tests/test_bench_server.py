"""`make bench-server`: what it reads off wrk, and that its page shows what was measured."""

from __future__ import annotations

import pytest

from benchmarks import server_page
from benchmarks.harness import OURS, Figure, Row
from benchmarks.results import Results, read
from benchmarks.server import FailedError, Told, told_by

SAID = """\
Running 2s test @ http://127.0.0.1:39313/v1/disputes/du_1AAAAAreplaydisp00000001
  1 threads and 16 connections
  Thread Stats   Avg      Stdev     Max   +/- Stdev
    Latency   478.81us  282.11us   6.32ms   92.30%
    Req/Sec    34.10k     4.02k   39.68k    70.00%
  Latency Distribution
     50%  430.00us
     75%  515.00us
     90%  645.00us
     99%    1.52ms
  67856 requests in 2.00s, 257.32MB read
Requests/sec:  33923.96
Transfer/sec:    128.64MB
"""


@pytest.mark.parametrize(("line", "p99_ms"), [("1.52ms", 1.52), ("645.00us", 0.645), ("1.10s", 1100.0)])
def test_wrk_is_read_in_each_of_its_units(line: str, p99_ms: float) -> None:
    assert told_by(SAID.replace("1.52ms", line)) == Told(33923.96, pytest.approx(p99_ms))


@pytest.mark.parametrize("amiss", ["  Non-2xx or 3xx responses: 3\n", "  Socket errors: connect 0, read 7\n"])
def test_a_server_that_answers_amiss_has_no_speed(amiss: str) -> None:
    with pytest.raises(FailedError):
        told_by(SAID + amiss)


def test_a_row_shows_targets_spread_and_who_could_not_be_had() -> None:
    row = Row("p99", "takes", "ms", 3, {OURS: Figure(1.5, 1.4, 1.6, 7), "other": "not available here"})
    page = server_page.page(Results({"date": "d", "cores": "2", "python": "3", "tools": "t"}, (row,)))

    assert page.splitlines()[-1] == "| takes | 1.50 ms (1.40 to 1.60) | ≤ 3 ms | yes | not available here |"


def test_the_page_is_made_of_the_figures_kept() -> None:
    kept = server_page.KEPT

    assert kept.with_suffix(".md").read_text(encoding="utf-8") == server_page.page(read(kept))

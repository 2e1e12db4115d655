"""Nobody writes a figure of speed by hand: all that is shown is made of one run's results."""

from __future__ import annotations

from benchmarks.harness import OURS, Figure
from benchmarks.pages import ROWS_IN_README, pages
from benchmarks.results import read


def test_every_page_shows_the_figures_of_the_kept_run() -> None:
    written = pages(read())

    assert {path.name: path.read_text(encoding="utf-8") for path in written} == {
        path.name: text for path, text in written.items()
    }


def test_every_row_of_the_readme_was_measured_here_and_beside_a_peer() -> None:
    rows = {row.key: row for row in read().rows}

    assert [key for key in ROWS_IN_README if key not in rows] == []
    assert [key for key in ROWS_IN_README if len(rows[key].cells) < 2] == []
    assert [key for key in ROWS_IN_README if not isinstance(rows[key].cells[OURS], Figure)] == []


def test_a_run_tells_nothing_of_the_machine_but_its_cores() -> None:
    assert read().run.keys() == {"date", "cores", "python", "tools"}

"""Opening a large cassette for the first time: each time in a fresh process, imports not counted."""

from __future__ import annotations

import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path

from benchmarks.cassettes import write_cassette
from benchmarks.harness import OURS, Cell, Effort, Row, figure, interleave, told

TOOLS = (OURS, "vcrpy", "cassetter")


def rows(effort: Effort) -> Iterator[Row]:
    with tempfile.TemporaryDirectory() as directory:
        small = write_cassette(Path(directory, "small.yaml"), 1)
        thousand = write_cassette(Path(directory, "1000.yaml"), 1_000)
        yield Row(
            "open 1000",
            f"open 1,000 interactions ({thousand.stat().st_size / 1e6:.1f} MB) and play one",
            "ms",
            15,
            _measured(effort, small, thousand, 1_000)["played_s"],
        )
        if 10_000 not in effort.sizes:
            return
        big = write_cassette(Path(directory, "10000.yaml"), 10_000)
        size_mb = big.stat().st_size / 1e6
        cells = _measured(effort, small, big, 10_000)
        yield Row("open 10000", f"open 10,000 interactions ({size_mb:.0f} MB)", "ms", 150, cells["opened_s"])
        yield Row(
            "memory 10000",
            f"the same and one call: peak memory above the process before, over the file's {size_mb:.0f} MB",
            "× file",
            2,
            cells["memory_kb"],
        )


def _measured(effort: Effort, small: Path, big: Path, size: int) -> dict[str, dict[str, Cell]]:
    """The cells of each quantity that the probe tells, by tool."""
    scale = {"opened_s": 1e3, "played_s": 1e3, "memory_kb": 1024 / big.stat().st_size}
    seen: dict[str, dict[str, list[float]]] = {name: {tool: [] for tool in TOOLS} for name in scale}

    def probe(tool: str) -> Callable[[], float]:
        def run() -> float:
            arguments = (tool, str(small), str(big), str(size))
            for name, value in told("probe", *arguments, timeout_s=effort.budget_s if tool != OURS else None).items():
                seen[name][tool].append(value * scale[name])
            return 0.0

        return run

    ends = interleave(effort, None, {tool: probe(tool) for tool in TOOLS}, blocks=effort.processes)
    return {
        name: {tool: figure(values) if values else ends[tool] for tool, values in by_tool.items()}
        for name, by_tool in seen.items()
    }

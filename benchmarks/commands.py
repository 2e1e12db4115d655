"""The command's own start: `replaydisputes --help` above `import click`."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from pathlib import Path

from benchmarks.harness import OURS, Effort, Row, interleave, process


def rows(effort: Effort) -> Iterator[Row]:
    script = str(Path(sys.executable).parent / "replaydisputes")
    cells = interleave(
        effort,
        lambda: process([sys.executable, "-c", "import click"]),
        {OURS: lambda: process([script, "--help"])},
        lambda spent, base: (spent - base) * 1e3,
        blocks=3 * effort.processes,
    )
    yield Row("help", "`replaydisputes --help` above `import click`", "ms", 30, cells)

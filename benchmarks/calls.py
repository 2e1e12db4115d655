"""One replayed call by client and by size of cassette, and one call with the cassette entered and left around it."""

from __future__ import annotations

import random
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path

from benchmarks.cassettes import write_cassette
from benchmarks.clients import CLIENTS, PEERS
from benchmarks.harness import OURS, Effort, Row, interleave, seconds_of
from benchmarks.tools import opened

TARGETS = {"requests": 1.15, "stripe": 1.1, "urllib3": 1.5, "httpx": 1.25}
SWEPT = ("requests", "httpx")
SEED = 20261123


def rows(effort: Effort) -> Iterator[Row]:
    with tempfile.TemporaryDirectory() as directory:
        files = {size: write_cassette(Path(directory, f"reads-{size}.yaml"), size) for size in effort.sizes}
        for client in CLIENTS:
            for size in effort.sizes if client in SWEPT else effort.sizes[:1]:
                yield _call_row(effort, client, size, files[size])
        yield _entering_row(effort, files[1])


def _call_row(effort: Effort, client: str, size: int, path: Path) -> Row:
    def block(tool: str) -> Callable[[], float]:
        return lambda: _calls(effort, client, tool, path, size)

    cells = interleave(effort, block("no-op"), {tool: block(tool) for tool in (OURS, *PEERS[client])})
    through = {
        "urllib3": "urllib3 itself (over a no-op `urlopen`)",
        "stripe": "the `stripe` SDK's default client",
        "httpx": "httpx, sync",
    }.get(client, client)
    sizes = f"{size:,} interaction{'s' if size > 1 else ''}"
    return Row(f"call {client} {size}", f"one call, {through}, {sizes}", "×", TARGETS[client], cells)


def _calls(effort: Effort, client: str, tool: str, path: Path, size: int) -> float:
    """Seconds per call; opening, the client's making and the first call are not counted."""
    drawn = random.Random(f"{SEED} {size}")  # noqa: S311 - which dispute is read
    numbers = [drawn.randint(1, size) for _ in range(effort.calls)]
    with opened(tool, path, size):
        call = CLIENTS[client](no_op=tool == "no-op")
        call(1)
        return seconds_of(lambda: [call(number) for number in numbers]) / len(numbers)


def _entering_row(effort: Effort, path: Path) -> Row:
    """A client made once; a cassette seen before entered, asked once and left."""

    def block(tool: str) -> Callable[[], float]:
        def run() -> float:
            call = CLIENTS["requests"](no_op=tool == "no-op")

            def once() -> None:
                with opened(tool, path, 1):
                    call(1)

            once()
            return seconds_of(lambda: [once() for _ in range(effort.calls)]) / effort.calls

        return run

    cells = interleave(effort, block("no-op"), {tool: block(tool) for tool in (OURS, *PEERS["requests"])})
    return Row("entering", "enter, one call, leave (requests), cassette already seen", "×", 1.4, cells)

"""Redacting and checking 2,000 interactions in one run: rates in MB/s of the YAML written, and peak memory."""

from __future__ import annotations

import resource
import statistics
import time
from collections.abc import Callable

from replaydisputes.cassette_file import serialize
from replaydisputes.leak_gate import KnownSecrets, find_leaks
from replaydisputes.model import Cassette, Interaction, Provenance
from replaydisputes.redaction import redact
from tests.raw_traffic import Account

INTERACTIONS = 2_000
ROUNDS = 5


def main() -> None:
    """Print one line a step: median and spread over ROUNDS."""
    raw = [interaction for seed in range(INTERACTIONS // 4) for interaction in Account(seed).close_twice()]
    redacted = redact(raw).interactions
    provenance = Provenance("imported", "bench", "2026-10-28.endive", "0", "2026-11-23T00:00:00Z")
    content = serialize(Cassette(redacted, provenance))
    known = KnownSecrets.collect(raw)
    leaks = find_leaks(content, known)
    print(f"{len(raw):,} interactions, {len(content) / 1e6:.1f} MB of YAML, {len(leaks)} leaks in the redacted file")
    steps: dict[str, Callable[[], object]] = {
        "redact": lambda: redact(raw),
        "serialize": lambda: serialize(Cassette(redacted, provenance)),
        "collect known secrets": lambda: KnownSecrets.collect(raw),
        "gate, shapes only": lambda: find_leaks(content, KnownSecrets()),
        "gate, known values too": lambda: find_leaks(content, known),
    }
    for name, step in steps.items():
        seconds = [_timed(step) for _ in range(ROUNDS)]
        rates = sorted(len(content) / 1e6 / spent for spent in seconds)
        print(f"  {name:<24} {statistics.median(rates):7.1f} MB/s  ({rates[0]:.1f} to {rates[-1]:.1f})")
    print(f"  peak memory of this process {resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024:.0f} MB")
    _check_size_of(raw)


def _check_size_of(raw: list[Interaction]) -> None:
    size = sum(len(item.request.body) + len(item.response.body) for item in raw)
    print(f"  raw bodies {size / 1e6:.1f} MB")


def _timed(step: Callable[[], object]) -> float:
    began = time.perf_counter()
    step()
    return time.perf_counter() - began

"""The long run: `python -m tests.canaries --plantings 1000000 --seed 7`. Exits 1 on any survivor."""

from __future__ import annotations

import argparse
import functools
import multiprocessing
import random
import sys
import time
from collections.abc import Callable

from tests.canaries import GATE_DOES_NOT_CLAIM
from tests.canaries.encodings import ENCODINGS
from tests.canaries.kinds import KINDS
from tests.canaries.places import PLACES
from tests.canaries.runs import Tally, redacted_plantings, unredacted_plantings

SHARE = 4000
"""Plantings a process takes at a time, with a seed of their own: the result does not depend on how many there are."""


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m tests.canaries", description=__doc__)
    parser.add_argument("--plantings", type=int, default=1_000_000, help="for the redactor; a tenth for the gate")
    parser.add_argument("--seed", type=int, default=random.SystemRandom().randrange(10**9))
    asked = parser.parse_args()
    print(f"seed {asked.seed}: {len(KINDS)} kinds × {len(PLACES)} places × {len(ENCODINGS)} encodings", flush=True)
    redacted = shared_out(redacted_plantings, asked.seed, asked.plantings, "redactor")
    gate = shared_out(unredacted_plantings, asked.seed + 1, asked.plantings // 10, "gate")
    claimed = sum(count for kind, count in gate.planted_by_kind.items() if kind not in GATE_DOES_NOT_CLAIM)
    missed = sum(count for label, count in gate.failed.items() if label[0] not in GATE_DOES_NOT_CLAIM)
    show("survived the redactor", redacted)
    show("missed by the gate alone", gate)
    print(f"redacting again changed {redacted.changed_by_redacting_again} of {redacted.files} captures")
    print(f"raw captures the gate let pass: {redacted.raw_files_not_refused}; false alarms: {redacted.false_alarms}")
    print(f"the gate alone missed {missed} of {claimed} claimed, {missed / max(claimed, 1):.4%}")
    kept = redacted.failed or redacted.changed_by_redacting_again or redacted.false_alarms
    return 1 if kept or redacted.raw_files_not_refused or missed * 1000 > claimed else 0


def shared_out(run: Callable[[int, int], Tally], seed: int, total: int, name: str) -> Tally:
    started, tally = time.monotonic(), Tally()
    shares = [(seed * 1_000_003 + start, min(SHARE, total - start)) for start in range(0, total, SHARE)]
    with multiprocessing.Pool() as pool:
        for done in pool.imap_unordered(functools.partial(_one, run), shares):
            tally.add(done)
            if sys.stderr.isatty():
                print(f"\r{name}: {tally.planted:,} of {total:,}", end="", file=sys.stderr)
    print(f"{name}: {tally.planted:,} plantings in {time.monotonic() - started:.0f} s", flush=True)
    return tally


def _one(run: Callable[[int, int], Tally], share: tuple[int, int]) -> Tally:
    return run(*share)


def show(title: str, tally: Tally) -> None:
    """By kind, place and encoding with an example each, and each of the three by itself."""
    print(f"\n{title}: {sum(tally.failed.values()):,} of {tally.planted:,}")
    for part in range(3):
        for name, count in tally.failed_by(part).most_common(20):
            print(f"  {count:7,}  {name}")
        print()
    claimed = ((label, count) for label, count in tally.failed.most_common() if label[0] not in GATE_DOES_NOT_CLAIM)
    for label, count in list(claimed)[:40]:
        print(f"  {count:7,}  {' | '.join(label)}: {tally.examples[label][:60]!r}")


if __name__ == "__main__":
    sys.exit(main())

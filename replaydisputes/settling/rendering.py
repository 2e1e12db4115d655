"""Verdicts for scripts, in a line, and as an exit code."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from typing import Any

from replaydisputes.settling.settling import Settled

DOCUMENT_VERSION = 1
"""Of the JSON document; a field that is added does not raise it, one that changes or goes does."""


def exit_code_of(settled: Sequence[Settled]) -> int:
    """3 where anything is refuted; 4 where nothing at all could be observed."""
    verdicts = {one.verdict for one in settled}
    return 3 if "refuted" in verdicts else 0 if "confirmed" in verdicts else 4


def summary(settled: Sequence[Settled]) -> str:
    """`28 assumptions: 25 confirmed, 3 not observable`."""
    counts = Counter(one.verdict for one in settled)
    return f"{len(settled)} assumption{'' if len(settled) == 1 else 's'}: " + ", ".join(
        f"{count} {verdict}" for verdict, count in counts.items()
    )


def document(settled: Sequence[Settled], api_base: str) -> dict[str, Any]:
    """One document for scripts. api_base: the origin that was asked."""
    return {
        "version": DOCUMENT_VERSION,
        "api_base": api_base,
        "refuted": sum(one.verdict == "refuted" for one in settled),
        "assumptions": [_row(one) for one in settled],
    }


def _row(one: Settled) -> dict[str, Any]:
    row = one.expected.assumption
    return {
        "name": row.name,
        "assumed": row.assumed,
        "verdict": one.verdict,
        "reason": one.reason or None,
        "observed": [seen._asdict() for seen in one.seen],
        "of_the_sandbox": [seen._asdict() for seen in one.expected.seen],
    }

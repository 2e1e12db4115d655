"""A refresh for scripts, for pull requests, and as an exit code."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from typing import Any

from replaydisputes import comparing
from replaydisputes.refreshing.refreshing import Refreshed

DOCUMENT_VERSION = 1
"""Of the JSON document; a field that is added does not raise it, one that changes or goes does."""

_FINDING, _USAGE = 3, 2


def exit_code_of(done: Sequence[Refreshed], *, named: bool) -> int:
    """3 where anything drifted or broke its promise; else what made one fail; 2 where nothing could be refreshed.

    named: the cassettes were asked for by name, so that one left out is a mistake.
    """
    failed = {one.exit_code for one in done if one.outcome == "failed"}
    if _FINDING in failed or any(one.has_drifted for one in done):
        return _FINDING
    if failed:
        return max(failed)
    left_out = [one for one in done if one.outcome == "left out"]
    return _USAGE if left_out and (named or len(left_out) == len(done)) else 0


def summary(done: Sequence[Refreshed]) -> str:
    """`3 cassettes: 1 replaced, 2 unchanged`."""
    counts = Counter(one.outcome for one in done)
    return f"{len(done)} cassette{'' if len(done) == 1 else 's'}: " + (
        ", ".join(f"{count} {outcome}" for outcome, count in counts.items()) or "nothing done"
    )


def document(done: Sequence[Refreshed]) -> dict[str, Any]:
    """One document for scripts: what `diff --json` says of each comparison, and what became of each file."""
    return {"version": DOCUMENT_VERSION, "drifted": sum(one.has_drifted for one in done)} | {
        "cassettes": [
            {"name": one.name, "path": one.path.as_posix(), "outcome": one.outcome, "reason": one.reason or None}
            | comparing.as_json(one.drifts or comparing.Drifts(()))
            for one in done
        ]
    }


def markdown(done: Sequence[Refreshed]) -> str:
    """For the body of a pull request: a table for each cassette that drifted, then what was not compared and why."""
    compared = {one.name: one.drifts for one in done if one.drifts is not None}
    parts = [f"**{summary(done)}.**", comparing.markdown(compared)]
    for outcome, title in (("failed", "Failed"), ("left out", "Left out")):
        rows = [f"- `{one.name}`: {comparing.cell(one.reason)}" for one in done if one.outcome == outcome]
        if rows:
            parts.append("\n".join([f"### {title}", "", *rows]))
    return "\n\n".join(part for part in parts if part)

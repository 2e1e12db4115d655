"""A comparison for scripts and for pull requests."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict
from typing import Any

from replaydisputes.comparing.drift import Drift, Drifts

DOCUMENT_VERSION = 1
"""Of the JSON document; a field that is added does not raise it, one that changes or goes does."""


def document(compared: Mapping[str, Drifts]) -> dict[str, Any]:
    """One document for scripts, by the name of what was compared."""
    return {
        "version": DOCUMENT_VERSION,
        "drifted": sum(map(bool, compared.values())),
        "cassettes": [{"name": name} | as_json(found) for name, found in compared.items()],
    }


def as_json(found: Drifts) -> dict[str, Any]:
    """One comparison as it stands in a document."""
    return {
        "old_stripe_version": found.old_version or None,
        "new_stripe_version": found.new_version or None,
        "drifts": [asdict(drift) for drift in found.drifts],
    }


def markdown(compared: Mapping[str, Drifts]) -> str:
    """A section with a table for each cassette that drifted, to paste into a pull request."""
    sections = [_section(name, found) for name, found in compared.items() if found]
    same = [f"`{name}`" for name, found in compared.items() if not found]
    if same:
        sections.append(f"Unchanged in substance: {', '.join(same)}.")
    return "\n\n".join(sections)


def _section(name: str, found: Drifts) -> str:
    rows = [_row(drift) for drift in found.drifts]
    versions = f"Stripe-Version {found.old_version or 'unknown'} → {found.new_version or 'unknown'}"
    head = ["| call | what | where | before | after |", "|---|---|---|---|---|"]
    return "\n".join([f"### {cell(name)}", "", versions, "", *head, *rows])


def _row(drift: Drift) -> str:
    new = " ".join(filter(None, (_code(drift.new), drift.note)))
    return f"| {cell(drift.call)} | {drift.kind} | {_code(drift.path)} | {_code(drift.old)} | {new} |"


def _code(text: str) -> str:
    return f"`{cell(text).replace('`', chr(39))}`" if text else ""


def cell(text: str) -> str:
    """A text that can stand in a table or a list."""
    return text.replace("|", "\\|").replace("\n", " ")

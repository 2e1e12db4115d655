"""What `list --scenarios` prints: every recipe, what it proves and needs, and what it is to be answered."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from replaydisputes.cli.words import print_listing

if TYPE_CHECKING:
    from replaydisputes.recording.scenarios import Call, Scenario, Step


def list_scenarios(files: Sequence[Path], as_json: bool) -> None:
    """Print the whole catalogue, the scenarios of `files` among it."""
    from replaydisputes.recording.scenarios import catalogue  # noqa: PLC0415 - `--help` stays light

    entries = catalogue(files).entries
    if as_json:
        click.echo(json.dumps([_row(entry.scenario, entry.source) for entry in entries], indent=2))
        return
    rows = []
    for entry in entries:
        scenario = entry.scenario
        expected = ", ".join(_expected(call) for call in scenario.calls)
        needs = ", ".join((*(["a key"] if scenario.needs_key else []), *scenario.needs)) or "nothing"
        rows.append((scenario.name, scenario.proves, expected, needs))
    print_listing(("name", "proves", "answers expected", "needs"), rows)


def _expected(call: Call) -> str:
    """`GET 200 needs_response`, `POST 400 parameter_unknown`: a call and what keeps its promise."""
    statuses = "|".join(str(status) for status in call.statuses)
    return " ".join(filter(None, (call.method, statuses, "|".join(call.dispute_statuses) or call.error)))


def _row(scenario: Scenario, source: str) -> dict[str, Any]:
    return {
        "name": scenario.name,
        "proves": scenario.proves,
        "needs": list(scenario.needs),
        "needs_key": scenario.needs_key,
        "stripe_version": scenario.stripe_version,
        "source": source,
        "steps": [_step(step) for step in scenario.steps],
    }


def _step(step: Step) -> dict[str, Any]:
    """A step as data: its kind, and every field that says something."""
    return {"step": type(step).__name__} | {
        name: value for name, value in asdict(step).items() if value not in ((), "")
    }

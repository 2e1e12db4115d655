"""Recording several scenarios in front of a person: what is under way, what became of each, what remains."""

from __future__ import annotations

import signal
import threading
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from replaydisputes.cli.words import console, counted, say_recorded

if TYPE_CHECKING:
    from replaydisputes.recording.progress import Progress
    from replaydisputes.recording.recorder import Surroundings, Target
    from replaydisputes.recording.scenarios import Scenario
    from replaydisputes.recording.series import Entry

_ORDER = ("recorded", "unchanged", "kept", "skipped", "failed", "cut off", "not reached")


def record_series(
    chosen: Sequence[Scenario], target: Target, directory: Path, around: Surroundings, progress: Progress | None
) -> None:
    """Record them all and end with a table, also where the run is cut off. Exits with 3 where one failed."""
    from replaydisputes.recording.series import record_each  # noqa: PLC0415 - `--help` stays light

    _check_target(chosen, target)
    say_cut_off(chosen, target)
    entries: list[Entry] = []
    started: list[str] = []

    def say_start(number: int, scenario: Scenario) -> None:
        started.append(scenario.name)
        around.on_step(f"{number} of {len(chosen)}: {scenario.name}")

    try:
        for entry in record_each(chosen, target, directory, around, progress, say_start):
            entries.append(entry)
            _say(entry)
    finally:
        _summarize(chosen, entries, started, progress is not None)
    failed = next((entry.error for entry in entries if entry.outcome == "failed"), None)
    if failed is not None:
        raise click.exceptions.Exit(failed.exit_code)


def _check_target(chosen: Sequence[Scenario], target: Target) -> None:
    """Refuse a key or an origin before anything is said of scenarios; what one of them lacks is its own affair."""
    from replaydisputes.recording.recorder import NeedMissingError, check_target  # noqa: PLC0415

    for scenario in chosen:
        with suppress(NeedMissingError):
            check_target(target, scenario)


def say_cut_off(chosen: Sequence[Scenario], target: Target) -> None:
    """Name the disputes that earlier recorders, killed before they could say so, left open there."""
    from replaydisputes.recording.leftovers import leftovers  # noqa: PLC0415
    from replaydisputes.recording.quarantine import quarantined  # noqa: PLC0415

    names = {scenario.name for scenario in chosen}
    for capture in quarantined():
        if not capture.was_cut_off or capture.api_base != target.api_base or capture.scenario not in names:
            continue
        left = leftovers(capture.interactions, capture.unanswered)
        recover = f"`replaydisputes recover {capture.name}` shows what was captured." if capture.changed else ""
        said = " ".join(filter(None, (left, recover))) or "Nothing is left open."
        click.echo(f"{capture.scenario}: the recording of {capture.started_at} was cut off. {said}", err=True)
        if not capture.changed:
            capture.path.unlink(missing_ok=True)


@contextmanager
def ended_in_order() -> Iterator[None]:
    """SIGTERM ends what is inside as Ctrl-C does: with what is open named, and what was captured kept.

    Only a main thread can be asked so; in any other, SIGTERM stays as it is.
    """
    if threading.current_thread() is not threading.main_thread():
        yield
        return

    def interrupt(number: int, frame: Any) -> None:
        raise KeyboardInterrupt

    before = signal.signal(signal.SIGTERM, interrupt)
    try:
        yield
    finally:
        signal.signal(signal.SIGTERM, before)


def _say(entry: Entry) -> None:
    if entry.made is not None:
        say_recorded(entry.made)
    elif entry.outcome == "kept":
        click.echo(f"Kept: {entry.scenario}, recorded {entry.why} by the run that this one goes on with.", err=True)
    else:
        click.echo(f"{'Skipped' if entry.outcome == 'skipped' else 'Error'}: {entry.error}", err=True)


def _summarize(chosen: Sequence[Scenario], entries: Sequence[Entry], started: Sequence[str], resumable: bool) -> None:
    from rich.table import Table  # noqa: PLC0415
    from rich.text import Text  # noqa: PLC0415

    rows = [_row(scenario.name, entries, started) for scenario in chosen]
    table = Table(box=None, pad_edge=False)
    columns = ("scenario", "outcome", "why")[: 3 if any(why for _, _, why in rows) else 2]
    for column in columns:
        table.add_column(column, no_wrap=column != "why")
    for row in rows:
        table.add_row(*(Text(cell) for cell in row[: len(columns)]))
    console().print(table)
    counts = {outcome: sum(row[1] == outcome for row in rows) for outcome in _ORDER}
    told = ", ".join(f"{count} {outcome}" for outcome, count in counts.items() if count)
    click.echo(f"{counted(len(chosen), 'scenario')}: {told}")
    if counts["failed"] + counts["cut off"] + counts["not reached"] and resumable:
        click.echo("The same command goes on from here; with --again it records everything anew.", err=True)
    elif counts["kept"]:
        click.echo("--again records everything anew.", err=True)


def _row(name: str, entries: Sequence[Entry], started: Sequence[str]) -> tuple[str, str, str]:
    entry = next((entry for entry in entries if entry.scenario == name), None)
    if entry is None:
        return name, "cut off" if name in started else "not reached", ""
    if entry.made is not None:
        return name, "recorded" if entry.why == "written" else "unchanged", ""
    why = f"recorded {entry.why}" if entry.outcome == "kept" else entry.why.partition(" The capture is kept in ")[0]
    return name, entry.outcome, why

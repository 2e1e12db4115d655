"""The words people are told where a cassette came from."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

import click

from replaydisputes.model import UNDATED, Cassette, Provenance

if TYPE_CHECKING:
    from rich.console import Console

    from replaydisputes.recording.publishing import Recorded

_PIPE_WIDTH = 200
_TABLE_FROM_WIDTH = 160

_MADE_AGAINST = {
    "stripe-test-mode": "Stripe test mode",
    "sandbox": "the sandbox, not Stripe",
    "imported": "an origin nobody verified",
}


def when_and_by(provenance: Provenance) -> str:
    """When a cassette was recorded, and what wrote it."""
    when = "a time that nobody noted" if provenance.recorded_at == UNDATED else provenance.recorded_at
    by = "imported by" if provenance.made_against == "imported" else "by"
    return f"{when}, {by} replaydisputes {provenance.tool_version}"


def in_words(made_against: str | None) -> str:
    """A provenance in words; None is a file without one."""
    return _MADE_AGAINST.get(made_against or "", "unknown: no provenance in the file")


def source_of(cassette: Cassette) -> str:
    return in_words(cassette.provenance.made_against if cassette.provenance else None)


def counted(count: int, noun: str) -> str:
    """`1 interaction`, `2 interactions`, `2 addresses`."""
    plural = f"{noun}es" if noun.endswith("s") else f"{noun}s"
    return f"{count:,} {noun if count == 1 else plural}"


def replaced_in_words(replaced: Mapping[str, int]) -> str:
    """What redaction replaced: distinct values by kind."""
    return ", ".join(counted(count, kind) for kind, count in replaced.items()) or "nothing"


def say_recorded(made: Recorded) -> None:
    """Where a recording is, what it was made against, what was replaced; and a line for each limit that it meets."""
    replaced = replaced_in_words(made.redacted.replaced)
    count = len(made.cassette.interactions)
    source = source_of(made.cassette)
    click.echo(
        f"{made.path}: {made.outcome}; {counted(count, 'interaction')}, made against {source}; replaced {replaced}"
    )
    for limit in made.limits:
        click.echo(f"  note: {limit}", err=True)


def console() -> Console:
    """Standard output for people: colours and the window's width in a terminal, plain and wide in a pipe."""
    from rich.console import Console  # noqa: PLC0415 - `--help` stays light

    made = Console(highlight=False, soft_wrap=True)
    return made if made.is_terminal else Console(highlight=False, soft_wrap=True, width=_PIPE_WIDTH)


def print_listing(columns: Sequence[str], rows: Sequence[Sequence[str]]) -> None:
    """A table whose first column is a name and whose second says what it is; in a narrow window, an entry a name.

    There the name stands alone, and below it what it is and the other columns, each with its heading.
    """
    from rich.padding import Padding  # noqa: PLC0415
    from rich.table import Table  # noqa: PLC0415
    from rich.text import Text  # noqa: PLC0415

    out = console()
    if out.width >= _TABLE_FROM_WIDTH:
        table = Table(box=None, pad_edge=False)
        for number, column in enumerate(columns):
            table.add_column(column, no_wrap=number == 0)
        for row in rows:
            table.add_row(*map(Text, row))
        out.print(table)
        return
    for name, what, *others in rows:
        out.print(Text(name, style="bold"))
        told = [what, *(f"{column}: {text}" for column, text in zip(columns[2:], others, strict=True))]
        for text in filter(None, told):
            out.print(Padding(Text(text), (0, 0, 0, 4)), soft_wrap=False)

"""`diff`: what changed in substance from one cassette to another."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING

import click

from replaydisputes.cli.options import cassettes_option, json_option, reading_directories
from replaydisputes.cli.words import console, counted

if TYPE_CHECKING:
    from replaydisputes.comparing import Drifts

markdown_option = click.option("--markdown", "as_markdown", is_flag=True, help="Print Markdown, for a pull request.")


@click.command("diff")
@click.argument("old", metavar="OLD")
@click.argument("new", metavar="NEW")
@cassettes_option
@json_option
@markdown_option
def diff_command(old: str, new: str, directory: Path, as_json: bool, as_markdown: bool) -> None:
    """Compare two cassettes, each a name or a file, and tell what differs in substance.

    Compared are calls, statuses, headers, fields, types, values and error texts. Ids, times and people may differ; what
    is shown is redacted. Exit code 3 where anything differs.

    Example: replaydisputes diff recordings/before/close-lost.yaml recordings/after/close-lost.yaml
    """
    from replaydisputes.comparing import compare  # noqa: PLC0415
    from replaydisputes.library import Library  # noqa: PLC0415
    from replaydisputes.settings import redaction_policy  # noqa: PLC0415 - `--help` stays light

    if as_json and as_markdown:
        raise click.UsageError("--json and --markdown exclude each other.")
    library = Library(reading_directories(directory))
    compared = {f"{old} → {new}": compare(library.load(old), library.load(new), redaction_policy(Path.cwd()))}
    say_drifts(compared, as_json=as_json, as_markdown=as_markdown)
    if any(compared.values()):
        raise click.exceptions.Exit(3)


def say_drifts(compared: Mapping[str, Drifts], *, as_json: bool = False, as_markdown: bool = False) -> None:
    """Print comparisons, by name, in the form asked for."""
    from replaydisputes.comparing import document, markdown  # noqa: PLC0415 - `--help` stays light

    if as_json:
        click.echo(json.dumps(document(compared), indent=2, ensure_ascii=False))
    elif as_markdown:
        click.echo(markdown(compared))
    else:
        for name, found in compared.items():
            print_drifts(name, found)


def print_drifts(name: str, found: Drifts) -> None:
    """A line for the comparison, and one for each difference."""
    from rich.text import Text  # noqa: PLC0415

    out = console()
    if not found:
        out.print(Text(f"{name}: the same in substance"))
        return
    versions = {version for version in (found.old_version, found.new_version) if version}
    at = f", Stripe-Version {found.old_version or 'unknown'} → {found.new_version or 'unknown'}"
    out.print(
        Text(f"{name}: {counted(len(found.drifts), 'difference')}{at if len(versions) > 1 else ''}", style="bold")
    )
    for drift in found.drifts:
        line = Text(f"  {drift.call}  ", style="dim")
        line.append(drift.kind, style="not dim yellow")
        line.append(f" {drift.path}" if drift.path else "", style="not dim bold")
        if drift.old or drift.new:
            line.append(f"  {drift.old or '(nothing)'} → {drift.new or '(nothing)'}", style="not dim")
        line.append(f"  ({drift.note})" if drift.note else "", style="not dim bold")
        out.print(line)

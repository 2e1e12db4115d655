"""`list` and `show`: what cassettes there are and what is in them."""

from __future__ import annotations

import json
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from replaydisputes.cli.options import cassettes_option, json_option, reading_directories
from replaydisputes.cli.scenarios import list_scenarios
from replaydisputes.cli.words import console, in_words, print_listing, source_of, when_and_by
from replaydisputes.errors import ReplayDisputesError

if TYPE_CHECKING:
    from replaydisputes.library import Entry
    from replaydisputes.model import Cassette, Interaction


@click.command("list")
@click.option(
    "--scenarios",
    "file",
    is_flag=False,
    flag_value="",
    metavar="[FILE.py]",
    help="List what can be recorded instead, with the scenarios of a Python file among them.",
)
@cassettes_option
@json_option
def list_command(file: str | None, directory: Path, as_json: bool) -> None:
    """List the cassettes a replay can name: yours first, then the shipped ones.

    Example: replaydisputes list --scenarios
    """
    if file is not None:
        list_scenarios([Path(file)] if file else [], as_json)
    else:
        _list_cassettes(directory, as_json)


def _list_cassettes(directory: Path, as_json: bool) -> None:
    from replaydisputes.library import Library  # noqa: PLC0415 - `--help` stays light

    library = Library(reading_directories(directory))
    rows, broken = [], []
    for entry in library.names():
        try:
            rows.append(_row(entry, library.load(str(entry.path))))
        except ReplayDisputesError as error:
            broken.append(error)
    if as_json:
        click.echo(json.dumps(rows, indent=2))
    else:
        _print_rows(rows)
    for fault in broken:
        click.echo(f"Error: {fault}", err=True)
    if broken:
        raise click.exceptions.Exit(broken[0].exit_code)


@click.command("show")
@click.argument("name")
@cassettes_option
@json_option
def show_command(name: str, directory: Path, as_json: bool) -> None:
    """Show a cassette: where it came from, and each interaction at a glance. NAME is a cassette or a file.

    Example: replaydisputes show close-lost
    """
    from replaydisputes.library import Library  # noqa: PLC0415

    library = Library(reading_directories(directory))
    path, cassette = library.find(name), library.load(name)
    if as_json:
        provenance = asdict(cassette.provenance) if cassette.provenance else None
        glances = [_glance(interaction) for interaction in cassette.interactions]
        click.echo(json.dumps({"path": str(path), "provenance": provenance, "interactions": glances}, indent=2))
    else:
        _print_cassette(path, cassette)


def _row(entry: Entry, cassette: Cassette) -> dict[str, Any]:
    provenance = cassette.provenance
    return {
        "name": entry.name,
        "path": str(entry.path),
        "shipped": entry.shipped,
        "made_against": provenance.made_against if provenance else None,
        "scenario": provenance.scenario if provenance else None,
        "proves": _proves(cassette),
        "stripe_version": provenance.stripe_version if provenance else None,
        "recorded_at": provenance.recorded_at if provenance else None,
        "edited": provenance.edited if provenance else None,
        "interactions": len(cassette.interactions),
        "statuses": [interaction.response.status for interaction in cassette.interactions],
    }


def _proves(cassette: Cassette) -> str:
    """What the scenario of a cassette proves; empty where it is none of the shipped ones."""
    from replaydisputes.recording.scenarios import SCENARIOS  # noqa: PLC0415

    scenario = SCENARIOS.get(cassette.provenance.scenario) if cassette.provenance else None
    return scenario.proves if scenario else ""


def _glance(interaction: Interaction) -> dict[str, Any]:
    """One interaction in a line's worth of facts: the call, the HTTP status, and what the body says."""
    from replaydisputes.stripe_api.urls import split_url  # noqa: PLC0415

    request, response = interaction.request, interaction.response
    target = split_url(request.url)
    return {
        "method": request.method,
        "path": target.path + (f"?{target.query}" if target.query else ""),
        "http_status": response.status,
        **_said(response.body),
    }


def _said(body: bytes) -> dict[str, str]:
    try:
        value = json.loads(body)
    except ValueError:
        return {}
    if not isinstance(value, dict):
        return {}
    error = value.get("error")
    if isinstance(error, dict):
        return {key: str(error[key]) for key in ("type", "code", "message") if error.get(key)}
    told = ("object", "type") if value.get("object") == "event" else ("object", "status")
    return {key: str(value[key]) for key in told if value.get(key)}


def _print_rows(rows: list[dict[str, Any]]) -> None:
    """Name and what it proves; what they were made against and where they are beside each, or once below for all."""
    told = {
        "made against": [in_words(row["made_against"]) for row in rows],
        "where": ["shipped" if row["shipped"] else row["path"] for row in rows],
    }
    apart = {heading: words for heading, words in told.items() if len(set(words)) > 1}
    columns = [[row["name"] for row in rows], [row["proves"] for row in rows], *apart.values()]
    print_listing(["name", "proves", *apart], list(zip(*columns, strict=True)))
    for heading, words in told.items():
        if words and heading not in apart:
            click.echo(f"{heading}, for all: {words[0]}")
    click.echo("`replaydisputes show NAME` tells the calls, the Stripe-Version and the file.")


def _print_cassette(path: Path, cassette: Cassette) -> None:
    from rich.markup import escape  # noqa: PLC0415

    out = console()
    provenance = cassette.provenance
    out.print(f"[bold]{escape(str(path))}[/bold]")
    out.print(f"made against    {source_of(cassette)}")
    if provenance:
        out.print(f"scenario        {escape(provenance.scenario)}")
        if proves := _proves(cassette):
            out.print(f"proves          {escape(proves)}")
        out.print(f"Stripe-Version  {escape(provenance.stripe_version)}")
        out.print(f"recorded at     {when_and_by(provenance)}")
    if provenance and provenance.edited:
        out.print("edited          edited by hand and sealed: nobody answered quite so")
    for number, interaction in enumerate(cassette.interactions, start=1):
        glance = _glance(interaction)
        call = f"{glance.pop('method')} {glance.pop('path')}"
        status = glance.pop("http_status")
        said = "  ".join(glance.values())
        colour = "green" if status < 400 else "yellow"
        out.print(f"{number:>3}. {escape(call)}  [{colour}]{status}[/{colour}]  {escape(said)}")

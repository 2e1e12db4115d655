"""`refresh`: record again what is there, and say what has changed since."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING

import click

from replaydisputes.cli.diff import markdown_option, print_drifts
from replaydisputes.cli.keys import key_option
from replaydisputes.cli.options import cassettes_option, json_option, reading_directories, scenario_files_option
from replaydisputes.cli.output import outlives_its_reader
from replaydisputes.cli.series import ended_in_order

if TYPE_CHECKING:
    from replaydisputes.recording.recorder import Target
    from replaydisputes.refreshing import Candidate, Refreshed


@click.command("refresh")
@click.argument("names", nargs=-1, metavar="[NAME]...")
@click.option("--all", "every", is_flag=True, help="Refresh every cassette of your own.")
@click.option("--dry-run", is_flag=True, help="Record and compare, and change no file.")
@click.option("--redate", is_flag=True, help="Give unchanged ones today's date, from which max_age counts.")
@scenario_files_option
@cassettes_option
@click.option("--sandbox", is_flag=True, help="Record from the embedded sandbox: no key, no network, not Stripe.")
@click.option("--api-base", metavar="URL", help="Record from this origin, such as a running `replaydisputes sandbox`.")
@key_option
@json_option
@markdown_option
def refresh_command(  # noqa: PLR0913, PLR0917 - one parameter an option, given by name
    names: tuple[str, ...],
    every: bool,
    dry_run: bool,
    redate: bool,
    files: tuple[Path, ...],
    directory: Path,
    sandbox: bool,
    api_base: str | None,
    profile: str | None,
    as_json: bool,
    as_markdown: bool,
) -> None:
    """Record the cassettes named again, and replace those whose answers have changed in substance.

    Each is recorded by the scenario that its provenance names, with disputes of its own, and compared as `diff` does.
    A file that has not changed is not touched. The key is read from STRIPE_API_KEY, as for `record`.
    Exit codes: 0 nothing has changed, 3 something has, or a scenario's promise broke; 2 nothing could be refreshed.

    Example: STRIPE_API_KEY=sk_test_… replaydisputes refresh --all --markdown
    """
    from replaydisputes.cli.record import recording_target, surroundings  # noqa: PLC0415 - `--help` stays light
    from replaydisputes.recording.scenarios import catalogue  # noqa: PLC0415
    from replaydisputes.refreshing import Purpose, exit_code_of, refresh_all  # noqa: PLC0415

    _check(names, every, sandbox and api_base is not None, as_json and as_markdown)
    chosen = _chosen(names, directory)
    done: list[Refreshed] = []
    with recording_target(sandbox, api_base, profile) as target, ended_in_order(), outlives_its_reader():
        _check_key(target)
        purpose = Purpose(target, surroundings(True, sandbox), catalogue(files), dry_run, redate)
        try:
            for one in refresh_all(chosen, purpose):
                done.append(one)
        finally:
            _report(done, as_json, as_markdown)
    code = exit_code_of(done, named=bool(names))
    if code:
        raise click.exceptions.Exit(code)


def _check(names: tuple[str, ...], every: bool, two_targets: bool, two_forms: bool) -> None:
    if two_targets:
        raise click.UsageError("--sandbox and --api-base exclude each other.")
    if two_forms:
        raise click.UsageError("--json and --markdown exclude each other.")
    if names and every:
        raise click.UsageError("--all refreshes every cassette of your own: leave the names out, or --all.")
    if not names and not every:
        raise click.UsageError("name a cassette, or --all.")


def _chosen(names: tuple[str, ...], directory: Path) -> list[Candidate]:
    from replaydisputes.library import Library  # noqa: PLC0415
    from replaydisputes.refreshing import candidates  # noqa: PLC0415

    places = reading_directories(directory)
    chosen = candidates(Library(places), names)
    if not chosen:
        raise click.UsageError(f"there is no cassette of your own in {', '.join(map(str, places))}.")
    return chosen


def _check_key(target: Target) -> None:
    """Say once, not for every cassette, that there is no key to record with."""
    from replaydisputes.recording.recorder import check_target  # noqa: PLC0415
    from replaydisputes.recording.scenarios import scenario_named  # noqa: PLC0415

    check_target(target, scenario_named("close-lost"))


def _report(done: list[Refreshed], as_json: bool, as_markdown: bool) -> None:
    from replaydisputes.refreshing import document, markdown, summary  # noqa: PLC0415

    if as_json:
        click.echo(json.dumps(document(done), indent=2, ensure_ascii=False))
    elif as_markdown:
        click.echo(markdown(done))
    else:
        for one in done:
            if one.drifts:
                print_drifts(f"{one.path}: {one.outcome}", one.drifts)
            else:
                click.echo(f"{one.path}: {one.outcome}{f': {one.reason}' if one.reason else ''}")
        click.echo(summary(done))

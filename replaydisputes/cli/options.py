"""Options that several commands share."""

from __future__ import annotations

from pathlib import Path

import click
from click.core import ParameterSource

cassettes_option = click.option(
    "--cassettes",
    "directory",
    type=click.Path(file_okay=False, path_type=Path),
    default=Path("cassettes"),
    help="Directory of your own cassettes.",
)
json_option = click.option("--json", "as_json", is_flag=True, help="Print JSON, for scripts.")
scenario_files_option = click.option(
    "--scenarios",
    "files",
    type=click.Path(path_type=Path),
    multiple=True,
    metavar="FILE.py",
    help="Take the scenarios of this Python file as well; can be given more than once.",
)


def reading_directories(directory: Path) -> list[Path]:
    """Where cassettes are looked for: what --cassettes names, else first where the pytest configuration has it.

    That configuration may stand above the working directory.

    A configured one that is not there is told, as its cassettes would be missed by nobody. Raises UsageError where
    --cassettes names a directory that is not there, SettingsError.
    """
    from replaydisputes.settings import pytest_directories, pytest_root  # noqa: PLC0415 - `--help` stays light

    if is_given() and not directory.is_dir():
        raise click.UsageError(f"--cassettes {directory}: no such directory.")
    root = pytest_root(Path())
    configured = pytest_directories(root)
    for missing in (each for each in configured if not each.is_dir()):
        click.echo(f"{missing}: no such directory, though replaydisputes_cassettes names it", err=True)
    usual = [directory, Path("tests", "cassettes"), root / "cassettes", root / "tests" / "cassettes"]
    return list(dict.fromkeys([*usual, *configured] if is_given() else [*configured, *usual]))


def is_given() -> bool:
    """Whether --cassettes stands on the command line of the command that runs."""
    context = click.get_current_context(silent=True)
    return context is not None and context.get_parameter_source("directory") is ParameterSource.COMMANDLINE

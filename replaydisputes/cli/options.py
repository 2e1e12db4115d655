"""Options that several commands share."""

from __future__ import annotations

from pathlib import Path

import click

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
    """Where cassettes are looked for: the directory named, and tests/cassettes, where a suite's own may be."""
    return [directory, Path("tests", "cassettes")]

"""`check`: anyone can see whether the cassettes of a repository are fit to be published."""

from __future__ import annotations

import json
import os
import sys
from collections.abc import Iterable, Iterator, Sequence
from importlib.metadata import version
from pathlib import Path
from typing import TYPE_CHECKING

import click

from replaydisputes.cli.options import cassettes_option, is_given, json_option, reading_directories
from replaydisputes.cli.words import counted
from replaydisputes.errors import CassetteFormatError, FileAccessError

if TYPE_CHECKING:
    from rich.console import Console

    from replaydisputes.checking import FileReport, OpenApi
    from replaydisputes.redaction import Policy

_SUFFIXES = (".yaml", ".yml")
_FORMATS = ("human", "json", "sarif", "github")
_PROGRESS_FROM_BYTES = 2_000_000
_MOST_NAMED = 5
_passed_over: list[Path] = []
"""Files met on the way through directories that are plainly no cassettes; told, so that nobody counts on them."""


@click.command("check")
@click.argument("paths", nargs=-1, type=click.Path(path_type=Path), metavar="[PATH]...")
@cassettes_option
@click.option("--format", "form", type=click.Choice(_FORMATS), help="How to report; human by default.")
@json_option
@click.option(
    "--against",
    "specification",
    type=click.Path(exists=True, dir_okay=False, path_type=Path),
    metavar="FILE.json",
    help="Hold every recorded answer against this OpenAPI file of Stripe's, such as spec3.json.",
)
def check_command(
    paths: tuple[Path, ...], directory: Path, form: str | None, as_json: bool, specification: Path | None
) -> None:
    """Check cassettes for secrets, edits, live mode, and answers that Stripe would not give.

    PATH is a file, or a directory in which every .yaml and .yml file that is not plainly something else is checked;
    without one, the --cassettes directory is, or every place where a suite's cassettes are looked for: cassettes,
    tests/cassettes, and what replaydisputes_cassettes names in pytest's configuration here. Cassettes of vcrpy and
    others are welcome. Exit codes: 0 clean, 3 findings, 4 nothing worse than a file that could not be read.

    Example: replaydisputes check tests/cassettes --format github
    """
    if as_json and form not in (None, "json"):
        raise click.UsageError(f"--json and --format {form} exclude each other.")
    _passed_over.clear()
    places = paths or _places(directory)
    reports = _check_all(list(_files(places)), _spec(specification))
    if not reports:
        raise click.UsageError(_nothing_in(places))
    _report(reports, "json" if as_json else form or "human")
    if _passed_over:
        click.echo(f"passed over {counted(len(_passed_over), 'YAML file')} of another purpose", err=True)
    if any(finding.fails for report in reports for finding in report.findings):
        raise click.exceptions.Exit(3)
    if any(report.unreadable for report in reports):
        raise click.exceptions.Exit(FileAccessError.exit_code)


def _places(directory: Path) -> tuple[Path, ...]:
    """What is checked where no path is given. Raises UsageError where none of the usual directories is there."""
    if is_given():
        return (directory,)
    usual = reading_directories(directory)
    there = tuple(place for place in usual if os.path.lexists(place))
    if not there:
        raise click.UsageError(f"nothing to check: there is no directory {', '.join(map(str, usual))}.")
    return there


def _nothing_in(places: Sequence[Path]) -> str:
    where = ", ".join(map(str, places))
    if not _passed_over:
        return f"nothing to check: no .yaml or .yml file in {where}."
    passed_over = ", ".join(map(str, _passed_over[:_MOST_NAMED])) + (", …" if len(_passed_over) > _MOST_NAMED else "")
    return (
        f"nothing to check: no cassette in {where}; passed over as YAML of another purpose: {passed_over}. "
        f"A file that is named itself is checked whatever it holds."
    )


def print_findings(console: Console, reports: Iterable[FileReport]) -> None:
    """`path:line: rule: message [field]`, in colour on a terminal, then what to do about each kind."""
    from rich.text import Text  # noqa: PLC0415 - `--help` stays light

    from replaydisputes.checking.finding import rule_named  # noqa: PLC0415
    from replaydisputes.checking.rendering import shown  # noqa: PLC0415

    steps: dict[str, list[str]] = {}
    for report in reports:
        for found in report.findings:
            line = Text(f"{shown(report.path)}:{found.line or 1}: ", style="bold")
            line.append(f"{found.rule}: ", style="not bold red" if found.fails else "not bold yellow")
            line.append(found.message, style="not bold")
            line.append(f" [{found.field}]" if found.field else "", style="not bold dim")
            console.print(line)
            rules = steps.setdefault(rule_named(found.rule).next_step, [])
            if found.rule not in rules:
                rules.append(found.rule)
    for step, rules in steps.items():
        console.print(Text(f"next, for {', '.join(rules)}: {step}", style="dim"))


def _files(paths: Sequence[Path]) -> Iterator[Path | FileReport]:
    """Each file once, in order. Raises UsageError for a path that is not there, before anything is checked."""
    for path in paths:
        if not os.path.lexists(path):
            raise click.UsageError(f"{path}: no such file or directory.")
    seen: set[str] = set()
    for path in paths:
        for each in _cassettes_in(path) if os.path.isdir(path) else (path,):
            name = os.path.normpath(each) if isinstance(each, Path) else os.path.normpath(each.path)
            if name not in seen:
                seen.add(name)
                yield each


def _cassettes_in(directory: Path) -> Iterator[Path | FileReport]:
    """What lies below, through links as well, but each directory once; hidden ones hold no cassettes."""
    from replaydisputes.checking import FileReport  # noqa: PLC0415

    visited: set[tuple[int, int]] = set()
    refused: list[OSError] = []
    for root, directories, files in os.walk(directory, followlinks=True, onerror=refused.append):
        stat = os.stat(root)
        if (stat.st_dev, stat.st_ino) in visited:
            directories.clear()
            continue
        visited.add((stat.st_dev, stat.st_ino))
        directories[:] = sorted(name for name in directories if not name.startswith("."))
        # A directory called x.yaml is reported as what it is: somebody meant it to be a cassette.
        for name in sorted([*files, *directories]):
            if (
                name.lower().endswith(_SUFFIXES)
                and not name.startswith(".")
                and not _is_of_another_purpose(Path(root, name))
            ):
                yield Path(root, name)
    for error in refused:
        path = Path(error.filename)
        yield FileReport(path, unreadable=str(FileAccessError(path, "list", error.strerror or str(error))))


def _is_of_another_purpose(path: Path) -> bool:
    """A workflow or the like, met on the way through a directory; what is named on the command line is checked."""
    from replaydisputes.cassette_file.loading import read_bytes  # noqa: PLC0415
    from replaydisputes.checking import is_other_yaml  # noqa: PLC0415

    try:
        is_other = is_other_yaml(read_bytes(path))
    except (FileAccessError, CassetteFormatError):
        return False
    if is_other:
        _passed_over.append(path)
    return is_other


def _spec(path: Path | None) -> OpenApi | None:
    """The specification given. Raises OpenApiError and FileAccessError."""
    from replaydisputes.checking import OpenApi  # noqa: PLC0415

    if path is None:
        return None
    try:
        return OpenApi(path.read_bytes(), path)
    except OSError as error:
        raise FileAccessError(path, "read", error.strerror or str(error)) from error


def _check_all(files: Sequence[Path | FileReport], spec: OpenApi | None = None) -> list[FileReport]:
    """Reads and checks one file after the other; one that cannot be read does not keep the others from it."""
    from replaydisputes.settings import redaction_policy  # noqa: PLC0415

    policy = redaction_policy(Path.cwd())
    return [_check_one(file, policy, spec) if isinstance(file, Path) else file for file in _with_progress(files)]


def _with_progress(files: Sequence[Path | FileReport]) -> Iterable[Path | FileReport]:
    """The files, with a bar on stderr if they are large and a person is looking."""
    size = sum(_size_of(file) for file in files if isinstance(file, Path))
    if size < _PROGRESS_FROM_BYTES or not sys.stderr.isatty():
        return files
    from rich.console import Console  # noqa: PLC0415
    from rich.progress import track  # noqa: PLC0415

    return track(files, "checking", console=Console(stderr=True), transient=True)


def _size_of(path: Path) -> int:
    """In bytes; 0 for what the system will not tell of, which reading it will say."""
    try:
        return os.stat(path).st_size
    except OSError:
        return 0


def _check_one(path: Path, policy: Policy, spec: OpenApi | None) -> FileReport:
    from replaydisputes.cassette_file.loading import read_bytes  # noqa: PLC0415
    from replaydisputes.checking import FileReport, Finding, check  # noqa: PLC0415

    try:
        return FileReport(path, check(read_bytes(path), path, policy=policy, spec=spec))
    except FileAccessError as error:
        return FileReport(path, unreadable=str(error))
    except CassetteFormatError as error:
        return FileReport(path, (Finding("format", f"expected {error.expected}, got {error.got}", error.line),))


def _report(reports: list[FileReport], form: str) -> None:
    from replaydisputes.checking import document, github_lines, sarif  # noqa: PLC0415

    if form == "json":
        click.echo(json.dumps(document(reports), indent=2))
    elif form == "sarif":
        click.echo(json.dumps(sarif(reports, version("replaydisputes"), Path.cwd()), indent=2))
    elif form == "github":
        for line in github_lines(reports):
            click.echo(line)
        click.echo(_summary(reports))
    else:
        _print_human(reports)


def _print_human(reports: list[FileReport]) -> None:
    from rich.console import Console  # noqa: PLC0415

    console = Console(soft_wrap=True, highlight=False)
    print_findings(console, reports)
    for report in reports:
        if report.unreadable:
            click.echo(f"Error: {report.unreadable}", err=True)
    console.print(_summary(reports), markup=False)


def _summary(reports: list[FileReport]) -> str:
    from replaydisputes.checking import summary  # noqa: PLC0415

    counts = summary(reports)
    parts = [f"{counts['clean']} clean"]
    if counts["with_findings"]:
        parts.append(f"{counts['with_findings']} with findings ({counts['findings']} in all)")
    if counts["unreadable"]:
        parts.append(f"{counts['unreadable']} unreadable")
    if counts["notes"]:
        parts.append(f"{counts['notes']} note{'s' if counts['notes'] > 1 else ''}")
    return f"{counts['files']} file{'s' if counts['files'] > 1 else ''} checked: {', '.join(parts)}"

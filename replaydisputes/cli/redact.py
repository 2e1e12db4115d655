"""`redact`: other tools' recordings, made publishable."""

from __future__ import annotations

import json
import sys
from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from threading import Timer
from typing import TYPE_CHECKING, Any

import click

from replaydisputes.cli.options import json_option
from replaydisputes.cli.words import counted

if TYPE_CHECKING:
    from replaydisputes.importing import FileReport, Plan

_SHOW_PROGRESS_AFTER_S = 1.0


@click.command("redact")
@click.argument("inputs", nargs=-1, required=True, metavar="IN...", type=click.Path(exists=True, path_type=Path))
@click.option(
    "--out", required=True, type=click.Path(file_okay=False, path_type=Path), help="Directory of the cassettes made."
)
@click.option("--all-hosts", is_flag=True, help="Keep calls to other hosts too, each under a stand-in of its name.")
@json_option
def redact_command(inputs: tuple[Path, ...], out: Path, all_hosts: bool, as_json: bool) -> None:
    """Make recordings of other tools publishable: each IN (a file, or a directory to walk) becomes a cassette in --out.

    Reads cassettes of vcrpy, pytest-recording, cassetter, Ruby VCR, Betamax, go-vcr, PHP-VCR, ExVCR and
    `stripe playback`, recordings of nock, and HAR archives such as Polly.js writes, in YAML or JSON. What is in a file
    tells its format. Originals are never touched. A person or id has one stand-in across all files of a run.
    Exit code 3: a file was refused; the others are done all the same.

    Example: replaydisputes redact tests/old_cassettes export.har --out cassettes
    """
    from replaydisputes.importing import Importer, plan  # noqa: PLC0415
    from replaydisputes.settings import redaction_policy  # noqa: PLC0415 - `--help` stays light

    policy = redaction_policy(Path.cwd())
    planned = plan(inputs, out)
    with _progress(planned) as advance:
        reports = list(map(advance, Importer(policy, all_hosts=all_hosts).run(planned)))
    if as_json:
        files = [_as_json(report) for report in reports]
        click.echo(json.dumps({"summary": Counter(report.outcome for report in reports), "files": files}, indent=2))
    else:
        for report in reports:
            click.echo(_line(report), err=report.outcome == "refused")
        click.echo(_summary(reports))
    raise click.exceptions.Exit(max(report.exit_code for report in reports))


@contextmanager
def _progress(planned: Plan) -> Iterator[Callable[[FileReport], FileReport]]:
    """A bar on stderr, by bytes read, once the run has taken a second and where a person is looking."""
    if not sys.stderr.isatty():
        yield lambda report: report
        return
    from rich.console import Console  # noqa: PLC0415
    from rich.progress import Progress  # noqa: PLC0415

    sizes = {source.path: source.size for source in planned.sources}
    bar = Progress(console=Console(stderr=True), transient=True)
    task = bar.add_task("redacting", total=sum(sizes.values()) or 1)
    timer = Timer(_SHOW_PROGRESS_AFTER_S, bar.start)

    def advance(report: FileReport) -> FileReport:
        bar.advance(task, sizes[report.path])
        return report

    timer.start()
    try:
        yield advance
    finally:
        timer.cancel()
        timer.join()
        bar.stop()


def _line(report: FileReport) -> str:
    """One file in one line, without control characters: file names may hold anything."""
    if report.problem:
        said = f"Error: {report.problem}" if report.outcome == "refused" else report.problem
        return _printable(said)
    parts = [f"kept {counted(report.kept, 'interaction')}", f"replaced {_listed(report.replaced)}"]
    if report.replaced_whole:
        parts.append(f"{report.replaced_whole} unreadable bodies replaced whole")
    fields = {"header fields": report.dropped_fields} if report.dropped_fields else {}
    calls = {f"interactions ({reason})": count for reason, count in report.dropped_calls.items()}
    parts.append(f"dropped {_listed(calls | fields)}")
    if report.keys:
        modes = ", ".join(f"{count} {mode}" for mode, count in report.keys.items())
        parts.append(f"the original holds API keys in clear ({modes}): roll them, in Stripe's dashboard")
    if report.doubt:
        parts.append(f"check the order: {report.doubt}")
    outcome = "written over an older cassette that held something else" if report.overwrote else report.outcome
    return _printable(f"{report.path} ({report.format}) -> {report.target}: {outcome}; {'; '.join(parts)}")


def _listed(counts: Mapping[str, int]) -> str:
    return ", ".join(f"{count} {kind}" for kind, count in counts.items()) or "nothing"


def _printable(text: str) -> str:
    shown = "".join(char if char.isprintable() else repr(char)[1:-1] for char in text)
    return shown.encode("utf-8", "backslashreplace").decode("utf-8")


def _summary(reports: list[FileReport]) -> str:
    outcomes = Counter(report.outcome for report in reports)
    done = ", ".join(
        f"{outcomes[name]} {name}" for name in ("written", "unchanged", "skipped", "refused") if outcomes[name]
    )
    kept = sum(report.kept for report in reports)
    files = "1 file" if len(reports) == 1 else f"{len(reports)} files"
    return f"{files}: {done}; {kept} interactions kept"


def _as_json(report: FileReport) -> dict[str, Any]:
    return {
        "path": _printable(str(report.path)),
        "target": _printable(str(report.target)),
        "outcome": report.outcome,
        "overwrote": report.overwrote,
        "format": report.format or None,
        "kept": report.kept,
        "replaced": dict(report.replaced),
        "replaced_whole": report.replaced_whole,
        "dropped_interactions": dict(report.dropped_calls),
        "dropped_header_fields": report.dropped_fields,
        "keys_in_the_original": dict(report.keys),
        "doubt": report.doubt or None,
        "problem": _printable(report.problem) or None,
    }

"""`seal`: accept a deliberate edit of a cassette, and have the file say so."""

from __future__ import annotations

from pathlib import Path

import click

from replaydisputes.cli.options import cassettes_option, reading_directories


@click.command("seal")
@click.argument("name", metavar="FILE")
@cassettes_option
def seal_command(name: str, directory: Path) -> None:
    """Accept what you changed in a cassette by hand. FILE is a file, or a cassette by name.

    Runs the checks of `replaydisputes check` and refuses on a finding. Else counts each Content-Length again, renews
    the digest and marks the provenance as edited. Bodies stay as you wrote them, byte for byte; comments go.

    Example: replaydisputes seal cassettes/close-lost.yaml
    """
    from replaydisputes.cassette_file import parse, write  # noqa: PLC0415 - `--help` stays light
    from replaydisputes.cassette_file.loading import read_bytes  # noqa: PLC0415
    from replaydisputes.checking import beside_faults, sealed  # noqa: PLC0415
    from replaydisputes.leak_gate import KnownSecrets  # noqa: PLC0415

    path = _own(name, directory)
    content = read_bytes(path)
    cassette = parse(content, path)
    done = sealed(cassette, path, is_as_written=not beside_faults(content, cassette))
    if done is None:
        click.echo(f"{path}: unchanged; its digest holds, so there is no edit to seal")
        return
    _refuse_findings(path, content)
    write(path, done.cassette, KnownSecrets(), redate=True)
    recounted = f", {done.recounted} Content-Length counted again" if done.recounted else ""
    click.echo(f"{path}: sealed; the digest is renewed{recounted}, and the provenance says that it was edited by hand")


def _own(name: str, directory: Path) -> Path:
    """The file; a cassette shipped with the package can be sealed only by its path, as nobody edits it by name."""
    from replaydisputes.library import Library, shipped_directory  # noqa: PLC0415

    path = Library(reading_directories(directory)).find(name)
    shipped = shipped_directory()
    if path.is_relative_to(shipped) and path != Path(name) and directory.resolve() != shipped.resolve():
        raise click.UsageError(
            f"{name} is a shipped cassette, and {directory} has none of that name; seal takes yours, or a path."
        )
    return path


def _refuse_findings(path: Path, content: bytes) -> None:
    from rich.console import Console  # noqa: PLC0415

    from replaydisputes.checking import BESIDE, FOLLOWS_FROM_EDIT, FileReport, check  # noqa: PLC0415
    from replaydisputes.cli.check import print_findings  # noqa: PLC0415
    from replaydisputes.settings import redaction_policy  # noqa: PLC0415

    set_right = FOLLOWS_FROM_EDIT | {BESIDE}
    report = FileReport(path, check(content, path, except_for=set_right, policy=redaction_policy(Path.cwd())))
    print_findings(Console(stderr=True, soft_wrap=True, highlight=False), [report])
    count = sum(finding.fails for finding in report.findings)
    if count:
        click.echo(
            f"Error: {path} not sealed: {count} finding{'s' if count > 1 else ''}. It was left as it is.", err=True
        )
        raise click.exceptions.Exit(3)

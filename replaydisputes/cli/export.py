"""`export`: the demo page as a folder of files, for a slide deck or a machine without a server."""

from __future__ import annotations

import json
import os
import shutil
import tempfile
import time
from collections.abc import Mapping
from pathlib import Path

import click

from replaydisputes.cli.options import cassettes_option
from replaydisputes.errors import FileAccessError, ReplayDisputesError

_MARKER = "export.json"
_MADE_BY = "replaydisputes export"


class ForeignFolderError(ReplayDisputesError):
    """A folder that holds what no export has put there; it would be lost."""

    exit_code = 4

    def __init__(self, folder: Path, found: str) -> None:
        self.folder, self.found = folder, found
        super().__init__(
            f"{folder} left as it is: it holds {found!r}, which is no part of an export into that folder. "
            f"Name an empty folder, a new one, or one that holds an export and nothing else."
        )


@click.command("export")
@click.argument("folder", metavar="DIR", type=click.Path(file_okay=False, path_type=Path))
@click.option("--cassette", "names", multiple=True, metavar="NAME", help="Only this one; can be given more than once.")
@cassettes_option
def export_command(folder: Path, names: tuple[str, ...], directory: Path) -> None:
    """Write the demo page into DIR as files that need no server. An earlier export there is replaced, whole.

    Example: replaydisputes export close-twice-slides --cassette close-twice
    """
    from replaydisputes.cli.page import demo_files  # noqa: PLC0415 - `--help` stays light

    files = demo_files(names, directory, int(time.time()))
    publish(folder, files)
    click.echo(f"{folder / 'index.html'}: {len(files):,} files, {sum(map(len, files.values())):,} bytes")


def publish(folder: Path, files: Mapping[str, bytes]) -> None:
    """Put the files into a folder in place of the export in it: all or, where anything fails, none.

    Raises ForeignFolderError and FileAccessError.
    """
    target = folder.resolve()
    _require_ours(target)
    try:
        target.parent.mkdir(parents=True, exist_ok=True)
        beside = Path(tempfile.mkdtemp(prefix=f".{target.name}.", dir=target.parent))
    except OSError as error:
        raise FileAccessError(target, "write", error.strerror or str(error)) from error
    try:
        new, old = beside / "new", beside / "old"
        _write(new, files)
        if target.exists():
            target.rename(old)
        try:
            new.rename(target)
        except OSError:
            if old.exists():
                old.rename(target)
            raise
    except OSError as error:
        raise FileAccessError(target, "write", error.strerror or str(error)) from error
    finally:
        shutil.rmtree(beside, ignore_errors=True)


def _require_ours(folder: Path) -> None:
    if not folder.exists():
        return
    if not folder.is_dir():
        raise FileAccessError(folder, "export into it", "it is a file")
    ours = _listed(folder)
    for place, folders, names in os.walk(folder):
        for name in [*names, *(one for one in folders if Path(place, one).is_symlink())]:
            inside = (Path(place) / name).relative_to(folder).as_posix()
            if inside not in ours:
                raise ForeignFolderError(folder, inside)


def _listed(folder: Path) -> frozenset[str]:
    """What the export in a folder says it consists of; nothing where there is none."""
    try:
        marker = json.loads((folder / _MARKER).read_bytes())
    except (OSError, ValueError):
        return frozenset()
    is_ours = isinstance(marker, dict) and marker.get("made_by") == _MADE_BY and isinstance(marker.get("files"), list)
    return frozenset([_MARKER, *map(str, marker["files"])]) if is_ours else frozenset()


def _write(folder: Path, files: Mapping[str, bytes]) -> None:
    marker = json.dumps({"made_by": _MADE_BY, "files": sorted(files)}, indent=2).encode()
    for name, content in {**files, _MARKER: marker}.items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content)

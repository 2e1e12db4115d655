"""Opening a cassette: the bytes of a file and, where they are as they were written, the short way to its cassette."""

from __future__ import annotations

import os
import stat
import warnings
from pathlib import Path

from replaydisputes.errors import CassetteFormatError, EditedCassetteWarning, FileAccessError
from replaydisputes.model import Cassette

from .digest import digest_of
from .unaltered import unaltered

MAX_BYTES = 256 * 1024 * 1024


def load(path: Path) -> Cassette:
    """The cassette in a file, each interaction read when it is asked for where the file is as it was written.

    With an EditedCassetteWarning, but all the same, where its digest does not hold. Raises FileAccessError for a file
    that cannot be read, CassetteFormatError for one that is no cassette.
    """
    text = read_bytes(path)
    cassette = unaltered(text, path)
    if cassette is not None:
        return cassette
    from .reading import parse  # noqa: PLC0415 - importing a YAML reader takes longer than a suite of replays

    cassette = parse(text, path)
    if cassette.provenance is not None and cassette.provenance.digest != digest_of(cassette.interactions):
        warnings.warn(
            f"{path} was edited after it was made: its interactions do not have the digest written with them. "
            f"It is replayed as it stands; record it again, or keep the edit with `replaydisputes seal {path}`.",
            EditedCassetteWarning,
            stacklevel=2,
        )
    return cassette


def read_bytes(path: Path) -> bytes:
    """The whole of a regular file of at most MAX_BYTES, refused before it is read where it is anything else."""
    try:
        with open(path, "rb", buffering=0, opener=_without_waiting) as file:
            status = os.fstat(file.fileno())
            if not stat.S_ISREG(status.st_mode):
                raise FileAccessError(path, "read", "it is not a regular file")
            if status.st_size > MAX_BYTES:
                raise CassetteFormatError(path, None, f"at most {MAX_BYTES:,} bytes", f"{status.st_size:,}")
            return file.readall()
    except OSError as error:
        raise FileAccessError(path, "read", error.strerror or str(error)) from error


def _without_waiting(path: str, flags: int) -> int:
    # A named pipe would otherwise wait for a writer that never comes.
    return os.open(path, flags | getattr(os, "O_NONBLOCK", 0))

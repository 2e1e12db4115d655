"""Output whose reader has gone, or whose disk is full: what must not stop for it, and what says so and stops."""

from __future__ import annotations

import io
import sys
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from typing import TYPE_CHECKING, TextIO

if TYPE_CHECKING:
    from _typeshed import ReadableBuffer as Buffer


class _Unstoppable(io.FileIO):
    """A file that takes everything and drops what cannot be written."""

    def write(self, data: Buffer) -> int:
        try:
            return super().write(data)
        except OSError:
            return memoryview(data).nbytes


@contextmanager
def outlives_its_reader() -> Iterator[None]:
    """Inside, no output fails: what was begun at Stripe is brought to its end, whoever reads of it (`| head -n 1`)."""
    before = sys.stdout, sys.stderr
    sys.stdout, sys.stderr = map(_unstoppable, before)
    try:
        yield
    finally:
        with suppress(OSError, ValueError):
            sys.stdout.flush()
            sys.stderr.flush()
        sys.stdout, sys.stderr = before


def _unstoppable(stream: TextIO) -> TextIO:
    """The same stream as one that cannot fail; one that has no file, as in a test, stays as it is."""
    try:
        stream.flush()
        raw = _Unstoppable(stream.fileno(), "wb", closefd=False)
    except (AttributeError, OSError, ValueError):
        return stream
    return io.TextIOWrapper(io.BufferedWriter(raw), stream.encoding, "backslashreplace", write_through=True)

"""What was refused in child processes: a small file to which they append and which the parent reads.

A file and not a pipe, because a process that is spawned, or a pool's worker that is older than the replay, can be
told its name.
"""

from __future__ import annotations

import json
import os
import tempfile
from contextlib import suppress

_MOST_BYTES = 64 * 1024
_LONGEST = 300
_LONGEST_MISMATCH = 8000


class ChildReports:
    """The parent's side. The file holds operations and addresses, and what a mismatch reports."""

    def __init__(self) -> None:
        self._descriptor, self.path = tempfile.mkstemp(prefix="replaydisputes-refused-")
        self._left = b""

    def new(self) -> list[tuple[str, str, str]]:
        """What came since the last time, each as (operation, address, report of a mismatch or nothing)."""
        *lines, self._left = (self._left + os.read(self._descriptor, _MOST_BYTES)).split(b"\n")
        found = []
        for line in lines:
            with suppress(ValueError):
                operation, address, mismatch = map(str, json.loads(line))
                found.append((operation, address, mismatch))
        return found

    def close(self) -> None:
        os.close(self._descriptor)
        with suppress(OSError):
            os.unlink(self.path)


def report(path: str, operation: str, address: str, mismatch: str = "") -> None:
    """The child's side: add one line, unless the parent's replay has ended or the file is full.

    Written at once, because a child may leave by `os._exit`; in one piece, because others write too.
    """
    line = json.dumps([operation[:_LONGEST], address[:_LONGEST], mismatch[:_LONGEST_MISMATCH]]).encode() + b"\n"
    with suppress(OSError):
        descriptor = os.open(path, os.O_WRONLY | os.O_APPEND)
        try:
            if os.fstat(descriptor).st_size + len(line) <= _MOST_BYTES:
                os.write(descriptor, line)
        finally:
            os.close(descriptor)

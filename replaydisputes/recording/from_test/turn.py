"""Whose turn it is: one test at a time records a cassette, and in one test run only one does."""

from __future__ import annotations

import hashlib
import os
import threading
from pathlib import Path

from filelock import FileLock, Timeout

from replaydisputes.cassette_file.disk import lock_directory
from replaydisputes.errors import FileLockedError, ReplayDisputesError

WAIT_S = 120.0
"""How long a test waits for another that records the same cassette, dispute and all."""


_held_here: dict[str, int] = {}
"""The lock files that this process holds, and the thread that took each."""


class AlreadyRecordingError(ReplayDisputesError):
    """A recording inside another one of the same file: neither could ever end before the other."""

    exit_code = 2

    def __init__(self, path: Path) -> None:
        self.path = path
        super().__init__(f"{path} is being recorded already, by what this runs in; nothing was sent. Record it once.")


class Turn:
    """The right to record one file, among all processes of this user. It falls back when its process dies."""

    def __init__(self, path: Path, run_id: str) -> None:
        """run_id: the same in every process of one test run; empty where there is no run."""
        name = hashlib.sha256(b"recording:" + os.fsencode(os.path.realpath(path))).hexdigest()
        self._path, self._run_id = path, run_id
        self._lock = FileLock(lock_directory() / f"{name}.lock", timeout=WAIT_S, thread_local=False)
        self._last_run = lock_directory() / f"{name}.run"

    def begin(self) -> None:
        """Wait for it. Raises FileLockedError, and AlreadyRecordingError where this very thread has it."""
        if _held_here.get(self._lock.lock_file) == threading.get_ident():
            raise AlreadyRecordingError(self._path)
        try:
            self._lock.acquire()
        except Timeout:
            raise FileLockedError(self._path, WAIT_S) from None
        _held_here[self._lock.lock_file] = threading.get_ident()

    def was_had(self) -> bool:
        """Whether a test of this very run has recorded the file already."""
        try:
            return bool(self._run_id) and self._last_run.read_text(encoding="utf-8") == self._run_id
        except FileNotFoundError:
            return False

    def note(self) -> None:
        """The file was recorded in this turn."""
        if self._run_id:
            self._last_run.write_text(self._run_id, encoding="utf-8")

    def end(self) -> None:
        if self._lock.is_locked:
            _held_here.pop(self._lock.lock_file, None)
        self._lock.release()

"""One lock per cassette and one atomic replacement: what stands on disk is the old file or the new, never half."""

from __future__ import annotations

import contextlib
import errno
import hashlib
import os
import re
import secrets
import stat
import tempfile
from collections.abc import Iterator
from pathlib import Path

import platformdirs
from filelock import FileLock, Timeout

from replaydisputes.errors import FileLockedError

LOCK_TIMEOUT_S = 10.0


@contextlib.contextmanager
def locked(target: Path) -> Iterator[None]:
    """Hold the lock of one cassette; its file lives outside the cassettes. Raises FileLockedError after 10 s."""
    name = hashlib.sha256(os.fsencode(target)).hexdigest()
    lock = FileLock(lock_directory() / f"{name}.lock", timeout=LOCK_TIMEOUT_S)
    try:
        lock.acquire()
    except Timeout:
        raise FileLockedError(target, LOCK_TIMEOUT_S) from None
    try:
        yield
    finally:
        lock.release()


def lock_directory() -> Path:
    """The user's cache or, where that cannot be written (a container's home), a private directory among the temporary.

    Not the runtime directory: a login session and a cron job of one user would not meet there.
    """
    cache = platformdirs.user_cache_path("replaydisputes", appauthor=False) / "locks"
    with contextlib.suppress(OSError):
        own_directory(cache)
        if os.access(cache, os.W_OK):
            return cache
    return own_directory(Path(tempfile.gettempdir()) / f"replaydisputes-{_user_id()}")


def own_directory(path: Path) -> Path:
    """A directory of this user, made if it is missing. Raises PermissionError for a link, and for another user's.

    Another user could have put links into it, by which this one would overwrite files of its own.
    """
    path.mkdir(mode=0o700, parents=True, exist_ok=True)
    held = path.lstat()
    if stat.S_ISLNK(held.st_mode):
        raise PermissionError(errno.EACCES, f"{path} is a link, where a directory of your own is expected")
    if hasattr(os, "geteuid") and held.st_uid != _user_id():
        raise PermissionError(errno.EACCES, f"{path} belongs to another user (number {held.st_uid})")
    if held.st_mode & (stat.S_IWGRP | stat.S_IWOTH):
        path.chmod(0o700)
    return path


def _user_id() -> int:
    return os.geteuid() if hasattr(os, "geteuid") else 0


def remove_leftovers(target: Path) -> None:
    """Remove the temporary files of writers that were killed. Only under the lock: nobody else is writing one then."""
    leftover = re.compile(re.escape(f".{target.name}.") + r"[0-9a-f]{16}\.tmp")
    for entry in list(target.parent.iterdir()):
        if leftover.fullmatch(entry.name):
            entry.unlink(missing_ok=True)


def name_beside(target: Path) -> Path:
    """A new name in the same directory, under which a file is written before it takes the target's place."""
    return target.with_name(f".{target.name}.{secrets.token_hex(8)}.tmp")


def replace(target: Path, content: bytes) -> None:
    """Put content in the target's place, once it has reached the disk under another name; keeps the target's mode."""
    temporary = name_beside(target)
    try:
        with open(temporary, "xb") as file:
            with contextlib.suppress(FileNotFoundError):
                temporary.chmod(stat.S_IMODE(target.stat().st_mode))
            file.write(content)
            file.flush()
            os.fsync(file.fileno())
        temporary.replace(target)
    except BaseException:
        with contextlib.suppress(OSError):
            temporary.unlink()
        raise
    _sync_directory(target.parent)


def _sync_directory(directory: Path) -> None:
    # Not every system can; what is left to chance there is which version a power cut leaves, not whether it is whole.
    with contextlib.suppress(OSError):
        handle = os.open(directory, os.O_RDONLY)
        try:
            os.fsync(handle)
        finally:
            os.close(handle)

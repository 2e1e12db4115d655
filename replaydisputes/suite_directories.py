"""Where the running test suite keeps its cassettes, as its test runner knows it. Imports nothing.

The pytest plugin registers it, so that `replay()` looks where the marker looks, whatever the working directory is.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path

Directories = Callable[[], Sequence[Path]]

_registered: list[Directories] = []


def register(directories: Directories) -> Callable[[], None]:
    """Look where these say from now on, and no longer once the returned function is called."""
    _registered.append(directories)
    return lambda: _registered.remove(directories)


def of_the_running_suite() -> Sequence[Path] | None:
    """Those registered last; None outside a test suite."""
    return _registered[-1]() if _registered else None

"""A refusal is told where the suite's own code met it: the frames below it hold keys and personal values.

pytest prints the arguments of the last frame that it shows, and an HTTP client's are headers and body.
"""

from __future__ import annotations

import sysconfig
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from types import FrameType, TracebackType

import pytest

import replaydisputes
from replaydisputes.errors import ReplayDisputesError

_OURS = Path(replaydisputes.__file__).parent
_LIBRARIES = tuple(
    {_OURS, *(Path(sysconfig.get_path(name)) for name in ("stdlib", "platstdlib", "purelib", "platlib"))}
)
_INSTALLED = frozenset({"site-packages", "dist-packages"})


@contextmanager
def shortened(item: pytest.Item, excinfo: pytest.ExceptionInfo[BaseException]) -> Iterator[None]:
    """While the report is made, tracebacks that lead to a refusal of ours end in the suite's own code.

    The exceptions get theirs back afterwards, for --pdb; --full-trace cuts none.
    """
    chain = _chain(excinfo.value)
    refused = any(isinstance(error, ReplayDisputesError) for error in chain)
    if not refused or item.config.getoption("fulltrace"):
        yield
        return
    whole = [(error, error.__traceback__) for error in chain[1:]]
    cut = _cut(item, excinfo.tb)
    if cut is not None:
        excinfo.traceback = type(excinfo.traceback)(cut)
    try:
        for error, traceback in whole:
            error.__traceback__ = _cut(item, traceback)
        yield
    finally:
        for error, traceback in whole:
            error.__traceback__ = traceback


def _chain(error: BaseException) -> list[BaseException]:
    """The exception and all that it came from, even what `from None` hides."""
    chain: list[BaseException] = []
    told: BaseException | None = error
    while told is not None and all(told is not one for one in chain):
        chain.append(told)
        told = told.__cause__ or told.__context__
    return chain


def _cut(item: pytest.Item, traceback: TracebackType | None) -> TracebackType | None:
    """The traceback up to the last frame of the suite's own code; None where there is no such frame."""
    if traceback is None:
        return None
    rest = _cut(item, traceback.tb_next)
    if rest is None and not _is_own(item, traceback.tb_frame):
        return None
    return TracebackType(rest, traceback.tb_frame, traceback.tb_lasti, traceback.tb_lineno)


def _is_own(item: pytest.Item, frame: FrameType) -> bool:
    """Whether a frame is of the suite or of the code that it tests; what is installed is neither, but the test is."""
    path = Path(frame.f_code.co_filename)
    if path == item.path:
        return True
    installed = not path.is_absolute() or _INSTALLED.intersection(path.parts)
    return not installed and not any(path.is_relative_to(library) for library in _LIBRARIES)

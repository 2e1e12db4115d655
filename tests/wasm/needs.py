"""A pytest plugin that skips a test once it asks for something that WebAssembly does not have."""

from __future__ import annotations

import errno
from collections.abc import Generator

import pytest

_ABSENT_FUNCTIONS = ("fork", "mkfifo", "forkpty", "openpty", "getuid", "geteuid", "kill", "posix_spawn")
_ABSENT_MODULES = ("pwd", "resource", "_multiprocessing", "_time_machine", "rpds.rpds", "httpx2_jsfetch")
_NO_SUCH_CALL = (errno.ENOSYS, errno.ENOTSUP, errno.EAFNOSUPPORT)


def pytest_addoption(parser: pytest.Parser) -> None:
    """Know an option that tests set for pytest-asyncio, which is not loaded here."""
    parser.addini("asyncio_default_fixture_loop_scope", "unused here")


@pytest.hookimpl(wrapper=True)
def pytest_runtest_setup(item: pytest.Item) -> Generator[None, None, None]:
    yield from _skipping()


@pytest.hookimpl(wrapper=True)
def pytest_runtest_call(item: pytest.Item) -> Generator[None, None, None]:
    yield from _skipping()


def _skipping() -> Generator[None, None, None]:
    try:
        return (yield)
    except Exception as error:
        lacking = _lacking(error)
        if lacking is None:
            raise
        pytest.skip(f"WebAssembly has no {lacking}")


def _lacking(error: BaseException | None) -> str | None:
    """What is missing here, by the error that it, or an error before it, is; None if the error is a fault."""
    while error is not None:
        if isinstance(error, RuntimeError) and "start new thread" in str(error):
            return "threads"
        if isinstance(error, OSError) and error.errno in _NO_SUCH_CALL:
            return "processes or sockets"
        if isinstance(error, NotImplementedError):
            return str(error)
        if isinstance(error, AttributeError) and error.name in _ABSENT_FUNCTIONS:
            return f"os.{error.name}"
        if isinstance(error, ModuleNotFoundError) and error.name in _ABSENT_MODULES:
            return error.name
        error = error.__cause__ or error.__context__
    return None

from __future__ import annotations

import asyncio
import signal
from collections.abc import Awaitable, Iterator
from pathlib import Path
from types import SimpleNamespace

import pytest
import uvicorn.server

pytest_plugins = ["pytester"]

_BRISK = 20

if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:
    # A shell lets what it starts in the background ignore Ctrl-C, and so would what these tests start and interrupt.
    signal.signal(signal.SIGINT, signal.default_int_handler)


@pytest.fixture(autouse=True)
def empty_home(tmp_path_factory: pytest.TempPathFactory, monkeypatch: pytest.MonkeyPatch) -> Path:
    """No test sees or leaves anything in the real home directory, and none has a key."""
    home = tmp_path_factory.mktemp("home")
    monkeypatch.setenv("HOME", str(home))
    for name in ("XDG_STATE_HOME", "XDG_CACHE_HOME", "XDG_RUNTIME_DIR", "STRIPE_API_KEY", "SOURCE_DATE_EPOCH"):
        monkeypatch.delenv(name, raising=False)
    return home


@pytest.fixture(scope="session", autouse=True)
def brisk_uvicorn() -> Iterator[None]:
    """uvicorn sleeps some 0.15 s while it ends, which four hundred servers of this suite do."""

    def sleep(delay_s: float) -> Awaitable[None]:
        return asyncio.sleep(delay_s / _BRISK)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(uvicorn.server, "asyncio", SimpleNamespace(**{**vars(asyncio), "sleep": sleep}))
        yield

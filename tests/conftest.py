from __future__ import annotations

import asyncio
import random
import signal
from collections.abc import Awaitable, Iterator
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
import uvicorn.server

pytest_plugins = ["pytester"]

_BRISK = 20

if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:
    # A shell lets what it starts in the background ignore Ctrl-C, and so would what these tests start and interrupt.
    signal.signal(signal.SIGINT, signal.default_int_handler)


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption("--order", default="file", help="of the tests: file (default), reverse, random or random:SEED")


def pytest_configure(config: pytest.Config) -> None:
    """Draw a seed if none is given. The workers of xdist get it from the run that started them."""
    config.option.order = getattr(config, "workerinput", {}).get("order", config.option.order)
    order: str = config.option.order
    if order not in ("file", "reverse", "random") and not order.startswith("random:"):
        raise pytest.UsageError(f"--order: expected file, reverse, random or random:SEED, got {order!r}")
    if order == "random":
        config.option.order = f"random:{random.randrange(1_000_000)}"


@pytest.hookimpl(optionalhook=True)
def pytest_configure_node(node: Any) -> None:
    node.workerinput["order"] = node.config.option.order


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter, config: pytest.Config) -> None:
    """At the end, where -q shows it as well."""
    if config.option.order != "file":
        terminalreporter.write_line(f"order of the tests: --order {config.option.order}")


@pytest.hookimpl(trylast=True)
def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    order, _, seed = config.option.order.partition(":")
    if order == "reverse":
        items.reverse()
    if order == "random":
        items[:] = shuffled(items, random.Random(seed))


def shuffled(items: list[pytest.Item], rng: random.Random) -> list[pytest.Item]:
    """The files in random order, and the tests of each: what a file sets up for all its tests is set up once."""
    by_file: dict[Path, list[pytest.Item]] = {}
    for item in rng.sample(items, len(items)):
        by_file.setdefault(item.path, []).append(item)
    return [item for file in by_file.values() for item in file]


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

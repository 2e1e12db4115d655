"""Debian's Chromium, driven by Playwright, on the page that `demo --web` serves. See `make browser`."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

ROOT = Path(__file__).parent.parent.parent
AXE = ROOT / ".axe" / "node_modules" / "axe-core" / "axe.min.js"
CHROMIUM = shutil.which("chromium") or ""
FLAGS = (
    "--no-sandbox --disable-gpu --disable-quic --no-first-run --disable-background-networking "
    "--disable-component-update --disable-sync"
)
REBOUND = "rebound.example"
"""A name of somebody else's that has been pointed at this machine."""

WIDE, PHONE = {"width": 1280, "height": 900}, {"width": 375, "height": 760}


def lacking() -> str:
    """What these tests need and do not find; empty where all is there."""
    try:
        import playwright  # noqa: F401, PLC0415 - in an environment of its own
    except ImportError:
        return "Playwright"
    return "Chromium" if not CHROMIUM else "" if AXE.exists() else "axe-core"


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    missing = lacking()
    if missing and "BROWSER_REQUIRED" in os.environ:
        pytest.exit(f"{missing} is missing; `make browser` sets it up", returncode=1)
    for item in items:
        if missing and Path(__file__).parent in item.path.parents:
            item.add_marker(pytest.mark.skip(reason=f"{missing} is missing; `make browser` sets it up and runs these"))


@pytest.fixture(scope="session")
def chromium() -> Iterator[Any]:
    from playwright.sync_api import sync_playwright  # noqa: PLC0415

    rules = f"--host-resolver-rules=MAP {REBOUND} 127.0.0.1"
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=[*FLAGS.split(), rules])
        yield browser
        browser.close()


@pytest.fixture(scope="session")
def url(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """Where the page is served, over the shipped cassettes."""
    command = [sys.executable, "-m", "replaydisputes", "demo", "--web", "--no-browser", "--port", "0"]
    directory = tmp_path_factory.mktemp("served")
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True, cwd=directory) as process:
        assert process.stdout is not None
        yield process.stdout.readline().split()[-1]
        process.terminate()


@pytest.fixture
def said() -> list[str]:
    """What the pages of a test said on the console, and each address that they asked for."""
    return []


@pytest.fixture
def open_page(chromium: Any, said: list[str]) -> Iterator[Callable[..., Any]]:
    """Opens a page in a browser session of its own; nothing may be said on its console."""
    contexts = []

    def opened(**options: Any) -> Any:
        context = chromium.new_context(**{"viewport": WIDE, "reduced_motion": "reduce", **options})
        contexts.append(context)
        page = context.new_page()
        page.set_default_timeout(10_000)
        page.on("console", lambda message: said.append(message.text))
        page.on("pageerror", lambda error: said.append(str(error)))
        return page

    yield opened
    for context in contexts:
        context.close()


@pytest.fixture(scope="session")
def examine() -> Callable[[Any, str], list[str]]:
    """What axe-core finds wrong with a page as it stands, its best practices included.

    Where SCREENSHOTS names a directory, a picture of it goes there under the name given.
    """
    source, pictures = AXE.read_text(encoding="utf-8"), os.environ.get("SCREENSHOTS")

    def examined(page: Any, name: str) -> list[str]:
        if pictures:
            has_dialog = page.query_selector("dialog[open]") is not None
            page.screenshot(path=Path(pictures, f"{name}.png"), full_page=not has_dialog)
        page.evaluate(source)
        results = page.evaluate("axe.run()")
        assert len(results["passes"]) > 10, "axe looked at next to nothing"
        return [f"{one['id']}: {node['html']}" for one in results["violations"] for node in one["nodes"]]

    return examined

"""A small suite of somebody else's, run by real pytest inside this process."""

from __future__ import annotations

from pathlib import Path

import pytest

# Imported here, as what a suite inside this process imports is forgotten after it, and imported anew by the next.
import requests
import stripe

import replaydisputes.api
import replaydisputes.pytest_plugin.orphans
import replaydisputes.pytest_plugin.scenarios
import replaydisputes.pytest_plugin.told

KEPT = (requests, stripe, replaydisputes)
SHIPPED = Path(__file__).parent.parent / "cassettes"
INI = "[pytest]\nasyncio_default_fixture_loop_scope = function\nfilterwarnings = error\n"

CALLS = """
import pytest, requests
import replaydisputes as package
API = "https://api.stripe.com/v1/disputes/"
DISPUTE = "du_1AAAAAreplaydisp00000001"
def close(dispute=DISPUTE): return requests.post(f"{API}{dispute}/close").json().get("status", "refused")
def read(dispute=DISPUTE): return requests.get(f"{API}{dispute}").json().get("status", "refused")
"""
"""What the inner suites begin with, as the module `calls`."""


def prepare(pytester: pytest.Pytester, ini: str = "", **cassettes: str) -> pytest.Pytester:
    """A suite with these lines in its ini file, and cassettes of its own: name (`_` for `-`) to the shipped one."""
    pytester.makeini(INI + ini)
    pytester.makepyfile(calls=CALLS)
    for name, shipped in cassettes.items():
        own_cassette(pytester, name.replace("_", "-"), shipped)
    return pytester


def own_cassette(pytester: pytest.Pytester, name: str, shipped: str = "close-lost") -> Path:
    path = pytester.path / "tests" / "cassettes" / f"{name}.yaml"
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes((SHIPPED / f"{shipped}.yaml").read_bytes())
    return path


_OTHERS_OFF = [part for name in ("anyio", "cassetter", "cov", "recording") for part in ("-p", f"no:{name}")]


def run(pytester: pytest.Pytester, *args: str) -> pytest.RunResult:
    return pytester.runpytest_inprocess(*_OTHERS_OFF, "-p", "no:cacheprovider", *args)


def run_apart(pytester: pytest.Pytester, *args: str) -> pytest.RunResult:
    """In a process of its own, as xdist wants it."""
    return pytester.runpytest_subprocess(*_OTHERS_OFF, "-p", "no:cacheprovider", *args)


def section(result: pytest.RunResult, title: str) -> list[str]:
    """The lines below a title, up to the next one."""
    start = next(at for at, line in enumerate(result.outlines) if title in line and line.startswith(("-", "=", "_")))
    rest = result.outlines[start + 1 :]
    return rest[: next((at for at, line in enumerate(rest) if line.startswith(("---", "===", "___"))), len(rest))]

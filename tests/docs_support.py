"""Runs what a page shows: its Python blocks as they are printed, in processes that can make no socket."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent
NO_SOCKETS = """
import socket

def refuse(*args, **kwargs):
    raise AssertionError("a socket was made")

socket.socket.connect = socket.socket.connect_ex = refuse
socket.getaddrinfo = refuse
"""
"""Connecting is refused, not making: an event loop makes a pair of sockets for itself."""

QUIET = ("-p", "no:cassetter", "-p", "no:recording", "-p", "no:asyncio", "-p", "no:xdist", "-W", "error")


def blocks(page: str, kind: str) -> list[str]:
    """The texts of a page's fenced blocks of one kind, in order. page: a path from the root."""
    text = (ROOT / page).read_text(encoding="utf-8")
    return re.findall(rf"^```{kind}\n(.*?)^```$", text, re.M | re.S)


def run_as_tests(text: str, pytester: pytest.Pytester, passed: int) -> None:
    """Run a block that holds tests."""
    pytester.makeconftest(NO_SOCKETS)
    pytester.makepyfile(text)
    pytester.runpytest_subprocess(*QUIET).assert_outcomes(passed=passed)


def run_as_script(text: str, cwd: Path) -> None:
    """Run a block that is a program."""
    command = [sys.executable, "-W", "error", "-c", NO_SOCKETS + text]
    done = subprocess.run(command, cwd=cwd, capture_output=True, text=True, timeout=60, check=False)
    assert done.returncode == 0, done.stderr

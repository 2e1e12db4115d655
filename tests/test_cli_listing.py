"""`list` on a terminal: every word whole, whatever the window's width."""

from __future__ import annotations

import re
import subprocess
import sys
from os import environ
from pathlib import Path

import pytest

from replaydisputes.recording.scenarios import SCENARIOS


def listed(tmp_path: Path, width: int, *arguments: str) -> list[str]:
    """The lines of a terminal so wide, without colours."""
    done = subprocess.run(
        [sys.executable, "-W", "error", "-m", "replaydisputes", "list", *arguments],
        cwd=tmp_path,
        env={**environ, "FORCE_COLOR": "1", "COLUMNS": str(width), "TERM": "xterm"},
        capture_output=True,
        encoding="utf-8",
        check=False,
        timeout=60,
    )
    assert (done.returncode, done.stderr) == (0, "")
    return re.sub(r"\x1b\[[0-9;]*m", "", done.stdout).splitlines()


@pytest.mark.parametrize("width", [80, 120, 200])
@pytest.mark.parametrize("arguments", [(), ("--scenarios",)])
def test_each_name_and_what_it_proves_fit_the_window_uncut(
    width: int, arguments: tuple[str, ...], tmp_path: Path
) -> None:
    lines = listed(tmp_path, width, *arguments)

    assert [line for line in lines if len(line.rstrip()) > width or "…" in line] == []
    assert [name for name in SCENARIOS if not any(line.split()[0] == name for line in lines if line.strip())] == []


def test_in_a_narrow_window_an_entry_is_a_name_and_what_it_proves_below(tmp_path: Path) -> None:
    lines = [line.rstrip() for line in listed(tmp_path, 80)]
    at = lines.index("close-twice")

    assert lines[at : at + 3] == [
        "close-twice",
        "    a closed dispute cannot be closed again: the second close is refused with",
        "    HTTP 400",
    ]
    assert lines[-3:] == [
        "made against, for all: the sandbox, not Stripe",
        "where, for all: shipped",
        "`replaydisputes show NAME` tells the calls, the Stripe-Version and the file.",
    ]

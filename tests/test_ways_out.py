"""In a network namespace with a listener at every address, no way out lets a packet pass while a replay is active.

What is out of reach (docs/testing.md), such as a subprocess, is not on the list.
"""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from tests.at_length import at_length

ROOT = Path(__file__).parent.parent
SETS_UP = ["unshare", "--net", "--mount", "sh", "-c", "ip link add near type veth peer name far && mount --bind / /mnt"]


def _problem() -> str:
    if missing := [name for name in ("unshare", "ip", "sysctl", "mount") if shutil.which(name) is None]:
        return f"{', '.join(missing)} is not installed"
    tried = subprocess.run(SETS_UP, capture_output=True, text=True, check=False)
    return f"no network namespace with a wire can be made here: {tried.stderr.strip()}" if tried.returncode else ""


@at_length("ways-out")
def test_of_a_hundred_ways_out_none_sends_a_packet_within_a_replay_or_after_it() -> None:
    if problem := _problem():
        pytest.skip(problem)
    command = ["unshare", "--net", "--mount", sys.executable, "-W", "ignore", "-m", "tests.ways_out"]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False, timeout=300)
    assert done.returncode == 0, done.stderr
    sent = json.loads(done.stdout.splitlines()[-1])

    assert len(sent) >= 100
    assert {name: counted for name, counted in sent.items() if counted[1:] != [0, 0]} == {}
    assert [name for name, counted in sent.items() if counted[0] == 0] == []  # each is a way out without a replay

"""A recorder in a process of its own, to be killed: `python -m tests.recorder_process API_BASE PATH`."""

from __future__ import annotations

import sys
from pathlib import Path

from replaydisputes.recording.recorder import Target, record
from replaydisputes.recording.scenarios import SCENARIOS
from tests.recording_support import KEY, surroundings

if __name__ == "__main__":
    record(SCENARIOS["close-twice"], Target(sys.argv[1], KEY), Path(sys.argv[2]), surroundings())

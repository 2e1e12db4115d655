"""Run in a fresh process: open one cassette and play one call of it; seconds and memory as JSON.

python -m benchmarks.probe TOOL SMALL BIG SIZE: SMALL is played first, so that imports and installation do not count.
"""

from __future__ import annotations

import json
import sys
import time
from pathlib import Path

from benchmarks.clients import by_requests
from benchmarks.tools import opened


def main() -> None:
    tool, small, big, size = sys.argv[1], Path(sys.argv[2]), Path(sys.argv[3]), int(sys.argv[4])
    with opened(tool, small, 1):
        by_requests(no_op=False)(1)
    base_kb = peak_kb()
    began = time.process_time()
    with opened(tool, big, size):
        opened_s = time.process_time() - began
        by_requests(no_op=False)(size // 2)
        played_s = time.process_time() - began
    print(json.dumps({"opened_s": opened_s, "played_s": played_s, "memory_kb": peak_kb() - base_kb}))


def peak_kb() -> int:
    """The most memory this process has held so far (Linux)."""
    status = Path("/proc/self/status").read_text(encoding="ascii")
    return int(status.partition("VmHWM:")[2].split()[0])


if __name__ == "__main__":
    main()

"""Print what is newer in an environment than the pins: `python -m constraints.moved DIRECTORY`.

Exit code 0: something is, so a failure there can come from outside. 1: nothing is, so it cannot.
"""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

from constraints.versions import HERE, moves, normalized, python_versions


def main() -> int:
    python = Path(sys.argv[1]) / "bin" / "python"
    listed = subprocess.run([python, "-m", "pip", "list", "--format=json"], capture_output=True, text=True, check=False)
    if listed.returncode != 0:
        print(f"{sys.argv[1]} could not be set up: what it was to install comes from outside.")
        return 0
    now = {normalized(one["name"]): one["version"] for one in json.loads(listed.stdout)}
    pinned = python_versions(HERE / "test.txt")
    lines = moves({name: pinned[name] for name in pinned.keys() & now.keys()}, {n: now[n] for n in pinned.keys() & now})
    if not lines:
        print("Every version is the pinned one: nothing here comes from outside.")
        return 1
    print("Released since the pins (`make pins` takes them up):", *lines, sep="\n  ")
    return 0


if __name__ == "__main__":
    sys.exit(main())

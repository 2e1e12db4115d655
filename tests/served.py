"""`replaydisputes serve` as a process of its own, for what must be asked from outside."""

from __future__ import annotations

import re
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager


@contextmanager
def served(*arguments: str) -> Iterator[str]:
    """The command on a free port, until the block ends; yields its base URL."""
    command = [sys.executable, "-m", "replaydisputes", "serve", "--port", "0", *arguments]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        said = ""
        for line in process.stdout:
            said += line
            if found := re.search(r"http://[^\s/]+:\d+", line):
                break
        else:
            raise AssertionError(f"serve ended with exit code {process.wait()} and told no address: {said!r}")
        try:
            yield found[0]
        finally:
            process.send_signal(signal.SIGINT)
            process.communicate(timeout=20)

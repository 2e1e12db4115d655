"""What `make neighbours` installs, and `make test` does without."""

from __future__ import annotations

import importlib.util
import os

import pytest


def needs_neighbour(module: str) -> None:
    """Skip the test if a module is not installed, or fail it if NEIGHBOURS_REQUIRED says that it is to be there."""
    if importlib.util.find_spec(module) is not None:
        return
    if os.environ.get("NEIGHBOURS_REQUIRED") == "1":
        pytest.fail(f"{module} is not installed; constraints/neighbours.txt is to install it")
    pytest.skip(f"{module} is not installed; `make neighbours` installs it and runs this")

"""Programs that some tests run if they are there: other languages' tools."""

from __future__ import annotations

import os
import shutil

import pytest


def needs_program(name: str) -> None:
    """Skip the test if a program is not installed, or fail it if TOOLCHAINS_REQUIRED names it."""
    if shutil.which(name):
        return
    if name in os.environ.get("TOOLCHAINS_REQUIRED", "").split():
        pytest.fail(f"{name} is not installed, and TOOLCHAINS_REQUIRED names it")
    pytest.skip(f"{name} is not installed")

"""Tests that a make target of their own runs, as they would take too much of the three minutes of `make test`."""

from __future__ import annotations

import os

import pytest


def at_length(target: str) -> pytest.MarkDecorator:
    """Skip, unless that target runs the tests. target: of the Makefile; it sets AT_LENGTH."""
    return pytest.mark.skipif("AT_LENGTH" not in os.environ, reason=f"make {target} runs it")

"""Tests that a make target of their own runs, as they would take too much of the three minutes of `make test`."""

from __future__ import annotations

import os
from collections.abc import Container, Iterable

import pytest


def at_length(target: str) -> pytest.MarkDecorator:
    """Skip, unless that target runs the tests. target: of the Makefile; it sets AT_LENGTH."""
    return pytest.mark.skipif("AT_LENGTH" not in os.environ, reason=f"make {target} runs it")


def all_at_length(values: Iterable[object], always: Container[object]) -> list[object]:
    """Parameters of one test, each a value or a tuple of them, of which `make test` runs but a few."""
    return [
        pytest.param(
            *(value if isinstance(value, tuple) else (value,)), marks=() if value in always else at_length("long")
        )
        for value in values
    ]

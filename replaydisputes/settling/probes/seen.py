"""What a probe is: a function that asks, and yields what it saw."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import NamedTuple

from replaydisputes.settling.asking import Ask


class Seen(NamedTuple):
    """One observation: of what, and what it was, in words that hold no id and nobody's data."""

    of: str
    was: str


Probe = Callable[[Ask], Iterator[Seen]]
"""Yields the same observations in the same order wherever it asks, or raises NotObservableError."""

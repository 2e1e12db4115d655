"""What the plugin tells: a line of the header, and what a failing test had played."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

from replaydisputes.errors import MismatchError
from replaydisputes.library import Library
from replaydisputes.pytest_plugin import NAME, mode_of
from replaydisputes.pytest_plugin.wanted import directories

if TYPE_CHECKING:
    import pytest

    from replaydisputes.replaying import Replay

_MAX_SHOWN = 20


def header(config: pytest.Config) -> str:
    """Where cassettes are looked for and how many there are; for `pytest -v`."""
    entries = Library(directories(config)).names()
    own = sum(not entry.shipped for entry in entries)
    places = ", ".join(os.path.relpath(place, config.rootpath) for place in directories(config))
    return f"{NAME}: {own} of your own in {places}; {len(entries) - own} shipped; record mode: {mode_of(config)}"


def what_was_played(running: Replay) -> list[tuple[str, str]]:
    """The section of a failing test's report; none where a mismatch already tells the whole story."""
    if any(isinstance(refusal, MismatchError) for refusal in running.refused):
        return []
    of = {id(played): f"  ({playing.name})" for playing in running.cassettes[1:] for played in playing.played}
    lines = [f"{number:>3}. {played}{of.get(id(played), '')}" for number, played in enumerate(running.played, start=1)]
    if len(lines) > _MAX_SHOWN:
        lines = [f"     … {len(lines) - _MAX_SHOWN} before", *lines[-_MAX_SHOWN:]]
    return [(NAME, "\n".join([*map(repr, running.cassettes), *(lines or ["nothing was played"])]))]

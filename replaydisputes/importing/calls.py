"""One recorded call, as every reader of a foreign format gives it."""

from __future__ import annotations

from dataclasses import dataclass

from replaydisputes.model import Interaction


@dataclass(frozen=True, slots=True)
class Call:
    """An interaction and when the recorder says it took place, in the recorder's spelling; empty where it does not."""

    interaction: Interaction
    recorded_at: str = ""

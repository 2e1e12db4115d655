"""What a player has answered, for whoever looks at a replay."""

from __future__ import annotations

from typing import NamedTuple

from replaydisputes.model import Interaction, Request
from replaydisputes.playback.matching import reduced


class Played(NamedTuple):
    """One answered request: which interaction of the cassette (from 0) answered it."""

    index: int  # type: ignore[assignment] # in the place of a method of tuples that means nothing here
    request: Request
    interaction: Interaction

    @property
    def status(self) -> int:
        return self.interaction.response.status

    def __str__(self) -> str:
        """The request and the status in a line without keys or people."""
        from replaydisputes.playback.showing import shown_request  # noqa: PLC0415 - most replays are never shown

        return f"{shown_request(reduced(self.request).asked)} -> {self.status}"

    def __repr__(self) -> str:
        return f"<Played recording {self.index + 1}: {self}>"

"""Answers from a cassette: matching, the player, the report where nothing matches. Pure: no I/O, no clock."""

from replaydisputes.playback.player import Played, Player

__all__ = ["Played", "Player"]

"""Answers from a cassette: matching, the player, the report where nothing matches. Pure: no I/O, no clock."""

from replaydisputes.playback.player import OnExhausted, OnVersion, PlaybackOptionError, Played, Player
from replaydisputes.playback.several import Several, set_apart

__all__ = ["OnExhausted", "OnVersion", "PlaybackOptionError", "Played", "Player", "Several", "set_apart"]

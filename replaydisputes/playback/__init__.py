"""Answers from a cassette: matching, the player, faults, times, webhooks. Pure: no I/O, no clock of its own."""

from replaydisputes.playback.clock import Clock
from replaydisputes.playback.faults import Fault, FaultName, Faults, Injected
from replaydisputes.playback.options import OnExhausted, OnVersion, PlaybackOptionError
from replaydisputes.playback.played import Played
from replaydisputes.playback.player import Player
from replaydisputes.playback.run import Run, StateRefusedError, runs_of
from replaydisputes.playback.several import Several, set_apart

__all__ = [
    "Clock",
    "Fault",
    "FaultName",
    "Faults",
    "Injected",
    "OnExhausted",
    "OnVersion",
    "PlaybackOptionError",
    "Played",
    "Player",
    "Run",
    "Several",
    "StateRefusedError",
    "runs_of",
    "set_apart",
]

"""Answers from a cassette: matching, the player, faults, times, webhooks. Pure: no I/O, no clock of its own.

What a replay of one cassette never needs is imported when it is first asked for.
"""

import importlib
from typing import TYPE_CHECKING, Any

from replaydisputes.playback.faults import Fault as Fault
from replaydisputes.playback.faults import FaultName as FaultName
from replaydisputes.playback.faults import Faults as Faults
from replaydisputes.playback.faults import Injected as Injected
from replaydisputes.playback.options import CLOCKS as CLOCKS
from replaydisputes.playback.options import Clock as Clock
from replaydisputes.playback.options import OnExhausted as OnExhausted
from replaydisputes.playback.options import OnVersion as OnVersion
from replaydisputes.playback.options import PlaybackOptionError as PlaybackOptionError
from replaydisputes.playback.options import check_option as check_option
from replaydisputes.playback.played import Played as Played
from replaydisputes.playback.player import Player as Player

if TYPE_CHECKING:
    from replaydisputes.playback.run import Run as Run
    from replaydisputes.playback.run import StateRefusedError as StateRefusedError
    from replaydisputes.playback.run import runs_of as runs_of
    from replaydisputes.playback.several import Several as Several
    from replaydisputes.playback.several import set_apart as set_apart

_LATER = {"Run": "run", "StateRefusedError": "run", "runs_of": "run", "Several": "several", "set_apart": "several"}


def __getattr__(name: str) -> Any:
    module = _LATER.get(name)
    if module is not None:
        return getattr(importlib.import_module(f"{__name__}.{module}"), name)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")

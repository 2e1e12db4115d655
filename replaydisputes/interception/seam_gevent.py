"""gevent's socket: it looks names up in threads of its own, which no route reaches, so it is met before that."""

from __future__ import annotations

from types import ModuleType

from replaydisputes.interception.guard import guard_class
from replaydisputes.interception.lookups import guard_lookups
from replaydisputes.interception.patching import PatchBook


def guard(module: ModuleType, book: PatchBook) -> None:
    """module: `gevent.socket`. Its class calls the functions by the module that they were written in."""
    guard_class(module.socket, book)
    guard_lookups(module, book)
    guard_lookups(module._socketcommon, book)

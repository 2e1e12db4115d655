"""The one way in: a context in which an Answerer answers."""

from __future__ import annotations

from collections.abc import Collection, Iterator
from contextlib import contextmanager

from replaydisputes.interception import routing
from replaydisputes.interception.install import ensure_installed
from replaydisputes.interception.routing import Route
from replaydisputes.model import Answerer


@contextmanager
def answering(answerer: Answerer, *, everywhere: bool = False, allow_hosts: Collection[str] = ()) -> Iterator[Route]:
    """Every HTTP request of this context, of its tasks, threads and executor jobs goes to the answerer.

    everywhere: also those of every context that has no route of its own; the latest such route holds.
    allow_hosts: host names or addresses that stay live, as loopback always does.
    What was refused is in `Route.refused`, even where the code under test swallowed the exception.
    """
    ensure_installed()
    route = Route(answerer, allow_hosts, outer=routing.current.get())
    token = routing.current.set(route)
    try:
        if everywhere:
            routing.hold_everywhere(route)
        yield route
    finally:
        route.ended = True
        routing.release_everywhere(route)
        try:
            routing.current.reset(token)
        except ValueError:  # closed from another context, as asynchronous fixtures are; this one cannot be reset
            route.abandoned = True

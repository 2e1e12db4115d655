"""Stripe's hosts refused in the whole process wherever no replay answers; every other host stays as it is."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from replaydisputes.errors import NoCassetteHereError
from replaydisputes.interception.install import ensure_installed
from replaydisputes.interception.routing import PartialRoute, Route, hold_everywhere, release_everywhere


@contextmanager
def refusing_stripe() -> Iterator[Route]:
    """A route for the process that refuses every host of Stripe. A replay comes before it, in its own context."""
    ensure_installed()
    route = PartialRoute(NoCassetteHereError)
    hold_everywhere(route)
    try:
        yield route
    finally:
        route.end()
        release_everywhere(route)

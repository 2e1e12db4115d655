"""Stripe's hosts refused in the whole process wherever no replay answers; every other host stays as it is."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from urllib.parse import urlsplit

from replaydisputes.errors import NoCassetteHereError, ReplayDisputesError
from replaydisputes.interception.hosts import plain_host
from replaydisputes.interception.install import ensure_installed
from replaydisputes.interception.others import other_interceptors
from replaydisputes.interception.routing import Route, hold_everywhere, release_everywhere
from replaydisputes.model import Request, Response

_HTTP_TOOLS = frozenset(("cassetter", "pytest-httpx", "requests-mock", "responses", "respx", "vcrpy"))


@contextmanager
def refusing_stripe() -> Iterator[Route]:
    """A route for the process that refuses every host of Stripe. A replay comes before it, in its own context."""
    ensure_installed()
    route = _StripeRefused(_NoCassette())
    hold_everywhere(route)
    try:
        yield route
    finally:
        route.ended = True
        release_everywhere(route)


def is_of_stripe(host: str) -> bool:
    host = plain_host(host)
    return host == "stripe.com" or host.endswith(".stripe.com")


class _NoCassette:
    def answer(self, request: Request) -> Response:
        raise NoCassetteHereError(request.method, urlsplit(request.url)._replace(query="").geturl())


class _StripeRefused(Route):
    is_partial = True

    def passes(self, host: str) -> bool:
        """Another tool that answers here, such as vcrpy, has its own cassette or mock: the request is left to it."""
        return not is_of_stripe(host) or not _HTTP_TOOLS.isdisjoint(other_interceptors())

    def passes_authority(self, authority: str) -> bool:
        self._decided.clear()  # such a tool may have come or gone since
        return super().passes_authority(authority)

    def blocked(self, operation: str, address: str) -> NoCassetteHereError:
        error = NoCassetteHereError(operation, address)
        self.note(error)
        return error

    def note(self, refusal: ReplayDisputesError) -> None:
        """Without a word on who else intercepts: whoever answers requests would have got this one."""
        self.refused.append(refusal)

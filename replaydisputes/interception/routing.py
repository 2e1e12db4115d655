"""Routes, and which of them holds here: the context's own, else the one that holds everywhere."""

from __future__ import annotations

import os
import threading
from collections.abc import Collection, Iterator
from contextlib import contextmanager
from contextvars import ContextVar

from replaydisputes.errors import NetworkBlockedError, ReplayDisputesError
from replaydisputes.interception.hosts import is_loopback, plain_host
from replaydisputes.interception.others import advice
from replaydisputes.model import Answerer, Request, Response, TransportFault

_lock = threading.Lock()
_holding_everywhere: list[Route] = []
_latest_everywhere: Route | None = None


class Route:
    """Where the requests of a context go. `refused` holds, in order, all that had no answer or was blocked.

    is_partial: it refuses some hosts only, so that whatever it passes is to be as if there were no route.
    """

    is_partial = False

    def __init__(self, answerer: Answerer, allow_hosts: Collection[str] = (), outer: Route | None = None) -> None:
        self.refused: list[ReplayDisputesError] = []
        self.outer = outer
        self.ended = self.abandoned = False
        self.transparent = False
        self._answerer = answerer
        self._open = {plain_host(host) for host in allow_hosts}
        self._decided: dict[str, bool] = {}

    def answer(self, request: Request) -> Response:
        """The answerer's response. A refusal is noted in `refused`; whatever it raises goes on to the caller.

        So does a TransportFault, which is no refusal: each seam raises what its client raises on such a failure.
        """
        try:
            return self._answerer.answer(request)
        except ReplayDisputesError as refusal:
            self.note(refusal)
            raise

    def passes(self, host: str) -> bool:
        """Whether requests to this host stay live: loopback, and what the caller allowed."""
        return is_loopback(host) or plain_host(host) in self._open

    def passes_authority(self, authority: str) -> bool:
        """`passes` for the [user@]host[:port] of a URL."""
        decided = self._decided.get(authority)
        if decided is None:
            host_and_port = authority.rpartition("@")[2]
            bracketed = host_and_port.startswith("[")
            host = host_and_port.partition("]")[0] if bracketed else host_and_port.partition(":")[0]
            decided = self._decided[authority] = self.passes(host)
        return decided

    def open_hosts(self) -> tuple[str, ...]:
        """The hosts that stay live besides loopback, with the addresses they led to."""
        return tuple(self._open)

    def open_address(self, address: str) -> None:
        """An allowed host resolved to this address, so connections to it pass."""
        self._open.add(plain_host(address))

    def blocked(self, operation: str, address: str) -> ReplayDisputesError:
        """The error to raise for a connection that is not allowed, noted in `refused`."""
        error = NetworkBlockedError(operation, address)
        self.note(error)
        return error

    def note(self, refusal: ReplayDisputesError) -> None:
        """Keep a refusal; its text then tells who else intercepts requests here, should it be meant for them."""
        conflict = advice()
        if conflict:
            refusal.args = (f"{refusal}\n{conflict}",)
        with _lock:
            self.refused.append(refusal)


class _Beginning(Route):
    """Meets the first request with an outcome known already, and leaves the later ones to the route it stands for."""

    def __init__(self, route: Route, outcome: Response | TransportFault) -> None:
        super().__init__(route._answerer, outer=route)
        self.refused, self._open = route.refused, route._open
        self._outcome: Response | TransportFault | None = outcome

    def answer(self, request: Request) -> Response:
        outcome, self._outcome = self._outcome, None
        if isinstance(outcome, TransportFault):
            raise outcome
        return super().answer(request) if outcome is None else outcome


current: ContextVar[Route | None] = ContextVar("replaydisputes_route", default=None)


def active_route() -> Route | None:
    """The route that holds here, or None: then whatever was called must run as if we were not there.

    A thread or task that outlives its route goes over to the one around it or the one everywhere; where there is
    neither it keeps the ended one, because a call that a test left behind must not go live.
    """
    route, lingering = current.get(), None
    while route is not None:
        if not route.ended:
            return None if route.transparent else route
        if lingering is None and not (route.transparent or route.abandoned):
            lingering = route
        route = route.outer
    return _latest_everywhere or lingering


def inheritable_route() -> Route | None:
    """What a thread or a job started here takes along; a pass-through is left behind."""
    route = current.get()
    return route.outer if route is not None and route.transparent else route


@contextmanager
def beginning_with(route: Route, outcome: Response | TransportFault) -> Iterator[None]:
    """The real client runs inside and meets this outcome first, so that all it makes of it is its own."""
    begun = _Beginning(route, outcome)
    token = current.set(begun)
    try:
        yield
    finally:
        begun.ended = True
        current.reset(token)


@contextmanager
def passing(route: Route) -> Iterator[None]:
    """While the real client serves a request to an open host, the layers below it see no route.

    So a proxy or a resolved address on the way to that host passes as well.
    """
    through = Route(route._answerer, outer=route)
    through.transparent = True
    token = current.set(through)
    try:
        yield
    finally:
        through.ended = True
        current.reset(token)


def hold_everywhere(route: Route) -> None:
    global _latest_everywhere  # noqa: PLW0603 - one for the process is the point
    with _lock:
        _holding_everywhere.append(route)
        _latest_everywhere = route


def release_everywhere(route: Route) -> None:
    global _latest_everywhere  # noqa: PLW0603
    with _lock:
        if route in _holding_everywhere:
            _holding_everywhere.remove(route)
            _latest_everywhere = _holding_everywhere[-1] if _holding_everywhere else None


def _renew_lock() -> None:
    global _lock  # noqa: PLW0603
    _lock = threading.Lock()


if hasattr(os, "register_at_fork"):
    # Another thread may hold the lock while this one forks; in the child nobody would ever let go of it.
    os.register_at_fork(after_in_child=_renew_lock)

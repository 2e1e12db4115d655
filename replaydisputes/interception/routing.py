"""Routes, and which of them holds here: the context's own, else the one that holds everywhere.

A route that has ended goes on holding for the threads and tasks that began under it, and refuses what they ask: they
may neither go live nor be answered by a replay that began later.
"""

from __future__ import annotations

import os
import threading
from collections.abc import Callable, Collection, Iterator, Sequence
from contextlib import contextmanager, suppress
from contextvars import ContextVar, Token
from functools import partial
from urllib.parse import urlsplit

from replaydisputes.errors import (
    MismatchError,
    NetworkBlockedError,
    OtherProcessError,
    OutsideReplayError,
    ReplayDisputesError,
    ReplayEndedError,
)
from replaydisputes.interception.child_reports import ChildReports, report
from replaydisputes.interception.hosts import is_loopback, is_of_stripe, plain_host
from replaydisputes.interception.others import advice, other_interceptors
from replaydisputes.model import Answerer, Request, Response, TransportFault

Refusal = Callable[[str, str], ReplayDisputesError]
"""Makes the error for an operation (such as `connect to`, or a method of HTTP) and an address."""

_HTTP_TOOLS = frozenset(("cassetter", "pytest-httpx", "requests-mock", "responses", "respx", "vcrpy"))

_lock = threading.Lock()
_begun: list[Route] = []
_holding_everywhere: list[Route] = []
_without_own: Route | None = None
"""What holds in a context that has no route of its own."""


class Route:
    """Where the requests of a context go. `refused` holds, in order, all that had no answer or was blocked.

    names: the cassettes that answer, for messages. holds: `active_route` may return it without a further look.
    is_passage: it stands for another route for the length of one request. is_elsewhere: it began in another process.
    token: of the context in which it began, for as long as that has it.
    is_partial: it refuses some hosts only, so that whatever it passes is to be as if there were no route.
    """

    is_partial = False
    is_passage = False

    def __init__(
        self,
        answerer: Answerer,
        allow_hosts: Collection[str] = (),
        outer: Route | None = None,
        names: Sequence[str] = (),
    ) -> None:
        self._refused: list[ReplayDisputesError] = []
        self.outer, self.names = outer, names
        self.holds, self.ended, self.is_elsewhere = True, False, False
        self.token: Token[Route | None] | None = None
        self._answerer = answerer
        self._refusal: Refusal = NetworkBlockedError
        self._reports: ChildReports | None = None
        self._report_path = ""
        self._open = {plain_host(host) for host in allow_hosts}
        self._decided: dict[str, bool] = {}

    @property
    def refused(self) -> list[ReplayDisputesError]:
        if self._reports is not None:
            self._collect(self._reports)
        return self._refused

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
        error = self._refusal(operation, address)
        self.note(error)
        return error

    def note(self, refusal: ReplayDisputesError) -> None:
        """Keep a refusal; its text then tells who else intercepts requests here, should it be meant for them.

        After the end nobody asks for it any more. In another process it is reported to the parent too.
        """
        if self.ended:
            return
        conflict = advice()
        if conflict:
            refusal.args = (f"{refusal}\n{conflict}",)
        with _lock:
            self._refused.append(refusal)
        if self.is_elsewhere:
            _report(self._report_path, refusal)

    def end(self) -> None:
        """From here on it answers nothing, whoever still holds it: a thread, a connection, an unfinished request."""
        if self._reports is not None and not self.is_elsewhere:
            self._collect(self._reports)
            self._reports.close()
        self._reports = None
        self.ended, self.holds = True, False
        self.refuse_with(self._ended)

    def _ended(self, operation: str, address: str) -> ReplayDisputesError:
        return ReplayEndedError(self.names, operation, address)

    def leave_behind(self, report_path: str, copied: Answerer | None) -> None:
        """This is another process than the one in which the replay began, so its history is not here.

        copied: what answered in the parent when this process was forked.
        """
        self.is_elsewhere, self._report_path, self._reports = True, report_path, None
        self._refusal = partial(OtherProcessError, tuple(self.names))
        self._answerer = _Elsewhere(copied, _Refusing(self._refusal))

    def report_path(self) -> str:
        """Where other processes report what they refuse; made when it is first asked for, empty if it cannot be."""
        if self._reports is None and not self.is_elsewhere:
            with suppress(OSError):
                self._reports = ChildReports()
        return self._report_path if self._reports is None else self._reports.path

    def refuse_with(self, refusal: Refusal) -> None:
        """Answer nothing from here on."""
        self._refusal, self._answerer = refusal, _Refusing(refusal)

    def _collect(self, reports: ChildReports) -> None:
        with _lock:
            for operation, address, mismatch in reports.new():
                refused_there = OtherProcessError(tuple(self.names), operation, address)
                self._refused.append(MismatchError(mismatch, operation, address) if mismatch else refused_there)


class _Refusing:
    def __init__(self, refusal: Refusal) -> None:
        self._refusal = refusal

    def answer(self, request: Request) -> Response:
        parts = urlsplit(request.url)
        host = parts.netloc.rpartition("@")[2]
        raise self._refusal(request.method, f"{parts.scheme}://{host}{parts.path}")


class _Elsewhere:
    """In a forked process: what is recorded nowhere is a mismatch as ever, and all else is refused.

    The copy of the history serves for that alone. A write that was refused is missing in it, so it ends there.
    """

    def __init__(self, copied: Answerer | None, refusing: _Refusing) -> None:
        self._copied, self._refusing = copied, refusing

    def answer(self, request: Request) -> Response:
        if self._copied is not None:
            with suppress(TransportFault):
                self._copied.answer(request)
            if request.method not in ("GET", "HEAD"):
                self._copied = None
        return self._refusing.answer(request)


def _report(path: str, refusal: ReplayDisputesError) -> None:
    """Tell the parent process of a refusal."""
    if isinstance(refusal, MismatchError):
        report(path, refusal.method, refusal.url.partition("?")[0], str(refusal))
    elif isinstance(refusal, NetworkBlockedError):
        report(path, refusal.operation, refusal.address)


class PartialRoute(Route):
    """Refuses Stripe's hosts alone, with one kind of error."""

    is_partial = True

    def __init__(self, refusal: Refusal) -> None:
        super().__init__(_Refusing(refusal))
        self._refusal = refusal

    def passes(self, host: str) -> bool:
        """Another tool that answers here, such as vcrpy, has its own cassette or mock: the request is left to it."""
        return not is_of_stripe(host) or not _HTTP_TOOLS.isdisjoint(other_interceptors())

    def passes_authority(self, authority: str) -> bool:
        self._decided.clear()  # such a tool may have come or gone since
        return super().passes_authority(authority)

    def note(self, refusal: ReplayDisputesError) -> None:
        """Without a word on who else intercepts: whoever answers requests would have got this one."""
        self._refused.append(refusal)


class _Outside(PartialRoute):
    """For contexts without a route while replays are active in others. A single replay is told of its refusals."""

    def note(self, refusal: ReplayDisputesError) -> None:
        with _lock:
            if len(_begun) == 1:
                _begun[0]._refused.append(refusal)


class _Passage(Route):
    is_passage = True

    def __init__(self, route: Route) -> None:
        super().__init__(route, outer=route)


class _Through(_Passage):
    """Hides a route from the layers below."""

    def __init__(self, route: Route) -> None:
        super().__init__(route)
        self.holds = False


class _Beginning(_Passage):
    """Meets the first request with an outcome known already, and leaves the later ones to the route it stands for."""

    def __init__(self, route: Route, outcome: Response | TransportFault) -> None:
        super().__init__(route)
        self._open = route._open
        self._route, self._outcome = route, outcome
        self._has_met = False

    def answer(self, request: Request) -> Response:
        if self._has_met:
            return self._route.answer(request)
        self._has_met = True
        if isinstance(self._outcome, TransportFault):
            raise self._outcome
        return self._outcome

    def blocked(self, operation: str, address: str) -> ReplayDisputesError:
        return self._route.blocked(operation, address)

    def note(self, refusal: ReplayDisputesError) -> None:
        self._route.note(refusal)


current: ContextVar[Route | None] = ContextVar("replaydisputes_route", default=None)


def active_route() -> Route | None:
    """The route that holds here, or None: then whatever was called must run as if we were not there.

    A thread or task that outlives its route keeps it, and it refuses.
    """
    route = current.get()
    if route is None:
        return _without_own
    return route if route.holds else _beyond(route)


def _beyond(route: Route) -> Route | None:
    """What holds where a route does not simply hold."""
    own = _own(route)
    if own is None:
        return _without_own
    return None if own.is_passage and not own.holds else own


def _own(route: Route | None) -> Route | None:
    """A context's route, less passages that are over and replays that this context began and another one ended."""
    while route is not None and route.ended and (route.is_passage or _free(route)):
        route = route.outer
    return route


def inheritable_route() -> Route | None:
    """What a thread started here takes along; a passage is left behind."""
    route = _own(current.get())
    while route is not None and route.is_passage:
        route = _own(route.outer)
    return route


def replay_here() -> Route | None:
    """The route of a replay that holds here; None where there is none, or one that refuses some hosts only."""
    route = active_route()
    while route is not None and route.is_passage:
        route = route.outer
    return None if route is None or route.is_partial else route


@contextmanager
def beginning_with(route: Route, outcome: Response | TransportFault) -> Iterator[None]:
    """The real client runs inside and meets this outcome first, so that all it makes of it is its own."""
    with _within(_Beginning(route, outcome)):
        yield


@contextmanager
def passing(route: Route) -> Iterator[None]:
    """While the real client serves a request to an open host, the layers below it see no route.

    So a proxy or a resolved address on the way to that host passes as well.
    """
    with _within(_Through(route)):
        yield


@contextmanager
def _within(passage: _Passage) -> Iterator[None]:
    token = current.set(passage)
    try:
        yield
    finally:
        passage.ended, passage.holds = True, False
        with suppress(ValueError):  # a coroutine that is closed from another context; this one has its own route
            current.reset(token)


@contextmanager
def without_own_route() -> Iterator[None]:
    """A context in which only what holds everywhere holds, so that nothing that starts in it belongs to a replay.

    A replay that begins inside may go on afterwards, and one from before may end inside.
    """
    before = current.get()
    current.set(None)
    try:
        yield
    finally:
        if current.get() is None:
            current.set(_own(before))


# --- beginning and ending ----------------------------------------------------------------------------------


def begin(route: Route, everywhere: bool) -> None:
    """Have a route hold in this context, and everywhere if asked for."""
    route.outer = _own(current.get())
    route.token = current.set(route)
    with _lock:
        _begun.append(route)
        if everywhere:
            _holding_everywhere.append(route)
        _choose()


def finish(route: Route) -> None:
    """End a route, from whatever context and in whatever order. No context gets a route that was not its own."""
    with _lock:
        for held in (_begun, _holding_everywhere):
            if route in held:
                held.remove(route)
        _choose()
    route.end()
    here = inner = current.get()
    while inner is not None and inner is not route and inner.outer is not route:
        inner = inner.outer
    if inner is None:
        return
    if inner is not route:
        inner.outer = route.outer  # what began within it goes on, and then leads past it
    if not _free(route) and here is route:
        current.set(route.outer)


def _free(route: Route) -> bool:
    """Take an ended route out of the context in which it began, if that is this one and still has it.

    A context has no name, but only in its own one a token can be used. Asynchronous fixtures, for example, are begun
    in one context and ended from another: whoever goes on in the first did not outlive the route.
    """
    if route.token is None:
        return False
    here = current.get()
    try:
        current.reset(route.token)
    except ValueError:
        return False
    route.token = None
    current.set(route.outer if here is route else here)
    return True


def hold_everywhere(route: Route) -> None:
    with _lock:
        _holding_everywhere.append(route)
        _choose()


def release_everywhere(route: Route) -> None:
    with _lock:
        if route in _holding_everywhere:
            _holding_everywhere.remove(route)
            _choose()


def _choose() -> None:
    """Decide what holds without a route. Decided here, because it is asked for much more often than it changes."""
    global _without_own  # noqa: PLW0603 - one for the process is the point
    latest = _holding_everywhere[-1] if _holding_everywhere else None
    _without_own = _outside if _begun and (latest is None or latest.is_partial) else latest


def _outside_refusal(operation: str, address: str) -> ReplayDisputesError:
    return OutsideReplayError(tuple(name for route in tuple(_begun) for name in route.names), operation, address)


_outside = _Outside(_outside_refusal)


# --- forks -------------------------------------------------------------------------------------------------


def _before_fork() -> None:
    for route in tuple(_begun):
        route.report_path()


def _in_child() -> None:
    """The history stays in the parent: two copies of it would both say that they closed a dispute first.

    To share it, the parent would need a thread that answers its children; to refuse holds in every case.
    """
    global _lock  # noqa: PLW0603
    _lock = threading.Lock()  # another thread may hold it while this one forks; here nobody would let go of it
    here = inheritable_route()
    for route in _begun:
        route.leave_behind(route.report_path(), route._answerer)
    if here is not None and here in _begun:
        _holding_everywhere.append(here)
    _choose()


if hasattr(os, "register_at_fork"):
    os.register_at_fork(before=_before_fork, after_in_child=_in_child)

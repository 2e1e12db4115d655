"""The one way in: a context in which an Answerer answers."""

from __future__ import annotations

import sys
from collections.abc import Collection
from contextlib import AbstractContextManager

from replaydisputes.interception import routing
from replaydisputes.interception.install import ensure_installed
from replaydisputes.interception.routing import Route
from replaydisputes.model import Answerer


def answering(
    answerer: Answerer, *, everywhere: bool = False, allow_hosts: Collection[str] = ()
) -> AbstractContextManager[Route]:
    """Every HTTP request of this context, of its tasks, threads and executor jobs goes to the answerer.

    everywhere: also those of every context that has no route of its own; the latest such route holds. Always so with
    gevent or eventlet, whose greenlets and worker threads take no context along.
    allow_hosts: host names or addresses that stay live, as loopback always does.
    What was refused is in `Route.refused`, even where the code under test swallowed the exception.
    """
    return _Answering(answerer, everywhere, allow_hosts)


class _Answering(AbstractContextManager[Route]):
    """Not a generator: it is entered before every replay, and that takes a third of the time so."""

    __slots__ = ("_allow_hosts", "_answerer", "_everywhere", "_route", "_token")

    def __init__(self, answerer: Answerer, everywhere: bool, allow_hosts: Collection[str]) -> None:
        self._answerer, self._everywhere, self._allow_hosts = answerer, everywhere, allow_hosts

    def __enter__(self) -> Route:
        ensure_installed()
        if "gevent" in sys.modules or "eventlet" in sys.modules:
            self._everywhere = True
        self._route = Route(self._answerer, self._allow_hosts, outer=routing.current.get())
        self._token = routing.current.set(self._route)
        try:
            if self._everywhere:
                routing.hold_everywhere(self._route)
        except BaseException:
            self.__exit__()
            raise
        return self._route

    def __exit__(self, *_: object) -> None:
        self._route.ended = True
        if self._everywhere:
            routing.release_everywhere(self._route)
        try:
            routing.current.reset(self._token)
        except ValueError:  # closed from another context, as asynchronous fixtures are; this one cannot be reset
            self._route.abandoned = True

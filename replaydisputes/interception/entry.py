"""The one way in: a context in which an Answerer answers."""

from __future__ import annotations

import sys
from collections.abc import Collection, Sequence
from contextlib import AbstractContextManager

from replaydisputes.interception import routing
from replaydisputes.interception.install import ensure_installed
from replaydisputes.interception.routing import Route
from replaydisputes.model import Answerer


def answering(
    answerer: Answerer, *, everywhere: bool = False, allow_hosts: Collection[str] = (), names: Sequence[str] = ()
) -> AbstractContextManager[Route]:
    """Every HTTP request of this context, of its tasks, threads and executor jobs goes to the answerer.

    everywhere: also those of every context that has no route of its own; the latest such route holds. Always so with
    gevent or eventlet, whose greenlets and worker threads take no context along.
    allow_hosts: host names or addresses that stay live, as loopback always does.
    names: what answers, for messages. Threads and tasks that outlive it are refused; forked processes are too.
    What was refused is in `Route.refused`, even where the code under test swallowed the exception.
    """
    return _Answering(answerer, everywhere, allow_hosts, names)


class _Answering(AbstractContextManager[Route]):
    """Not a generator: it is entered before every replay, and that takes a third of the time so."""

    __slots__ = ("_allow_hosts", "_answerer", "_everywhere", "_names", "_route")

    def __init__(
        self, answerer: Answerer, everywhere: bool, allow_hosts: Collection[str], names: Sequence[str]
    ) -> None:
        self._answerer, self._everywhere, self._allow_hosts, self._names = answerer, everywhere, allow_hosts, names

    def __enter__(self) -> Route:
        ensure_installed()
        is_global = self._everywhere or "gevent" in sys.modules or "eventlet" in sys.modules
        self._route = Route(self._answerer, self._allow_hosts, names=self._names)
        try:
            routing.begin(self._route, is_global)
        except BaseException:
            self.__exit__()
            raise
        return self._route

    def __exit__(self, *_: object) -> None:
        routing.finish(self._route)

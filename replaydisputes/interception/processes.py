"""Processes started under a route: a forked one has it; any other cannot, and refuses what would have gone live."""

from __future__ import annotations

from collections.abc import Callable, Collection
from types import ModuleType
from typing import Any
from urllib.parse import urlsplit

from replaydisputes.errors import NetworkBlockedError
from replaydisputes.interception.patching import PatchBook
from replaydisputes.interception.routing import active_route
from replaydisputes.model import Request, Response


def carry_into_processes(module: ModuleType, book: PatchBook) -> None:
    """`Process.start`: by spawn and forkserver the child gets a run() that refuses requests."""
    book.replace(module.BaseProcess, "start", _starting)


def _starting(original: Callable[[Any], None]) -> Callable[[Any], None]:
    def start(self: Any) -> None:
        route = active_route()
        if route is None or route.is_partial or _start_method(self) == "fork" or "run" in vars(self):
            return original(self)
        self.run = AwayFromAnswers(self.run, route.open_hosts())
        try:
            return original(self)
        finally:
            vars(self).pop("run", None)

    return start


def _start_method(process: Any) -> str:
    import multiprocessing  # noqa: PLC0415 - imported by whoever has a process

    return str(process._start_method or multiprocessing.get_start_method())


def carry_into_process_jobs(module: ModuleType, book: PatchBook) -> None:
    """`ProcessPoolExecutor.submit`, whose workers may be older than the route."""
    book.replace(module.ProcessPoolExecutor, "submit", _submitting)


def _submitting(original: Callable[..., Any]) -> Callable[..., Any]:
    def submit(self: Any, fn: Callable[..., Any], /, *args: Any, **kwargs: Any) -> Any:
        route = active_route()
        if route is not None and not route.is_partial:
            fn = AwayFromAnswers(fn, route.open_hosts())
        return original(self, fn, *args, **kwargs)

    return submit


class AwayFromAnswers:
    """A function sent to another process. There it runs under the route of that process, or where there is none,
    under one that refuses every request: the answers and their history stayed behind.
    """

    def __init__(self, function: Callable[..., Any], allow_hosts: Collection[str]) -> None:
        self._function, self._allow_hosts = function, tuple(allow_hosts)

    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        from replaydisputes.interception.entry import answering  # noqa: PLC0415 - which installs this module

        if active_route() is not None:
            return self._function(*args, **kwargs)
        with answering(_NoAnswers(), everywhere=True, allow_hosts=self._allow_hosts):
            return self._function(*args, **kwargs)


class _NoAnswers:
    def answer(self, request: Request) -> Response:
        raise NetworkBlockedError("request from another process to", urlsplit(request.url).netloc.rpartition("@")[2])

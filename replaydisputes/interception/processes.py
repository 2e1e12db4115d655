"""Processes started under a route: they have no history to answer from, so they refuse, and report that.

A forked one finds out by itself (see routing). By spawn or forkserver it is sent a function that knows; so is a worker
of a pool, which may be older than the route.
"""

from __future__ import annotations

from collections.abc import Callable
from types import ModuleType
from typing import Any

from replaydisputes.errors import OtherProcessError
from replaydisputes.interception.carrying import with_route
from replaydisputes.interception.patching import PatchBook
from replaydisputes.interception.routing import Route, inheritable_route, replay_here
from replaydisputes.model import Request, Response


def carry_into_processes(module: ModuleType, book: PatchBook) -> None:
    """`Process.start`: by spawn and forkserver the child gets a run() that refuses requests."""
    book.replace(module.BaseProcess, "start", _starting)


def _starting(original: Callable[[Any], None]) -> Callable[[Any], None]:
    def start(self: Any) -> None:
        route = replay_here()
        if route is None or _start_method(self) == "fork":
            return original(self)
        run, was_own = self.run, "run" in vars(self)
        self.run = AwayFromAnswers(run, route)
        try:
            return original(self)
        finally:
            if was_own:
                self.run = run
            else:
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
        route = replay_here()
        return original(self, fn if route is None else AwayFromAnswers(fn, route), *args, **kwargs)

    return submit


def carry_into_pools(module: ModuleType, book: PatchBook) -> None:
    """`multiprocessing.Pool`, and `ThreadPool`, which is one too and whose jobs are answered."""
    for name in ("apply_async", "_map_async", "imap", "imap_unordered"):
        book.replace(module.Pool, name, lambda original: _sending(original, module.ThreadPool))


def _sending(original: Callable[..., Any], thread_pool: type) -> Callable[..., Any]:
    def send(self: Any, func: Callable[..., Any], *args: Any, **kwargs: Any) -> Any:
        route = inheritable_route()
        if isinstance(self, thread_pool):
            func = func if route is None else with_route(route, func)
        else:
            replay = replay_here()
            func = func if replay is None else AwayFromAnswers(func, replay)
        for name in ("callback", "error_callback"):
            if route is not None and kwargs.get(name) is not None:
                kwargs[name] = with_route(route, kwargs[name])
        return original(self, func, *args, **kwargs)

    return send


class AwayFromAnswers:
    """A function sent to another process. There it runs under a replay that was begun in that process, or else under
    a route that refuses every request: the answers and their history stayed behind.
    """

    def __init__(self, function: Callable[..., Any], route: Route) -> None:
        self._function, self._allow_hosts = function, route.open_hosts()
        self._names, self._report_path = tuple(route.names), route.report_path()

    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        from replaydisputes.interception.entry import answering  # noqa: PLC0415 - which installs this module

        here = replay_here()
        if here is not None and self._is_served_by(here):
            return self._function(*args, **kwargs)
        names = self._names
        with answering(_NoAnswers(), everywhere=True, allow_hosts=self._allow_hosts, names=names) as route:
            route.leave_behind(self._report_path, None)
            return self._function(*args, **kwargs)

    def _is_served_by(self, route: Route) -> bool:
        """Whether a route began in this process, or is a fork's copy of the very route this was sent from."""
        return not route.ended and (not route.is_elsewhere or route.report_path() == self._report_path != "")


class _NoAnswers:
    def answer(self, request: Request) -> Response:
        raise OtherProcessError((), request.method, request.url)

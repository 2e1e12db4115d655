"""Carries the route into the threads and executor jobs that a context starts."""

from __future__ import annotations

from collections.abc import Callable
from types import ModuleType
from typing import Any

from replaydisputes.interception.patching import PatchBook
from replaydisputes.interception.routing import Route, current, inheritable_route


def carry_into_threads(module: ModuleType, book: PatchBook) -> None:
    """`Thread.start`: run() runs with the route of the context that started it, whatever subclass it is."""
    book.replace(module.Thread, "start", _starting)


def _starting(original: Callable[[Any], None]) -> Callable[[Any], None]:
    def start(self: Any) -> None:
        route = inheritable_route()
        if route is None:
            return original(self)
        run, was_own = self.run, "run" in vars(self)

        def put_back() -> None:
            if was_own:
                self.run = run
            else:
                vars(self).pop("run", None)

        def run_with_route() -> None:
            put_back()
            current.set(route)
            run()

        self.run = run_with_route
        try:
            return original(self)
        except BaseException:
            put_back()
            raise

    return start


def carry_into_jobs(module: ModuleType, book: PatchBook) -> None:
    """`ThreadPoolExecutor.submit`, which run_in_executor and map use as well."""
    book.replace(module.ThreadPoolExecutor, "submit", _submitting)


def _submitting(original: Callable[..., Any]) -> Callable[..., Any]:
    def submit(self: Any, fn: Callable[..., Any], /, *args: Any, **kwargs: Any) -> Any:
        route = current.get()
        if route is None:
            return original(self, fn, *args, **kwargs)
        # The worker thread that this may start outlives the job, so it must not take the route along.
        token = current.set(None)
        try:
            return original(self, _with_route(route, fn), *args, **kwargs)
        finally:
            current.reset(token)

    return submit


def _with_route(route: Route, fn: Callable[..., Any]) -> Callable[..., Any]:
    def job(*args: Any, **kwargs: Any) -> Any:
        token = current.set(route)
        try:
            return fn(*args, **kwargs)
        finally:
            current.reset(token)

    return job

"""Carries the route into the threads and executor jobs that a context starts, and into their callbacks."""

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
        if route is None or _serves_any_context(self):
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


def _serves_any_context(thread: Any) -> bool:
    """The thread that hands on the results of processes: it runs callbacks, each with a route of its own."""
    return type(thread).__module__ in ("concurrent.futures.process", "loky.process_executor")


def carry_into_raw_threads(module: ModuleType, book: PatchBook) -> None:
    """`_thread.start_new_thread`; `threading` has its own name for it, and is met at its class."""
    for name in ("start_new_thread", "start_new"):
        book.replace(module, name, _starting_raw)


def _starting_raw(original: Callable[..., Any]) -> Callable[..., Any]:
    def start_new_thread(function: Any, *args: Any) -> Any:
        route = inheritable_route()
        is_carried = route is not None and callable(function)
        return original(with_route(route, function) if route is not None and is_carried else function, *args)

    return start_new_thread


def carry_into_jobs(module: ModuleType, book: PatchBook) -> None:
    """`ThreadPoolExecutor.submit`, which run_in_executor and map use as well, and the initializers of its threads."""
    book.replace(module.ThreadPoolExecutor, "submit", _submitting)
    book.replace(module.ThreadPoolExecutor, "_adjust_thread_count", _initializing)


def _submitting(original: Callable[..., Any]) -> Callable[..., Any]:
    def submit(self: Any, fn: Callable[..., Any], /, *args: Any, **kwargs: Any) -> Any:
        route = current.get()
        return original(self, fn if route is None else with_route(route, fn), *args, **kwargs)

    return submit


def _initializing(original: Callable[[Any], None]) -> Callable[[Any], None]:
    """Called under the executor's lock. The thread serves jobs of any context, so only its initializer gets a route."""

    def adjust_thread_count(self: Any) -> None:
        route = inheritable_route()
        if route is None:
            return original(self)
        name, there, carried = _initializer(self, route)
        token = current.set(None)
        vars(self)[name] = carried
        try:
            return original(self)
        finally:
            vars(self)[name] = there
            current.reset(token)

    return adjust_thread_count


def _initializer(executor: Any, route: Route) -> tuple[str, Any, Any]:
    """The attribute that a new thread is initialized by, its value, and what it is to be while one starts."""
    if "_create_worker_context" not in vars(executor):
        there = vars(executor).get("_initializer")
        return "_initializer", there, there if there is None else with_route(route, there)
    make = executor._create_worker_context  # since Python 3.14

    def make_with_route() -> Any:
        context = make()
        if getattr(context, "initializer", None) is not None:
            context.initializer = with_route(route, context.initializer)
        return context

    return "_create_worker_context", make, make_with_route


def carry_into_callbacks(module: ModuleType, book: PatchBook) -> None:
    """`Future.add_done_callback`: the callback runs in a thread of the executor, after the job."""
    book.replace(module.Future, "add_done_callback", _adding_callback)


def _adding_callback(original: Callable[..., Any]) -> Callable[..., Any]:
    def add_done_callback(self: Any, fn: Callable[[Any], object]) -> Any:
        route = inheritable_route()
        return original(self, fn if route is None else with_route(route, fn))

    return add_done_callback


def with_route(route: Route, fn: Callable[..., Any]) -> Callable[..., Any]:
    """A function that runs under a route in whatever thread calls it, which then has its own again."""

    def job(*args: Any, **kwargs: Any) -> Any:
        token = current.set(route)
        try:
            return fn(*args, **kwargs)
        finally:
            current.reset(token)

    return job

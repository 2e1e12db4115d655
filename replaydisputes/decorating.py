"""A context manager that also decorates: functions of every kind, and classes of tests. It knows nothing of cassettes.

`contextlib.ContextDecorator` leaves the context of an async or a generator function before its body runs.
"""

from __future__ import annotations

import functools
import inspect
import sys
from collections.abc import AsyncGenerator, Callable, Generator
from contextlib import AbstractContextManager, aclosing
from types import TracebackType
from typing import Any, Generic, TypeVar

T_co = TypeVar("T_co", covariant=True)
Decorated = TypeVar("Decorated", bound=Callable[..., Any])


class Replaying(AbstractContextManager[T_co], Generic[T_co]):
    """Enter it once for a with block, or decorate with it; each call of what is decorated runs in a context anew."""

    def __init__(
        self,
        begin: Callable[[], AbstractContextManager[T_co]],
        begin_test: Callable[[], AbstractContextManager[T_co]] | None = None,
        begin_once: Callable[[str], AbstractContextManager[T_co]] | None = None,
    ) -> None:
        """begin_test: a context that also holds for a test that runs in another context, such as a coroutine's.

        begin_once: that of a set-up, by its name, that comes once for all tests of a class.
        """
        self._begin = begin
        self._begin_test = begin_test or begin
        self._begin_once = begin_once or (lambda _: begin())
        self._entered: list[AbstractContextManager[T_co]] = []

    def __enter__(self) -> T_co:
        context = self._begin()
        entered = context.__enter__()
        self._entered.append(context)
        return entered

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> bool | None:
        return self._entered.pop().__exit__(kind, error, traceback)

    def __call__(self, decorated: Decorated) -> Decorated:
        """The same function with each call inside; of a class, every test with its set-up, fixtures and tear-down."""
        if isinstance(decorated, type):
            return self._around_tests(decorated)  # type: ignore[no-any-return]
        return functools.update_wrapper(self._around(decorated), decorated)  # type: ignore[return-value]

    def _around(self, function: Callable[..., Any]) -> Callable[..., Any]:
        if inspect.iscoroutinefunction(function):

            async def around_coroutine(*args: Any, **kwargs: Any) -> Any:
                with self._begin():
                    return await function(*args, **kwargs)

            return around_coroutine
        if inspect.isasyncgenfunction(function):
            return self._around_async_generator(function)
        if inspect.isgeneratorfunction(function):

            def around_generator(*args: Any, **kwargs: Any) -> Generator[Any, Any, Any]:
                with self._begin():
                    return (yield from function(*args, **kwargs))

            return around_generator

        def around(*args: Any, **kwargs: Any) -> Any:
            with self._begin():
                return function(*args, **kwargs)

        return around

    def _around_async_generator(self, function: Callable[..., Any]) -> Callable[..., Any]:
        async def around_async_generator(*args: Any, **kwargs: Any) -> AsyncGenerator[Any, Any]:
            with self._begin():
                async with aclosing(function(*args, **kwargs)) as generator:
                    async for each in generator:
                        yield each

        return around_async_generator

    def _around_tests(self, tests: Any) -> Any:
        unittest = sys.modules.get("unittest.case")
        if unittest is not None and issubclass(tests, unittest.TestCase):
            self._around_set_up_of_class(tests, "setUpClass", "tearDownClass")
            return self._around_test_case(tests)
        self._around_set_up_of_class(tests, "setup_class", "teardown_class")
        self._around_set_up_of_tests(tests)
        for name in [name for name in dir(tests) if name.startswith("test")]:
            method = inspect.getattr_static(tests, name)
            if isinstance(method, staticmethod | classmethod):
                setattr(tests, name, type(method)(self(method.__func__)))
            elif inspect.isfunction(method):
                setattr(tests, name, functools.update_wrapper(self._around_unless_inside(method), method))
        return tests

    def _around_set_up_of_class(self, tests: Any, *names: str) -> None:
        """Run each of these, which come once for all tests, in a context of its own."""
        for name in names:
            method = inspect.getattr_static(tests, name, None)
            owner = next((one for one in tests.__mro__ if name in vars(one)), None)
            if method is None or owner is None or owner.__module__.partition(".")[0] == "unittest":
                continue
            is_plain = not isinstance(method, staticmethod | classmethod)
            function = method if is_plain else method.__func__
            around = functools.update_wrapper(self._around_once(function), function)
            setattr(tests, name, around if is_plain else type(method)(around))

    def _around_once(self, function: Callable[..., Any]) -> Callable[..., Any]:
        def once(tests: Any) -> Any:  # pytest counts the parameters
            with self._begin_once(function.__name__):
                return function(tests)

        def once_without() -> Any:
            with self._begin_once(function.__name__):
                return function()

        return once if function.__code__.co_argcount else once_without

    def _around_set_up_of_tests(self, tests: Any) -> None:
        """Enter before setup_method, which pytest runs before the fixtures of a class; leave after teardown_method."""
        set_up = getattr(tests, "setup_method", None)
        tear_down = getattr(tests, "teardown_method", None)

        def setup_method(test: Any, method: Any) -> None:
            context = self._begin_test()
            context.__enter__()
            setattr(test, _INSIDE, context)
            try:
                _call(set_up, test, method)
            except BaseException:
                _leave(test)
                raise

        def teardown_method(test: Any, method: Any) -> None:
            try:
                _call(tear_down, test, method)
            finally:
                _leave(test)

        tests.setup_method, tests.teardown_method = setup_method, teardown_method

    def _around_unless_inside(self, function: Callable[..., Any]) -> Callable[..., Any]:
        """A test that is called by itself has no setup_method."""
        around = self._around(function)

        def run(test: Any, *args: Any, **kwargs: Any) -> Any:
            return (function if hasattr(test, _INSIDE) else around)(test, *args, **kwargs)

        async def run_coroutine(test: Any, *args: Any, **kwargs: Any) -> Any:
            return await run(test, *args, **kwargs)

        return run_coroutine if inspect.iscoroutinefunction(function) else run

    def _around_test_case(self, tests: Any) -> Any:
        """Enter before setUp and leave after tearDown, so that both are inside."""
        set_up = tests.setUp

        @functools.wraps(set_up)
        def inside(case: Any) -> None:
            case.enterContext(self._begin())
            set_up(case)

        tests.setUp = inside
        return tests


_INSIDE = "_replaydisputes_inside"


def _leave(test: Any) -> None:
    context = getattr(test, _INSIDE)
    delattr(test, _INSIDE)
    context.__exit__(None, None, None)


def _call(method: Callable[..., Any] | None, test: Any, argument: Any) -> None:
    """As pytest calls it: with the test's method if it takes one."""
    if method is not None:
        takes = method.__code__.co_argcount
        method(*(test, argument)[:takes])

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

    def __init__(self, begin: Callable[[], AbstractContextManager[T_co]]) -> None:
        self._begin = begin
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
        """The same function with each call inside; of a class, every test (and a TestCase's setUp and tearDown)."""
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
            return self._around_test_case(tests)
        for name in [name for name in dir(tests) if name.startswith("test")]:
            method = inspect.getattr_static(tests, name)
            if isinstance(method, staticmethod | classmethod):
                setattr(tests, name, type(method)(self(method.__func__)))
            elif inspect.isfunction(method):
                setattr(tests, name, self(method))
        return tests

    def _around_test_case(self, tests: Any) -> Any:
        """Enter before setUp and leave after tearDown, so that both are inside."""
        set_up = tests.setUp

        @functools.wraps(set_up)
        def inside(case: Any) -> None:
            case.enterContext(self._begin())
            set_up(case)

        tests.setUp = inside
        return tests

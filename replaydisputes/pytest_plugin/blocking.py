"""`replaydisputes_block_network`: Stripe's hosts are refused for the whole session, but to a test with a cassette."""

from __future__ import annotations

from collections.abc import Generator
from contextlib import ExitStack

import pytest

from replaydisputes.interception import Route, refusing_stripe


class Blocking:
    """Registered only where the option asks for it. A refusal that the code swallowed fails the test all the same."""

    def __init__(self) -> None:
        self._open = ExitStack()
        self._route: Route = self._open.enter_context(refusing_stripe())

    def pytest_unconfigure(self) -> None:
        """After the session's own fixtures were torn down."""
        self._open.close()

    @pytest.hookimpl(wrapper=True)
    def pytest_runtest_setup(self) -> Generator[None]:
        return (yield from self._telling())

    @pytest.hookimpl(wrapper=True)
    def pytest_runtest_call(self) -> Generator[None]:
        return (yield from self._telling())

    @pytest.hookimpl(wrapper=True)
    def pytest_runtest_teardown(self) -> Generator[None]:
        return (yield from self._telling())

    def _telling(self) -> Generator[None]:
        told = len(self._route.refused)
        yield
        if len(self._route.refused) > told:
            pytest.fail(str(self._route.refused[told]), pytrace=False)

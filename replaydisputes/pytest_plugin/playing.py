"""A marked test from before its set-up to after its tear-down. Imported and registered where there is one."""

from __future__ import annotations

from collections.abc import Callable, Generator, Mapping
from contextlib import AbstractContextManager
from functools import partial
from typing import Any

import pytest

from replaydisputes.errors import ReplayDisputesError
from replaydisputes.interception import without_own_route
from replaydisputes.pytest_plugin import CONFIG, NAME
from replaydisputes.pytest_plugin.wanted import wanted_by
from replaydisputes.replaying import OnUnplayed, Replay

_REPORTS = f"{NAME}-reports"
_running: pytest.StashKey[Replay] = pytest.StashKey()
_now: pytest.StashKey[Replay] = pytest.StashKey()
"""Of the run: the replay of the test that runs now."""


def register(config: pytest.Config) -> None:
    """Have the reports of this run tell of replays."""
    if not config.pluginmanager.has_plugin(_REPORTS):
        config.pluginmanager.register(_Reports(), _REPORTS)


def set_up(item: pytest.Function, set_up_test: Callable[[], None], asks: bool) -> None:
    """In the place of the set-up of a plain test: within its replay. asks: whether there may be a config fixture."""
    configured = item._request.getfixturevalue(CONFIG) if asks else {}
    _begin(item, configured, item.addfinalizer)
    set_up_test()


def running_in(request: pytest.FixtureRequest, configured: Mapping[str, Any]) -> Replay:
    """The replay that runs already, or one that begins here."""
    running: Replay | None = request.node.stash.get(_running, None)
    if running is not None and not running.is_over:
        return running
    return _begin(request.node, configured, request.addfinalizer)


def _begin(item: pytest.Item, configured: Mapping[str, Any], at_end: Callable[[Callable[[], None]], None]) -> Replay:
    """Begin the replay that a test asks for; `at_end` is told what ends it."""
    problem = ""
    try:
        wanted = wanted_by(item, configured)
        running = wanted.replaying.__enter__()
    except ReplayDisputesError as error:
        problem = str(error)
    if problem:
        pytest.fail(problem, pytrace=False)
    at_end(partial(_end, item, item.runtest, wanted.replaying))
    item.stash[_running] = item.config.stash[_now] = running
    item.runtest = partial(_run, item, item.runtest, running, wanted.unplayed)  # type: ignore[method-assign]
    if wanted.max_age:
        from replaydisputes.pytest_plugin.age import warn_of_age  # noqa: PLC0415 - few suites ask for it

        warn_of_age(item, running, wanted.max_age)
    return running


def _run(item: pytest.Item, run_test: Callable[[], None], running: Replay, unplayed: OnUnplayed) -> None:
    """Fail the test itself, not its teardown, where a refusal was swallowed or a recording left unplayed."""
    try:
        run_test()
    except BaseException as error:
        __tracebackhide__ = True  # where the test itself has no frame to show
        running.note_on(error)
        raise
    problem = ""
    try:
        running.settle(unplayed, item.warn)
    except ReplayDisputesError as error:
        problem = str(error)
    if problem:
        pytest.fail(problem, pytrace=False)


def _end(item: pytest.Item, run_test: Callable[[], None], replaying: AbstractContextManager[Replay]) -> None:
    item.runtest = run_test  # type: ignore[method-assign]
    problem = ""
    try:
        replaying.__exit__(None, None, None)
    except ReplayDisputesError as error:
        problem = str(error)
    if problem:
        pytest.fail(problem, pytrace=False)


def _writes(running: Replay) -> int:
    return sum(one.request.method not in ("GET", "HEAD") for one in running.played)


class _Reports:
    @pytest.hookimpl(wrapper=True)
    def pytest_fixture_setup(
        self, fixturedef: pytest.FixtureDef[Any], request: pytest.FixtureRequest
    ) -> Generator[None, object, object]:
        """Refuse a fixture that outlives its test and changes what only this test's replay knows.

        A thread or server that it starts belongs to no replay, so that each test's own answers it.
        """
        running = request.config.stash.get(_now, None)
        if fixturedef.scope == "function" or running is None or running.is_over:
            return (yield)
        before = _writes(running)
        with without_own_route():
            result = yield
        if _writes(running) > before:
            fixturedef.finish(request)  # type: ignore[arg-type] # so that the next test is refused as well
            pytest.fail(
                f"the fixture {fixturedef.argname!r} changed something at Stripe, and its scope is "
                f"{fixturedef.scope!r}: each test replays its cassettes from the beginning, so that later tests would "
                f"not see the change. "
                f"Give the fixture the scope 'function'.",
                pytrace=False,
            )
        return result

    @pytest.hookimpl(wrapper=True)
    def pytest_runtest_makereport(
        self, item: pytest.Item, call: pytest.CallInfo[None]
    ) -> Generator[None, pytest.TestReport, pytest.TestReport]:
        """A failing test shows what was played, and of a refusal only where the suite's own code met it."""
        if call.excinfo is None:
            report = yield
        else:
            from replaydisputes.pytest_plugin.shortening import shortened  # noqa: PLC0415 - for failures alone

            with shortened(item, call.excinfo):
                report = yield
        if report.failed and _running in item.stash:
            from replaydisputes.pytest_plugin.told import what_was_played  # noqa: PLC0415

            report.sections += what_was_played(item.stash[_running])
        if report.when == "teardown" and _running in item.stash:
            # the item outlives its test, and what all replays keep alive slows the collector
            ended = item.stash[_running]
            del item.stash[_running]
            if item.config.stash.get(_now, None) is ended:
                del item.config.stash[_now]
        return report

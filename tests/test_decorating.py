"""`replay()` around functions of every kind and around classes of tests, with no pytest in sight."""

from __future__ import annotations

import asyncio
import inspect
import unittest
from collections.abc import AsyncIterator, Iterator
from typing import Any

import pytest
import requests

import replaydisputes
from replaydisputes.interception.routing import active_route

DISPUTE = "https://api.stripe.com/v1/disputes/du_1AAAAAreplaydisp00000001"


def close() -> str:
    return str(requests.post(f"{DISPUTE}/close").json().get("status"))


def read() -> str:
    return str(requests.get(DISPUTE).json()["status"])


def test_an_async_function_runs_inside_each_time_it_is_called() -> None:
    @replaydisputes.replay("close-lost")
    async def once() -> str:
        await asyncio.sleep(0)
        return await asyncio.to_thread(close)

    async def thrice() -> list[str]:
        return await asyncio.gather(once(), once(), once())

    assert inspect.iscoroutinefunction(once)
    assert asyncio.run(thrice()) == ["lost", "lost", "lost"]
    assert active_route() is None


def test_a_generator_and_an_async_generator_run_inside_to_their_end() -> None:
    @replaydisputes.replay("close-lost")
    def steps() -> Iterator[str]:
        yield close()
        yield read()

    @replaydisputes.replay("close-lost")
    async def async_steps() -> AsyncIterator[str]:
        yield await asyncio.to_thread(close)
        yield await asyncio.to_thread(read)

    async def all_of_them() -> list[str]:
        return [step async for step in async_steps()]

    assert list(steps()) == ["lost", "lost"]
    assert asyncio.run(all_of_them()) == ["lost", "lost"]
    assert active_route() is None


def test_what_is_decorated_keeps_its_name_its_signature_and_its_error() -> None:
    @replaydisputes.replay("close-lost")
    def close_one(number: int, *, loud: bool = False) -> None:
        """Closes."""
        raise KeyError(number)

    assert (close_one.__name__, close_one.__doc__) == ("close_one", "Closes.")
    assert str(inspect.signature(close_one)) == "(number: 'int', *, loud: 'bool' = False) -> 'None'"
    with pytest.raises(KeyError, match="7"):
        close_one(7)
    assert active_route() is None


def test_every_test_of_a_plain_class_runs_inside_and_nothing_else_of_it() -> None:
    class Inherited:
        def test_inherited(self) -> str:
            return close()

    @replaydisputes.replay("close-lost")
    class Tests(Inherited):
        def test_method(self) -> str:
            return close()

        @staticmethod
        def test_static() -> str:
            return close()

        @classmethod
        def test_class(cls) -> str:
            return close()

        def helper(self) -> object:
            return active_route()

    tests = Tests()
    ran = [tests.test_inherited(), tests.test_method(), tests.test_static(), tests.test_class(), tests.helper()]
    assert ran == ["lost", "lost", "lost", "lost", None]


def outcome(case: type[unittest.TestCase]) -> tuple[int, list[str]]:
    """How many tests ran, and the last line of each failure and error."""
    result = unittest.TestResult()
    unittest.defaultTestLoader.loadTestsFromTestCase(case).run(result)
    return result.testsRun, [text.strip().splitlines()[-1] for _, text in [*result.failures, *result.errors]]


def test_a_test_case_is_inside_from_set_up_to_tear_down() -> None:
    @replaydisputes.replay("close-lost", unplayed="fail")
    class Case(unittest.TestCase):
        def setUp(self) -> None:
            assert read() == "needs_response"

        def tearDown(self) -> None:
            assert read() == "lost"

        def test_one(self) -> None:
            assert close() == "lost"

        def test_two(self) -> None:
            assert close() == "lost"

    @replaydisputes.replay("close-lost")
    class AsyncCase(unittest.IsolatedAsyncioTestCase):
        async def test_one(self) -> None:
            assert await asyncio.to_thread(close) == "lost"

    class EntersItself(unittest.TestCase):
        def setUp(self) -> None:
            self.replay = self.enterContext(replaydisputes.replay("close-twice"))

        @replaydisputes.replay("close-inquiry")
        def test_nested(self) -> None:
            assert close() == "warning_closed"

        def test_it(self) -> None:
            assert (close(), self.replay.played[0].status) == ("lost", 200)

    assert [outcome(case) for case in (Case, AsyncCase, EntersItself)] == [(2, []), (1, []), (2, [])]
    assert active_route() is None


def test_a_refusal_swallowed_in_a_test_case_is_an_error_of_its_own() -> None:
    @replaydisputes.replay("close-lost")
    class Case(unittest.TestCase):
        def test_it(self) -> None:
            with pytest.raises(replaydisputes.MismatchError):
                requests.get("https://api.stripe.com/v1/charges")

    count, told = outcome(Case)

    assert (count, told) == (1, ["    `replaydisputes show close-lost` shows the cassette in full."])


def test_one_replay_can_be_entered_again_even_inside_itself() -> None:
    replay = replaydisputes.replay("close-lost")

    with replay as outer:
        with replay as inner:
            assert (read(), inner is outer) == ("needs_response", False)
        assert (close(), read()) == ("lost", "lost")
    assert [len(one.played) for one in (outer, inner)] == [2, 1]


@pytest.mark.parametrize("names", [(), ("close-lost", 1), (None,)])
def test_a_replay_of_nothing_is_refused_at_once(names: tuple[Any, ...]) -> None:
    with pytest.raises(replaydisputes.ReplayDisputesError, match="needs the name of a cassette"):
        replaydisputes.replay(*names)

"""A decorated class of tests is covered from its set-up to its tear-down, under pytest and under unittest."""

from __future__ import annotations

import pytest

from tests.plugin_support import prepare, run

READS = """
import unittest
import pytest
from calls import *
decorate = package.replay("close-lost", unplayed="ignore")
"""
CLASSES = {
    "setUpClass": """
    @decorate
    class TestIt(unittest.TestCase):
        @classmethod
        def setUpClass(cls):
            cls.before = read()
        @classmethod
        def tearDownClass(cls):
            assert read() == "needs_response"
        def test_it(self):
            assert (self.before, close(), read()) == ("needs_response", "lost", "lost")
    """,
    "setup_class": """
    @decorate
    class TestIt:
        @classmethod
        def setup_class(cls):
            cls.before = read()
        def test_it(self):
            assert (self.before, close(), read()) == ("needs_response", "lost", "lost")
    """,
    "setup_method": """
    @decorate
    class TestIt:
        def setup_method(self):
            self.before = close()
        def teardown_method(self, method):
            assert read() == "lost"
        def test_it(self):
            assert (self.before, read()) == ("lost", "lost")
    """,
    "fixtures": """
    @decorate
    class TestIt:
        @pytest.fixture
        def before(self):
            yield close()
            assert read() == "lost"
        @pytest.fixture(autouse=True)
        def always(self):
            self.first = read()
        def test_it(self, before):
            assert (self.first, before, read()) == ("needs_response", "lost", "lost")
    """,
    "coroutines": """
    @decorate
    class TestIt:
        def setup_method(self):
            self.before = close()
        @pytest.mark.asyncio
        async def test_it(self):
            assert (self.before, read()) == ("lost", "lost")
    """,
    "inherited": """
    class Base:
        def setup_method(self, method):
            self.before = read(), method.__name__
    @decorate
    class TestIt(Base):
        def test_it(self):
            assert (self.before, close()) == (("needs_response", "test_it"), "lost")
    """,
}


@pytest.mark.parametrize("kind", CLASSES)
def test_the_set_up_of_a_decorated_class_is_inside(pytester: pytest.Pytester, kind: str) -> None:
    prepare(pytester)
    pytester.makepyfile(READS + _dedented(CLASSES[kind]))

    run(pytester).assert_outcomes(passed=1)


@pytest.mark.parametrize("kind", ["setUpClass", "setup_class"])
def test_a_set_up_of_the_class_that_closes_is_refused(pytester: pytest.Pytester, kind: str) -> None:
    prepare(pytester)
    pytester.makepyfile(READS + _dedented(CLASSES[kind]).replace("cls.before = read()", "cls.before = close()"))

    result = run(pytester)

    result.assert_outcomes(errors=1)
    result.stdout.fnmatch_lines([f"*{kind} changed something at Stripe*"])


def _dedented(text: str) -> str:
    return "\n".join(line[4:] for line in text.splitlines()) + "\n"

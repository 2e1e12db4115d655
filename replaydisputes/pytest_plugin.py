"""The pytest plugin: a marker, a fixture, an ini option. It imports nothing of ours until a marked test runs."""

from __future__ import annotations

from collections.abc import Generator, Iterator
from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from replaydisputes.api import Replay

NAME = "replaydisputes"
INI_CASSETTES = "replaydisputes_cassettes"
INI_ALLOW_HOSTS = "replaydisputes_allow_hosts"

OPTIONS = frozenset({"any_dispute", "clock", "on_exhausted", "stripe_version"})
"""The keyword arguments of the marker, which are those of `replay()`."""

_running: pytest.StashKey[Replay] = pytest.StashKey()


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addini(
        INI_CASSETTES,
        "Directories with the suite's own dispute cassettes, looked in before the shipped ones "
        "(default: cassettes and tests/cassettes, from the root directory).",
        type="paths",
    )
    parser.addini(
        INI_ALLOW_HOSTS,
        "Hosts other than loopback that a test with a dispute cassette may reach, such as a database.",
        type="args",
    )


def pytest_configure(config: pytest.Config) -> None:
    config.addinivalue_line(
        "markers",
        f'{NAME}(cassette, any_dispute=False, on_exhausted="fail", stripe_version="warn", clock="recorded"): '
        "answer the test's Stripe calls from this dispute cassette, with no network.",
    )


def pytest_itemcollected(item: pytest.Item) -> None:
    """A marked test gets the fixture whether or not it names it, before all its other fixtures."""
    names = getattr(item, "fixturenames", None)
    if names is not None and NAME not in names and item.get_closest_marker(NAME):
        names.insert(0, NAME)


@pytest.fixture
def replaydisputes(request: pytest.FixtureRequest) -> Iterator[Replay]:
    """The running replay of a marked test: `dispute_id`, `cassette`, `played`."""
    from replaydisputes.api import replay  # noqa: PLC0415 - a suite that never uses it never pays for it
    from replaydisputes.errors import ReplayDisputesError  # noqa: PLC0415

    name, options = _marked_cassette(request.node)
    roots = request.config.rootpath
    directories = request.config.getini(INI_CASSETTES) or [roots / "cassettes", roots / "tests" / "cassettes"]
    hosts = request.config.getini(INI_ALLOW_HOSTS)
    problem = ""
    try:
        with replay(name, cassettes=directories, allow_hosts=hosts, everywhere=True, **options) as running:
            request.node.stash[_running] = running
            yield running
    except ReplayDisputesError as error:
        problem = str(error)
    if problem:
        pytest.fail(problem, pytrace=False)


@pytest.hookimpl(wrapper=True)
def pytest_runtest_call(item: pytest.Item) -> Generator[None]:
    """Fail the test itself, not its teardown, where the code under test swallowed a refusal."""
    try:
        yield
    except BaseException as error:
        if _running in item.stash:
            item.stash[_running].note_on(error)
        raise
    refusal = item.stash[_running].unreported() if _running in item.stash else None
    if refusal is not None:
        pytest.fail(str(refusal), pytrace=False)


def _marked_cassette(node: pytest.Item) -> tuple[str, dict[str, Any]]:
    """The cassette's name and the options of the nearest marker."""
    marker = node.get_closest_marker(NAME)
    if marker is None:
        pytest.fail(f'the {NAME} fixture needs @pytest.mark.{NAME}("close-lost") on the test', pytrace=False)
    if len(marker.args) != 1 or not isinstance(marker.args[0], str) or not marker.kwargs.keys() <= OPTIONS:
        pytest.fail(
            f'@pytest.mark.{NAME} takes the name of one cassette, such as {NAME}("close-lost"), and the options '
            f"{', '.join(sorted(OPTIONS))}; got args={marker.args!r} kwargs={marker.kwargs!r}",
            pytrace=False,
        )
    return marker.args[0], dict(marker.kwargs)

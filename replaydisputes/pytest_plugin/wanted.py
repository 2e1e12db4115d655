"""Which cassettes a test wants, and how: markers before the config fixture before the ini file."""

from __future__ import annotations

import inspect
from collections.abc import Iterable, Iterator, Mapping, Sequence
from functools import cache
from pathlib import Path
from typing import Any, NamedTuple

import pytest

from replaydisputes.api import OnUnplayed, Replay, check_unplayed, replay
from replaydisputes.decorating import Replaying
from replaydisputes.errors import ReplayDisputesError, nearest
from replaydisputes.pytest_plugin import INI_ALLOW_HOSTS, INI_CASSETTES, INI_WORDS, NAME, SCENARIOS

EXAMPLE = f'@pytest.mark.{NAME}("close-lost")'


class WantedError(ReplayDisputesError):
    """A marker, or the config fixture, that says what nobody understands."""

    exit_code = 2


class Wanted(NamedTuple):
    """The replay that a test asks for, not yet begun, and what to do at the end where something was not played."""

    replaying: Replaying[Replay]
    unplayed: OnUnplayed


def wanted_by(item: pytest.Item, configured: Mapping[str, Any]) -> Wanted:
    """What a marked test asks for. Raises WantedError.

    The replay itself ignores what is left over: whether the test succeeded is known only where the test is run.
    """
    names = cassettes_of(item)
    if not names:
        raise WantedError(_no_cassette(item))
    _check_options(configured, "the fixture replaydisputes_config")
    given = {"unplayed": "ignore", **_from_ini(item.config), **configured, **_marked_options(item)}
    unplayed = given.pop("unplayed")
    check_unplayed(unplayed)
    return Wanted(replay(*names, everywhere=True, **given), unplayed)


def cassettes_of(item: pytest.Item) -> tuple[str, ...]:
    """The cassettes that the nearest level with any names, in reading order; empty where none does."""
    for marks in levels(item, NAME):
        names = [name for mark in marks for name in _checked(mark).args]
        if names:
            return tuple(names)
    return ()


def levels(item: pytest.Item, name: str) -> Iterator[list[pytest.Mark]]:
    """The marks of a name, level by level from near to far, each level in reading order.

    Levels: the parameter set, the function, the class, each class it inherits from, the module, the directories.
    """
    parameters = getattr(getattr(item, "callspec", None), "marks", [])
    yield _named(parameters, name)
    yield _named((mark for mark in reversed(item.own_markers) if all(mark is not one for one in parameters)), name)
    for node in reversed(item.listchain()[:-1]):
        if isinstance(node, pytest.Class):
            yield from (_named(_marks_of(one), name) for one in node.obj.__mro__)
        else:
            yield _named(node.own_markers, name)


def _named(marks: Iterable[pytest.Mark], name: str) -> list[pytest.Mark]:
    return [mark for mark in marks if mark.name == name]


def _marks_of(decorated: type) -> Iterator[pytest.Mark]:
    """A class's own marks, the topmost decorator first."""
    marks = decorated.__dict__.get("pytestmark", [])
    for mark in reversed(marks if isinstance(marks, list) else [marks]):
        yield mark if isinstance(mark, pytest.Mark) else mark.mark


def directories(config: pytest.Config) -> Sequence[Path]:
    """Where the suite's own cassettes are looked for, unless a marker or the config fixture says otherwise."""
    return config.getini(INI_CASSETTES) or [config.rootpath / "cassettes", config.rootpath / "tests" / "cassettes"]


@cache
def options() -> tuple[str, ...]:
    """The keyword arguments of the marker, which are those of `replay()`."""
    parameters = inspect.signature(replay).parameters.values()
    return tuple(one.name for one in parameters if one.kind is one.KEYWORD_ONLY and one.name != "everywhere")


def _marked_options(item: pytest.Item) -> dict[str, Any]:
    """Each option as the nearest marker that gives it."""
    found: dict[str, Any] = {}
    for marks in levels(item, NAME):
        for mark in marks:
            found = {**_checked(mark).kwargs, **found}
    return found


def _from_ini(config: pytest.Config) -> dict[str, Any]:
    words = {option: config.getini(f"{NAME}_{option}") for option in INI_WORDS}
    found = {option: value for option, value in words.items() if value is not None}
    return {"cassettes": directories(config), "allow_hosts": config.getini(INI_ALLOW_HOSTS), **found}


def _checked(mark: pytest.Mark) -> pytest.Mark:
    if not all(isinstance(name, str) for name in mark.args) or not (mark.args or mark.kwargs):
        raise WantedError(
            f"@pytest.mark.{NAME} takes the names of cassettes, such as {EXAMPLE}, and the options "
            f"{', '.join(options())}; got args={mark.args!r}"
        )
    _check_options(mark.kwargs, f"@pytest.mark.{NAME}")
    return mark


def _check_options(given: Mapping[str, Any], where: str) -> None:
    if not isinstance(given, Mapping):
        raise WantedError(f"{where} must return a mapping of options, such as {{'any_dispute': True}}; got {given!r}")
    for name in given:
        if name not in options():
            raise WantedError(f"{where} has no option {name!r}; {nearest(str(name), options())}")


def _no_cassette(item: pytest.Item) -> str:
    if item.get_closest_marker(SCENARIOS):
        return (
            f"@pytest.mark.{SCENARIOS} cannot parametrize this test, as pytest parametrizes functions and methods of "
            f"plain classes only; name the cassettes of a unittest.TestCase with {EXAMPLE}"
        )
    return f"the {NAME} fixture needs {EXAMPLE} on the test, its class or its module"

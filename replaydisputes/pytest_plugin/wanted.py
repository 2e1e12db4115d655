"""Which cassettes a test wants, and how: markers before the config fixture before the ini file."""

from __future__ import annotations

import inspect
from collections.abc import Iterator, Mapping, Sequence
from contextlib import AbstractContextManager
from functools import cache
from pathlib import Path
from typing import Any, NamedTuple

import pytest

from replaydisputes.api import Setting, check_unplayed, library_in, replay, replaying
from replaydisputes.errors import ReplayDisputesError, nearest
from replaydisputes.pytest_plugin import (
    INI_ALLOW_HOSTS,
    INI_CASSETTES,
    INI_WORDS,
    NAME,
    RECORD_MODE,
    SCENARIOS,
    mode_of,
)
from replaydisputes.replaying import OnUnplayed, Replay

EXAMPLE = f'@pytest.mark.{NAME}("close-lost")'


_ini: pytest.StashKey[dict[str, Any]] = pytest.StashKey()


class WantedError(ReplayDisputesError):
    """A marker, or the config fixture, that says what nobody understands."""

    exit_code = 2


class Wanted(NamedTuple):
    """The replay that a test asks for, not yet begun.

    unplayed: what to do at the end where something was not played. max_age: of its recordings; empty for any.
    """

    replaying: AbstractContextManager[Replay]
    unplayed: OnUnplayed
    max_age: str


def wanted_by(item: pytest.Item, configured: Mapping[str, Any]) -> Wanted:
    """What a marked test asks for. configured: what the config fixture says. Raises WantedError.

    The replay itself ignores what is left over: whether the test succeeded is known only where the test is run.
    """
    names, marked = _read(item)
    if not names:
        raise WantedError(_no_cassette(item))
    _check_options(configured, "the fixture replaydisputes_config")
    recorder = item.config.pluginmanager.get_plugin(RECORD_MODE)
    if recorder is None and not configured and not marked:
        way = _way_of_ini(item.config)
    else:
        record = recorder.plan(item) if recorder is not None else "none"
        way = _way(item.config, {**configured, **marked, "record": record})
    return Wanted(replaying(names, way.setting), way.unplayed, way.max_age)


class _Way(NamedTuple):
    """How to replay, as Wanted has it, whatever the cassettes."""

    setting: Setting
    unplayed: OnUnplayed
    max_age: str


_plain_way: pytest.StashKey[_Way] = pytest.StashKey()


def _way_of_ini(config: pytest.Config) -> _Way:
    """How most tests of most suites replay: made once."""
    way = config.stash.get(_plain_way, None)
    if way is None:
        way = config.stash[_plain_way] = _way(config, {})
    return way


def _way(config: pytest.Config, nearer: Mapping[str, Any]) -> _Way:
    given = {"unplayed": "ignore", **_from_ini(config), **nearer}
    check_unplayed(given["unplayed"])
    max_age = _checked_age(given.pop("max_age", None))
    asked = {**_defaults(), **given, "unplayed": "ignore", "everywhere": True}
    return _Way(Setting(library_in(asked.pop("cassettes")), **asked), given["unplayed"], max_age)


def _checked_age(max_age: object) -> str:
    """Empty for None and for an empty text, which allow any. Raises MaxAgeError."""
    if max_age is None or max_age == "":
        return ""
    from replaydisputes.pytest_plugin.age import checked  # noqa: PLC0415 - few suites have one

    return checked(max_age)


def _age_of_project(root: Path) -> object:
    """What the root directory's pyproject.toml says; None where it says nothing. Raises MaxAgeError."""
    path = root / "pyproject.toml"
    try:
        text = path.read_bytes()
    except OSError:
        return None
    if b"max_age" not in text:
        return None
    from replaydisputes.pytest_plugin.age import of_project  # noqa: PLC0415

    return of_project(path, text)


def cassettes_of(item: pytest.Item) -> tuple[str, ...]:
    """The cassettes that the nearest level with any names, in reading order; empty where none does."""
    return _read(item)[0]


def _read(item: pytest.Item) -> tuple[tuple[str, ...], dict[str, Any]]:
    """The cassettes of an item, and each option as the nearest marker has it."""
    every = [*item.iter_markers(NAME)]
    if len(every) == 1:  # as in most tests: nothing to put in order
        only = _checked(every[0])
        return only.args, dict(only.kwargs)
    names: tuple[str, ...] = ()
    options: dict[str, Any] = {}
    for marks in levels(item, NAME):
        for mark in marks:
            options = {**_checked(mark).kwargs, **options}
        names = names or tuple(name for mark in marks for name in mark.args)
    return names, options


def levels(item: pytest.Item, name: str) -> Iterator[list[pytest.Mark]]:
    """The marks of a name, level by level from near to far, each level in reading order.

    Levels: the parameter set, the function, the class, each class it inherits from, the module, the directories.
    """
    parameters = getattr(getattr(item, "callspec", None), "marks", [])
    yield [mark for mark in parameters if mark.name == name]
    own = [mark for mark in reversed(item.own_markers) if mark.name == name]
    yield [mark for mark in own if all(mark is not one for one in parameters)]
    for node in reversed(item.listchain()[:-1]):
        if isinstance(node, pytest.Class):
            for one in node.obj.__mro__:
                yield [mark for mark in _marks_of(one) if mark.name == name]
        else:
            yield [mark for mark in node.own_markers if mark.name == name]


def _marks_of(decorated: type) -> Iterator[pytest.Mark]:
    """A class's own marks, the topmost decorator first."""
    marks = decorated.__dict__.get("pytestmark", [])
    for mark in reversed(marks if isinstance(marks, list) else [marks]):
        yield mark if isinstance(mark, pytest.Mark) else mark.mark


def directories(config: pytest.Config) -> Sequence[Path]:
    """Where the suite's own cassettes are looked for, unless a marker or the config fixture says otherwise."""
    return config.getini(INI_CASSETTES) or [config.rootpath / "cassettes", config.rootpath / "tests" / "cassettes"]


@cache
def _defaults() -> Mapping[str, Any]:
    """The options of `replay()` with their defaults."""
    parameters = inspect.signature(replay).parameters.values()
    return {one.name: one.default for one in parameters if one.kind is one.KEYWORD_ONLY}


@cache
def options() -> tuple[str, ...]:
    """The keyword arguments of the marker: those of `replay()` that one test decides, and what only a suite can ask."""
    return (*(name for name in _defaults() if name not in ("everywhere", "record")), "max_age")


def _from_ini(config: pytest.Config) -> dict[str, Any]:
    if _ini not in config.stash:
        words = {option: _ini_word(config, option) for option in INI_WORDS}
        found = {option: value for option, value in words.items() if value is not None}
        _check_configured_directories(config)
        where = {"cassettes": directories(config), "allow_hosts": config.getini(INI_ALLOW_HOSTS)}
        config.stash[_ini] = {"max_age": _age_of_project(config.rootpath), **where, **found}
    return config.stash[_ini]


def _ini_word(config: pytest.Config, option: str) -> Any:
    name = f"{NAME}_{option}"
    try:
        return config.getini(name)
    except (ValueError, TypeError, pytest.UsageError) as error:
        expected = "true or false" if INI_WORDS[option][0] == "bool" else "a text"
        raise WantedError(f"{name} in the pytest configuration: expected {expected}; {error}") from None


def _check_configured_directories(config: pytest.Config) -> None:
    """Raises WantedError for one that is not there, unless this run records and so may make it."""
    missing = [str(place) for place in config.getini(INI_CASSETTES) if not place.is_dir()]
    if missing and mode_of(config) == "none":
        raise WantedError(
            f"{INI_CASSETTES} in the pytest configuration: no such directory: {', '.join(missing)}; "
            f"correct it, make the directory, or record into it with --{NAME}-record=missing"
        )


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

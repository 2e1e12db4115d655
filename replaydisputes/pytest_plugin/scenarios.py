"""`@pytest.mark.replaydisputes_scenarios("close-*")`: one test for each cassette that a pattern matches."""

from __future__ import annotations

from fnmatch import fnmatchcase
from unicodedata import normalize

import pytest

from replaydisputes.errors import nearest
from replaydisputes.library import Library
from replaydisputes.pytest_plugin import NAME, SCENARIOS
from replaydisputes.pytest_plugin.wanted import directories, levels


def parametrize(metafunc: pytest.Metafunc) -> None:
    """Parametrize by cassette, unless a nearer marker names cassettes. Fails the collection where nothing matches."""
    node = metafunc.definition
    by_level = zip(levels(node, SCENARIOS), levels(node, NAME), strict=True)
    for scenarios, cassettes in by_level:
        named = any(mark.args for mark in cassettes)
        if scenarios and named:
            pytest.fail(f"{node.nodeid}: mark it with {NAME} or with {SCENARIOS}, not with both", pytrace=False)
        if named:
            return
        if scenarios:
            break
    if NAME not in metafunc.fixturenames:
        metafunc.fixturenames.insert(0, NAME)
    matched = _matched(node, scenarios[0])
    marks = [pytest.param(name, marks=pytest.mark.replaydisputes(name, **scenarios[0].kwargs)) for name in matched]
    metafunc.parametrize(NAME, marks, indirect=True, ids=matched)


def _matched(node: pytest.Item, mark: pytest.Mark) -> list[str]:
    """The names of the suite's own and the shipped cassettes that a pattern of the marker matches, sorted."""
    if not mark.args or not all(isinstance(pattern, str) for pattern in mark.args):
        pytest.fail(
            f'{node.nodeid}: @pytest.mark.{SCENARIOS} takes patterns, such as "close-*"; got args={mark.args!r}',
            pytrace=False,
        )
    known = [entry.name for entry in Library(directories(node.config)).names()]
    patterns = [normalize("NFC", pattern) for pattern in mark.args]
    for pattern in patterns:
        if not any(fnmatchcase(name, pattern) for name in known):
            pytest.fail(
                f"{node.nodeid}: no cassette matches {pattern!r}; {nearest(pattern, known)} "
                f"`replaydisputes list` shows what there is.",
                pytrace=False,
            )
    return [name for name in known if any(fnmatchcase(name, pattern) for pattern in patterns)]

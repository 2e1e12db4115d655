"""Every scenario that can be named: the shipped ones, those of installed packages, and those of a user's files."""

from __future__ import annotations

import runpy
import traceback
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from functools import partial
from importlib.metadata import entry_points
from pathlib import Path

from replaydisputes.errors import ReplayDisputesError, UnknownScenarioError
from replaydisputes.recording.scenarios.recipe import Scenario, ScenarioError
from replaydisputes.recording.scenarios.shipped import SCENARIOS

ENTRY_POINTS = "replaydisputes.scenarios"
"""The group in which a package names a list of its scenarios: `shop = "shop.recipes:SCENARIOS"`."""


class ScenarioFileError(ReplayDisputesError):
    """A file or package whose scenarios cannot be used."""

    exit_code = 2

    def __init__(self, source: str, problem: str) -> None:
        self.source, self.problem = source, problem
        super().__init__(f"{source}: {problem}")


@dataclass(frozen=True, slots=True)
class Entry:
    """A scenario and where it comes from: `shipped`, a file, or a package's entry point."""

    scenario: Scenario
    source: str


class Catalogue:
    """Scenarios by name, the shipped ones first."""

    def __init__(self, entries: Iterable[Entry]) -> None:
        """Raises ScenarioFileError where two have one name: their cassettes would be one file."""
        self._entries: dict[str, Entry] = {}
        for entry in entries:
            other = self._entries.get(entry.scenario.name)
            if other is not None:
                raise ScenarioFileError(
                    entry.source, f"the scenario {entry.scenario.name!r} is there already ({other.source}); rename it."
                )
            self._entries[entry.scenario.name] = entry

    @property
    def entries(self) -> tuple[Entry, ...]:
        return tuple(self._entries.values())

    def named(self, name: str) -> Scenario:
        """Raises UnknownScenarioError, with the nearest names, for a name that is none."""
        if name not in self._entries:
            raise UnknownScenarioError(name, tuple(self._entries))
        return self._entries[name].scenario


def catalogue(files: Sequence[Path] = ()) -> Catalogue:
    """The shipped scenarios, those of installed packages and those of `files` (Python files that define SCENARIOS).

    A file is run as Python. Raises ScenarioFileError, in one line, for one that cannot be used.
    """
    found = [Entry(scenario, "shipped") for scenario in SCENARIOS.values()]
    for point in entry_points(group=ENTRY_POINTS):
        found += _entries(f"entry point {point.name} ({point.value})", point.load)
    for path in files:
        found += _entries(str(path), partial(_scenarios_of, path))
    return Catalogue(found)


def _scenarios_of(path: Path) -> object:
    names = runpy.run_path(str(path), run_name=f"replaydisputes_scenarios_{path.stem}")
    if "SCENARIOS" not in names:
        raise ScenarioFileError(str(path), "no name SCENARIOS in it; expected SCENARIOS = [Scenario(…), …].")
    return names["SCENARIOS"]


def _entries(source: str, load: Callable[[], object]) -> list[Entry]:
    """Somebody else's code runs here: whatever it raises becomes one line that says where."""
    try:
        given = load()
    except ScenarioFileError:
        raise
    except ScenarioError as error:
        raise ScenarioFileError(source, str(error)) from error
    except OSError as error:
        raise ScenarioFileError(source, f"cannot be read: {error.strerror or type(error).__name__}.") from error
    except (Exception, SystemExit) as error:
        raise ScenarioFileError(source, _in_a_line(error, source)) from error
    listed: Sequence[object] = given if isinstance(given, list | tuple) else [given]
    scenarios = [item for item in listed if isinstance(item, Scenario)]
    if not listed or len(scenarios) < len(listed):
        odd = ", ".join(sorted({type(item).__name__ for item in listed if not isinstance(item, Scenario)}))
        raise ScenarioFileError(source, f"SCENARIOS must be a list of Scenario, got {odd or 'nothing'} in it.")
    return [Entry(scenario, source) for scenario in scenarios]


def _in_a_line(error: BaseException, source: str) -> str:
    """The kind of error, where in the file it came up, and the first line of what it says."""
    if isinstance(error, SyntaxError):
        return f"line {error.lineno}: SyntaxError: {error.msg}."
    lines = [frame.lineno for frame in traceback.extract_tb(error.__traceback__) if frame.filename == source]
    said = str(error).splitlines()
    where = f"line {lines[-1]}: " if lines else ""
    return f"{where}{type(error).__name__}{': ' + said[0] if said else ''}."

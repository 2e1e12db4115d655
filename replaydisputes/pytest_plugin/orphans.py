"""`--replaydisputes-orphans`: the suite's own cassettes that no test used. Registered only where it is asked for."""

from __future__ import annotations

import glob
import os
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest

from replaydisputes.errors import ReplayDisputesError
from replaydisputes.library import Library, loaded_files, own_cassettes
from replaydisputes.pytest_plugin import NAME
from replaydisputes.pytest_plugin.wanted import cassettes_of, directories

_OUTPUT = f"{NAME}_orphans"


class Orphans:
    """Gathers what was used, from every worker under xdist, and judges at the end of a run of the whole suite."""

    def __init__(self, config: pytest.Config) -> None:
        self._config = config
        self._used: set[str] = set()
        self._partial = _narrowed(config)
        self._own: list[Path] = []
        self._orphans: list[Path] = []

    def pytest_deselected(self, items: Sequence[pytest.Item]) -> None:
        if items:
            self._partial = self._partial or "some tests were deselected"

    def pytest_collectreport(self, report: pytest.CollectReport) -> None:
        if report.failed:
            self._partial = self._partial or "some tests could not be collected"

    @pytest.hookimpl(optionalhook=True)
    def pytest_testnodedown(self, node: Any, error: object) -> None:
        """A worker of xdist has ended and says what it used."""
        told = getattr(node, "workeroutput", {}).get(_OUTPUT)
        if told is None or error:
            self._partial = self._partial or "a worker ended before its time"
        else:
            self._used.update(told["used"])
            self._partial = self._partial or told["partial"]

    def pytest_sessionfinish(self, session: pytest.Session, exitstatus: int) -> None:
        self._used.update(_used_in(session))
        if hasattr(self._config, "workeroutput"):
            self._config.workeroutput[_OUTPUT] = {"used": sorted(self._used), "partial": self._partial}
            return
        if (
            session.shouldfail
            or session.shouldstop
            or exitstatus not in (pytest.ExitCode.OK, pytest.ExitCode.TESTS_FAILED)
        ):
            self._partial = self._partial or "the run ended before its time"
        if self._partial:
            return
        self._own = own_cassettes(directories(self._config))
        self._orphans = [path for path in self._own if str(path) not in self._used]
        if self._orphans and exitstatus == pytest.ExitCode.OK:
            session.exitstatus = pytest.ExitCode.TESTS_FAILED

    def pytest_terminal_summary(self, terminalreporter: pytest.TerminalReporter) -> None:
        say, places = terminalreporter.write_line, ", ".join(_short(place) for place in directories(self._config))
        terminalreporter.write_sep("=", f"{NAME}: cassettes that no test used")
        if self._partial:
            say(f"Not looked for: {self._partial}. Only a run of the whole suite can tell.")
        elif not self._own:
            say(f"The suite has no cassettes of its own in {places}.")
        elif not self._orphans:
            say(f"None: each of the suite's {len(self._own)} own cassettes was used.")
        else:
            for path in self._orphans:
                say(_short(path), red=True)
            say(f"{len(self._orphans)} of {len(self._own)} in {places}. Delete them, or name them in a test.")
            if terminalreporter.stats.get("skipped"):
                say("Tests were skipped: what only such a test opens by replay(), without a marker, is listed too.")


def _used_in(session: pytest.Session) -> set[str]:
    """The cassettes replayed in this process, and those that its tests are marked with, run or skipped."""
    library = Library(directories(session.config))
    used = {str(path) for path in loaded_files()}
    for item in getattr(session, "items", []):
        try:
            used.update(str(library.find(name).resolve()) for name in cassettes_of(item))
        except ReplayDisputesError:
            continue  # the test itself has failed with it
    return used


def _narrowed(config: pytest.Config) -> str:
    """Why the command line asks for less than the whole suite; empty where it asks for all of it."""
    if config.option.collectonly:
        return "nothing was run"
    if getattr(config.option, "lf", False):
        return "only the last failures were run"
    if any(str(argument).startswith("--ignore") for argument in config.invocation_params.args):
        return "some files were ignored"
    asked = [Path(config.invocation_params.dir, argument).resolve() for argument in config.args]
    whole = [found for pattern in config.getini("testpaths") for found in glob.glob(pattern, root_dir=config.rootpath)]
    for needed in [config.rootpath.joinpath(path).resolve() for path in whole or ["."]]:
        if not any(needed.is_relative_to(path) for path in asked):
            place = "the root directory" if needed == config.rootpath.resolve() else _short(needed)
            return f"{place} was not run as a whole (without paths, pytest runs `testpaths` of its configuration)"
    return ""


def _short(path: Path) -> str:
    return os.path.relpath(path)

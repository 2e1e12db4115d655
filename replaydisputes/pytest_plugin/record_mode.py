"""`--replaydisputes-record`: a cassette is written once its test has passed, which is then run again on it.

Registered only where it is asked for.
"""

from __future__ import annotations

import os
import uuid
from collections.abc import Generator
from dataclasses import dataclass, field, replace
from typing import Any

import pytest

from replaydisputes.errors import ReplayDisputesError
from replaydisputes.pytest_plugin import NAME, mode_of
from replaydisputes.pytest_plugin.running_again import NOT_REPLAYED, is_run_again, problem_on_own_recording
from replaydisputes.recording.from_test import OF_PYTEST, Plan, Take, plan_for
from replaydisputes.recording.publishing import Recorded
from replaydisputes.settings import redaction_policy

PROPERTY = f"{NAME}-record"
"""The name under which a report carries what became of a recording, through xdist as well."""


@dataclass(eq=False)
class _Course:
    """How a test went so far, and the takes that await its end."""

    failed: bool = False
    takes: list[Take] = field(default_factory=list)


_course: pytest.StashKey[_Course] = pytest.StashKey()


class RecordMode:
    """Registered only where the option asks for recordings."""

    def __init__(self, config: pytest.Config) -> None:
        """The key is read here: what a test puts in its place later is no key to record with."""
        try:
            self._plan = plan_for(
                mode_of(config),
                os.environ,
                config.getoption(f"{NAME}_api_base"),
                redaction_policy(config.rootpath),
            )
        except ReplayDisputesError as error:
            raise pytest.UsageError(str(error)) from None
        worker: dict[str, Any] = getattr(config, "workerinput", {})
        self._run_id = str(worker.get("testrunuid") or uuid.uuid4().hex)
        self._courses: list[_Course] = []

    def plan(self, item: pytest.Item) -> Plan:
        """How this test records: nothing is written before its last fixture is torn down. Its second run replays."""
        if is_run_again(item):
            return replace(self._plan, mode="none")
        course = item.stash[_course]

        def on_end(take: Take, failure: BaseException | None) -> None:
            course.failed = course.failed or failure is not None
            course.takes.append(take)

        return replace(self._plan, run_id=self._run_id, instead=OF_PYTEST, on_end=on_end)

    def pytest_report_header(self) -> str:
        return f"{NAME}: records {self._plan.mode} from {self._plan.target.api_base}"

    @pytest.hookimpl(tryfirst=True)
    def pytest_runtest_setup(self, item: pytest.Item) -> None:
        if is_run_again(item):
            return
        item.stash[_course] = _Course()
        self._courses.append(item.stash[_course])

    @pytest.hookimpl(wrapper=True, tryfirst=True)
    def pytest_runtest_makereport(
        self, item: pytest.Item
    ) -> Generator[None, pytest.TestReport | None, pytest.TestReport | None]:
        """Reports know what the phases do not raise: a failure in unittest or in a subtest, an expected failure."""
        report = yield
        if report is not None and report.outcome != "passed" and _course in item.stash and not is_run_again(item):
            item.stash[_course].failed = True
        return report

    @pytest.hookimpl(wrapper=True, tryfirst=True)
    def pytest_runtest_teardown(self, item: pytest.Item, nextitem: pytest.Item | None) -> Generator[None, None, None]:
        course = item.stash.get(_course, None)
        if course is None or is_run_again(item):
            return (yield)
        try:
            yield
        except BaseException:
            course.failed = True
            raise
        finally:
            self._courses.remove(course)
            if course.failed:
                _give_up(item, course)
        problems: list[str] = []
        made = [one for take in course.takes if (one := _published(item, take, problems))]
        if made and not problems:
            problems += _not_passed_again(item, nextitem, made)
        if problems:
            pytest.fail("\n".join(problems), pytrace=False)

    def pytest_unconfigure(self) -> None:
        """A run that was broken off tears tests down without asking us."""
        for course in self._courses:
            for take in course.takes:
                take.give_up("the test run was broken off")

    def pytest_terminal_summary(self, terminalreporter: pytest.TerminalReporter) -> None:
        reports = (report for reports in terminalreporter.stats.values() for report in reports)
        said = [
            str(text)
            for report in reports
            if getattr(report, "when", None) == "teardown"
            for name, text in report.user_properties
            if name == PROPERTY
        ]
        if said:
            terminalreporter.write_sep("=", f"{NAME}: recorded")
            for line in said:
                terminalreporter.write_line(line)


def _published(item: pytest.Item, take: Take, problems: list[str]) -> Recorded | None:
    """Write a cassette and note what was written; None if that failed, with the problem added to `problems`."""
    try:
        made = take.publish()
    except ReplayDisputesError as error:
        problems.append(str(error))
        return None
    provenance = made.cassette.provenance
    source = provenance.made_against if provenance else "nothing"
    count = len(made.cassette.interactions)
    item.user_properties.append((PROPERTY, f"{made.path}: {made.outcome}; interactions: {count}, from {source}"))
    item.user_properties.extend((PROPERTY, f"  note: {limit}") for limit in made.limits)
    return made


def _not_passed_again(item: pytest.Item, nextitem: pytest.Item | None, made: list[Recorded]) -> list[str]:
    """Run the test once more on what it recorded. The summary tells of a failure even if the test is run yet again."""
    problem = problem_on_own_recording(item, nextitem, made)
    if not problem:
        return []
    paths = ", ".join(str(one.path) for one in made)
    item.user_properties.append((PROPERTY, f"{paths}: {NOT_REPLAYED}"))
    return [problem]


def _give_up(item: pytest.Item, course: _Course) -> None:
    for take in course.takes:
        kept = take.give_up("the test failed")
        said = f"{take.wanted.path}: not written, its test did not pass.{' ' + kept if kept else ''}"
        item.user_properties.append((PROPERTY, said))
    course.takes.clear()

"""The test itself is run once more, on the cassette that it has just recorded."""

from __future__ import annotations

from collections.abc import Sequence

import pytest
from _pytest.runner import runtestprotocol  # what every plugin that runs a test again calls; there is no public name

from replaydisputes.recording.from_test.advice import what_to_assert_instead
from replaydisputes.recording.publishing import Recorded

NOT_REPLAYED = "recorded, but does not pass on its own recording"

_again: pytest.StashKey[bool] = pytest.StashKey()


def is_run_again(item: pytest.Item) -> bool:
    """Whether this is the second run, which records nothing."""
    return item.stash.get(_again, False)


def problem_on_own_recording(item: pytest.Item, nextitem: pytest.Item | None, made: Sequence[Recorded]) -> str:
    """Run a test that recorded once more; why it does not pass, empty if it does. Call it after its teardown.

    Its fixtures are set up anew. One of a wider scope stays, unless this was the last test that uses it.
    """
    properties = len(item.user_properties)
    item.stash[_again] = True
    try:
        _prepare(item)
        reports = runtestprotocol(item, log=False, nextitem=nextitem)
    finally:
        del item.stash[_again], item.user_properties[properties:]
    failed = next((report for report in reports if not report.passed), None)
    return _told(failed, made) if failed is not None else ""


def _prepare(item: pytest.Item) -> None:
    """A fresh request, and a fresh instance of the test's class: the first run has changed its own."""
    if isinstance(item, pytest.Function):
        item._initrequest()
        bound = getattr(item.obj, "__func__", None)
        if isinstance(item.parent, pytest.Class) and bound is not None and not hasattr(item, "_explicit_tearDown"):
            item._instance = item.parent.newinstance()  # type: ignore[no-untyped-call]
            item.obj = bound.__get__(item._instance)


def _told(report: pytest.TestReport, made: Sequence[Recorded]) -> str:
    paths = ", ".join(str(one.path) for one in made)
    text = report.longreprtext or f"It was {report.outcome}."
    advice = dict.fromkeys(line for one in made for line in what_to_assert_instead(text, one))
    when = "" if report.when == "call" else f" (in its {report.when})"
    lines = [
        f"{paths}: {NOT_REPLAYED}{when}. The cassette stays written.",
        "",
        text,
    ]
    if advice:
        lines += ["", "what only Stripe knew, and what to assert instead:", *(f"  {line}" for line in advice)]
    return "\n".join(lines)

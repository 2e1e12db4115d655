"""Every block of docs/testing.md does what the text around it says, without a network."""

from __future__ import annotations

import inspect
import re
from pathlib import Path
from typing import get_args

import pytest

from replaydisputes import replay
from replaydisputes.playback import FaultName
from tests.docs_support import QUIET, ROOT, blocks, run_as_script, run_as_tests

PAGE = "docs/testing.md"
PYTHON = blocks(PAGE, "python")
TESTS = {1: 6, 2: 1}
"""The blocks that hold tests, and how many."""


def test_every_block_is_run_here() -> None:
    text = (ROOT / PAGE).read_text(encoding="utf-8")

    assert text.count("```") == 2 * len(PYTHON)
    assert len(PYTHON) == 7


@pytest.mark.parametrize("number", TESTS)
def test_a_block_of_tests_passes(number: int, pytester: pytest.Pytester) -> None:
    run_as_tests(PYTHON[number], pytester, TESTS[number])


@pytest.mark.parametrize("number", sorted(set(range(len(PYTHON))) - set(TESTS)))
def test_a_program_runs(number: int, tmp_path: Path) -> None:
    run_as_script(PYTHON[number], tmp_path)


def test_the_markers_that_pytest_lists_tell_every_option_of_the_table(pytester: pytest.Pytester) -> None:
    listed = " ".join(pytester.runpytest_subprocess("--markers", *QUIET).outlines)
    options = re.findall(r"^\| `(\w+)` \| .* \| .* \|$", (ROOT / PAGE).read_text(encoding="utf-8"), re.M)

    assert [name for name in options if f"{name}=" not in listed] == ["record"]


def test_the_tables_hold_every_option_and_every_fault() -> None:
    rows = re.findall(r"^\| (`[^|]+`) \|", (ROOT / PAGE).read_text(encoding="utf-8"), re.M)
    named = {name for row in rows for name in re.findall(r"`([\w-]+)`", row)}
    options = {
        name
        for name, parameter in inspect.signature(replay).parameters.items()
        if parameter.kind is parameter.KEYWORD_ONLY and name != "everywhere"
    }

    assert named == options | set(get_args(FaultName))

"""`--replaydisputes-orphans`: which cassettes no test used, and when nobody can tell."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.plugin_support import own_cassette, prepare, run, run_apart, section

TITLE = "replaydisputes: cassettes that no test used"
ORPHANS = "--replaydisputes-orphans"

NOT_WHOLE = "the root directory was not run as a whole (without paths, pytest runs `testpaths` of its configuration)"

SUITE = """
from calls import *

@pytest.mark.replaydisputes("marked")
def test_marked(): pass

@pytest.mark.skip
@pytest.mark.replaydisputes("skipped")
def test_skipped(): pass

def test_opens():
    with package.replay("opened", cassettes="tests/cassettes"): pass

@pytest.mark.replaydisputes("close-lost")
def test_shipped(): pass
"""


@pytest.fixture
def suite(pytester: pytest.Pytester) -> pytest.Pytester:
    """Three cassettes that are used, each in its way, and two that are not."""
    prepare(pytester)
    for name in ("marked", "skipped", "opened", "left", "deep/left"):
        own_cassette(pytester, name)
    (pytester.path / "tests" / "cassettes" / "of_another_tool.yaml").write_text("version: 1\ninteractions: []\n")
    pytester.makepyfile(test_suite=SUITE)
    return pytester


@pytest.mark.parametrize("apart", [(), ("-n", "2")])
def test_cassettes_that_no_test_used_are_listed_and_fail_the_run(
    suite: pytest.Pytester, apart: tuple[str, ...]
) -> None:
    result = run_apart(suite, ORPHANS, *apart) if apart else run(suite, ORPHANS)

    result.assert_outcomes(passed=3, skipped=1)
    assert section(result, TITLE) == [
        "tests/cassettes/deep/left.yaml",
        "tests/cassettes/left.yaml",
        "2 of 5 in cassettes, tests/cassettes. Delete them, or name them in a test.",
        "Tests were skipped: what only such a test opens by replay(), without a marker, is listed too.",
    ]
    assert result.ret == pytest.ExitCode.TESTS_FAILED


def test_where_all_are_used_or_there_are_none_the_run_succeeds_and_says_so(suite: pytest.Pytester) -> None:
    suite.makepyfile(
        test_rest='from calls import *\n@pytest.mark.replaydisputes_scenarios("*left")\ndef test_it(): pass\n'
    )

    used = run(suite, ORPHANS)
    for path in Path("tests", "cassettes").rglob("*.yaml"):
        path.unlink()
    suite.makepyfile(test_suite="def test_it(): pass", test_rest="")
    none = run(suite, ORPHANS)

    assert (section(used, TITLE), used.ret) == (["None: each of the suite's 5 own cassettes was used."], 0)
    assert (section(none, TITLE), none.ret) == (
        ["The suite has no cassettes of its own in cassettes, tests/cassettes."],
        0,
    )


@pytest.mark.parametrize(
    ("arguments", "reason"),
    [
        (["-k", "marked"], "some tests were deselected"),
        (["-m", "skip"], "some tests were deselected"),
        (["--deselect", "test_suite.py::test_opens"], "some tests were deselected"),
        (["test_suite.py::test_marked"], NOT_WHOLE),
        (["tests"], NOT_WHOLE),
        (["--ignore", "tests"], "some files were ignored"),
        (["--collect-only"], "nothing was run"),
        (["-x", "-p", "failing"], "the run ended before its time"),
        (["--continue-on-collection-errors", "-p", "broken"], "some tests could not be collected"),
    ],
)
def test_a_run_of_a_part_lists_nothing_and_says_why(suite: pytest.Pytester, arguments: list[str], reason: str) -> None:
    if "failing" in arguments:
        suite.makepyfile(test_a="def test_it(): assert False")
    if "broken" in arguments:
        suite.makepyfile(test_a="1 / 0")
    arguments = [part for part in arguments if part not in ("failing", "broken", "-p")]

    result = run(suite, ORPHANS, *arguments)

    assert section(result, TITLE) == [f"Not looked for: {reason}. Only a run of the whole suite can tell."]


def test_a_part_that_a_worker_of_xdist_tells_of_counts_too(suite: pytest.Pytester) -> None:
    suite.makeconftest(
        "def pytest_collection_modifyitems(config, items): config.hook.pytest_deselected(items=[items.pop()])"
    )

    result = run_apart(suite, ORPHANS, "-n", "1")

    assert section(result, TITLE) == [
        "Not looked for: some tests were deselected. Only a run of the whole suite can tell."
    ]


def test_the_testpaths_of_the_configuration_are_the_whole_suite(suite: pytest.Pytester) -> None:
    prepare(suite, "testpaths = unit*\n")
    for name in ("unit", "unit_more"):
        (suite.path / name).mkdir()
        (suite.path / name / f"test_{name}.py").write_text("def test_it(): pass\n", encoding="utf-8")

    assert section(run(suite, ORPHANS), TITLE)[-1].startswith("5 of 5 ")
    assert section(run(suite, ORPHANS, "unit", "unit_more"), TITLE)[-1].startswith("5 of 5 ")
    assert section(run(suite, ORPHANS, "unit"), TITLE)[0].startswith("Not looked for: unit_more was not run as a whole")


def test_without_the_option_nothing_is_said(suite: pytest.Pytester) -> None:
    assert TITLE not in run(suite).stdout.str()

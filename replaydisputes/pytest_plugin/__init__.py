"""The pytest plugin: markers, fixtures, options. It imports nothing else of ours until a marked test is met."""

from __future__ import annotations

import sys
from collections.abc import Callable, Generator, Mapping
from functools import partial
from typing import TYPE_CHECKING, Any, Literal

import pytest

if TYPE_CHECKING:
    from replaydisputes.decorating import Replaying
    from replaydisputes.replaying import OnUnplayed, Replay

NAME = "replaydisputes"
SCENARIOS = "replaydisputes_scenarios"
CONFIG = "replaydisputes_config"
INI_CASSETTES = "replaydisputes_cassettes"
INI_ALLOW_HOSTS = "replaydisputes_allow_hosts"
RECORD = f"{NAME}_record"
RECORD_MODE = f"{NAME}-record-mode"
"""The name under which the plugin that records is registered, where anything is to be recorded."""
INI_WORDS: dict[str, tuple[Literal["bool", "string"], str]] = {
    "max_age": ("string", "`90d`, `12w`: warn of a recording of Stripe that is older (default: any age will do)."),
    "any_dispute": ("bool", "Answer for whatever dispute id a test uses (default: false)."),
    "on_exhausted": ("string", "`fail` (default) or `repeat`, where a write comes more often than it was recorded."),
    "stripe_version": ("string", "`warn` (default), `fail` or `ignore`, where the code asks for another version."),
    "unplayed": ("string", "`ignore` (default), `warn` or `fail`, where a test leaves recordings unplayed."),
}
"""The options that the ini file can set, each as replaydisputes_<option>."""

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
    for option, (kind, text) in INI_WORDS.items():
        parser.addini(f"{NAME}_{option}", text, type=kind, default=None)
    parser.addini(
        RECORD, "`none` (default), `missing` or `all`, as --replaydisputes-record.", type="string", default=""
    )
    group = parser.getgroup(NAME, "dispute cassettes")
    group.addoption(
        f"--{NAME}-record",
        choices=("none", "missing", "all"),
        help="Record dispute cassettes from the tests that use them, against Stripe test mode with the key in "
        "STRIPE_API_KEY: those that are missing, or all anew (default: none, which never touches the network).",
    )
    group.addoption(
        f"--{NAME}-api-base",
        metavar="URL",
        help="Record from this origin on this machine, such as a running `replaydisputes sandbox`, not from Stripe.",
    )
    group.addoption(
        f"--{NAME}-orphans",
        action="store_true",
        help="After a run of the whole suite, list its own dispute cassettes that no test used, and fail if any.",
    )


def pytest_configure(config: pytest.Config) -> None:
    config.addinivalue_line(
        "markers",
        f'{NAME}(*cassettes, any_dispute=False, on_exhausted="fail", stripe_version="warn", unplayed="ignore", '
        'clock="recorded", max_age=None, allow_hosts=[...], cassettes=DIRECTORY, payment_method=CARD): answer '
        "the test's Stripe calls from these dispute cassettes, with no network.",
    )
    config.addinivalue_line(
        "markers", f'{SCENARIOS}("close-*", ...): run the test once for each dispute cassette that a pattern matches.'
    )
    if mode_of(config) != "none":
        from replaydisputes.pytest_plugin.record_mode import RecordMode  # noqa: PLC0415 - only where it is asked for

        config.pluginmanager.register(RecordMode(config), RECORD_MODE)
    if config.getoption(f"{NAME}_orphans"):
        from replaydisputes.pytest_plugin.orphans import Orphans  # noqa: PLC0415

        config.pluginmanager.register(Orphans(config), f"{NAME}-orphans")


def mode_of(config: pytest.Config) -> str:
    """`none`, `missing` or `all`; another word where the ini file has one."""
    return config.getoption(RECORD) or config.getini(RECORD) or "none"


def pytest_report_header(config: pytest.Config) -> str | None:
    if config.get_verbosity() < 1:
        return None
    from replaydisputes.pytest_plugin.told import header  # noqa: PLC0415 - costs nothing without -v

    return header(config)


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    if any(mark.name == SCENARIOS for _, mark in metafunc.definition.iter_markers_with_node()):
        from replaydisputes.pytest_plugin.scenarios import parametrize  # noqa: PLC0415

        parametrize(metafunc)


@pytest.hookimpl(trylast=True)
def pytest_collection_finish(session: pytest.Session) -> None:
    """A marked test is under its cassettes before all its fixtures and until after them, wherever it names ours.

    A plain one without a fixture, which would take as long as all else that a replay does. Other kinds of test have
    a setup of their own to fail in, and --setup-show lists fixtures. Here every marker counts, also one that a
    conftest.py put on in pytest_collection_modifyitems.
    """
    shown = session.config.getoption("setupshow", False)
    for item in filter(_is_marked, session.items):
        names = getattr(item, "fixturenames", None)
        if type(item) is pytest.Function and not shown:
            item.setup = partial(_set_up, item, item.setup)  # type: ignore[method-assign]
        elif names is not None:
            names[:] = [NAME, *(name for name in names if name != NAME)]


def _set_up(item: pytest.Function, set_up: Callable[[], None]) -> None:
    _begin(item, item._request.getfixturevalue(CONFIG), item.addfinalizer)
    set_up()


def _is_marked(item: pytest.Item) -> bool:
    """Whether a cassette is asked for; a class or module that only sets options asks for none."""
    return any(
        mark.name == SCENARIOS or (mark.name == NAME and (node is item or mark.args or not mark.kwargs))
        for node, mark in item.iter_markers_with_node()
    )


@pytest.fixture(scope="session")
def replaydisputes_config() -> Mapping[str, Any]:
    """Options for every test with a dispute cassette; override it in a conftest.py, a module or a class.

    The keys are the keyword arguments of the marker. A marker's option comes before this, this before the ini file.
    """
    return {}


@pytest.fixture
def replaydisputes(request: pytest.FixtureRequest, replaydisputes_config: Mapping[str, Any]) -> Replay:
    """The running replay of a marked test: `dispute_id`, `cassette`, `played`; `["close-lost"]` is one of several."""
    running: Replay | None = request.node.stash.get(_running, None)
    if running is not None and not running.is_over:
        return running
    return _begin(request.node, replaydisputes_config, request.addfinalizer)


def _begin(item: pytest.Item, configured: Mapping[str, Any], at_end: Callable[[Callable[[], None]], None]) -> Replay:
    """Begin the replay that a test asks for; `at_end` is told what ends it."""
    from replaydisputes.errors import ReplayDisputesError  # noqa: PLC0415 - a suite that never uses it never pays
    from replaydisputes.pytest_plugin.wanted import wanted_by  # noqa: PLC0415

    problem = ""
    try:
        wanted = wanted_by(item, configured)
        running = wanted.replaying.__enter__()
    except ReplayDisputesError as error:
        problem = str(error)
    if problem:
        pytest.fail(problem, pytrace=False)
    at_end(partial(_end, item, item.runtest, wanted.replaying))
    item.stash[_running] = running
    item.runtest = partial(_run, item, item.runtest, running, wanted.unplayed)  # type: ignore[method-assign]
    if wanted.max_age:
        from replaydisputes.pytest_plugin.age import warn_of_age  # noqa: PLC0415

        warn_of_age(item, running, wanted.max_age)
    return running


def _run(item: pytest.Item, run_test: Callable[[], None], running: Replay, unplayed: OnUnplayed) -> None:
    """Fail the test itself, not its teardown, where a refusal was swallowed or a recording left unplayed."""
    from replaydisputes.errors import ReplayDisputesError  # noqa: PLC0415

    try:
        run_test()
    except BaseException as error:
        __tracebackhide__ = True  # where the test itself has no frame to show
        running.note_on(error)
        raise
    problem = ""
    try:
        running.settle(unplayed, item.warn)
    except ReplayDisputesError as error:
        problem = str(error)
    if problem:
        pytest.fail(problem, pytrace=False)


def _end(item: pytest.Item, run_test: Callable[[], None], replaying: Replaying[Replay]) -> None:
    from replaydisputes.errors import ReplayDisputesError  # noqa: PLC0415

    item.runtest = run_test  # type: ignore[method-assign]
    problem = ""
    try:
        replaying.__exit__(None, None, None)
    except ReplayDisputesError as error:
        problem = str(error)
    if problem:
        pytest.fail(problem, pytrace=False)


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(
    item: pytest.Item, call: pytest.CallInfo[None]
) -> Generator[None, pytest.TestReport, pytest.TestReport]:
    """A failing test shows what was played, and of a refusal only where the suite's own code met it."""
    if call.excinfo is None or "replaydisputes.errors" not in sys.modules:
        report = yield
    else:
        from replaydisputes.pytest_plugin.shortening import shortened  # noqa: PLC0415

        with shortened(item, call.excinfo):
            report = yield
    if report.failed and _running in item.stash:
        from replaydisputes.pytest_plugin.told import what_was_played  # noqa: PLC0415

        report.sections += what_was_played(item.stash[_running])
    if report.when == "teardown" and _running in item.stash:
        del item.stash[_running]  # the item outlives its test, and what all replays keep alive slows the collector
    return report

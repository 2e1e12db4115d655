"""The pytest plugin: markers, fixtures, options. It imports next to nothing of ours until a marked test is met."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

import pytest

from replaydisputes.suite_directories import register

if TYPE_CHECKING:
    from replaydisputes.replaying import Replay

NAME = "replaydisputes"
SCENARIOS = "replaydisputes_scenarios"
CONFIG = "replaydisputes_config"
INI_CASSETTES = "replaydisputes_cassettes"
INI_ALLOW_HOSTS = "replaydisputes_allow_hosts"
BLOCK = f"{NAME}_block_network"
RECORD = f"{NAME}_record"
RECORD_MODE = f"{NAME}-record-mode"
"""The name under which the plugin that records is registered, where anything is to be recorded."""
INI_WORDS: dict[str, tuple[Literal["bool", "string"], str]] = {
    "max_age": ("string", "`90d`, `12w`: warn of a recording of Stripe that is older (default: any age will do)."),
    "any_dispute": ("bool", "Answer for whatever dispute id a test uses (default: false)."),
    "on_exhausted": ("string", "`fail` (default) or `repeat`, where a write comes more often than it was recorded."),
    "stripe_version": ("string", "`warn` (default), `fail` or `ignore`, where the code asks for another version."),
    "unplayed": ("string", "`ignore` (default), `warn` or `fail`, where a test leaves recordings unplayed."),
    "clock": ("string", "`recorded` (default), or `now` to move every time so that the recording begins now."),
    "payment_method": ("string", "The test card that makes the dispute, where a test is recorded."),
}
"""The options that the ini file can set, each as replaydisputes_<option>."""


def pytest_addoption(parser: pytest.Parser) -> None:
    _add_ini_options(parser)
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
        f"--{NAME}-block-network",
        action="store_true",
        help=f"Refuse Stripe's hosts in every test without a dispute cassette, as {BLOCK} = true.",
    )
    group.addoption(
        f"--{NAME}-orphans",
        action="store_true",
        help="After a run of the whole suite, list its own dispute cassettes that no test used, and fail if any.",
    )


def _add_ini_options(parser: pytest.Parser) -> None:
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
    parser.addini(
        BLOCK, "Refuse Stripe's hosts in every test without a dispute cassette (default: false).", type="bool"
    )


def pytest_configure(config: pytest.Config) -> None:
    config.add_cleanup(register(partial(_directories, config)))
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
    if config.getoption(BLOCK) or config.getini(BLOCK):
        from replaydisputes.pytest_plugin.blocking import Blocking  # noqa: PLC0415

        config.pluginmanager.register(Blocking(), f"{NAME}-blocking")
    if config.getoption(f"{NAME}_orphans"):
        from replaydisputes.pytest_plugin.orphans import Orphans  # noqa: PLC0415

        config.pluginmanager.register(Orphans(config), f"{NAME}-orphans")


def _directories(config: pytest.Config) -> Sequence[Path]:
    from replaydisputes.pytest_plugin.wanted import directories  # noqa: PLC0415 - for a replay() without a marker

    return directories(config)


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
    marked = [item for item in session.items if _is_marked(item)]
    if not marked:
        return
    from replaydisputes.pytest_plugin import playing  # noqa: PLC0415 - nothing of it in a suite without a marked test

    playing.register(session.config)
    shown = session.config.getoption("setupshow", False)
    configured: dict[object, bool] = {}
    for item in marked:
        names = getattr(item, "fixturenames", None)
        if type(item) is pytest.Function and not shown:
            if item.parent not in configured:
                configured[item.parent] = _is_configured(item)
            asks = configured[item.parent] or CONFIG in item.fixturenames
            item.setup = partial(playing.set_up, item, item.setup, asks)  # type: ignore[method-assign]
        elif names is not None:
            names[:] = [NAME, *(name for name in names if name != NAME)]


def _is_marked(item: pytest.Item) -> bool:
    """Whether a cassette is asked for; a class or module that only sets options asks for none."""
    return any(
        mark.name == SCENARIOS or (mark.name == NAME and (node is item or mark.args or not mark.kwargs))
        for node, mark in item.iter_markers_with_node()
    )


def _is_configured(item: pytest.Item) -> bool:
    """Whether a config fixture other than ours holds where an item stands. To ask for ours takes a third of a replay.

    pytest has no public way to tell; where it moves this one, every test asks for the fixture.
    """
    try:
        visible = item.session._fixturemanager.getfixturedefs(CONFIG, item)
    except (AttributeError, TypeError):
        return True
    return visible is None or len(visible) != 1


@pytest.fixture(scope="session")
def replaydisputes_config() -> Mapping[str, Any]:
    """Options for every test with a dispute cassette; override it in a conftest.py, a module or a class.

    The keys are the keyword arguments of the marker. A marker's option comes before this, this before the ini file.
    """
    return {}


@pytest.fixture
def replaydisputes(request: pytest.FixtureRequest, replaydisputes_config: Mapping[str, Any]) -> Replay:
    """The running replay of a marked test: `dispute_id`, `cassette`, `played`; `["close-lost"]` is one of several."""
    from replaydisputes.pytest_plugin import playing  # noqa: PLC0415

    playing.register(request.config)
    return playing.running_in(request, replaydisputes_config)

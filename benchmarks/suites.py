"""Generated suites, run by real pytest in processes of their own: what a test costs above plain pytest, and the start.

Plain pytest runs the same tests over a no-op transport. Each run loads just one plugin, the one it measures.
"""

from __future__ import annotations

import sys
import tempfile
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import partial
from importlib.util import find_spec
from pathlib import Path

from benchmarks.cassettes import url, write_cassette
from benchmarks.harness import OURS, ROOT, Effort, Row, interleave, process

PLAIN = "plain"
_PREFIX = """\
import pytest
import requests
from benchmarks.clients import NoOpAdapter

NO_OP = NoOpAdapter()

def read(url):
    with requests.Session() as session:
        MOUNT
        assert session.get(url).status_code == 200
"""


@dataclass(frozen=True, slots=True)
class Plugin:
    """How a suite uses a plugin. mark: with {name} for the cassette's; arguments: of pytest."""

    mark: str
    arguments: tuple[str, ...]
    configuration: str = ""
    conftest: str = ""


_VCR_DIRECTORY = """\
import pytest

@pytest.fixture(scope="module")
def vcr_cassette_dir():
    return "cassettes"
"""
_VCR_NAME = """
@pytest.fixture
def vcr_cassette_name(request):
    return request.node.get_closest_marker("cassette").args[0]
"""
_DEFAULT_CASSETTE = '@pytest.mark.vcr\n@pytest.mark.default_cassette("{name}.yaml")\n'
_REGISTERED = "markers =\n    cassette: its name\n    default_cassette: its file\n    vcr: answer from a cassette\n"
PLUGINS = {
    PLAIN: Plugin("", ()),
    OURS: Plugin('@pytest.mark.replaydisputes("{name}")\n', ("-p", "replaydisputes.pytest_plugin")),
    "pytest-recording": Plugin(
        _DEFAULT_CASSETTE, ("-p", "pytest_recording.plugin"), conftest=_VCR_DIRECTORY, configuration=_REGISTERED
    ),
    "pytest-vcr": Plugin(
        '@pytest.mark.vcr\n@pytest.mark.cassette("{name}")\n',
        ("-p", "pytest_vcr", "--vcr-record=none"),
        conftest=_VCR_DIRECTORY + _VCR_NAME,
        configuration=_REGISTERED,
    ),
    "cassetter": Plugin(
        _DEFAULT_CASSETTE, ("-p", "cassetter.pytest_plugin"), conftest=_VCR_DIRECTORY, configuration=_REGISTERED
    ),
}


def rows(effort: Effort) -> Iterator[Row]:
    with tempfile.TemporaryDirectory() as directory:
        yield _tests_row(effort, Path(directory), shared=False)
        yield _tests_row(effort, Path(directory), shared=True)
        yield _start_row(effort, Path(directory))


def _tests_row(effort: Effort, directory: Path, *, shared: bool) -> Row:
    """Milliseconds a test takes above the same test of plain pytest over a no-op transport."""
    runs = {
        name: _suite(directory / f"{'shared' if shared else 'own'}-{name}", plugin, effort.tests, shared=shared)
        for name, plugin in PLUGINS.items()
    }
    plain = runs.pop(PLAIN)
    cells = interleave(
        effort, plain, runs, lambda spent, base: (spent - base) * 1e3 / effort.tests, blocks=effort.processes
    )
    cassette = "all sharing one cassette" if shared else "each its own cassette"
    what = f"a suite of {effort.tests:,} tests, {cassette}: each test above plain pytest over a no-op transport"
    return Row(f"tests {'shared' if shared else 'own'}", what, "ms", 0.15 if shared else 0.5, cells)


def _suite(directory: Path, plugin: Plugin, tests: int, *, shared: bool) -> Callable[[], float]:
    """Write the suite; what runs it and gives its processor time in seconds."""
    for number in range(1, 2 if shared else tests + 1):
        write_cassette(directory / "cassettes" / f"c{number}.yaml", 1, number)
    mount = 'session.mount("https://", NO_OP)' if not plugin.mark else "pass"
    parts = [_PREFIX.replace("MOUNT", mount)]
    for number in range(1, tests + 1):
        cassette = 1 if shared else number
        parts.append(f'{plugin.mark.format(name=f"c{cassette}")}def test_{number}():\n    read("{url(cassette)}")\n')
    (directory / "test_generated.py").write_text("\n\n".join(parts), encoding="utf-8")
    (directory / "conftest.py").write_text(plugin.conftest, encoding="utf-8")
    (directory / "pytest.ini").write_text(f"[pytest]\n{plugin.configuration}", encoding="utf-8")
    return partial(_pytest, directory, plugin)


def _pytest(directory: Path, plugin: Plugin) -> float:
    if plugin.arguments and find_spec(plugin.arguments[1].partition(".")[0]) is None:
        raise ModuleNotFoundError(plugin.arguments[1])
    command = [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", *plugin.arguments]
    return process(command, directory, PYTEST_DISABLE_PLUGIN_AUTOLOAD="1", PYTHONPATH=str(ROOT))


def _start_row(effort: Effort, directory: Path) -> Row:
    """One test that does nothing, so that starting is all there is."""
    runs = {}
    for name, plugin in PLUGINS.items():
        place = directory / f"start-{name}"
        place.mkdir()
        (place / "test_nothing.py").write_text("def test_nothing():\n    pass\n", encoding="utf-8")
        (place / "pytest.ini").write_text("[pytest]\n", encoding="utf-8")
        runs[name] = partial(_pytest, place, plugin)
    plain = runs.pop(PLAIN)
    cells = interleave(effort, plain, runs, lambda spent, base: (spent - base) * 1e3, blocks=10 * effort.processes)
    return Row("start", "start of a suite that uses no cassette, with the plugin installed", "ms", 5, cells)

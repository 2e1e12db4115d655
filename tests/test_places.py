"""Marker, `with replay()`, decorator and command line find the same cassettes, wherever a suite is run from."""

from __future__ import annotations

from pathlib import Path
from unicodedata import normalize

import pytest

from replaydisputes import library
from replaydisputes.cli.options import reading_directories
from tests.plugin_support import SHIPPED, own_cassette, prepare, run, run_apart

CAFE = "caf\u00e9-lost"
EVERY_WAY = """
import threading
import pytest
from calls import *

@pytest.mark.replaydisputes("own")
def test_marker():
    assert close() == "lost"

def test_with():
    with package.replay("own"):
        assert close() == "lost"

@package.replay("own")
def test_decorated():
    assert close() == "lost"

@package.replay("own.yaml")
class TestDecorated:
    def test_it(self):
        assert close() == "lost"

def test_thread():
    def work():
        with package.replay("own"):
            told.append(close())
    told = []
    thread = threading.Thread(target=work)
    thread.start()
    thread.join()
    assert told == ["lost"]
"""


def suite(pytester: pytest.Pytester, directory: str, ini: str = "") -> None:
    prepare(pytester, ini)
    place = pytester.path / directory
    place.mkdir(parents=True)
    (place / "own.yaml").write_bytes((SHIPPED / "close-lost.yaml").read_bytes())
    tests = pytester.path / "checks"
    tests.mkdir(exist_ok=True)
    (tests / "test_own.py").write_text(EVERY_WAY)
    (tests / "calls.py").write_bytes((pytester.path / "calls.py").read_bytes())


@pytest.mark.parametrize(
    ("directory", "ini"),
    [("checks/disputes", "replaydisputes_cassettes = checks/disputes\n"), ("tests/cassettes", ""), ("cassettes", "")],
)
@pytest.mark.parametrize("cwd", [".", "checks"])
def test_every_way_finds_the_suites_cassette(
    pytester: pytest.Pytester, directory: str, ini: str, cwd: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    suite(pytester, directory, ini)
    monkeypatch.chdir(pytester.path / cwd)

    run(pytester, f"--rootdir={pytester.path}").assert_outcomes(passed=5)


def test_every_way_finds_it_in_the_workers_of_xdist(pytester: pytest.Pytester) -> None:
    suite(pytester, "checks/disputes", "replaydisputes_cassettes = checks/disputes\n")

    run_apart(pytester, "-n", "2").assert_outcomes(passed=5)


def test_directories_that_a_call_names_go_before_those_of_the_suite(pytester: pytest.Pytester) -> None:
    prepare(pytester, own="close-lost")
    pytester.makepyfile(
        """
        import pytest
        import replaydisputes as package

        def test_it(tmp_path):
            with pytest.raises(package.UnknownCassetteError):
                package.replay("own", cassettes=tmp_path).__enter__()
        """
    )

    run(pytester).assert_outcomes(passed=1)


def test_after_a_test_run_the_working_directory_counts_again(
    pytester: pytest.Pytester, monkeypatch: pytest.MonkeyPatch
) -> None:
    from replaydisputes.suite_directories import of_the_running_suite  # noqa: PLC0415

    before = of_the_running_suite()
    prepare(pytester)
    pytester.makepyfile("def test_it(): pass")
    run(pytester)

    assert of_the_running_suite() == before


@pytest.mark.parametrize("on_disk", ["NFC", "NFD"])
@pytest.mark.parametrize("asked", ["NFC", "NFD"])
@pytest.mark.parametrize("suffix", ["", ".yaml"])
@pytest.mark.parametrize("folder", ["", "men\u00fc/"])
def test_composed_and_decomposed_names_are_one_name(
    tmp_path: Path, on_disk: str, asked: str, suffix: str, folder: str
) -> None:
    path = tmp_path / f"{normalize(on_disk, folder + CAFE)}.yaml"  # type: ignore[arg-type]
    path.parent.mkdir(exist_ok=True)
    path.write_bytes((SHIPPED / "close-lost.yaml").read_bytes())
    found = library.Library([tmp_path])

    name = normalize(asked, folder + CAFE)  # type: ignore[arg-type]
    assert found.find(name + suffix) == path
    assert found.place_for(name) == path
    assert [entry.name for entry in found.names() if not entry.shipped] == [folder + CAFE]


def test_scenarios_match_a_decomposed_name_by_a_composed_pattern(pytester: pytest.Pytester) -> None:
    prepare(pytester)
    own_cassette(pytester, normalize("NFD", CAFE))
    pytester.makepyfile(
        f"""
        import pytest
        from calls import *

        @pytest.mark.replaydisputes_scenarios("{CAFE[:4]}*")
        def test_it():
            assert close() == "lost"
        """
    )

    run(pytester).assert_outcomes(passed=1)


@pytest.mark.parametrize("suffix", [".yaml", ".yml"])
def test_a_name_with_its_suffix_is_found_in_a_directory(tmp_path: Path, suffix: str) -> None:
    path = tmp_path / f"mine{suffix}"
    path.write_bytes((SHIPPED / "close-lost.yaml").read_bytes())

    assert library.Library([tmp_path]).find(f"mine{suffix}") == path
    assert library.Library([tmp_path]).find("close-lost.yaml").parent == SHIPPED


def test_a_file_that_is_named_as_it_stands_goes_before_a_name(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    for place in ("here.yaml", "cassettes/here.yaml"):
        Path(place).parent.mkdir(exist_ok=True)
        Path(place).write_bytes((SHIPPED / "close-lost.yaml").read_bytes())

    assert library.Library([Path("cassettes")]).find("here.yaml") == Path("here.yaml")


@pytest.mark.parametrize(
    ("file", "text"),
    [
        ("pytest.ini", "[pytest]\nreplaydisputes_cassettes = checks/disputes\n"),
        ("pyproject.toml", '[tool.pytest.ini_options]\nreplaydisputes_cassettes = ["checks/disputes"]\n'),
        ("tox.ini", "[pytest]\nreplaydisputes_cassettes = checks/disputes\n"),
        ("setup.cfg", "[tool:pytest]\nreplaydisputes_cassettes = checks/disputes\n"),
    ],
)
def test_the_command_line_looks_there_from_below_as_well(
    file: str, text: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / file).write_text(text)
    (tmp_path / "checks" / "disputes").mkdir(parents=True)
    monkeypatch.chdir(tmp_path / "checks")

    found = reading_directories(Path("cassettes"))

    assert found[0] == tmp_path / "checks" / "disputes"
    assert tmp_path / "tests" / "cassettes" in found


@pytest.mark.parametrize(
    "line",
    [
        "clock = now",
        "payment_method = pm_card_createDisputeInquiry",
        "unplayed = ignore",
        "any_dispute = false",
        "on_exhausted = fail",
        "stripe_version = warn",
        "max_age = 90d",
    ],
)
def test_every_option_of_the_marker_is_an_ini_option(pytester: pytest.Pytester, line: str) -> None:
    prepare(pytester, f"replaydisputes_{line}\n")
    pytester.makepyfile(
        """
        import time
        import pytest
        from calls import *

        @pytest.mark.replaydisputes("close-lost")
        def test_it():
            assert close() == "lost"
        """
    )

    run(pytester, "--strict-config").assert_outcomes(passed=1)


def test_clock_of_the_ini_file_moves_the_times(pytester: pytest.Pytester) -> None:
    prepare(pytester, "replaydisputes_clock = now\n")
    pytester.makepyfile(
        """
        import time
        import pytest
        from calls import *

        @pytest.mark.replaydisputes("close-lost")
        def test_it():
            assert requests.get(API + DISPUTE).json()["evidence_details"]["due_by"] > time.time()
        """
    )

    run(pytester).assert_outcomes(passed=1)


def test_a_word_that_clock_does_not_know_is_told(pytester: pytest.Pytester) -> None:
    prepare(pytester, "replaydisputes_clock = yesterday\n")
    pytester.makepyfile(
        """
        import pytest

        @pytest.mark.replaydisputes("close-lost")
        def test_it(): pass
        """
    )

    result = run(pytester)

    result.assert_outcomes(errors=1)
    result.stdout.fnmatch_lines(["*clock*yesterday*recorded*now*"])

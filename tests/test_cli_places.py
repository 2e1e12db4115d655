"""Where the commands look for cassettes, and what they say where there is nothing."""

from __future__ import annotations

import json
import warnings
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from replaydisputes.cli import group
from replaydisputes.cli.words import when_and_by
from replaydisputes.model import UNDATED, Provenance
from replaydisputes.settings import SettingsError, pytest_directories, redaction_policy
from tests.check_support import READ, SHIPPED, a_dispute, answered, file_of

LEAKY = file_of(answered(READ, a_dispute(reason="jane@" + "corp-mail.io")))
CONFIGURATIONS = {
    "pytest.ini": "[pytest]\nreplaydisputes_cassettes = tests/disputes\n",
    "tox.ini": "[pytest]\naddopts = -q --maxfail=50%\nreplaydisputes_cassettes =\n    tests/disputes\n",
    "setup.cfg": "[tool:pytest]\nreplaydisputes_cassettes = 'tests/disputes'\n",
    "pyproject.toml": '[tool.pytest.ini_options]\nreplaydisputes_cassettes = ["tests/disputes"]\n',
}


def invoke(*arguments: str) -> Result:
    return CliRunner().invoke(group, list(arguments))


@pytest.fixture(autouse=True)
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A directory whose `cassettes` is clean."""
    monkeypatch.chdir(tmp_path)
    put("cassettes/clean.yaml", (SHIPPED / "close-lost.yaml").read_bytes())
    return tmp_path


def put(path: str, content: bytes) -> None:
    Path(path).parent.mkdir(parents=True, exist_ok=True)
    Path(path).write_bytes(content)


def test_check_without_a_path_looks_into_tests_cassettes_too() -> None:
    put("tests/cassettes/leaky.yaml", LEAKY)

    done = invoke("check", "--json")

    assert (done.exit_code, [(row["file"], row["clean"]) for row in json.loads(done.stdout)["files"]]) == (
        3,
        [("cassettes/clean.yaml", True), ("tests/cassettes/leaky.yaml", False)],
    )


@pytest.mark.parametrize("name", CONFIGURATIONS)
def test_check_and_list_look_where_pytests_configuration_says(name: str) -> None:
    Path(name).write_text(CONFIGURATIONS[name], encoding="utf-8")
    put("tests/disputes/leaky.yaml", LEAKY)

    checked, listed = invoke("check", "--json"), invoke("list", "--json")

    assert (checked.exit_code, json.loads(checked.stdout)["summary"]["files"]) == (3, 2)
    assert [row["path"] for row in json.loads(listed.stdout) if not row["shipped"]] == [
        "cassettes/clean.yaml",
        "tests/disputes/leaky.yaml",
    ]


def test_a_name_leads_to_the_cassette_that_pytest_would_play() -> None:
    Path("pytest.ini").write_text(CONFIGURATIONS["pytest.ini"], encoding="utf-8")
    put("tests/disputes/clean.yaml", (SHIPPED / "close-inquiry.yaml").read_bytes())

    as_configured, as_named = (
        invoke("show", "clean", "--json"),
        invoke("show", "clean", "--json", "--cassettes", "cassettes"),
    )

    told = [json.loads(done.stdout)["provenance"]["scenario"] for done in (as_configured, as_named)]
    assert told == ["close-inquiry", "close-lost"]


@pytest.mark.parametrize(
    ("provenance", "said"),
    [
        (
            Provenance("imported", "x", "", "0.1.0", UNDATED),
            "a time that nobody noted, imported by replaydisputes 0.1.0",
        ),
        (
            Provenance("sandbox", "x", "", "0.1.0", "2026-11-23T07:38:00Z"),
            "2026-11-23T07:38:00Z, by replaydisputes 0.1.0",
        ),
    ],
)
def test_what_has_no_date_is_not_said_to_be_of_1970(provenance: Provenance, said: str) -> None:
    assert when_and_by(provenance) == said


@pytest.mark.parametrize("command", ["check", "list"])
def test_a_configured_directory_that_is_not_there_is_told(command: str) -> None:
    Path("pytest.ini").write_text(CONFIGURATIONS["pytest.ini"], encoding="utf-8")

    done = invoke(command, "--json")

    assert (done.exit_code, done.stderr) == (
        0,
        "tests/disputes: no such directory, though replaydisputes_cassettes names it\n",
    )


def test_a_configuration_that_cannot_be_read_is_named_in_one_line() -> None:
    Path("tox.ini").write_text("replaydisputes_cassettes = here\n", encoding="utf-8")

    with pytest.raises(SettingsError, match=r"^tox\.ini: replaydisputes_cassettes: cannot be read: [^\n]+$"):
        pytest_directories(Path())


def test_check_with_no_directory_at_all_says_where_it_looked(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "empty").mkdir()
    monkeypatch.chdir(tmp_path / "empty")

    done = invoke("check")

    said = "Error: nothing to check: there is no directory cassettes, tests/cassettes."
    assert (done.exit_code, done.stderr.splitlines()[-1]) == (2, said)


def test_check_of_yaml_of_another_purpose_says_that_it_was_passed_over() -> None:
    put("k/other.yaml", b"on: push\n")

    done = invoke("check", "k")

    assert (done.exit_code, done.stderr.splitlines()[-1]) == (
        2,
        "Error: nothing to check: no cassette in k; passed over as YAML of another purpose: k/other.yaml. "
        "A file that is named itself is checked whatever it holds.",
    )


@pytest.mark.parametrize("command", [["list"], ["show", "close-lost"], ["serve"], ["diff", "close-lost", "close-won"]])
def test_a_directory_of_cassettes_that_is_not_there_is_an_error(command: list[str]) -> None:
    done = invoke(*command, "--cassettes", "nowhere")

    assert (done.exit_code, done.stderr.splitlines()[-1]) == (2, "Error: --cassettes nowhere: no such directory.")


def test_an_age_that_is_none_is_refused_by_check_too() -> None:
    Path("pyproject.toml").write_text('[tool.replaydisputes]\nmax_age = "12y"\n', encoding="utf-8")

    with pytest.raises(SettingsError) as caught:
        redaction_policy(Path.cwd())

    assert caught.value.problem == "max_age must be days or weeks, such as '90d' or '12w'; got '12y'"


def test_a_rule_for_an_object_that_nearly_has_a_known_name_is_warned_of_and_one_for_another_is_not() -> None:
    rules = '["disput:status", "dispute:status", "invoice:status", "header:X-Region"]'
    Path("pyproject.toml").write_text(f"[tool.replaydisputes]\nkeep = {rules}\n", encoding="utf-8")

    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        redaction_policy(Path.cwd())

    assert [str(one.message).partition(": ")[2] for one in caught] == [
        "[tool.replaydisputes] keep: 'disput:status': no known object is called 'disput'; did you mean dispute?"
    ]

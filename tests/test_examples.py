"""The examples say what is so: their ids are the server's, their languages parse, and what never ran is marked."""

from __future__ import annotations

import re
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest
import requests

from tests.example_ids import BY_CASSETTE, ITS_CHARGE, LISTED
from tests.served import served
from tests.toolchains import needs_program

ROOT = Path(__file__).parent.parent
EXAMPLES = ROOT / "examples"
RUN_HERE = {"python", "node", "stripe-cli"}
NOT_RUN_HERE = {"php", "ruby", "go", "java", "dotnet"}
PARSERS = {
    "node/closing.test.js": "node --check",
    "stripe-cli/closing.sh": "bash -n",
    "php/closing.php": "php -l",
    "ruby/closing_test.rb": "ruby -c",
    "go/closing_test.go": "gofmt -e -l",
}


@pytest.fixture(scope="module")
def url() -> Iterator[str]:
    with served() as base:
        yield base


def sources() -> list[Path]:
    suffixes = {".py", ".js", ".sh", ".php", ".rb", ".go", ".java", ".cs"}
    return [path for path in sorted(EXAMPLES.rglob("*")) if path.suffix in suffixes]


def test_the_ids_of_the_examples_are_those_that_the_server_gives(url: str) -> None:
    told = requests.get(f"{url}/_replaydisputes/cassettes", timeout=10).json()["cassettes"]
    page = requests.get(
        f"{url}/v1/disputes", {"charge": ITS_CHARGE, "limit": 1}, auth=("sk_test_ids", ""), timeout=10
    ).json()

    given = {one["name"]: one["dispute_id"] for one in told}
    assert {name: given[name] for name in BY_CASSETTE} == BY_CASSETTE
    assert [one["id"] for one in page["data"]] == [LISTED]


@pytest.mark.parametrize("path", sources(), ids=lambda path: path.name)
def test_an_example_uses_the_servers_ids_and_no_others(path: Path) -> None:
    used = set(re.findall(r"\b(?:du|ch)_\w+", path.read_text("utf-8")))

    four = {BY_CASSETTE[name] for name in ("close-lost", "close-twice", "close-list", "close-unknown")}
    assert used == four | {ITS_CHARGE}


def test_what_never_ran_says_so_in_its_readme_and_in_both_tables() -> None:
    folders = {path.parent.name for path in EXAMPLES.glob("*/README.md")}
    marked = {
        path.parent.name
        for path in EXAMPLES.glob("*/README.md")
        if "Not run by this project" in path.read_text("utf-8")
    }
    rows = dict(re.findall(r"^\| \[([\w-]+)\].*\| (\S.*?) \|$", (EXAMPLES / "README.md").read_text("utf-8"), re.M))

    assert folders == RUN_HERE | NOT_RUN_HERE
    assert marked == NOT_RUN_HERE
    assert rows == dict.fromkeys(RUN_HERE, "yes, in CI") | dict.fromkeys(NOT_RUN_HERE, "**not run**")


@pytest.mark.parametrize("name", PARSERS)
def test_an_example_parses(name: str) -> None:
    command = PARSERS[name].split()
    needs_program(command[0])

    done = subprocess.run([*command, str(EXAMPLES / name)], capture_output=True, text=True, timeout=60, check=False)

    told = done.stdout if command[0] == "gofmt" else ""
    assert (done.returncode, done.stderr, told) == (0, "", "")

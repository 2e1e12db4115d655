"""Every block of the README does what the text around it says."""

from __future__ import annotations

import os
import re
import shlex
import signal
import subprocess
import sys
from importlib.metadata import metadata
from pathlib import Path

import pytest
from vcr.persisters.filesystem import FilesystemPersister
from vcr.request import Request as VcrRequest
from vcr.serializers import yamlserializer

from replaydisputes.model import Request, Response
from replaydisputes.recording.scenarios import OLDER_VERSION, SCENARIOS
from replaydisputes.stripe_api.facts import API_VERSION
from tests.at_length import all_at_length
from tests.raw_traffic import Account
from tests.recording_support import KEY, sandbox_target

ROOT = Path(__file__).parent.parent
README = (ROOT / "README.md").read_text(encoding="utf-8")
BLOCKS = re.findall(r"^```(\w+)\n(.*?)^```$", README, re.M | re.S)
COMMANDS = [line[2:] for kind, text in BLOCKS if kind == "console" for line in text.splitlines()]
PYTHON = [text for kind, text in BLOCKS if kind == "python"]
NO_SOCKETS = """
import socket

def refuse(*args, **kwargs):
    raise AssertionError("a socket was made")

socket.socket.__init__ = refuse
socket.getaddrinfo = refuse
"""


def vcr_request(request: Request) -> VcrRequest:
    return VcrRequest(request.method, request.url, request.body, dict(request.headers))


def vcr_response(response: Response) -> dict[str, object]:
    return {
        "status": {"code": response.status, "message": response.reason},
        "headers": {name: [value] for name, value in response.headers},
        "body": {"string": response.body},
    }


def environment(**extra: str) -> dict[str, str]:
    path = f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"
    return {**os.environ, "PATH": path, "PYTHONWARNINGS": "error", **extra}


def shell(command: str, cwd: Path) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        ["bash", "-c", command], cwd=cwd, env=environment(), capture_output=True, text=True, timeout=60, check=False
    )


def test_every_block_is_of_a_kind_that_is_run_here() -> None:
    assert {kind for kind, _ in BLOCKS} == {"console", "python", "ini"}
    assert len(PYTHON) == 4
    assert COMMANDS == [
        "pip install '.[server]' stripe pytest",
        "make demo",
        "make test",
        "replaydisputes list",
        "STRIPE_API_KEY=sk_test_... replaydisputes record close-lost",
        "replaydisputes record --all --sandbox --cassettes recordings",
        "replaydisputes show close-twice --cassettes recordings",
        "STRIPE_API_KEY=sk_test_... pytest --replaydisputes-record=missing",
        "replaydisputes diff close-lost recordings/close-lost.yaml",
        "replaydisputes recover",
        "replaydisputes check recordings",
        "replaydisputes redact old_recordings --out redacted",
        "replaydisputes serve --port 12111",
        "replaydisputes sandbox --port 12111",
        "replaydisputes demo",
        "replaydisputes demo --web",
        "replaydisputes export slides",
    ]


def test_the_install_command_names_an_extra_that_there_is() -> None:
    (extra,) = re.findall(r"pip install '\.\[(\w+)\]'", COMMANDS[0])

    assert extra in metadata("replaydisputes").get_all("Provides-Extra", [])


def test_the_first_screen_says_who_made_the_cassettes_and_shows_the_test_before_any_make() -> None:
    screen = README.split("\n## ")[0]
    order = [screen.find(part) for part in ("made by this project's own sandbox", COMMANDS[0], PYTHON[0], "make demo")]

    assert -1 not in order
    assert order == sorted(order)


def test_the_two_make_commands_are_targets_that_set_themselves_up() -> None:
    for target, runs in (("demo", "replaydisputes demo"), ("test", "-m pytest")):
        planned = subprocess.run(
            ["make", "--dry-run", "--always-make", target], cwd=ROOT, capture_output=True, text=True, check=True
        ).stdout
        assert "-m venv .venv" in planned
        assert runs in planned


@pytest.mark.parametrize("scenario", ["close-lost"])
def test_the_pytest_example_passes_in_a_process_without_sockets(scenario: str, pytester: pytest.Pytester) -> None:
    pytester.makeconftest(NO_SOCKETS)
    pytester.makepyfile(PYTHON[0])

    plugins = ("-p", "no:cassetter", "-p", "no:recording", "-p", "no:asyncio", "-p", "no:xdist", "-W", "error")
    pytester.runpytest_subprocess(*plugins).assert_outcomes(passed=1)
    assert f'@pytest.mark.replaydisputes("{scenario}")' in PYTHON[0]
    assert len([line for line in PYTHON[0].splitlines() if line]) <= 10


@pytest.mark.parametrize("number", [1, 2, 3])
def test_a_context_manager_example_runs_without_sockets(number: int, tmp_path: Path) -> None:
    done = subprocess.run(
        [sys.executable, "-W", "error", "-c", NO_SOCKETS + PYTHON[number]],
        cwd=tmp_path,
        capture_output=True,
        check=False,
    )

    assert (done.returncode, done.stderr) == (0, b"")


def test_the_ini_block_names_a_setting_that_exists(pytester: pytest.Pytester) -> None:
    (text,) = [text for kind, text in BLOCKS if kind == "ini"]
    pytester.makeini(text)
    own = pytester.mkdir("tests") / "disputes"
    own.mkdir()
    (own / "mine.yaml").write_bytes((ROOT / "cassettes" / "close-lost.yaml").read_bytes())
    pytester.makepyfile(PYTHON[0].replace("close-lost", "mine"))

    plugins = ("-p", "no:cassetter", "-p", "no:recording", "-p", "no:asyncio", "--strict-config")
    pytester.runpytest_subprocess(*plugins).assert_outcomes(passed=1)


@pytest.mark.parametrize(
    "command",
    [
        command
        for command in COMMANDS
        if command in {f"replaydisputes {name}" for name in ("list", "demo", "recover", "export slides")}
    ],
)
def test_a_command_that_needs_nothing_runs_as_printed(command: str, tmp_path: Path) -> None:
    done = shell(command, tmp_path)

    assert (done.returncode, done.stderr) == (0, "")


@pytest.mark.parametrize("scenarios", all_at_length(["--all", "close-lost close-twice"], ["close-lost close-twice"]))
def test_the_two_commands_without_a_key_run_as_printed_one_after_the_other(scenarios: str, tmp_path: Path) -> None:
    """With --all as printed in `make long`; `make test` names two of its scenarios instead."""
    record, show = [command for command in COMMANDS if command.endswith("--cassettes recordings")]

    assert "--all" in record
    assert shell(record.replace("--all", scenarios), tmp_path).returncode == 0
    assert "400" in shell(show, tmp_path).stdout
    assert shell("replaydisputes check recordings", tmp_path).returncode == 0
    (diff,) = [command for command in COMMANDS if " diff " in command]
    assert shell(diff, tmp_path).returncode == 0


def test_an_old_recording_is_made_publishable_as_printed(tmp_path: Path) -> None:
    (command,) = [command for command in COMMANDS if " redact " in command]
    old = tmp_path / "old_recordings"
    old.mkdir()
    account = Account(1)
    calls = [(vcr_request(item.request), vcr_response(item.response)) for item in account.close_twice()]
    save = {"requests": [request for request, _ in calls], "responses": [response for _, response in calls]}
    FilesystemPersister.save_cassette(str(old / "closing.yaml"), save, yamlserializer)

    done = shell(command, tmp_path)

    assert (done.returncode, done.stderr) == (0, "")
    text = (tmp_path / "redacted" / "closing.yaml").read_text(encoding="utf-8")
    assert [secret for secret in account.secrets() if secret in text] == []


def test_the_command_with_a_key_runs_with_only_key_and_origin_changed(tmp_path: Path) -> None:
    (command,) = [command for command in COMMANDS if command.startswith("STRIPE_API_KEY=") and " record " in command]
    with sandbox_target() as target:
        done = shell(f"{command.replace('sk_test_...', KEY)} --api-base {target.api_base}", tmp_path)

    assert (done.returncode, (tmp_path / "cassettes" / "close-lost.yaml").exists()) == (0, True)


@pytest.mark.parametrize("command", [one for one in COMMANDS if "--port" in one or "--web" in one])
def test_a_server_starts_and_says_where(command: str, tmp_path: Path) -> None:
    quietly = f"{command} --port 0 --no-browser" if "--web" in command else command.replace("12111", "0")
    process = subprocess.Popen(
        shlex.split(quietly), cwd=tmp_path, env=environment(PYTHONUNBUFFERED="1"), stdout=subprocess.PIPE, text=True
    )
    assert process.stdout is not None
    said = process.stdout.readline()
    process.send_signal(signal.SIGINT)
    process.communicate(timeout=20)

    assert "http://127.0.0.1:" in said
    assert process.returncode == 0


def test_a_test_records_its_own_cassette_with_only_key_and_origin_changed(tmp_path: Path) -> None:
    (command,) = [command for command in COMMANDS if "--replaydisputes-record" in command]
    (tmp_path / "test_mine.py").write_text(PYTHON[0].replace("close-lost", "mine"))
    alone = "-p no:cassetter -p no:recording -p no:asyncio -p no:xdist -p no:cacheprovider"
    with sandbox_target() as target:
        recorded = shell(
            f"{command.replace('sk_test_...', KEY)} {alone} --replaydisputes-api-base {target.api_base}", tmp_path
        )
    replayed = shell(f"pytest {alone}", tmp_path)

    assert (recorded.returncode, replayed.returncode) == (0, 0), recorded.stdout + replayed.stdout
    assert shell("replaydisputes check cassettes", tmp_path).returncode == 0


def test_the_table_lists_every_scenario_with_what_it_proves() -> None:
    rows = dict(re.findall(r"^\| `([\w-]+)` \| (.+) \|$", README, re.M))

    newest = [scenario for scenario in SCENARIOS.values() if scenario.stripe_version == API_VERSION]
    assert rows == {scenario.name: scenario.proves for scenario in newest}
    assert f"The first nineteen are there once more at Stripe-Version {OLDER_VERSION}" in README
    assert len(SCENARIOS) - len(newest) == 19

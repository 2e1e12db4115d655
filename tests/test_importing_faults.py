"""Whatever is wrong with one file is told in one line of its own, and the others of the run are still done."""

from __future__ import annotations

import os
import random
import socket
import subprocess
import sys
from pathlib import Path

import pytest

from replaydisputes.errors import ReplayDisputesError
from replaydisputes.importing import FileReport, Importer, plan
from replaydisputes.importing.recording import parse_recording
from tests.at_length import at_length
from tests.foreign.broken import BROKEN, CALLS, SECRET, VCRPY
from tests.foreign.builders import BUILDERS
from tests.raw_traffic import Account

LEFT = " The file was left as it is."


def run(directory: Path) -> dict[str, FileReport]:
    reports = Importer().run(plan([directory / "in"], directory / "out"))
    return {report.path.relative_to(directory / "in").as_posix(): report for report in reports}


@pytest.fixture
def inputs(tmp_path: Path) -> Path:
    """A directory `in` with one good recording, that every run has to do."""
    (tmp_path / "in").mkdir()
    (tmp_path / "in" / "z-good.yaml").write_bytes(VCRPY)
    return tmp_path / "in"


@pytest.mark.parametrize("fault", BROKEN)
def test_a_broken_file_is_told_in_one_line_and_the_good_one_is_done(fault: str, inputs: Path, tmp_path: Path) -> None:
    content, expected = BROKEN[fault]
    (inputs / "broken.yaml").write_bytes(content)

    reports = run(tmp_path)

    where = f"{inputs / 'broken.yaml'}:"
    told = reports["broken.yaml"].problem.removeprefix(where).removesuffix(LEFT).strip()
    assert (told, reports["broken.yaml"].exit_code) == (expected, 3)
    assert reports["broken.yaml"].problem.startswith(where)
    assert (inputs / "broken.yaml").read_bytes() == content
    assert [path.name for path in (tmp_path / "out").iterdir()] == ["z-good.yaml"]


def test_thirty_kinds_of_broken_input_at_least_are_tried() -> None:
    assert len(BROKEN) >= 30


def test_no_message_holds_anything_from_a_file() -> None:
    assert [name for name, (_, message) in BROKEN.items() if SECRET in message or "Passw0rd" in message] == []


LINKS = {
    "a link that leads nowhere": ("missing.yaml", "is a symbolic link that leads nowhere."),
    "a link to itself": ("broken.yaml", "is a symbolic link that leads nowhere."),
    "a link out of the directory": (
        "../outside.yaml",
        "is a symbolic link out of the directory, which is not followed; name its target as an input.",
    ),
    "a link to its own directory": (".", "is a symbolic link to a directory, which is not followed."),
}


@pytest.mark.parametrize("link", LINKS)
def test_a_link_that_is_not_followed_is_told(link: str, inputs: Path, tmp_path: Path) -> None:
    (tmp_path / "outside.yaml").write_bytes(VCRPY)
    target, expected = LINKS[link]
    (inputs / "broken.yaml").symlink_to(target)

    reports = run(tmp_path)

    assert reports["broken.yaml"].problem == f"{inputs / 'broken.yaml'}: {expected}{LEFT}"
    assert [path.name for path in (tmp_path / "out").iterdir()] == ["z-good.yaml"]


def test_a_link_to_a_file_of_the_same_input_is_done_once(inputs: Path, tmp_path: Path) -> None:
    (inputs / "again.yaml").symlink_to("z-good.yaml")

    assert [report.outcome for report in run(tmp_path).values()] == ["written"]


def test_a_named_pipe_does_not_hang_the_run(inputs: Path, tmp_path: Path) -> None:
    os.mkfifo(inputs / "pipe.yaml")

    reports = run(tmp_path)

    assert reports["pipe.yaml"].problem == f"{inputs / 'pipe.yaml'}: cannot read: it is not a regular file."
    assert reports["z-good.yaml"].outcome == "written"


def test_a_socket_is_not_read(inputs: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(inputs)
    with socket.socket(socket.AF_UNIX) as made:
        made.bind("socket.yaml")
        reports = run(tmp_path)

    assert reports["socket.yaml"].problem.startswith(f"{inputs / 'socket.yaml'}: cannot read: ")
    assert reports["z-good.yaml"].outcome == "written"


def test_an_unreadable_file_is_told(inputs: Path, tmp_path: Path) -> None:
    (inputs / "closed.yaml").write_bytes(VCRPY)
    (inputs / "closed.yaml").chmod(0)
    command = [sys.executable, "-m", "replaydisputes", "redact", str(inputs), "--out", str(tmp_path / "out")]
    # Root reads everything, unless it gives up the capabilities for that.
    unprivileged = ["setpriv", "--bounding-set", "-dac_override,-dac_read_search"] if os.getuid() == 0 else []
    done = subprocess.run([*unprivileged, *command], capture_output=True, text=True, check=False)

    assert f"{inputs / 'closed.yaml'}: cannot read: Permission denied." in done.stdout + done.stderr
    assert (done.returncode, [path.name for path in (tmp_path / "out").iterdir()]) == (3, ["z-good.yaml"])


def test_a_file_past_the_bound_is_refused_before_it_is_read(inputs: Path, tmp_path: Path) -> None:
    with open(inputs / "huge.yaml", "wb") as file:
        file.truncate(256 * 1024 * 1024 + 1)

    told = run(tmp_path)["huge.yaml"].problem
    assert told == f"{inputs / 'huge.yaml'}: expected at most 268,435,456 bytes, got 268,435,457.{LEFT}"


@at_length("long")
@pytest.mark.parametrize("start", [b"version: ", b'{"version": "', b"[1, "], ids=["YAML", "JSON", "a JSON list"])
def test_a_line_of_100_mb_is_told(start: bytes, inputs: Path, tmp_path: Path) -> None:
    (inputs / "long.yaml").write_bytes(start + b"1" * 100_000_000)

    reports = run(tmp_path)

    assert reports["long.yaml"].problem.startswith(f"{inputs / 'long.yaml'}:1: expected ")
    assert len(reports["long.yaml"].problem) < 400
    assert reports["z-good.yaml"].outcome == "written"


def test_a_name_that_holds_an_id_is_refused_because_it_would_be_published(inputs: Path, tmp_path: Path) -> None:
    name = f"close-{CALLS[0].request.url.rpartition('/')[2]}.yaml"
    (inputs / name).write_bytes(VCRPY)

    reports = run(tmp_path)

    expected = f"{inputs / name}: its own name holds a secret (Stripe id): rename it.{LEFT}"
    assert reports[name].problem == expected
    assert [path.name for path in (tmp_path / "out").iterdir()] == ["z-good.yaml"]


@pytest.mark.parametrize("builder", BUILDERS)
def test_bytes_changed_anywhere_never_give_anything_but_a_recording_or_its_fault(builder: str) -> None:
    seed = 20261123
    drawn = random.Random(f"{seed} {builder}")
    content = BUILDERS[builder][0](Account(seed=3).close_twice())
    told: list[str] = []
    for _ in range(150):
        changed = bytearray(content)
        for _ in range(drawn.randint(1, 4)):
            start = drawn.randrange(len(changed))
            changed[start : start + drawn.choice([0, 1, 1, 20])] = drawn.choice(
                [
                    b"",
                    b"\x00",
                    b"\xff",
                    b"'",
                    b'"',
                    b"{",
                    b"]",
                    b"\n",
                    b": ",
                    b"- ",
                    b"&a ",
                    b"*a",
                    b"!x ",
                    b"9" * 5000,
                    b"\\u",
                ]
            )
        try:
            parse_recording(bytes(changed), Path("drawn.yaml"))
        except ReplayDisputesError as error:
            told.append(str(error))

    assert [message for message in told if "\n" in message] == [], f"seed {seed}"

"""What a disk, a terminal or a colleague can do to a recording: it says so in a line, and loses nothing."""

from __future__ import annotations

import hashlib
import os
import resource
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from replaydisputes.cassette_file import disk, load
from replaydisputes.errors import FileAccessError
from replaydisputes.model import Request, Response
from replaydisputes.recording.quarantine import ROOM_BYTES, Journal, quarantine_directory, quarantined
from replaydisputes.recording.recorder import record
from replaydisputes.recording.scenarios import SCENARIOS
from replaydisputes.sandbox import Sandbox
from tests.at_length import all_at_length
from tests.recording_support import KEY, Watched, sandbox_target, surroundings
from tests.test_recording_patience import capture_from

TOOL = [sys.executable, "-m", "replaydisputes"]
ENVIRONMENT = {"PYTHONDONTWRITEBYTECODE": "1", "STRIPE_API_KEY": KEY}
AS_ROOT = pytest.mark.skipif(not hasattr(os, "geteuid") or os.geteuid() != 0, reason="it takes root")


HOLDER = """
import sys, filelock
lock = filelock.FileLock(sys.argv[1])
lock.acquire()
print("held", flush=True)
sys.stdin.read()
"""


def run(
    *arguments: str, cwd: Path, script: str = 'exec "$@"', preexec_fn: Callable[[], None] | None = None
) -> subprocess.CompletedProcess[str]:
    """The tool from a shell, in a directory of its own."""
    return subprocess.run(
        ["sh", "-c", script, "sh", *TOOL, *arguments],
        cwd=cwd,
        env={**os.environ, **ENVIRONMENT, "PYTHONPATH": os.pathsep.join(filter(None, sys.path))},
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
        preexec_fn=preexec_fn,
    )


def bounded(size_bytes: int) -> Callable[[], None]:
    """For a child: no file of it may be larger, as on a disk that is full."""
    return lambda: resource.setrlimit(resource.RLIMIT_FSIZE, (size_bytes, size_bytes))


LIMITS_BYTES = [0, 9_000, ROOM_BYTES - 1, *(ROOM_BYTES + kilo * 1024 for kilo in (4, 12, 16, 20))]


@pytest.mark.parametrize("size_bytes", all_at_length(LIMITS_BYTES, [0, ROOM_BYTES + 12 * 1024]))
def test_a_state_directory_without_room_is_told_before_a_write_is_sent(size_bytes: int, tmp_path: Path) -> None:
    watched = Watched(Sandbox(seed=2))
    with sandbox_target(watched) as target:
        place = ["--cassettes", "made", "--api-base", target.api_base]
        done = run("record", "close-twice", *place, cwd=tmp_path, preexec_fn=bounded(size_bytes))

    (made,) = list(tmp_path.glob("made/*.yaml")) or [None]
    assert (done.returncode, made is None) in ((4, True), (0, False))
    if done.returncode:
        assert done.stderr.splitlines()[-1].startswith("Error: ")
        assert "Traceback" not in done.stderr
        assert len(watched.closes) < 2
        assert not watched.closes or watched.closes[0].url.split("/")[-2] in done.stderr.splitlines()[-1]


def test_room_is_kept_for_every_answer_before_its_call_and_given_back_at_the_end(tmp_path: Path) -> None:
    journal = Journal("close-lost", "http://127.0.0.1:1", tmp_path)
    sizes = []
    for number in range(3):
        journal.sending("POST", f"/v1/disputes/du_{number}/close", f"du_{number}")
        sizes.append(journal.path.stat().st_size)
    journal.close()

    assert [size >= (number + 1) * 100 + ROOM_BYTES for number, size in enumerate(sizes)] == [True] * 3
    assert journal.path.stat().st_size < 1000
    assert quarantined(tmp_path)[0].sent_closes == ("du_0", "du_1", "du_2")


@pytest.mark.parametrize("lines", all_at_length([0, 1, 2, 3, 5], [1]))
def test_a_reader_that_leaves_ends_no_recording(lines: int, tmp_path: Path) -> None:
    watched = Watched(Sandbox(seed=2))
    with sandbox_target(watched) as target:
        place = ["--cassettes", str(tmp_path / "made"), "--api-base", target.api_base]
        done = run("record", "close-lost", *place, cwd=tmp_path, script=f'"$@" 2>&1 | head -n {lines}')

    assert done.returncode == 0
    until_s = time.monotonic() + 20
    while time.monotonic() < until_s and not (tmp_path / "made" / "close-lost.yaml").exists():
        time.sleep(0.05)
    assert len(load(tmp_path / "made" / "close-lost.yaml").interactions) == 4
    assert len(watched.closes) == 1


@pytest.mark.parametrize("links", [{"x.yaml": "x.yaml"}, {"x.yaml": "y.yaml", "y.yaml": "x.yaml"}], ids=["one", "two"])
def test_links_that_lead_in_a_circle_are_noticed_before_anything_is_sent(links: dict[str, str], tmp_path: Path) -> None:
    for name, leads_to in links.items():
        (tmp_path / name).symlink_to(leads_to)
    watched = Watched(Sandbox())
    with sandbox_target(watched) as target, pytest.raises(FileAccessError, match="leads to itself"):
        record(SCENARIOS["close-lost"], target, tmp_path / "x.yaml", surroundings())

    assert watched.seen == []


def test_a_lock_that_another_process_holds_is_noticed_before_anything_is_sent(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(disk, "LOCK_TIMEOUT_S", 0.2)
    path, watched = tmp_path / "x.yaml", Watched(Sandbox())
    name = hashlib.sha256(os.fsencode(os.path.realpath(path))).hexdigest()
    command = [sys.executable, "-c", HOLDER, str(disk.lock_directory() / f"{name}.lock")]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE) as holder:
        assert holder.stdout is not None
        holder.stdout.readline()
        with sandbox_target(watched) as target, pytest.raises(Exception, match="has held its lock"):
            record(SCENARIOS["close-lost"], target, path, surroundings())
        holder.communicate()

    assert watched.seen == []


@AS_ROOT
@pytest.mark.parametrize("shape", ["directory", "link"])
def test_no_directory_of_another_user_is_trusted(shape: str, tmp_path: Path) -> None:
    theirs = tmp_path / "theirs"
    theirs.mkdir()
    os.chown(theirs, 65534, 65534)
    planted = theirs if shape == "directory" else tmp_path / "link"
    if shape == "link":
        planted.symlink_to(theirs)

    why = "belongs to another user" if shape == "directory" else "is a link"
    with pytest.raises(PermissionError, match=why):
        disk.own_directory(planted)
    with pytest.raises(FileAccessError, match=why):
        Journal("close-lost", "http://127.0.0.1:1", planted)
    assert list(theirs.iterdir()) == []


def test_a_directory_that_others_may_write_to_is_closed_to_them(tmp_path: Path) -> None:
    place = tmp_path / "open"
    place.mkdir()
    place.chmod(0o777)

    assert disk.own_directory(place).stat().st_mode & 0o777 == 0o700


LONG = "c" * 300
IN_ODD_SURROUNDINGS = {
    "a name too long": (["record", "close-lost", "--cassettes", LONG], 'exec "$@"'),
    "a list of a name too long": (["list", "--cassettes", LONG], 'exec "$@"'),
    "an export to a name too long": (["export", LONG], 'exec "$@"'),
    "the directory gone": (["record", "close-lost"], 'mkdir gone && cd gone && rmdir ../gone && exec "$@"'),
    "a list with the directory gone": (["list"], 'mkdir gone && cd gone && rmdir ../gone && exec "$@"'),
    "a full disk under the output": (["list"], 'exec "$@" > /dev/full'),
    "the same for scripts": (["list", "--json"], 'exec "$@" > /dev/full'),
    "the same for a cassette": (["show", "close-lost"], 'exec "$@" > /dev/full'),
}


IN_MAKE_TEST = ["a name too long", "a list with the directory gone", "the same for scripts"]


@pytest.mark.parametrize("name", all_at_length(IN_ODD_SURROUNDINGS, IN_MAKE_TEST))
def test_odd_surroundings_are_told_in_a_line(name: str, tmp_path: Path) -> None:
    arguments, script = IN_ODD_SURROUNDINGS[name]
    done = run(*arguments, cwd=tmp_path, script=script)

    assert (done.returncode in (2, 4), done.stderr.count("\n"), done.stderr[:7]) == (True, 1, "Error: ")


def test_where_nobody_can_be_asked_nothing_is_closed(tmp_path: Path) -> None:
    watched = Watched(Sandbox(seed=2))
    with sandbox_target(watched) as target:
        base = ["--api-base", target.api_base]
        run("record", "close-unknown-parameter", *base, cwd=tmp_path)
        dispute = next(one.url.split("/")[-2] for one in watched.closes)
        watched.seen.clear()
        done = run("record", "close-lost", *base, "--dispute", dispute, cwd=tmp_path, script='exec "$@" <&-')

    assert (done.returncode, done.stderr.splitlines()[-1].startswith("Error: ")) == (2, True)
    assert watched.closes == []


@pytest.mark.parametrize(
    "how", all_at_length([signal.SIGINT, signal.SIGTERM, signal.SIGKILL], [signal.SIGKILL]), ids=str
)
def test_a_sandbox_that_ends_with_the_recorder_leaves_nothing_to_recover(how: signal.Signals, tmp_path: Path) -> None:
    environment = {**os.environ, **ENVIRONMENT}
    command = [*TOOL, "record", "--all", "--sandbox", "--cassettes", str(tmp_path)]
    with subprocess.Popen(command, stderr=subprocess.PIPE, text=True, env=environment) as recorder:
        assert recorder.stderr is not None
        for line in recorder.stderr:
            if "close the dispute" in line:
                break
        recorder.send_signal(how)
        said = recorder.stderr.read()

    assert (list(quarantine_directory().glob("*")), "eft open" in said, "quarantine" in said) == ([], False, False)


@pytest.mark.parametrize(
    ("asked", "date", "waits"),
    [
        ("2", "", [2.0]),
        ("0", "", [0.5]),
        ("60", "", [60.0]),
        ("61", "", []),
        ("Mon, 23 Nov 2026 00:00:07 GMT", "Mon, 23 Nov 2026 00:00:00 GMT", [7.0]),
        ("Mon, 23 Nov 2026 00:00:00 GMT", "Mon, 23 Nov 2026 00:00:07 GMT", [0.5]),
        ("soon", "", [0.5]),
        ("-3", "", [0.5]),
        ("9" * 400, "", []),
    ],
)
def test_an_answer_that_asks_for_a_wait_is_obeyed_up_to_a_minute(asked: str, date: str, waits: list[float]) -> None:
    slept: list[float] = []
    left = [Response(429, (("Retry-After", asked), ("Date", date), ("Content-Length", "2")), b"{}", "Slow")]
    fine = Response(200, (("Content-Length", "2"),), b"{}", "OK")

    def answer(request: Request) -> Response:
        return left.pop() if left else fine

    with capture_from(answer, slept) as capture:
        status = capture.call("GET", "/v1/disputes", b"", {}, KEY).response.status

    assert (slept, status) == (waits, 200 if waits else 429)

"""The door to disk: what may not pass it, and that what passes arrives whole or not at all."""

from __future__ import annotations

import errno
import os
import random
import signal
import stat
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest
from filelock import FileLock

from replaydisputes.cassette_file import WriteOutcome, disk, load, serialize, write
from replaydisputes.errors import (
    CassetteFormatError,
    FileAccessError,
    FileLockedError,
    LeakFoundError,
    LivemodeError,
)
from replaydisputes.leak_gate import KnownSecrets
from replaydisputes.model import Cassette, Interaction, Request, Response
from tests.at_length import all_at_length
from tests.test_cassette_file import CASSETTE, CLOSE, PROVENANCE, READ, with_body

NOTHING_KNOWN = KnownSecrets()
OTHER = Cassette((CLOSE,), PROVENANCE)


@pytest.fixture(autouse=True)
def _own_cache(tmp_path_factory: pytest.TempPathFactory, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path_factory.mktemp("cache")))


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "cassettes" / "close-lost.yaml"


def files_below(directory: Path) -> list[str]:
    return sorted(file.relative_to(directory).as_posix() for file in directory.rglob("*") if not file.is_dir())


def test_what_is_written_is_what_is_loaded_and_nothing_else_is_left(path: Path) -> None:
    assert write(path, CASSETTE, NOTHING_KNOWN) is WriteOutcome.WRITTEN

    assert load(path).interactions == (CLOSE, READ)
    assert path.read_bytes() == serialize(CASSETTE)
    assert files_below(path.parent) == ["close-lost.yaml"]


def test_writing_the_same_again_touches_nothing(path: Path) -> None:
    write(path, CASSETTE, NOTHING_KNOWN)
    os.utime(path, ns=(1, 1))
    os.utime(path.parent, ns=(2, 2))
    before = (path.stat(), path.parent.stat().st_mtime_ns, path.read_bytes())
    later = replace(PROVENANCE, recorded_at="2031-01-01T00:00:00Z", tool_version="0.2.0")

    assert write(path, Cassette((CLOSE, READ), later), NOTHING_KNOWN) is WriteOutcome.UNCHANGED

    assert (path.stat().st_ino, path.stat().st_mtime_ns) == (before[0].st_ino, 1)
    assert (path.parent.stat().st_mtime_ns, path.read_bytes()) == before[1:]


@pytest.mark.parametrize(
    "cassette",
    [
        OTHER,
        Cassette((READ, CLOSE), PROVENANCE),
        Cassette((CLOSE, READ), replace(PROVENANCE, made_against="stripe-test-mode")),
        Cassette((CLOSE, READ), replace(PROVENANCE, scenario="close-twice")),
        Cassette((CLOSE, READ), replace(PROVENANCE, stripe_version="2027-01-01.fern")),
        Cassette((CLOSE, READ)),
    ],
)
def test_a_difference_of_substance_is_written(path: Path, cassette: Cassette) -> None:
    write(path, CASSETTE, NOTHING_KNOWN)

    assert write(path, cassette, NOTHING_KNOWN) is WriteOutcome.WRITTEN
    assert path.read_bytes() == serialize(cassette)


def test_headers_that_the_format_groups_still_count_as_the_same(path: Path) -> None:
    headers = (("Vary", "Origin"), ("Server", "nginx"), ("Vary", "Accept"))
    cassette = Cassette((replace(READ, response=replace(READ.response, headers=headers)),), PROVENANCE)

    assert [write(path, cassette, NOTHING_KNOWN) for _ in range(2)] == ["written", "unchanged"]


def test_recording_over_an_edited_file_puts_it_right(path: Path) -> None:
    write(path, CASSETTE, NOTHING_KNOWN)
    path.write_bytes(serialize(CASSETTE).replace(b"digest: sha256:", b"digest: sha256:0"))

    assert write(path, CASSETTE, NOTHING_KNOWN) is WriteOutcome.WRITTEN
    assert path.read_bytes() == serialize(CASSETTE)


def test_a_leak_is_named_by_line_and_nothing_is_written(path: Path) -> None:
    write(path, OTHER, NOTHING_KNOWN)
    key = "sk_test_" + "4eC39HqLyjWDarjtT1zdp7dc"
    leaky = replace(CLOSE, request=replace(CLOSE.request, headers=(("Authorization", f"Bearer {key}"),)))

    with pytest.raises(LeakFoundError) as caught:
        write(path, Cassette((READ, leaky), PROVENANCE), NOTHING_KNOWN)

    lines = serialize(Cassette((READ, leaky), PROVENANCE)).decode().splitlines()
    assert {lines[leak.line - 1].strip() for leak in caught.value.leaks} == {f"- Bearer {key}"}
    assert key not in str(caught.value)
    assert path.read_bytes() == serialize(OTHER)
    assert files_below(path.parent) == ["close-lost.yaml"]


@pytest.mark.parametrize(
    "body",
    [
        b'{"livemode": true}',
        b'{"data": [{"a": {"livemode" : \n true}}]}',
        b'{"\\u006civemode": true}',
        b'{"livemode": true, "livemode": false}',
        b"\xef\xbb\xbf" + b'{"livemode": true}',
        '{"livemode": true}'.encode("utf-16"),
        b'{"livemode": true} and then some',
        b"[" * 100_000 + b'{"livemode": true}' + b"]" * 100_000,
    ],
)
def test_an_answer_of_live_mode_is_never_written(path: Path, body: bytes) -> None:
    cassette = Cassette((READ, replace(CLOSE, response=replace(CLOSE.response, body=body))), PROVENANCE)

    with pytest.raises(LivemodeError) as caught:
        write(path, cassette, NOTHING_KNOWN)

    assert caught.value.where == "the answer in interaction 2 (POST)"
    assert not path.exists()


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"livemode true",
        b'{"livemode": false}',
        b'{"livemode": "true"}',
        b'{"note": "\\"livemode\\": true"}',
        b"\xff",
    ],
)
def test_an_answer_that_only_mentions_live_mode_is_written(path: Path, body: bytes) -> None:
    assert write(path, Cassette((with_body(body),), PROVENANCE), NOTHING_KNOWN) is WriteOutcome.WRITTEN


@pytest.mark.parametrize("text", [b"", b"not a cassette", serialize(CASSETTE)[:500]])
def test_a_file_that_is_no_cassette_is_not_overwritten(path: Path, text: bytes) -> None:
    path.parent.mkdir()
    path.write_bytes(text)

    with pytest.raises(CassetteFormatError):
        write(path, CASSETTE, NOTHING_KNOWN)

    assert path.read_bytes() == text


def test_what_no_reader_could_play_is_not_written(path: Path) -> None:
    with pytest.raises(CassetteFormatError):
        write(path, Cassette((replace(CLOSE, response=Response(20)),), PROVENANCE), NOTHING_KNOWN)

    assert not path.parent.exists()


def test_a_symbolic_link_is_written_through(tmp_path: Path) -> None:
    (tmp_path / "real").mkdir()
    link = tmp_path / "link.yaml"
    link.symlink_to("real/close-lost.yaml")

    outcomes = [write(link, cassette, NOTHING_KNOWN) for cassette in (OTHER, CASSETTE, CASSETTE)]

    assert outcomes == ["written", "written", "unchanged"]
    assert link.is_symlink()
    assert (tmp_path / "real" / "close-lost.yaml").read_bytes() == serialize(CASSETTE)
    assert files_below(tmp_path) == ["link.yaml", "real/close-lost.yaml"]


def test_the_mode_of_the_old_file_is_kept(path: Path) -> None:
    write(path, OTHER, NOTHING_KNOWN)
    path.chmod(0o640)

    write(path, CASSETTE, NOTHING_KNOWN)

    assert stat.S_IMODE(path.stat().st_mode) == 0o640


def test_a_new_file_has_the_mode_that_the_users_mask_leaves(path: Path) -> None:
    mask = os.umask(0o027)
    try:
        write(path, CASSETTE, NOTHING_KNOWN)
    finally:
        os.umask(mask)

    assert stat.S_IMODE(path.stat().st_mode) == 0o640


def test_a_path_that_cannot_be_written_is_a_matter_of_access(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    (tmp_path / "directory.yaml").mkdir()
    (tmp_path / "loop.yaml").symlink_to("loop.yaml")
    causes = {}
    for name in ("file/close-lost.yaml", "directory.yaml", "loop.yaml", "x" * 300):
        with pytest.raises(FileAccessError) as caught:
            write(tmp_path / name, CASSETTE, NOTHING_KNOWN)
        causes[name[:20]] = caught.value.cause

    assert causes == {
        "file/close-lost.yaml": "File exists",
        "directory.yaml": "Is a directory",
        "loop.yaml": "Too many levels of symbolic links",
        "x" * 20: "File name too long",
    }


@pytest.mark.parametrize("call", ["fsync", "write", "replace"])
def test_a_disk_that_fails_leaves_the_old_cassette_and_no_litter(
    path: Path, call: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    write(path, OTHER, NOTHING_KNOWN)
    if call == "write":
        limits = "import resource, signal; signal.signal(signal.SIGXFSZ, signal.SIG_IGN); "
        limits += "resource.setrlimit(resource.RLIMIT_FSIZE, (100, 100))"
        ran = write_in_a_process(path, limits)
        assert ran.stdout == f"FileAccessError {path}: cannot write: File too large.\n"
    else:

        def full(*_: object) -> None:
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

        monkeypatch.setattr(os, call, full)
        with pytest.raises(FileAccessError, match="cannot write: No space left on device"):
            write(path, CASSETTE, NOTHING_KNOWN)

    assert path.read_bytes() == serialize(OTHER)
    assert files_below(path.parent) == ["close-lost.yaml"]


def write_in_a_process(path: Path, first: str) -> subprocess.CompletedProcess[str]:
    code = (
        "import sys, pathlib\n"
        "from tests.test_cassette_file import CASSETTE\n"
        "from replaydisputes.cassette_file import write\n"
        "from replaydisputes.leak_gate import KnownSecrets\n"
        f"{first}\n"
        "try: print(write(pathlib.Path(sys.argv[1]), CASSETTE, KnownSecrets()).value)\n"
        "except Exception as error: print(type(error).__name__, error)\n"
    )
    command = [sys.executable, "-c", code, str(path)]
    return subprocess.run(command, capture_output=True, text=True, check=False, cwd=Path(__file__).parents[1])


def test_a_directory_without_permission_is_a_matter_of_access(
    path: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    write(path, OTHER, NOTHING_KNOWN)
    for directory in (tmp_path / "cache").rglob("*"):
        directory.chmod(0o777)
    for directory in (path.parent, *path.parents[1:4]):
        directory.chmod(0o755)

    # Root may write anywhere, so the cassette is written as somebody who is not.
    if os.getuid() == 0:
        ran = write_in_a_process(path, "import os; os.setuid(65534)")
    else:
        path.parent.chmod(0o555)
        ran = write_in_a_process(path, "")

    assert ran.stdout == f"FileAccessError {path}: cannot write: Permission denied.\n"
    assert path.read_bytes() == serialize(OTHER)


def test_a_lock_held_elsewhere_is_waited_for_and_then_told(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(disk, "LOCK_TIMEOUT_S", 0.2)
    write(path, OTHER, NOTHING_KNOWN)
    [lock_file] = disk.lock_directory().iterdir()

    with FileLock(lock_file):
        failed: list[BaseException] = []
        thread = threading.Thread(target=lambda: failed.append(error_of_writing(path)))
        thread.start()
        thread.join()

    assert [(type(error), getattr(error, "waited_s", None)) for error in failed] == [(FileLockedError, 0.2)]
    assert path.read_bytes() == serialize(OTHER)
    assert write(path, CASSETTE, NOTHING_KNOWN) is WriteOutcome.WRITTEN


def error_of_writing(path: Path) -> BaseException:
    with pytest.raises(FileLockedError) as caught:
        write(path, CASSETTE, NOTHING_KNOWN)
    return caught.value


def test_writers_of_one_cassette_take_turns_and_of_two_do_not_wait(path: Path) -> None:
    cassettes = [Cassette((with_body(b"%d" % number),), PROVENANCE) for number in range(16)]
    threads = [threading.Thread(target=write, args=(path, cassette, NOTHING_KNOWN)) for cassette in cassettes]
    for thread in threads:
        thread.start()
    with disk.locked(path.with_name("other.yaml")):
        for thread in threads:
            thread.join(timeout=20)

    assert load(path).interactions in {cassette.interactions for cassette in cassettes}
    assert files_below(path.parent) == ["close-lost.yaml"]


def test_where_the_cache_cannot_be_used_the_lock_is_kept_among_the_temporary_files(
    path: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "no-directory").write_text("")
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "no-directory"))
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))

    assert write(path, CASSETTE, NOTHING_KNOWN) is WriteOutcome.WRITTEN

    private = tmp_path / f"replaydisputes-{os.getuid()}"
    assert stat.S_IMODE(private.stat().st_mode) == 0o700
    assert files_below(path.parent) == ["close-lost.yaml"]


def test_a_lock_directory_that_somebody_else_put_there_is_refused(
    path: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "no-directory").write_text("")
    (tmp_path / "theirs").mkdir()
    (tmp_path / f"replaydisputes-{os.getuid()}").symlink_to("theirs")
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "no-directory"))
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))

    with pytest.raises(FileAccessError, match="is a link"):
        write(path, CASSETTE, NOTHING_KNOWN)

    assert not path.exists()


def test_what_a_killed_writer_left_is_removed_by_the_next_and_nothing_else_is(path: Path) -> None:
    path.parent.mkdir()
    kept = [".close-lost.yaml.notes.tmp", ".close-twice.yaml.0123456789abcdef.tmp", "close-lost.yaml.tmp"]
    for name in (*kept, ".close-lost.yaml.0123456789abcdef.tmp"):
        (path.parent / name).write_text("half")

    write(path, CASSETTE, NOTHING_KNOWN)

    assert files_below(path.parent) == sorted([*kept, "close-lost.yaml"])


LARGE = tuple(
    Cassette(
        tuple(
            Interaction(Request("GET", f"https://api.stripe.com/v1/disputes?limit={n}"), Response(200, (), word * 400))
            for n in range(20)
        ),
        PROVENANCE,
    )
    for word in (b"old\n", b"new\n")
)

# Forks a writer for each line it reads, because forty interpreters take longer to start than forty writers to kill.
WRITERS = """
import os, pathlib, sys
from replaydisputes.cassette_file import disk, serialize, write
from replaydisputes.leak_gate import KnownSecrets
from tests.test_cassette_file_writing import LARGE

def write_for_ever(path, door):
    while True:
        for cassette in LARGE:
            if door == "write":
                write(path, cassette, KnownSecrets())
            else:
                disk.replace(path, serialize(cassette))

for line in sys.stdin:
    child = os.fork()
    if child == 0:
        write_for_ever(pathlib.Path(line.strip()), sys.argv[1])
    print(child, flush=True)
    os.waitpid(child, 0)
    print("dead", flush=True)
"""


@pytest.mark.parametrize("door", all_at_length(["write", "replace"], always=["write"]))
def test_a_writer_killed_at_any_moment_leaves_the_old_cassette_or_the_new(path: Path, door: str) -> None:
    seed = random.SystemRandom().randrange(2**32)
    rng = random.Random(seed)
    write(path, LARGE[0], NOTHING_KNOWN)
    versions = [serialize(cassette) for cassette in LARGE]
    found: list[int] = []
    for _ in kill_writers(path, door, [rng.uniform(0.001, 0.08) for _ in range(60)]):
        found.append(versions.index(path.read_bytes()))
        assert load(path).interactions == LARGE[found[-1]].interactions
    left_over = len(files_below(path.parent)) - 1
    print(f"seed {seed}: old {found.count(0)}, new {found.count(1)}, left over {left_over}", file=sys.stderr)

    assert len(found) == 60
    write(path, CASSETTE, NOTHING_KNOWN)
    assert files_below(path.parent) == ["close-lost.yaml"]


def kill_writers(path: Path, door: str, delays_s: list[float]) -> Iterator[None]:
    """Start a writer and SIGKILL it after each delay; yields once it is dead."""
    command = [sys.executable, "-c", WRITERS, door]
    with subprocess.Popen(
        command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, cwd=Path(__file__).parents[1]
    ) as server:
        assert server.stdin is not None
        assert server.stdout is not None
        for delay_s in delays_s:
            server.stdin.write(f"{path}\n")
            server.stdin.flush()
            writer = int(server.stdout.readline())
            try:
                time.sleep(delay_s)
            finally:
                os.kill(writer, signal.SIGKILL)
            assert server.stdout.readline() == "dead\n"
            yield

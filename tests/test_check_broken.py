"""Whatever lies among the cassettes gets its own clear line, and the good file beside it is still checked."""

from __future__ import annotations

import json
import os
from collections.abc import Callable
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from replaydisputes.cassette_file import reading
from replaydisputes.cli import group
from tests.check_support import SHIPPED

GOOD = (SHIPPED / "close-lost.yaml").read_bytes()
EMPTY_CASSETTE = b"version: 1\ninteractions: []\n"
CYCLE = b"version: 1\ninteractions: &a [*a]\n"
BOMB = (
    b"version: 1\na: &a ["
    + b"x" * 100_000
    + b"]\n"
    + b"".join(
        b"%s: &%s [%s]\n" % (new, new, b",".join([b"*" + old] * 10))
        for old, new in zip((b"a", b"b", b"c"), (b"b", b"c", b"d"), strict=True)
    )
)
SECRET = b"sk_live_" + b"4eC39HqLyjWDarjtT1zdp7dc"


def check(*arguments: str) -> Result:
    return CliRunner().invoke(group, ["check", *arguments])


@pytest.fixture
def cassettes(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A directory `cassettes` here, with one good cassette in it."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("COLUMNS", "80")
    directory = Path("cassettes")
    directory.mkdir()
    (directory / "good.yaml").write_bytes(GOOD)
    return directory


BROKEN_CONTENT: dict[str, tuple[bytes, str]] = {
    "empty": (b"", ":1: format: expected a cassette, got an empty file"),
    "only-a-comment": (b"# nothing\n", ":1: format: expected a cassette, got an empty file"),
    "only-spaces": (b"   \n\n", ":1: format: expected a cassette, got an empty file"),
    "zeros": (b"\0" * 100, ":1: format: expected YAML, got"),
    "binary": (bytes(range(256)) * 4, ":2: format: expected UTF-8, got the byte 0x80"),
    "utf-16": ("version: 1".encode("utf-16"), ":1: format: expected UTF-8, got UTF-16"),
    "latin-1": ("version: 1\nnote: café\n".encode("latin-1"), ":2: format: expected UTF-8, got the byte 0xe9"),
    "truncated-in-a-body": (GOOD[: len(GOOD) // 2], ": format: expected "),
    "truncated-between-interactions": (GOOD[: GOOD.rindex(b"- request:")], "the file is truncated"),
    "not-yaml": (b"{[not: yaml", ":1: format: expected YAML, got"),
    "a-list": (b"- 1\n- 2\n", ":1: format: expected a cassette (a mapping with `version: 1`), got a list"),
    "a-text": (b"hello\n", ":1: format: expected a cassette (a mapping with `version: 1`), got text"),
    "version-2": (EMPTY_CASSETTE.replace(b"1", b"2"), ":1: format: expected version 1, got version 2"),
    "ruby-vcr": (b"---\nhttp_interactions: []\n", ":2: format: expected a vcrpy cassette (`version: 1`), got a"),
    "interactions-as-text": (b"version: 1\ninteractions: no\n", ":2: format: expected a list of interactions, got"),
    "interaction-as-number": (b"version: 1\ninteractions: [5]\n", ":2: format: expected an interaction (a mapping)"),
    "status-as-text": (
        GOOD.replace(b"code: 200", b"code: OK", 1),
        ": format: expected an HTTP status of three digits, got text",
    ),
    "made-against-nobody": (GOOD.replace(b"made_against: sandbox", b"made_against: me"), ":4: format: expected one of"),
    "edited-as-text": (GOOD.replace(b"  digest:", b"  edited: perhaps\n  digest:"), "expected `true` or `false`"),
    "cycle": (CYCLE, ":2: format: expected a tree, got an alias that contains itself"),
    "alias-of-nothing": (
        b"version: *one\n",
        ":1: format: expected an alias of something above, got an alias of nothing",
    ),
    "alias-bomb": (BOMB + b"e: [" + b",".join([b"*d"] * 10) + b"]\n", ": format: expected few and small aliases"),
    "duplicate-keys": (b"version: 1\nversion: 1\n", ":2: format: expected each key once, got the same key again"),
    "merge-key": (b"version: 1\n<<: {}\n", ":2: format: expected a plain key, got a merge key"),
    "python-tag": (b"!!python/object:os.system {}\n", ":1: format: expected plain YAML, got the tag"),
    "two-documents": (EMPTY_CASSETTE + b"---\n" + EMPTY_CASSETTE, ":3: format: expected one document, got a second"),
    "deep-flow": (b"[" * 50_000, ":1: format: expected at most 64 levels, got deeper nesting"),
    "deep-blocks": (b"".join(b" " * n + b"a:\n" for n in range(100)), ":65: format: expected at most 64 levels"),
    "tabs": (b"version: 1\n\tinteractions: []\n", ":2: format: expected YAML, got"),
    "huge-line": (b"version: 1\ninteractions: " + b"a" * 8_000_000, ":2: format: expected a list"),
    "a-foreign-cassette": (EMPTY_CASSETTE, ":1: provenance/missing: no provenance"),
    "json-cassette": (b'{"version": 1, "interactions": []}', ":1: provenance/missing: no provenance"),
    "secret-in-no-cassette": (b"nothing\n# " + SECRET + b"\n", ":2: leak/api-key: API key s… (32 characters)"),
}


@pytest.mark.parametrize("kind", BROKEN_CONTENT)
def test_a_broken_file_is_one_clear_finding_beside_a_good_file(kind: str, cassettes: Path) -> None:
    content, said = BROKEN_CONTENT[kind]
    (cassettes / f"{kind}.yaml").write_bytes(content)

    done = check()

    lines = done.stdout.splitlines()
    assert [line for line in lines if line.startswith(f"cassettes/{kind}.yaml:") and said in line], done.stdout
    assert lines[-1].startswith("2 files checked: 1 clean, 1 with findings")
    assert all(len(line) < 400 for line in lines)
    assert (done.exit_code, done.stderr) == (3, "")
    assert SECRET.decode() not in done.output


def link_to_itself(path: Path) -> None:
    path.symlink_to(path.name)


def link_to_nothing(path: Path) -> None:
    path.symlink_to("gone.yaml.bak")


def link_to_a_long_name(path: Path) -> None:
    path.symlink_to("a" * 300)


def directory_called_like_a_file(path: Path) -> None:
    path.mkdir()


@pytest.mark.parametrize(
    ("make", "said"),
    [
        (link_to_itself, "cannot read: Too many levels of symbolic links"),
        (link_to_nothing, "cannot read: No such file or directory"),
        (link_to_a_long_name, "cannot read: File name too long"),
        (directory_called_like_a_file, "cannot read: Is a directory"),
        (os.mkfifo, "cannot read: it is not a regular file"),
    ],
)
def test_what_cannot_be_read_is_one_clear_line_beside_a_good_file(
    make: Callable[[Path], None], said: str, cassettes: Path
) -> None:
    make(cassettes / "bad.yaml")

    done = check()

    assert (done.exit_code, done.stderr) == (4, f"Error: cassettes/bad.yaml: {said}.\n")
    assert done.stdout == "2 files checked: 1 clean, 1 unreadable\n"


def test_a_file_that_may_not_be_read_is_one_clear_line_beside_a_good_file(
    cassettes: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Root may read everything, so the size limit stands in for what the system refuses."""
    monkeypatch.setattr(reading, "MAX_BYTES", len(GOOD))
    (cassettes / "large.yaml").write_bytes(GOOD + b"\n")

    done = check()

    assert f"cassettes/large.yaml:1: format: expected at most {len(GOOD):,} bytes" in done.stdout
    assert done.exit_code == 3


def test_findings_count_for_more_than_a_file_that_cannot_be_read(cassettes: Path) -> None:
    link_to_nothing(cassettes / "bad.yaml")
    (cassettes / "worse.yaml").write_bytes(b"")

    done = check()

    assert done.exit_code == 3
    assert "3 files checked: 1 clean, 1 with findings (1 in all), 1 unreadable" in done.stdout


def test_directories_linked_in_a_circle_end_and_are_each_read_once(cassettes: Path) -> None:
    (cassettes / "inside").mkdir()
    (cassettes / "inside" / "deeper.yml").write_bytes(GOOD)
    (cassettes / "inside" / "up").symlink_to("..")
    (cassettes / "linked").symlink_to("inside")

    done = check("--json")

    assert [row["file"] for row in json.loads(done.stdout)["files"]] == [
        "cassettes/good.yaml",
        "cassettes/inside/deeper.yml",
    ]


def test_hidden_files_and_other_files_are_no_cassettes_unless_named(cassettes: Path) -> None:
    for name in (".hidden.yaml", "notes.txt"):
        (cassettes / name).write_bytes(b"")
    (cassettes / ".git").mkdir()
    (cassettes / ".git" / "x.yaml").write_bytes(b"")

    assert check().stdout == "1 file checked: 1 clean\n"
    assert check("cassettes", "cassettes/notes.txt").stdout.splitlines()[0].startswith("cassettes/notes.txt:1: format")


def test_a_file_named_twice_is_checked_once(cassettes: Path) -> None:
    assert check("cassettes", "./cassettes/good.yaml", "cassettes/../cassettes").stdout == "1 file checked: 1 clean\n"


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["nowhere"], "nowhere: no such file or directory."),
        (["cassettes", "nowhere.yaml"], "nowhere.yaml: no such file or directory."),
        (["--cassettes", "nowhere"], "nowhere: no such file or directory."),
        (["empty"], "nothing to check: no .yaml or .yml file in empty."),
        (["--json", "--format", "sarif"], "--json and --format sarif exclude each other."),
        (["--format", "xml"], "'xml' is not one of 'human', 'json', 'sarif', 'github'."),
    ],
)
def test_a_call_that_cannot_be_meant_checks_nothing(arguments: list[str], said: str, cassettes: Path) -> None:
    Path("empty").mkdir()

    done = check(*arguments)

    assert (done.exit_code, done.stdout) == (2, "")
    assert said in done.stderr


def test_a_name_that_would_break_the_line_is_spelled_out(cassettes: Path) -> None:
    Path(os.fsdecode(b"cassettes/a\n\x1b[31m\xff.yaml")).write_bytes(b"")

    done = check()

    assert done.stdout.splitlines()[0].startswith("cassettes/a\\n\\x1b[31m\\xff.yaml:1: format: ")


def test_yaml_of_another_purpose_is_passed_over_in_a_directory_and_checked_where_it_is_named(
    cassettes: Path,
) -> None:
    (cassettes / "workflow.yml").write_text("name: ci\non: push\njobs: {}\n")
    (cassettes / "compose.yaml").write_text("version: '3'\nservices: {}\n")

    assert check().stdout == "1 file checked: 1 clean\n"
    assert check("cassettes/workflow.yml").stdout.startswith("cassettes/workflow.yml:1: format: ")

"""What is no cassette is refused in one line with the file and the line of the fault, at bounded cost."""

from __future__ import annotations

import os
import random
import re
import subprocess
import sys
import tracemalloc
from pathlib import Path

import pytest
import yaml

from replaydisputes.cassette_file import load, parse
from replaydisputes.cassette_file.loading import MAX_BYTES
from replaydisputes.cassette_file.tree import MAX_DEPTH
from replaydisputes.errors import CassetteFormatError, FileAccessError
from tests.test_cassette_file import FILE

HERE = Path("cassettes/close-lost.yaml")
FOREIGN = """\
version: 1
interactions:
- request:
    method: GET
    uri: https://api.stripe.com/v1/disputes
    headers: {}
    body: null
  response:
    headers:
      A: &shared
      - b
      C: *shared
    body:
      string: ''
    status:
      code: 200
      message: OK
"""


def fault_of(text: bytes) -> tuple[int | None, str, str]:
    with pytest.raises(CassetteFormatError) as caught:
        parse(text, HERE)
    assert caught.value.path == HERE
    assert "\n" not in str(caught.value)
    return caught.value.line, caught.value.expected, caught.value.got


def line_or_parsed(text: bytes) -> int | None:
    """The line a fault is told with; 0 where there is none."""
    try:
        parse(text, HERE)
    except CassetteFormatError as error:
        return error.line
    return 0


def line_of(text: str, marker: str) -> int:
    return text[: text.index(marker)].count("\n") + 1


@pytest.mark.parametrize(
    ("text", "fault"),
    [
        (b"", (1, "a cassette", "an empty file")),
        (b"\n\n", (1, "a cassette", "an empty file")),
        (b"# nothing but words\n", (1, "a cassette", "an empty file")),
        (b"null", (1, "a cassette (a mapping with `version: 1`)", "nothing")),
        (b"just text", (1, "a cassette (a mapping with `version: 1`)", "text")),
        (b"\n- request: 1\n", (2, "a cassette (a mapping with `version: 1`)", "a list")),
        (b"\xff\xfev\x00", (1, "UTF-8", "UTF-16")),
        (b"\xfe\xff\x00v", (1, "UTF-8", "UTF-16")),
        (b"version: 1\nx: caf\xe9\n", (2, "UTF-8", "the byte 0xe9")),
        (b"\x89PNG\r\n\x1a\n", (1, "UTF-8", "the byte 0x89")),
        (b"interactions: []\n", (1, "`version: 1`", "a mapping without `version`")),
        (b"interactions: []\nversion: 2\n", (2, "version 1", "version 2")),
        (b"interactions: []\nversion: '1'\n", (2, "version 1", "text")),
        (b"interactions: []\nversion: 1.0\n", (2, "version 1", "version 1.0")),
        (b"interactions: []\nversion:\n  - 1\n", (3, "version 1", "a list")),
        (b"version: 1\n", (1, "`interactions`", "a mapping without `interactions`")),
        (b"version: 1\ninteractions: {}\n", (2, "a list of interactions", "a mapping")),
        (b"version: 1\ninteractions:\n", (2, "a list of interactions", "nothing")),
        (b"version: 1\ninteractions: []\nversion: 1\n", (3, "each key once", "the same key again")),
        (b"version: 1\ninteractions: []\nx: {a: 1,\n a: 2}\n", (4, "each key once", "the same key again")),
        (b"version: 1\ninteractions: []\n? [a]\n: 1\n", (3, "a plain key", "a list")),
        (b"version: 1\ninteractions: []\nx: &a {b: 1}\ny: {<<: *a}\n", (4, "a plain key", "a merge key")),
        (b"version: 1\ninteractions: []\nx: *a\n", (3, "an alias of something above", "an alias of nothing")),
        (b"version: 1\ninteractions: &a\n- *a\n", (3, "a tree", "an alias that contains itself")),
        (b"version: 1\ninteractions: []\n---\nversion: 1\n", (3, "one document", "a second one")),
        (
            b"version: 1\ninteractions:\n- !!python/object/apply:os.system ['true']\n",
            (3, "plain YAML", "the tag 'tag:yaml.org,2002:python/object/apply:os.system'"),
        ),
        (
            b"version: 1\nx: !!python/name:os.system ''\n",
            (2, "plain YAML", "the tag 'tag:yaml.org,2002:python/name:os.system'"),
        ),
        (b"version: 1\nx: !mine {}\n", (2, "plain YAML", "a tag of its own")),
        (
            b"---\nhttp_interactions:\n- request:\n    method: get\nrecorded_with: VCR 6.1.0\n",
            (2, "a vcrpy cassette (`version: 1`)", "a cassette of Ruby's VCR (`http_interactions`)"),
        ),
    ],
)
def test_a_file_that_is_no_cassette_is_told_with_its_line(text: bytes, fault: tuple[int, str, str]) -> None:
    assert fault_of(text) == fault


@pytest.mark.parametrize(
    ("text", "line"),
    [
        (b"version: 1\nx: a\x00b\n", 2),
        ("version: 1\né: é\nx: a\x07b\n".encode(), 3),
        (b"version: 1\nx: a: b\n", 2),
        (b"version: 1\nx: [1, 2\ny: 3\n", 3),
        (b'version: 1\nx: "abc\n\n', 2),
        (b"version: 1\n\tx: 1\n", 2),
    ],
)
def test_a_file_that_is_no_yaml_is_told_with_its_line(text: bytes, line: int) -> None:
    assert fault_of(text)[:2] == (line, "YAML")


@pytest.mark.parametrize(
    ("old", "new", "marker", "expected", "got"),
    [
        ("    method: GET", "    method: 1", "method: 1", "text", "an integer (put it in quotes)"),
        ("    method: GET\n", "", "uri:", "the request's `method`", "a mapping without `method`"),
        ("    body: null", "    body: 12", "body: 12", "text", "an integer (put it in quotes)"),
        ("    body: null", "    body: [a]", "body: [a]", "a body as text", "a list"),
        ("    body: null", "    body: !!binary '$'", "body: !!", "base64", "something else"),
        ("    body: null", "    body: {a: b}", "body: {", "`string`", "a mapping without `string`"),
        ("    headers: {}", "    headers: null", "headers: null", "headers (a mapping of name to values)", "nothing"),
        ("      - b", "      - 2030-01-01", "- 2030", "text", "a timestamp (put it in quotes)"),
        ("      - b", "      - yes", "- yes", "text", "a boolean (put it in quotes)"),
        ("      - b", "      - [b]", "- [b]", "text", "a list"),
        ("      - b", "      -", "      -\n", "text", "nothing"),
        ("      string: ''", "      base64_string: ''", "base64_", "`string`", "a mapping without `string`"),
        ("    body:\n      string: ''", "    body: ''", "body: ''", "a body (a mapping with `string`)", "text"),
        ("code: 200", "code: '200'", "code: '", "an HTTP status of three digits", "text"),
        ("code: 200", "code: 20", "code: 20", "an HTTP status of three digits", "an integer"),
        ("      code: 200\n", "", "message: OK", "the status's `code`", "a mapping without `code`"),
        ("- request:", "- null\n- request:", "- null", "an interaction (a mapping)", "nothing"),
        ("  response:", "  answer:", "request:", "`response`", "a mapping without `response`"),
    ],
)
def test_a_part_of_the_wrong_kind_is_told_with_its_line(
    old: str, new: str, marker: str, expected: str, got: str
) -> None:
    text = FOREIGN.replace(old, new)

    assert text != FOREIGN
    assert fault_of(text.encode()) == (line_of(text, marker), expected, got)


@pytest.mark.parametrize(
    ("old", "new", "expected", "got"),
    [
        ("made_against: sandbox", "made_against: stripe", "one of stripe-test-mode, sandbox, imported", "another word"),
        ("scenario: close-lost", "scenario: [a]", "text", "a list"),
        ("interactions: 2\n", "interactions: 3\n", "3 interactions", "2: the file is truncated"),
        ("interactions: 2\n", "interactions: many\n", "the number of interactions", "text"),
        ("interactions: 2\n", "interactions: -1\n", "the number of interactions", "an integer"),
        ("interactions: 2\n", f"interactions: {'9' * 5000}\n", "999999999 interactions", "2: the file is truncated"),
    ],
)
def test_broken_provenance_is_told_with_its_line(old: str, new: str, expected: str, got: str) -> None:
    text = FILE.replace(old, new)

    assert fault_of(text.encode()) == (line_of(text, new), expected, got)


@pytest.mark.parametrize("key", ["made_against", "scenario", "stripe_version", "tool_version", "recorded_at"])
def test_provenance_without_one_of_its_keys_is_refused(key: str) -> None:
    lines = [line for line in FILE.splitlines() if not line.startswith(f"  {key}:")]

    line, expected, got = fault_of("\n".join(lines).encode())

    assert (line, expected, got) == (4, f"`{key}`", f"a mapping without `{key}`")


def test_a_file_cut_off_between_interactions_is_called_truncated() -> None:
    cut = FILE[: FILE.index("- request:\n    method: GET")]

    assert fault_of(cut.encode()) == (9, "2 interactions", "1: the file is truncated")


def test_a_file_cut_off_at_any_byte_is_refused() -> None:
    text = FILE.encode()
    for end in range(len(text) - 1):
        with pytest.raises(CassetteFormatError):
            parse(text[:end], HERE)

    assert parse(text[:-1], HERE) == parse(text, HERE)


@pytest.mark.parametrize("old", ["method: GET", "code: 200", "made_against: sandbox", "version: 1", "interactions: 2"])
@pytest.mark.parametrize(
    "new", ["sk_test_4eC39HqLy", "4716239103845526", "{a: sk_test_4eC39HqLy}", "*sk_test_4eC39HqLy"]
)
def test_no_fault_repeats_what_the_file_says(old: str, new: str) -> None:
    text = FILE.replace(f"{old}\n", f"{old.partition(':')[0]}: {new}\n")
    if old == "method: GET" and new.startswith("sk_"):
        text = text.replace("uri:", "method:")

    assert not {"4eC39HqLy", "42424242424"} & set(
        re.findall("[0-9a-zA-Z]+", " ".join(map(str, fault_of(text.encode()))))
    )


@pytest.fixture(params=["CSafeLoader", "SafeLoader"])
def either_loader(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("replaydisputes.cassette_file.tree._LOADER", getattr(yaml, request.param))


TOO_DEEP = (f"at most {MAX_DEPTH} levels", "deeper nesting")


@pytest.mark.usefixtures("either_loader")
@pytest.mark.parametrize("times", [200, 1_001, 2_500, 100_000])
@pytest.mark.parametrize("opening", ["[", "{", "{a: ", "- ", "? ", "[{a: ", "['[', {\"}\": "])
def test_a_document_too_deep_is_refused_in_our_words_whoever_notices_first(opening: str, times: int) -> None:
    assert fault_of(b"\n" + opening.encode() * times) == (2, *TOO_DEEP)


@pytest.mark.usefixtures("either_loader")
@pytest.mark.parametrize("times", [MAX_DEPTH, 400, 1_001])
@pytest.mark.parametrize(("opening", "inside", "closing"), [("[", "", "]"), ("{a: ", "1", "}"), ("[{a: ", "", "}]")])
def test_a_closed_document_too_deep_is_refused_at_the_line_that_passes_the_bound(
    opening: str, inside: str, closing: str, times: int
) -> None:
    text = "version: 1\nnested:\n" + f"  {opening}\n" * times + f"  {inside}\n" + f"  {closing}\n" * times
    levels_a_line = opening.count("[") + opening.count("{")

    assert fault_of(text.encode()) == (2 + MAX_DEPTH // levels_a_line, *TOO_DEEP)


@pytest.mark.usefixtures("either_loader")
@pytest.mark.parametrize("times", [MAX_DEPTH + 1, 400, 1_001])
@pytest.mark.parametrize("around", ["a: {}", "- {}", "? {}", "- a: {}"])
def test_flow_within_blocks_counts_together(around: str, times: int) -> None:
    assert fault_of(around.format("[" * times + "]" * times).encode()) == (1, *TOO_DEEP)


@pytest.mark.usefixtures("either_loader")
@pytest.mark.parametrize("depth", [1, 10, MAX_DEPTH])
@pytest.mark.parametrize("opening", ["[", "{a: ", "- "])
def test_a_fault_of_another_kind_is_not_called_deep(opening: str, depth: int) -> None:
    assert fault_of(opening.encode() * depth + b"'[[[' ]]]} %")[1] != TOO_DEEP[0]


def test_a_loader_that_runs_out_of_stack_is_reported_as_nesting(monkeypatch: pytest.MonkeyPatch) -> None:
    class Recursing(yaml.SafeLoader):
        def parse_flow_sequence_first_entry(self) -> yaml.Event:
            return self.parse_flow_sequence_first_entry()

    monkeypatch.setattr("replaydisputes.cassette_file.tree._LOADER", Recursing)

    assert fault_of(b"version: 1\na: [[1]]") == (2, *TOO_DEEP)


def test_nesting_over_many_lines_is_told_with_the_line_it_passes_the_bound() -> None:
    text = "".join(" " * depth + "a:\n" for depth in range(200))

    assert fault_of(text.encode()) == (MAX_DEPTH + 1, f"at most {MAX_DEPTH} levels", "deeper nesting")


def test_a_yaml_bomb_is_refused_before_it_unfolds() -> None:
    lines = ["version: 1", "a0: &a0 [lol, lol, lol, lol, lol, lol, lol, lol, lol, lol]"]
    lines += [f"a{n}: &a{n} [{', '.join([f'*a{n - 1}'] * 10)}]" for n in range(1, 12)]
    tracemalloc.start()

    line, expected, _ = fault_of("\n".join([*lines, "interactions: *a11"]).encode())
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()

    assert (line, expected) == (8, "few and small aliases")
    assert peak < 5_000_000


def test_a_large_body_cannot_be_multiplied_by_aliases() -> None:
    text = FOREIGN.replace("- request:", "- &one\n  request:").replace("string: ''", f"string: '{'x' * 1_000_000}'")

    assert len(parse(text.encode() + b"- *one\n" * 10, HERE).interactions) == 11
    assert fault_of(text.encode() + b"- *one\n" * 20)[:2] == (19 + 16 - 1, "few and small aliases")


def test_a_file_too_large_is_refused_before_it_is_read(tmp_path: Path) -> None:
    path = tmp_path / "large.yaml"
    with path.open("wb") as file:
        file.truncate(MAX_BYTES + 1)
    tracemalloc.start()

    with pytest.raises(CassetteFormatError, match=r"large\.yaml: expected at most 268,435,456 bytes, got 268,435,457"):
        load(path)
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()

    assert peak < 5_000_000


def test_a_missing_file_a_directory_and_a_pipe_are_told_apart(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe")
    (tmp_path / "loop").symlink_to("loop")
    causes = {}
    for name in ("missing", ".", "pipe", "loop"):
        with pytest.raises(FileAccessError) as caught:
            load(tmp_path / name)
        causes[name] = (caught.value.doing, caught.value.cause)

    assert causes == {
        "missing": ("read", "No such file or directory"),
        ".": ("read", "Is a directory"),
        "pipe": ("read", "it is not a regular file"),
        "loop": ("read", "Too many levels of symbolic links"),
    }


def test_an_unreadable_file_is_a_matter_of_access(tmp_path: Path) -> None:
    path = tmp_path / "private.yaml"
    path.write_text(FILE)
    path.chmod(0)
    # Root reads everything, so the file is read as somebody who is not.
    code = (
        "import os, sys, pathlib\n"
        "from replaydisputes.cassette_file import load\n"
        "from replaydisputes.errors import FileAccessError\n"
        "if os.getuid() == 0: os.setuid(65534)\n"
        "try: load(pathlib.Path(sys.argv[1]))\n"
        "except FileAccessError as error: print(error.cause)\n"
    )
    for directory in (tmp_path, *tmp_path.parents[:2]):
        directory.chmod(0o755)

    ran = subprocess.run([sys.executable, "-c", code, str(path)], capture_output=True, text=True, check=False)

    assert (ran.stdout, ran.stderr) == ("Permission denied\n", "")


def test_random_damage_is_a_cassette_or_a_told_fault() -> None:
    seed = random.SystemRandom().randrange(2**32)
    print(f"seed {seed}", file=sys.stderr)
    rng = random.Random(seed)
    pieces = [
        b"\n",
        b"  ",
        b": ",
        b"- ",
        b"&a ",
        b"*a",
        b"[",
        b"}",
        b'"',
        b"'",
        b"|",
        b"!!binary ",
        b"\x00",
        b"\xff",
        b"#",
    ]
    lines: list[int | None] = []
    for _ in range(1500):
        text = bytearray(rng.choice([FILE, FOREIGN]).encode())
        for _ in range(rng.randint(1, 3)):
            at = rng.randrange(len(text))
            text[at : at + rng.choice([0, 0, 1, 5])] = rng.choice(pieces)
        lines.append(line_or_parsed(bytes(text)))
        assert lines[-1] in range(text.count(b"\n") + 2)

    assert 50 < lines.count(0) < 1450

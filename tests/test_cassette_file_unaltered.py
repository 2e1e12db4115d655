"""A file that is as it was written opens without a YAML reader, and says what a YAML reader would say of it."""

from __future__ import annotations

import copy
import pickle
import random
import re
import subprocess
import sys
import threading
import time
import tracemalloc
import warnings
from dataclasses import replace
from functools import partial
from pathlib import Path

import pytest

from replaydisputes.cassette_file import digest_of, load, parse, serialize
from replaydisputes.cassette_file.stamp import stamped, without_stamp
from replaydisputes.cassette_file.unaltered import LazyInteractions, unaltered
from replaydisputes.errors import CassetteFormatError, EditedCassetteWarning
from replaydisputes.model import Cassette, Headers, Interaction, Request, Response, outline_of, outlines_of
from tests.test_cassette_file import (
    AWKWARD,
    CASSETTE,
    CLOSE,
    FILE,
    HERE,
    PROVENANCE,
    READ,
    STAMP,
    random_body,
    random_text,
)

LOOK_LIKE_LAYOUT = [
    "- request:\n    method: GET\n",
    "\n- request:\n",
    "  response:\n    headers:\n      A:\n      - b",
    "    body: null\n  response:\n    headers: {}",
    "a\n    status:\n      message: OK\n      code: 200\n",
    "a\n\n  string: |-\n    b",
    "      Idempotency-Key:\n      - other\n",
    "x:\nIdempotency-Key:\n- other\nStripe-Account:\n- acct_other",
    "interactions:\n- request:\n",
    f"layout: sha256:{STAMP}",
    "|-\n      a",
    "!!binary |",
    "{}",
    "null",
]
NAMES = [
    *("Accept", "Idempotency-Key", "idempotency-key", "IDEMPOTENCY-KEY", "Stripe-Account", "stripe-account", "no"),
    *("Idempotency-\u212aey", "\u017ftripe-account", "- a", "? a", ":", "a:", "x" * 119, "x" * 130, '"', "\u2028"),
]
METHODS = ["GET", "POST", "NO", "Y", "get", "PO ST", "\u00e9", ""]
URLS = ["https://api.stripe.com/v1/disputes/du_1", "https://api.stripe.com/v1/charges?a=b#c", "x y: #", '"', "on", ""]


def drawn_text(rng: random.Random) -> str:
    return rng.choice([*AWKWARD, *LOOK_LIKE_LAYOUT]) if rng.random() < 0.7 else random_text(rng)


def drawn_headers(rng: random.Random) -> Headers:
    names = [rng.choice(NAMES) if rng.random() < 0.8 else drawn_text(rng) for _ in range(rng.randrange(5))]
    values = [rng.choice(["a", "acct_1", "key-1", "no"]) if rng.random() < 0.6 else drawn_text(rng) for _ in names]
    return tuple(zip(names, values, strict=True))


def drawn_body(rng: random.Random) -> bytes:
    match rng.randrange(4):
        case 0:
            return b""
        case 1:
            return random_body(rng)
        case 2:
            return "\n".join(rng.choices([*LOOK_LIKE_LAYOUT, *AWKWARD], k=3)).encode()
        case _:
            return drawn_text(rng).encode()


def drawn_interaction(rng: random.Random) -> Interaction:
    request = Request(rng.choice(METHODS), rng.choice(URLS), drawn_headers(rng), drawn_body(rng))
    return Interaction(
        request, Response(rng.randrange(100, 1000), drawn_headers(rng), drawn_body(rng), drawn_text(rng))
    )


def drawn_cassette(rng: random.Random) -> Cassette:
    provenance = replace(PROVENANCE, scenario=drawn_text(rng), edited=rng.random() < 0.2)
    return Cassette(tuple(drawn_interaction(rng) for _ in range(rng.randrange(5))), provenance)


def damaged(rng: random.Random, text: bytes) -> bytes:
    """A text after a few edits: a line gone, doubled, moved, set in deeper, or some characters other ones."""
    lines = text.split(b"\n")
    for _ in range(rng.randint(1, 2)):
        at = rng.randrange(len(lines))
        match rng.randrange(5):
            case 0 if len(lines) > 1:
                del lines[at]
            case 1:
                lines.insert(at, lines[rng.randrange(len(lines))])
            case 2:
                lines[at] = b"  " + lines[at]
            case 3:
                lines[at] += rng.choice([b" # seen", b" ", b"\t", b"\r", b": x", b"\xff"])
            case _:
                cut = rng.randrange(len(lines[at]) + 1)
                word = rng.choice([b"", b"0", b"a", b'"', b"'", b"\\", b"*a", b"{", b"\n", b"|", b"- "])
                lines[at] = lines[at][:cut] + word + lines[at][cut + 1 :]
    return b"\n".join(lines)


def opened(path: Path) -> tuple[object, ...]:
    """What opening a file comes to: a cassette and whether it warns, or a fault."""
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        try:
            cassette = load(path)
        except CassetteFormatError as error:
            return error.line, error.expected, error.got
    return cassette, [warning.category for warning in caught]


def parsed(path: Path) -> tuple[object, ...]:
    """The same by the YAML reader alone."""
    try:
        cassette = parse(path.read_bytes(), path)
    except CassetteFormatError as error:
        return error.line, error.expected, error.got
    edited = cassette.provenance is not None and cassette.provenance.digest != digest_of(cassette.interactions)
    return cassette, [EditedCassetteWarning] if edited else []


@pytest.fixture
def rng() -> random.Random:
    seed = random.SystemRandom().randrange(2**32)
    print(f"seed {seed}", file=sys.stderr)
    return random.Random(seed)


@pytest.fixture
def lazy() -> LazyInteractions:
    cassette = unaltered(FILE.encode(), HERE)
    assert cassette is not None
    assert isinstance(cassette.interactions, LazyInteractions)
    return cassette.interactions


def test_whatever_was_recorded_is_read_as_a_yaml_reader_reads_it(rng: random.Random) -> None:
    for _ in range(400):
        text = serialize(drawn_cassette(rng))
        expected = parse(text, HERE)
        for spelled in (text, text.replace(b"\n", b"\r\n")):
            cassette = unaltered(spelled, HERE)
            assert cassette is not None
            assert outlines_of(cassette.interactions) == [outline_of(one) for one in expected.interactions]
            order = list(range(len(expected.interactions)))
            rng.shuffle(order)
            assert [cassette.interactions[at] for at in order] == [expected.interactions[at] for at in order]
            if isinstance(cassette.interactions, LazyInteractions):
                assert all(
                    cassette.interactions.request(at) == one.request for at, one in enumerate(expected.interactions)
                )
            assert cassette == expected


def test_a_file_edited_by_hand_opens_as_a_yaml_reader_opens_it(rng: random.Random, tmp_path: Path) -> None:
    path = tmp_path / "edited.yaml"
    seen = {"fault": 0, "warned": 0, "silent": 0}
    texts = [FILE.encode(), *(serialize(drawn_cassette(rng)) for _ in range(12))]
    for _ in range(1200):
        path.write_bytes(damaged(rng, texts[0] if rng.random() < 0.5 else rng.choice(texts)))
        outcome = opened(path)
        assert outcome == parsed(path)
        seen["fault" if len(outcome) == 3 else "warned" if outcome[1] else "silent"] += 1

    assert min(seen.values()) > 20


HEAD, _, REST = without_stamp(FILE.encode()).partition(b"interactions:\n")


@pytest.mark.parametrize(
    ("head", "rest"),
    [
        (HEAD.replace(b"  scenario: ", b"  scenery: "), b"interactions:\n" + REST),
        (HEAD.replace(b"made_against: ", b"made_against: x"), b"interactions:\n" + REST),
        (HEAD.replace(b"  scenario: ", b'  scenario: "\\q'), b"interactions:\n" + REST),
        (HEAD.replace(b"  scenario: ", b"  scenario: \xff"), b"interactions:\n" + REST),
        (HEAD, b"interactions: []\n- request:\n"),
        (HEAD, b"interactions: [ ]\n"),
        (HEAD, b""),
    ],
)
def test_a_forged_stamp_over_another_layout_is_left_to_the_yaml_reader(head: bytes, rest: bytes) -> None:
    assert (head, rest) != (HEAD, b"interactions:\n" + REST)
    assert unaltered(stamped(head, rest), HERE) is None


def test_a_forged_stamp_gives_a_told_fault_or_a_cassette_and_no_traceback(rng: random.Random) -> None:
    faults: list[int | None] = []
    for _ in range(1500):
        head, _, rest = without_stamp(FILE.encode()).partition(b"interactions:\n")
        cassette = unaltered(stamped(head, b"interactions:\n" + damaged(rng, rest)), HERE)
        interactions = cassette.interactions if cassette else CASSETTE.interactions
        for read in (partial(outlines_of, interactions), *(partial(interactions.__getitem__, at) for at in (0, -1))):
            try:
                read()
            except CassetteFormatError as error:
                faults.append(error.line)

    assert len(faults) > 100
    assert all(line in range(13, 70) for line in faults)


def test_an_unedited_file_opens_the_short_way_and_any_changed_byte_takes_the_long_one() -> None:
    text = FILE.encode()
    assert unaltered(text, HERE) == parse(text, HERE)
    for at in range(len(text)):
        assert unaltered(text[:at] + bytes([text[at] ^ 1]) + text[at + 1 :], HERE) is None, at
    assert unaltered(text + b"\n", HERE) is None
    assert unaltered(text[:-1], HERE) is None


def test_a_file_from_before_there_were_stamps_opens_and_holds(tmp_path: Path) -> None:
    path = tmp_path / "old.yaml"
    path.write_text(FILE.replace(f"  layout: sha256:{STAMP}\n", ""))

    assert path.read_bytes() == without_stamp(FILE.encode())
    assert opened(path) == (parse(FILE.encode(), path), [])


def test_the_sequence_is_equal_to_the_tuple_of_its_interactions(lazy: LazyInteractions) -> None:
    whole = (CLOSE, READ)

    assert (lazy == whole, whole == lazy, lazy != whole, lazy == [CLOSE, READ], lazy == (CLOSE,)) == (
        *(True, True, False, False, False),
    )
    assert (hash(lazy), repr(lazy), len(lazy), {whole: 1}[lazy]) == (hash(whole), repr(whole), 2, 1)  # type: ignore[index]
    assert (lazy[0], lazy[-1], lazy[:1], lazy[::-1], [*lazy]) == (CLOSE, READ, (CLOSE,), (READ, CLOSE), [CLOSE, READ])
    assert (READ in lazy, lazy.index(READ), lazy.count(CLOSE), lazy[0] is lazy[0]) == (True, 1, 1, True)
    with pytest.raises(IndexError):
        lazy[2]


def test_the_sequence_is_copied_and_pickled_as_a_tuple(lazy: LazyInteractions) -> None:
    for copied in (pickle.loads(pickle.dumps(lazy)), copy.deepcopy(lazy), copy.copy(lazy)):  # noqa: S301
        assert (type(copied), copied) == (tuple, (CLOSE, READ))


def test_threads_that_read_one_entry_at_once_get_the_same_interaction() -> None:
    text = serialize(Cassette((CLOSE, READ) * 200, PROVENANCE))
    cassette = unaltered(text, HERE)
    assert cassette is not None
    start, read = threading.Barrier(8), []

    def work() -> None:
        start.wait()
        read.append([id(one) for one in cassette.interactions])

    threads = [threading.Thread(target=work) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert read == [read[0]] * 8


def test_opening_an_unaltered_file_imports_no_yaml_reader() -> None:
    code = (
        "import sys; from pathlib import Path; from replaydisputes.cassette_file import load\n"
        "print(load(Path('cassettes/close-lost.yaml')).interactions[1].response.status, 'yaml' in sys.modules)"
    )

    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)

    assert done.stdout == "200 False\n"


def test_opening_takes_little_more_memory_than_the_file_and_a_small_part_of_the_time(tmp_path: Path) -> None:
    path = tmp_path / "large.yaml"
    body = b"{\n" + b"".join(b'  "field_%d": "value",\n' % number for number in range(180)) + b"}"
    path.write_bytes(
        serialize(Cassette((replace(CLOSE, response=replace(CLOSE.response, body=body)),) * 300, PROVENANCE))
    )
    began = time.process_time()
    parse(path.read_bytes(), path)
    long_s = time.process_time() - began

    tracemalloc.start()
    cassette = load(path)
    outlines = outlines_of(cassette.interactions)
    cassette.interactions[150]
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    began = time.process_time()
    outlines_of(load(path).interactions)
    short_s = time.process_time() - began

    assert len(outlines) == 300
    assert peak < 1.5 * path.stat().st_size
    assert short_s < long_s / 10


def test_every_shipped_cassette_is_unaltered() -> None:
    paths = sorted(Path("cassettes").glob("*.yaml"))

    assert len(paths) > 40
    for path in paths:
        assert re.search(rb"^  layout: sha256:", path.read_bytes(), re.M)
        assert unaltered(path.read_bytes(), path) == parse(path.read_bytes(), path)

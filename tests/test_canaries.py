"""The short run of the canaries, and in `make long` the whole of it; `make canaries` plants far more."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Iterable
from pathlib import Path

import pytest

from replaydisputes.cassette_file import serialize
from replaydisputes.model import Cassette
from replaydisputes.redaction import Redaction, redact
from tests.at_length import all_at_length
from tests.canaries import GATE_DOES_NOT_CLAIM
from tests.canaries.drafts import account_capture, sandbox_capture
from tests.canaries.judging import survivors
from tests.canaries.kinds import KINDS
from tests.canaries.places import PLACES
from tests.canaries.runs import PROVENANCE, beds, redacted_plantings, unredacted_plantings

SEED = int(os.environ.get("REPLAYDISPUTES_SEED", "20261123"))
PLANTINGS, SHARES = 20_000, 8
GATE_FILES = 3_000
HASH_SEEDS = range(1, 6)


@pytest.mark.parametrize("share", all_at_length(range(SHARES), [0]))
def test_no_planted_secret_survives_redaction(share: int) -> None:
    print(f"seed {SEED}")

    tally = redacted_plantings(SEED + share, PLANTINGS // SHARES, thorough_every=8)

    assert tally.planted * SHARES >= 20_000
    assert dict(tally.failed) == {}, tally.examples
    assert (tally.changed_by_redacting_again, tally.raw_files_not_refused, tally.false_alarms) == (0, 0, [])


def test_every_kind_meets_every_place() -> None:
    seen = {planting.label[:2] for planted, _ in beds(SEED, len(KINDS) * len(PLACES)) for planting in planted}

    assert len(seen) > 0.98 * len(KINDS) * len(PLACES)
    assert {kind for kind, _ in seen} == set(KINDS)
    assert {place for _, place in seen} == set(PLACES)


@pytest.mark.parametrize("files", all_at_length([GATE_FILES // 8, GATE_FILES], [GATE_FILES // 8]))
def test_the_gate_alone_refuses_what_was_not_redacted(files: int) -> None:
    print(f"seed {SEED}")

    tally = unredacted_plantings(SEED, files)

    missed = {label: tally.examples[label] for label in tally.failed if label[0] not in GATE_DOES_NOT_CLAIM}
    claimed = sum(count for kind, count in tally.planted_by_kind.items() if kind not in GATE_DOES_NOT_CLAIM)
    print(f"missed by kind: {dict(tally.failed_by(0))}")
    assert 1000 * len(missed) <= claimed, missed


def test_the_judge_sees_what_was_never_redacted() -> None:
    """A check that cannot fail proves nothing: of what was not redacted, only packed bodies hide their plantings."""
    unseen = {
        planting.place
        for planted, raw in beds(SEED, 2_000)
        for text in [serialize(Cassette(raw, PROVENANCE))]
        for alive in [set(map(id, survivors(text, planted, binary_too=True)))]
        for planting in planted
        if id(planting) not in alive
    }

    assert {place for place in unseen if not place.startswith("body ")} <= {
        "utf16",
        "not utf8",
        "header content-length",
    }


SCRIPT = """
import hashlib, sys
from replaydisputes.cassette_file import serialize
from replaydisputes.model import Cassette
from replaydisputes.redaction import redact
from tests.canaries.runs import PROVENANCE, beds
for _, raw in beds(int(sys.argv[1]), 600):
    print(hashlib.sha256(serialize(Cassette(redact(raw).interactions, PROVENANCE))).hexdigest())
"""


def digests(hash_seed: int) -> str:
    done = subprocess.run(
        [sys.executable, "-c", SCRIPT, str(SEED)],
        cwd=Path(__file__).parent.parent,
        env={**os.environ, "PYTHONHASHSEED": str(hash_seed)},
        capture_output=True,
        text=True,
        check=True,
    )
    return done.stdout


@pytest.mark.parametrize("hash_seeds", all_at_length(((HASH_SEEDS,), ((1,),)), [((1,),)]), ids=["all", "one"])
def test_the_same_input_gives_the_same_bytes_under_every_hash_seed(hash_seeds: Iterable[int]) -> None:
    first = digests(0)
    assert len(first.split()) == 3
    assert {digests(hash_seed) for hash_seed in hash_seeds} == {first}


def test_one_redaction_gives_a_person_and_an_id_one_stand_in_in_all_recordings() -> None:
    recordings = [account_capture(1), sandbox_capture(), account_capture(2), sandbox_capture(), account_capture(1)]
    redaction = Redaction()
    for recording in recordings:
        redaction.reserve(recording)

    first, other, second, other_again, first_again = (redaction.redact(item).interactions for item in recordings)

    assert (first, other) == (first_again, other_again)
    assert first != second
    assert redact(account_capture(1)).interactions == first

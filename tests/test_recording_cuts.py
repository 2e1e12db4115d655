"""Connections cut at any byte: nothing closed twice, no close lost, no half cassette"""

from __future__ import annotations

import os
import random
from pathlib import Path

import pytest

from tests.at_length import at_length
from tests.cuts.cutting import Cutting, Tally

CUTS = int(os.environ.get("CUTS", "500"))


@at_length("cuts")
def test_a_recording_cut_at_any_byte_ends_whole_or_leaves_what_was_there(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    seed = int(os.environ.get("SEED") or random.SystemRandom().randrange(2**32))
    print(f"SEED={seed}")
    drawn = random.Random(seed)
    cutting, tally = Cutting(tmp_path, monkeypatch), Tally()

    for _ in range(CUTS):
        cutting.run(drawn, tally)

    print(f"{CUTS} cuts: {tally.healed} healed, {tally.refused} refused, {tally.closes_kept} closes kept")
    assert tally.problems == []
    assert tally.healed > CUTS / 4
    assert tally.refused > CUTS / 4
    assert tally.closes_kept > 0

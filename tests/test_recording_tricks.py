"""Whatever comes back on the wire at any call: one line, never a second close, and nothing of a close is lost."""

from __future__ import annotations

import re
import tracemalloc
from pathlib import Path

import pytest

from replaydisputes.cassette_file import load
from replaydisputes.errors import ReplayDisputesError
from replaydisputes.recording.quarantine import quarantine_directory, quarantined
from replaydisputes.recording.recorder import Target, record
from replaydisputes.recording.scenarios import SCENARIOS
from tests.at_length import all_at_length
from tests.recording_support import KEY, surroundings
from tests.wire_tricks import HARMLESS, TRICKS, RawTestMode, listening

SCENARIO = SCENARIOS["close-twice"]
OLD = b"interactions: []\nversion: 1\n"
CALLS = {"pay": 1, "list": 2, "read": 3, "close": 4, "close again": 5, "read again": 6}


@pytest.fixture(scope="module")
def undisturbed(tmp_path_factory: pytest.TempPathFactory) -> list[object]:
    path = tmp_path_factory.mktemp("undisturbed") / "x.yaml"
    with listening(RawTestMode(0, TRICKS["as it is"])) as origin:
        record(SCENARIO, Target(origin, KEY), path, surroundings())
    return said_in(path)


def said_in(path: Path) -> list[object]:
    """What was asked and answered, without the header fields that say how the answer came."""
    return [
        (one.request.method, one.request.url, one.response.status, one.response.body) for one in load(path).interactions
    ]


ALL = [(call, trick, times) for trick in TRICKS for call in CALLS for times in (1, 99)]
AT_ONCE = [case for case in ALL if case[0] == "close" and (case[2] == 1 or case[1] in ("gzip cut off", "nothing"))]


@pytest.mark.parametrize("case", all_at_length(((one,) for one in ALL), [(one,) for one in AT_ONCE]), ids=str)
def test_one_answer_spoiled(
    case: tuple[str, str, int], undisturbed: list[object], tmp_path: Path, empty_home: Path
) -> None:
    call, trick, times = case
    mode, path = RawTestMode(CALLS[call], TRICKS[trick], times), tmp_path / "x.yaml"
    path.write_bytes(OLD)
    with listening(mode) as origin:
        try:
            record(SCENARIO, Target(origin, KEY), path, surroundings())
            refused = None
        except ReplayDisputesError as error:
            refused = error
    said = str(refused or "")

    assert len(mode.closed) == len(set(mode.closed))
    assert KEY.encode() not in b"".join(file.read_bytes() for file in empty_home.rglob("*") if file.is_file())
    if refused is None:
        assert said_in(path) == undisturbed
        assert list(quarantine_directory().glob("*")) == []
        return
    assert trick not in HARMLESS
    assert (path.read_bytes(), refused.exit_code in (3, 4), "\n" in said, KEY in said) == (OLD, True, False, False)
    assert re.search(r"[\x00-\x1f]", said) is None
    if mode.closed:
        (kept,) = quarantined()
        assert (mode.closed[0] in said, kept.sent_closes[0]) == (True, mode.closed[0])


def test_a_bomb_takes_no_memory_to_speak_of(tmp_path: Path) -> None:
    tracemalloc.start()
    try:
        with listening(RawTestMode(3, TRICKS["a bomb"], 99)) as origin, pytest.raises(ReplayDisputesError):
            record(SCENARIO, Target(origin, KEY), tmp_path / "x.yaml", surroundings())
        peak = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()

    assert peak < 160 * 1024 * 1024

"""`check` accepts what `redact` writes, and a second `redact` leaves it as it is, over recordings that a seed draws."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from replaydisputes import cassette_file
from replaydisputes.checking import check
from replaydisputes.importing import FileReport, Importer, plan
from tests.at_length import at_length
from tests.foreign.generated import drawn, number_of

FILES = 48
MANY = int(os.environ.get("FILES", "200"))


def imported(source: Path, out: Path) -> FileReport:
    [report] = Importer().run(plan([source], out))
    return report


def faults_of(seed: int, place: Path) -> list[str]:
    """What is wrong with the import of the recording that a seed draws; nothing if all is well."""
    recording = drawn(seed)
    source = place / "in" / recording.path
    source.parent.mkdir(parents=True)
    source.write_bytes(recording.content)
    report = imported(place / "in", place / "once")
    if report.outcome != "written" or report.format != recording.format:
        return [f"{recording.path} ({recording.format}): {report.outcome}: {report.problem}"]
    once = report.target.read_bytes()
    numbers = tuple(number_of(one) for one in cassette_file.parse(once, report.target).interactions)
    faults = [] if numbers == recording.numbers else [f"order or count: {numbers} in place of {recording.numbers}"]
    found = [one for one in check(once, report.target) if one.fails]
    faults += [f"check: {one.rule} at {one.line}, {one.field}: {one.message}" for one in found]
    again = imported(place / "once", place / "twice")
    if again.outcome != "written":
        return [*faults, f"a second time: {again.outcome}: {again.problem}"]
    return (
        faults if again.target.read_bytes() == once else [*faults, _first_difference(once, again.target.read_bytes())]
    )


def _first_difference(once: bytes, again: bytes) -> str:
    pairs = zip(once.decode().splitlines(), again.decode().splitlines(), strict=False)
    return next((f"a second time: {one} became {other}" for one, other in pairs if one != other), "another length")


def all_faults(first: int, count: int, place: Path) -> list[str]:
    print(f"SEED={first}")
    seeds = range(first, first + count)
    return [f"seed {seed}: {fault}" for seed in seeds for fault in faults_of(seed, place / str(seed))]


def test_what_redact_writes_is_clean_whole_in_order_and_final(tmp_path: Path) -> None:
    """Always the same files, unless SEED says others, as in `make long`.

    Of files drawn from other seeds about one in a hundred is still refused, or found by `check`: issue 13 is open.
    """
    faults = all_faults(int(os.environ.get("SEED", "13")), FILES, tmp_path)

    assert faults == [], "\n".join(faults[:5])


@at_length("long")
@pytest.mark.parametrize("part", range(10))
def test_what_redact_writes_of_many_files_is_clean_whole_in_order_and_final(part: int, tmp_path: Path) -> None:
    first = int(os.environ.get("SEED", "300")) + part * MANY // 10
    faults = all_faults(first, MANY // 10, tmp_path)

    assert faults == [], "\n".join(faults[:5])

"""What is recorded replays, in its own words and in others; what differs is refused, or answered as Stripe would."""

from __future__ import annotations

import os
import random

import pytest

from tests.at_length import all_at_length, at_length
from tests.generated_programs import (
    CONNECTED,
    Outcome,
    Program,
    Words,
    drawn,
    modelled,
    mutants,
    other_words,
    recorded,
    shown,
)

ALWAYS, PROGRAMS = 8, 24
MANY = int(os.environ.get("PROGRAMS", "500"))
OTHER_ACCOUNT = "acct_1ProgramsAnother"


def faults_of(seed: int) -> list[str]:
    """What is wrong with the recording of the program that a seed draws; nothing if all is well."""
    rng = random.Random(seed)
    program = drawn(rng)
    recording = recorded(program)
    faults = [f"the recorder names {call}" for call in recording.unanswered]
    faults += _not_alike("its own words", recording.replayed(program, str), recording.outcome)
    words = other_words(program, rng)
    expected = modelled(program, words, OTHER_ACCOUNT)
    faults += _not_alike("other words", recording.replayed(program, words, OTHER_ACCOUNT), expected)
    for name, mutant in mutants(program, rng):
        for kind, told in (("own", str), ("other", words)):
            faults += _wrongly_accepted(f"{name}, in its {kind} words", recording.replayed(mutant, told), mutant, told)
    return [f"seed {seed}: {fault}\n{shown(program)}" for fault in faults]


def _not_alike(how: str, got: Outcome, expected: Outcome) -> list[str]:
    if got.refused:
        return [f"in {how} call {len(got.facts) + 1} is refused:\n{got.refused}"]
    apart = [at for at, pair in enumerate(zip(got.facts, expected.facts, strict=True)) if pair[0] != pair[1]]
    return [f"in {how} call {at + 1} gives {got.facts[at]}\nin place of {expected.facts[at]}" for at in apart[:1]]


def _wrongly_accepted(how: str, got: Outcome, mutant: Program, words: Words) -> list[str]:
    """A mutant is refused, or every answer before that is the model's."""
    expected = modelled(mutant, words)
    for at, (one, other) in enumerate(zip(got.facts, expected.facts, strict=False)):
        if one != other:
            return [f"{how}: call {at + 1} gives {one}\nin place of {other}\nasked by\n{shown(mutant)}"]
    return []


@pytest.mark.parametrize("programs", all_at_length([ALWAYS, PROGRAMS], [ALWAYS]))
def test_programs_replay_and_changed_ones_do_not_pass_for_them(programs: int) -> None:
    """Always the same ones, unless SEED says others; `make long` also draws new ones each time."""
    first = int(os.environ.get("SEED", "2049"))
    print(f"SEED={first}")

    faults = [fault for seed in range(first, first + programs) for fault in faults_of(seed)]

    assert faults == [], "\n\n".join(faults[:3])


@at_length("long")
@pytest.mark.parametrize("part", range(10))
def test_many_programs_replay_and_changed_ones_do_not_pass_for_them(part: int) -> None:
    first = int(os.environ.get("SEED", random.randrange(10**9))) + part * MANY // 10
    print(f"SEED={first}")

    faults = [fault for seed in range(first, first + MANY // 10) for fault in faults_of(seed)]

    assert faults == [], "\n\n".join(faults[:3])


def test_the_programs_are_of_every_kind_and_their_changes_too() -> None:
    programs = [drawn(random.Random(seed)) for seed in range(300)]
    changes = {name for seed, program in enumerate(programs) for name, _ in mutants(program, random.Random(seed))}
    calls = {(step.method, step.path) for program in programs for step in program}

    assert len(changes) == 18
    assert len(calls) == 7
    assert {step.account for program in programs for step in program} == {True, False}
    assert CONNECTED != OTHER_ACCOUNT

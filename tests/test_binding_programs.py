"""Drawn programs, recorded by the redactor and replayed in other words: each answer is what a plain model says."""

from __future__ import annotations

import json
import os
import random
from pathlib import Path
from typing import Any, NamedTuple

import pytest

from replaydisputes.errors import MismatchError
from replaydisputes.model import Interaction
from replaydisputes.playback import Player
from replaydisputes.redaction import redact
from tests.binding_support import Suite, cassette_of, error, recorded

REAL = "du_1MtJUT2eZvKYlo2CNaw2HvEv"
CANONICAL = "du_1AAAAAreplaydisp00000001"
NAMES = ("order_id", "ref", "customer", "Größe", "a b", "key_1", "x", "status", "note")
TEXTS = ("6735", "Ada Example", "blue", "false", "ada@example.org", "[redacted 1]", "+44 20 7946 0958", 'q"\\', "é\n")
FIELDS = ("customer_name", "product_description", "customer_email_address")
QUERIES = ("status:'open'", "metadata['a']:'b'", "amount>100")


class Step(NamedTuple):
    """One call: what it does, and its parameters in the order sent, by (map, name)."""

    verb: str
    form: tuple[tuple[str, str, str], ...] = ()
    word: str = ""


class Model:
    """Stripe as far as these programs go: one dispute that keeps what is set, searches, and ids it does not know."""

    def __init__(self, dispute_id: str) -> None:
        self.id = dispute_id
        self.kept: dict[str, dict[str, str]] = {"metadata": {}, "evidence": {}}
        self.found = 0

    def answer(self, step: Step) -> tuple[int, Any]:
        if step.verb == "unknown":
            return 404, error(f"No such dispute: '{step.word}'", param="id")
        if step.verb == "search":
            return 200, {"object": "list", "count": len(step.word) % 7}
        for where, name, value in step.form:
            self.kept[where].pop(name, None)
            if value:
                self.kept[where][name] = value
        kept = {where: dict(sorted(values.items())) for where, values in self.kept.items()}
        return 200, {"id": self.id, "object": "dispute", **kept}


def sent(step: Step, dispute_id: str) -> tuple[str, str, list[tuple[str, str]]]:
    if step.verb == "unknown":
        return "GET", f"disputes/{step.word}", []
    if step.verb == "search":
        return "GET", "disputes/search", [("query", step.word)]
    form = [(f"{where}[{name}]", value) for where, name, value in step.form]
    return "POST" if step.verb == "set" else "GET", f"disputes/{dispute_id}", form


def drawn_program(chance: random.Random) -> list[Step]:
    steps = []
    for _ in range(chance.randint(2, 9)):
        verb = chance.choice(("set", "set", "set", "get", "search", "unknown"))
        if verb == "set":
            places = [("metadata", name) for name in chance.sample(NAMES, chance.randint(0, 3))]
            places += [("evidence", field) for field in chance.sample(FIELDS, chance.randint(0, 2))]
            form = tuple((*place, "" if chance.random() < 0.2 else chance.choice(TEXTS)) for place in places)
            steps.append(Step(verb, form))
        else:
            word = {"search": chance.choice(QUERIES), "unknown": chance.choice(("du_nope", "du_none", "no"))}.get(
                verb, ""
            )
            steps.append(Step(verb, word=word))
    return steps


class Renaming:
    """The same program in other words: a name for each name, and for each value of a parameter another."""

    def __init__(self, chance: random.Random) -> None:
        self._chance = chance
        self._names = dict(zip(NAMES, chance.sample(NAMES, len(NAMES)), strict=True))
        self._values: dict[tuple[str, str, str], str] = {}
        self._words: dict[str, str] = {}

    def of(self, step: Step) -> Step:
        form = tuple(
            (where, self._name(where, name), self._value(where, name, value)) for where, name, value in step.form
        )
        return Step(step.verb, form, self._word(step))

    def _name(self, where: str, name: str) -> str:
        return self._names[name] if where == "metadata" else name

    def _value(self, where: str, name: str, value: str) -> str:
        return self._values.setdefault((where, name, value), self._chance.choice(TEXTS)) if value else ""

    def _word(self, step: Step) -> str:
        """Searches keep how long they are, by which the model answers."""
        if step.verb == "search":
            return step.word.replace("a", "z").replace("o", "y")
        return self._words.setdefault(step.word, f"un{len(self._words)}" if step.word == "no" else f"{step.word}_2")


def recording_of(program: list[Step], tmp_path: Path) -> Player:
    model = Model(REAL)
    raw: list[Interaction] = []
    for step in program:
        method, path, form = sent(step, REAL)
        status, answer = model.answer(step)
        raw.append(recorded(method, path, form, answer, status=status))
    return Player(cassette_of(tmp_path, *redact(raw).interactions), "drawn")


def mutants(step: Step, known: set[str], chance: random.Random) -> list[Step]:
    """Calls that differ from a write in what decides: a parameter less or more, blank or not, another known name."""
    form = step.form
    changed = [(*form, ("metadata", "one more", "x"))]
    for at, (where, name, value) in enumerate(form):
        changed.append(form[:at] + form[at + 1 :])
        changed.append((*form[:at], (where, name, "" if value else "x"), *form[at + 1 :]))
        if where == "metadata" and name in known:
            new = chance.choice(["unheard of", *sorted(known - {one[1] for one in form})])
            changed.append((*form[:at], (where, new, value), *form[at + 1 :]))
    return [Step("set", one) for one in changed]


def is_refused(code: Suite, step: Step) -> bool:
    method, path, form = sent(step, CANONICAL)
    before = code.player.state()
    try:
        code.send(method, path, form)
    except MismatchError:
        return code.player.state() == before
    return False


def replayed(program: list[Step], player: Player, chance: random.Random) -> int:
    """Play a program in its own words or in others; how many mutants were refused on the way."""
    code, model = Suite(player), Model(CANONICAL)
    renaming = Renaming(chance) if chance.random() < 0.8 else None
    known: set[str] = set()
    refused = 0
    for original in program:
        step = renaming.of(original) if renaming else original
        if step.verb == "set":
            for mutant in mutants(step, known, chance):
                assert is_refused(code, mutant), mutant
                refused += 1
            known |= {name for where, name, _ in step.form if where == "metadata"}
        method, path, form = sent(step, CANONICAL)
        answer = code.send(method, path, form)
        assert (answer.status, json.loads(answer.body)) == model.answer(step), step
    return refused


def test_a_recorded_program_replays_in_other_words_and_no_other_program_does(tmp_path: Path) -> None:
    seed = random.randrange(2**32)
    print(f"seed {seed}")
    chance = random.Random(seed)
    refused = 0
    for number in range(1000 if "AT_LENGTH" in os.environ else 60):
        program = drawn_program(chance)
        print(number, program)
        refused += replayed(program, recording_of(program, tmp_path), chance)

    assert refused > 100


@pytest.mark.parametrize("seed", range(5))
def test_a_program_goes_on_in_another_process(tmp_path: Path, seed: int) -> None:
    chance = random.Random(seed)
    program = [step for _ in range(3) for step in drawn_program(chance)]
    player, model = recording_of(program, tmp_path), Model(CANONICAL)
    renaming = Renaming(chance)
    for original in program:
        step = renaming.of(original)
        method, path, form = sent(step, CANONICAL)
        other = Player(player.cassette, "drawn")
        other.resume(json.loads(json.dumps(player.state())))
        player = other
        answer = Suite(player).send(method, path, form)

        assert json.loads(answer.body) == model.answer(step)[1]

"""Programs drawn from a seed: calls as code under test makes them, recorded from the sandbox, replayed, and changed.

Every text that a program chooses is a word of its vocabulary, so that the same program can be run in other words.
"""

from __future__ import annotations

import json
import random
import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from replaydisputes.errors import MismatchError
from replaydisputes.model import Cassette, Interaction, Provenance, Request, Response
from replaydisputes.playback import Player
from replaydisputes.recording.own_replay import Unanswered, unanswered_calls
from replaydisputes.redaction import redact
from replaydisputes.sandbox import Sandbox
from replaydisputes.sandbox.refusals import SandboxLimitError
from replaydisputes.sandbox.sandbox import DEFAULT_START_TIME
from replaydisputes.stripe_api.forms import encode_form
from replaydisputes.stripe_api.ids import ID, is_id

API = "https://api.stripe.com/v1"
SEED = 4
CONNECTED = "acct_1ProgramsConnect"
DAY_S = 86_400
_KEY = ("Authorization", "Bearer sk_test_" + "g" * 24)
_FORM = ("Content-Type", "application/x-www-form-urlencoded")

NAMES = ("order_id", "clerk", "größe", "a b", "key_1", "status", "id", "customer_name", "zeta", "Alpha", "x-1", "note")
TEXTS = (
    "6735", "true", "false", "Ada Example", "ada@shop.test", "203.0.113.9", "https://shop.test/a?b=c", "+49 30 1234567",
    'say "é" \\n', "[redacted 2]", "key_2", "a&b=c%5B", "1", "lost", "needs_response", "DE", "2026-05-04", " spaced ",
    "line\nline", "日本", "du_1NAAAAotherAccount9999999", "customer-1@example.invalid", "order_id", "Bob", "Cleo",
    "Dora", "Emil", "x" * 300,
)  # fmt: skip
UNKNOWN = ("du_unknown", "du_nope", "du_1NoSuchDisputeAtAll0000", "nothing", "du_X")
FIELDS = ("customer_name", "product_description", "customer_email_address", "service_date", "uncategorized_text")
OTHER_NAMES = tuple(f"other {number}" for number in range(30))
OTHER_TEXTS = tuple(f"Other text {number}" for number in range(60))
OTHER_UNKNOWN = tuple(f"du_other{number}" for number in range(20))

Params = tuple[tuple[str, str], ...]


@dataclass(frozen=True)
class Step:
    """One call. target: `dispute`, `charge`, `payment`, the word of an unknown id, or empty.

    notes, evidence: what is sent under metadata and evidence, in order; a blank text unsets. plain: other parameters,
    in which `{charge}` and `{payment}` stand for what an answer told. times: days from now, by operator.
    """

    method: str
    path: str
    target: str = ""
    notes: Params = ()
    evidence: Params = ()
    plain: Params = ()
    times: tuple[tuple[str, int], ...] = ()
    key: str = ""
    account: bool = False


Program = tuple[Step, ...]
Words = Callable[[str], str]


def drawn(rng: random.Random) -> Program:
    """A program of three to eight calls that Stripe would answer."""
    its = _Vocabulary(rng, rng.sample(NAMES, 4), rng.sample(TEXTS, 6), rng.sample(UNKNOWN, 2))
    account = rng.random() < 0.2
    steps: list[Step] = []
    for _ in range(rng.randint(3, 8)):
        have = {step.path for step in steps if step.target in ("dispute", "")}
        over = "/disputes/{}/close" in have or any(("submit", "true") in step.plain for step in steps)
        kinds = [its.read, its.note, its.note, its.nowhere, its.payment, its.events]
        kinds += [its.listing] * 2 * ("/disputes/{}" in have) + [its.payment_again] * ("/payment_intents" in have)
        kinds += [its.close] * ("/disputes/{}/close" not in have) + [its.evidence] * 2 * (not over)
        step = rng.choice(kinds)()
        steps.append(replace(step, account=account and step.path.startswith("/payment_intents")))
    asked = [step.target for step in steps if step.target not in ("", "payment")]
    begins_elsewhere = "dispute" in asked and asked[0] != "dispute"  # which the recorder would refuse
    return (its.read(), *steps) if begins_elsewhere else tuple(steps)


@dataclass(frozen=True)
class _Vocabulary:
    """The words of one program, and the steps that use them."""

    rng: random.Random
    notes: Sequence[str]
    texts: Sequence[str]
    unknown: Sequence[str]

    def some(self, names: Sequence[str], blank: float = 0.2) -> Params:
        chosen = self.rng.sample(list(names), self.rng.randint(1, min(3, len(names))))
        return tuple((name, "" if self.rng.random() < blank else self.rng.choice(self.texts)) for name in chosen)

    def read(self) -> Step:
        expand = (("expand[]", "charge"),) if self.rng.random() < 0.2 else ()
        return Step("GET", "/disputes/{}", "dispute", plain=expand)

    def note(self) -> Step:
        if self.rng.random() < 0.1:
            return Step("POST", "/disputes/{}", "dispute", plain=(("metadata", ""),))
        return Step("POST", "/disputes/{}", "dispute", notes=self.some(self.notes))

    def evidence(self) -> Step:
        submit = (("submit", "true" if self.rng.random() < 0.1 else "false"),)
        both = self.some(self.notes) if self.rng.random() < 0.3 else ()
        return Step("POST", "/disputes/{}", "dispute", notes=both, evidence=self.some(FIELDS), plain=submit)

    def close(self) -> Step:
        return Step("POST", "/disputes/{}/close", "dispute", key=self.rng.choice(("", "close-1")))

    def listing(self) -> Step:
        times = self.rng.choice(((), (("gte", -7),), (("gte", -7), ("lte", 1)), (("lt", -30),), (("gt", -1),)))
        plain = (("charge", "{charge}"), ("limit", str(self.rng.randint(1, 3))))
        return Step("GET", "/disputes", plain=plain, times=times)

    def nowhere(self) -> Step:
        close = self.rng.random() < 0.5
        return Step("POST" if close else "GET", "/disputes/{}" + "/close" * close, self.rng.choice(self.unknown))

    def events(self) -> Step:
        types = (("types[]", "charge.dispute.updated"), ("types[]", "charge.dispute.closed"), ("limit", "100"))
        return Step("GET", "/events", plain=types)

    def payment(self) -> Step:
        nested = (("shipping[name]", "Ada"), ("shipping[address][line1]", "1 Main St"))
        more = nested if self.rng.random() < 0.3 else ()
        return Step("POST", "/payment_intents", notes=self.some(self.notes, 0), plain=(*_PAYMENT, *more))

    def payment_again(self) -> Step:
        return Step("GET", "/payment_intents/{}", "payment")


_PAYMENT = (
    ("amount", "1000"),
    ("currency", "usd"),
    ("payment_method_types[]", "card"),
    ("payment_method", "pm_card_createDispute"),
    ("confirm", "true"),
)

Facts = object
"""What a program may rely on in an answer: what it sent itself, and what happened; not ids and times."""


@dataclass(frozen=True)
class Outcome:
    """What came of a run: the facts of each answer; `refused`: the report that ended it, empty for none."""

    facts: tuple[Facts, ...]
    refused: str = ""


def run(
    program: Program, answer: Callable[[Request], Response], dispute: str, words: Words, account: str = CONNECTED
) -> Outcome:
    """Make the calls, with the ids that answers tell; up to the first refusal, or a call for what nothing has told."""
    known = {"dispute": dispute}
    facts: list[Facts] = []
    for number, step in enumerate(program):
        request = _request(step, known, words, account, number)
        if request is None:
            break
        try:
            response = answer(request)
        except MismatchError as error:
            return Outcome(tuple(facts), error.report)
        except SandboxLimitError:  # a mutant may ask for what the sandbox does not model
            break
        body = json.loads(response.body)
        facts.append((response.status, _facts(body)))
        _learn(body, step, known)
    return Outcome(tuple(facts))


def _learn(body: Any, step: Step, known: dict[str, str]) -> None:
    if body.get("object") == "dispute" and step.target == "dispute":
        charge = body["charge"]
        known["charge"] = charge["id"] if isinstance(charge, dict) else charge
    if body.get("object") == "payment_intent":
        known["payment"] = body["id"]


def _request(step: Step, known: Mapping[str, str], words: Words, account: str, number: int) -> Request | None:
    needs_charge = any("{charge}" in text for _, text in step.plain)
    if (needs_charge and "charge" not in known) or (step.target == "payment" and "payment" not in known):
        return None
    target = known.get(step.target) or words(step.target)
    form = [(f"metadata[{words(name)}]", words(text)) for name, text in step.notes]
    form += [(f"evidence[{field}]", words(text)) for field, text in step.evidence]
    form += [(name, text.format(**known)) for name, text in step.plain]
    form += [(f"created[{operator}]", str(DEFAULT_START_TIME + days * DAY_S)) for operator, days in step.times]
    encoded = encode_form(tuple(form))
    headers = [_KEY, ("Stripe-Version", "2026-10-28.endive")]
    headers += [("Stripe-Account", account)] * step.account
    url = API + step.path.format(target)
    if step.method == "GET":
        return Request("GET", url + ("?" + encoded.decode() if form else ""), tuple(headers))
    headers += [
        ("Content-Type", "application/x-www-form-urlencoded"),
        ("Idempotency-Key", step.key or f"drawn-{number}"),
    ]
    return Request("POST", url, tuple(headers), encoded)


def _facts(value: Any) -> Facts:
    match value:
        case {"error": dict(error)}:
            message = ID.sub("(id)", str(error.get("message")))
            return error.get("type"), error.get("code"), error.get("param"), message
        case {"object": "list", "data": list(data)}:
            return [_facts(one) for one in data]
        case {"object": "event", "type": kind, "data": {"object": subject, **more}}:
            before = more.get("previous_attributes") or {}
            return kind, _facts(subject), {name: before.get(name) for name in ("metadata", "evidence", "status")}
        case {"object": "dispute", "status": status, "metadata": notes, "evidence": evidence}:
            return status, notes, {name: text for name, text in evidence.items() if text and isinstance(text, str)}
        case {"object": "payment_intent", "status": status, "metadata": notes}:
            return status, notes, (value.get("shipping") or {}).get("name")
    return value.get("object")


@dataclass(frozen=True)
class Recording:
    """A program's recording. unanswered: the calls that the recorder would name."""

    program: Program
    cassette: Cassette
    outcome: Outcome
    unanswered: Sequence[Unanswered]

    def replayed(self, program: Program, words: Words, account: str = CONNECTED) -> Outcome:
        """What a program gets from a new run of the recording."""
        player = Player(self.cassette, "program", stripe_version="ignore")
        return run(program, player.answer, player.dispute_id or "du_1AAAAAreplaydisp00000001", words, account)


def model(account: str = CONNECTED) -> tuple[Callable[[Request], Response], str, list[Interaction]]:
    """A new sandbox, its dispute, and the calls that made it."""
    sandbox = Sandbox(seed=SEED, connected=[account])
    setup: list[Interaction] = []

    def ask(method: str, path: str, body: bytes = b"") -> Any:
        headers = (
            ("Authorization", "Bearer sk_test_" + "g" * 24),
            ("Content-Type", "application/x-www-form-urlencoded"),
        )
        request = Request(method, API + path, headers, body)
        setup.append(Interaction(request, sandbox.answer(request)))
        return json.loads(setup[-1].response.body)

    payment = ask("POST", "/payment_intents", encode_form(_PAYMENT))["id"]
    return sandbox.answer, ask("GET", f"/disputes?payment_intent={payment}")["data"][0]["id"], setup


def modelled(program: Program, words: Words, account: str = CONNECTED) -> Outcome:
    answer, dispute, _ = model(account)
    return run(program, answer, dispute, words, account)


def recorded(program: Program) -> Recording:
    """Record a program as the recorder does, in memory."""
    answer, dispute, setup = model()
    calls: list[Interaction] = []

    def noted(request: Request) -> Response:
        calls.append(Interaction(request, answer(request)))
        return calls[-1].response

    outcome = run(program, noted, dispute, str)
    redacted = redact(calls)
    provenance = Provenance("sandbox", "test:program", "2026-10-28.endive", "0", "2026-12-01T00:00:00Z")
    cassette = Cassette(redacted.interactions, provenance)
    return Recording(program, cassette, outcome, unanswered_calls(calls, setup, cassette, redacted.stand_ins))


def other_words(program: Program, rng: random.Random) -> Words:
    """The program's texts in other ones, each text always in the same one and no two in one."""
    names = list(dict.fromkeys(name for step in program for name, _ in step.notes))
    texts = list(dict.fromkeys(text for step in program for _, text in (*step.notes, *step.evidence) if text))
    unknown = list(dict.fromkeys(step.target for step in program if step.target in UNKNOWN))
    pools = ((names, OTHER_NAMES), (texts, OTHER_TEXTS), (unknown, OTHER_UNKNOWN))
    given: dict[str, str] = {}
    for asked, pool in pools:
        given |= dict(zip(asked, rng.sample(pool, len(asked)), strict=True))
    given |= {"key_2": "key_2"}  # the stand-in of a name: redaction leaves it, so it is no text of the program's own
    given |= {text: f"du_1NOther{number:016d}" for number, text in enumerate(texts) if is_id(text)}
    return lambda word: given.get(word, word)


def mutants(program: Program, rng: random.Random) -> Iterator[tuple[str, Program]]:
    """Programs that differ in one thing, each with the name of what was done."""
    at = rng.randrange(len(program))
    for name, change in _CHANGES.items():
        order = [*range(at, len(program)), *range(at)]
        changed = next((made for one in order if (made := change(program, one, rng)) not in (None, program)), None)
        if changed is not None:
            yield name, changed


Change = Callable[[Program, int, random.Random], Program | None]


def _with(program: Program, at: int, step: Step) -> Program:
    return (*program[:at], step, *program[at + 1 :])


def _without_note(program: Program, at: int, rng: random.Random) -> Program | None:
    notes = program[at].notes
    return _with(program, at, replace(program[at], notes=notes[1:])) if len(notes) > 1 else None


def _without_evidence(program: Program, at: int, rng: random.Random) -> Program | None:
    evidence = program[at].evidence
    return _with(program, at, replace(program[at], evidence=evidence[1:])) if len(evidence) > 1 else None


def _blanked(program: Program, at: int, rng: random.Random) -> Program | None:
    step = program[at]
    if step.notes and step.notes[0][1]:
        return _with(program, at, replace(step, notes=((step.notes[0][0], ""), *step.notes[1:])))
    if step.evidence and step.evidence[0][1]:
        return _with(program, at, replace(step, evidence=((step.evidence[0][0], ""), *step.evidence[1:])))
    return None


def _filled(program: Program, at: int, rng: random.Random) -> Program | None:
    step = program[at]
    filled = tuple((name, text or "no longer blank") for name, text in step.notes)
    return _with(program, at, replace(step, notes=filled))


def _extra_note(program: Program, at: int, rng: random.Random) -> Program | None:
    step = program[at]
    return _with(program, at, replace(step, notes=(*step.notes, ("one more", "Ada")))) if step.notes else None


def _extra_evidence(program: Program, at: int, rng: random.Random) -> Program | None:
    step = program[at]
    more = (*step.evidence, ("cancellation_rebuttal", "No"))
    return _with(program, at, replace(step, evidence=more)) if step.evidence else None


def _split(program: Program, at: int, rng: random.Random) -> Program | None:
    """One use of a name that is used more than once gets a name of its own."""
    used = [name for step in program for name, _ in step.notes]
    step = program[at]
    often = next((name for name, _ in step.notes if used.count(name) > 1), None)
    if often is None:
        return None
    return _with(program, at, replace(step, notes=_renamed(step.notes, often, "another name")))


def _merged(program: Program, at: int, rng: random.Random) -> Program | None:
    """One name becomes another that the program uses elsewhere, wherever it stands."""
    names = list(dict.fromkeys(name for step in program for name, _ in step.notes))
    if len(names) < 2:
        return None
    one, other = rng.sample(names, 2)
    if any({one, other} <= {name for name, _ in step.notes} for step in program):
        return None
    return tuple(replace(step, notes=_renamed(step.notes, one, other)) for step in program)


def _renamed(notes: Params, one: str, other: str) -> Params:
    return tuple((other if name == one else name, text) for name, text in notes)


def _swapped_notes(program: Program, at: int, rng: random.Random) -> Program | None:
    """Two names of one call change places with their texts; the form is the same to Stripe."""
    notes = program[at].notes
    return _with(program, at, replace(program[at], notes=notes[::-1])) if len(notes) > 1 else None


def _swapped(program: Program, at: int, rng: random.Random) -> Program | None:
    if at + 1 >= len(program) or "GET" in (program[at].method, program[at + 1].method):
        return None
    return (*program[:at], program[at + 1], program[at], *program[at + 2 :])


def _dropped(program: Program, at: int, rng: random.Random) -> Program | None:
    return (*program[:at], *program[at + 1 :]) if len(program) > 1 else None


def _repeated(program: Program, at: int, rng: random.Random) -> Program | None:
    return (*program[: at + 1], replace(program[at], key=f"again-{at}"), *program[at + 1 :])


def _to_unknown(program: Program, at: int, rng: random.Random) -> Program | None:
    return _with(program, at, replace(program[at], target="du_elsewhere")) if program[at].target == "dispute" else None


def _to_known(program: Program, at: int, rng: random.Random) -> Program | None:
    is_there = any(step.target == "dispute" for step in program)
    return (
        _with(program, at, replace(program[at], target="dispute"))
        if is_there and program[at].target in UNKNOWN
        else None
    )


def _unknown_merged(program: Program, at: int, rng: random.Random) -> Program | None:
    there = list(dict.fromkeys(step.target for step in program if step.target in UNKNOWN))
    if len(there) < 2 or program[at].target not in there:
        return None
    other = next(one for one in there if one != program[at].target)
    return _with(program, at, replace(program[at], target=other))


def _without_account(program: Program, at: int, rng: random.Random) -> Program | None:
    return _with(program, at, replace(program[at], account=not program[at].account)) if program[at].account else None


def _other_submit(program: Program, at: int, rng: random.Random) -> Program | None:
    other = {("submit", "true"): ("submit", "false"), ("submit", "false"): ("submit", "true")}
    return _with(program, at, replace(program[at], plain=tuple(other.get(one, one) for one in program[at].plain)))


def _without_filter(program: Program, at: int, rng: random.Random) -> Program | None:
    return _with(program, at, replace(program[at], times=program[at].times[1:])) if program[at].times else None


_CHANGES: Mapping[str, Change] = {
    "a note dropped": _without_note,
    "evidence dropped": _without_evidence,
    "blanked": _blanked,
    "filled": _filled,
    "a note more": _extra_note,
    "evidence more": _extra_evidence,
    "a name split": _split,
    "names merged": _merged,
    "notes swapped": _swapped_notes,
    "calls swapped": _swapped,
    "a call dropped": _dropped,
    "a call repeated": _repeated,
    "to an unknown dispute": _to_unknown,
    "to the known dispute": _to_known,
    "unknown disputes merged": _unknown_merged,
    "without its account": _without_account,
    "other submit": _other_submit,
    "a filter dropped": _without_filter,
}


def shown(program: Program) -> str:
    """A program, call by call, less what is empty."""
    return "\n".join(re.sub(r", \w+=(?:\(\)|''|False)", "", str(step)) for step in program)

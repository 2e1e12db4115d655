"""Realistic interactions that can still be written into: the soil of a planting."""

from __future__ import annotations

import copy
import json
import random
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from functools import cache
from typing import Any
from urllib.parse import quote, quote_plus

from replaydisputes.model import Headers, Interaction, Request, Response
from replaydisputes.redaction import redact
from replaydisputes.sandbox import Sandbox
from tests.canaries.encodings import Spelled
from tests.raw_traffic import Account
from tests.sandbox_calls import Caller, payment

FORM = "application/x-www-form-urlencoded"


@dataclass
class Draft:
    """One interaction. `answer` is its JSON; `body`, where set, is sent in its place."""

    method: str
    url: str
    request_headers: list[tuple[str, str]]
    form: bytes
    status: int
    reason: str
    response_headers: list[tuple[str, str]]
    answer: Any
    body: bytes | None = None


@dataclass
class Bed:
    """Drafts that are planted together. Marks in JSON stand for strings whose very source is given."""

    rng: random.Random
    drafts: list[Draft]
    small: Interaction
    shared: int = field(init=False)
    _sources: dict[str, str] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.shared = len(self.drafts)

    def any_draft(self) -> Draft:
        """One that others plant into as well, so nothing in it may be broken."""
        return self.drafts[self.rng.randrange(self.shared)]

    def own_draft(self) -> Draft:
        """A new one, which the planting has to itself."""
        self.drafts.append(draft_of(self.small))
        return self.drafts[-1]

    def leaf(self, spelled: Spelled) -> str:
        """The text to put in a JSON structure; where its source matters a mark, unless it is to be quoted again."""
        if spelled.in_json is None or self.rng.random() < 0.2:
            return spelled.literal
        mark = f"\ue000{len(self._sources)}\ue001"
        self._sources[mark] = spelled.in_json
        return mark

    def json_bytes(self, value: Any) -> bytes:
        text = json.dumps(value, indent=2, ensure_ascii=False)
        if "\ue000" in text:
            for mark, source in self._sources.items():
                text = text.replace(mark, source)
        return text.encode()

    def interactions(self) -> tuple[Interaction, ...]:
        return tuple(self._interaction(draft) for draft in self.drafts)

    def _interaction(self, draft: Draft) -> Interaction:
        body = self.json_bytes(draft.answer) if draft.body is None else draft.body
        return Interaction(
            Request(draft.method, draft.url, tuple(draft.request_headers), draft.form),
            Response(draft.status, tuple(draft.response_headers), body, draft.reason),
        )


Plant = Callable[[Bed, Spelled], None]
"""Puts a spelled secret into one kind of place of a bed."""


def in_url(spelled: Spelled) -> str:
    return spelled.literal if spelled.url_safe else quote(spelled.literal, safe="")


def in_form(spelled: Spelled) -> bytes:
    return (spelled.literal if spelled.url_safe else quote_plus(spelled.literal)).encode()


def draft_of(interaction: Interaction) -> Draft:
    request, response = interaction.request, interaction.response
    answer = copy.deepcopy(_parsed(response.body))
    sent, got = list(request.headers), list(response.headers)
    return Draft(request.method, request.url, sent, request.body, response.status, response.reason, got, answer)


@cache
def _parsed(body: bytes) -> Any:
    return json.loads(body)


_PEOPLE = frozenset({"evidence", "metadata", "billing_details", "shipping", "fraud_details", "customer"})


def containers(value: Any) -> Iterator[dict[str, Any]]:
    """Every JSON object in a body that Stripe may add a field or an expanded object to."""
    if isinstance(value, dict):
        yield value
        for name, member in value.items():
            if name not in _PEOPLE:
                yield from containers(member)
    elif isinstance(value, list):
        for member in value:
            yield from containers(member)


@dataclass
class Recorder:
    """Keeps what passes through, as a capture does."""

    sandbox: Sandbox
    seen: list[Interaction] = field(default_factory=list)

    def answer(self, request: Request) -> Response:
        response = self.sandbox.answer(request)
        self.seen.append(Interaction(request, response))
        return response


@cache
def sandbox_capture() -> tuple[Interaction, ...]:
    """One payment with people in every field, its dispute read, closed twice and looked back at."""
    recorder = Recorder(Sandbox(seed=11, people=True))
    caller = Caller(recorder, headers={"Idempotency-Key": "5cf1-4b7e"})
    caller.send("POST", "/v1/payment_intents", *payment(), Idempotency_Key="8d0e-first-try")
    found = json.loads(caller.send("GET", "/v1/disputes", ("limit", "3"), ("expand[]", "data.charge")).body)
    path = f"/v1/disputes/{found['data'][0]['id']}"
    for way in ("", "/close", "/close", ""):
        caller.send("POST" if way else "GET", path + way, Idempotency_Key=f"try-{len(recorder.seen)}")
    caller.send("GET", "/v1/events", ("limit", "3"))
    return tuple(recorder.seen)


@cache
def account_capture(seed: int) -> tuple[Interaction, ...]:
    return tuple(Account(seed).close_twice())


def raw_bed(rng: random.Random) -> Bed:
    """Real secrets all around: one part of a capture as it came, from the account or from the sandbox."""
    account = account_capture(rng.randrange(8))
    whole: Sequence[Interaction] = (*account, *rng.sample(sandbox_capture(), 2))
    return Bed(rng, [draft_of(interaction) for interaction in whole], account[2])


@cache
def clean_capture() -> tuple[Interaction, ...]:
    """The same as the redactor leaves it, so that a planting is the only secret in the file."""
    return redact(account_capture(0)).interactions


def clean_bed(rng: random.Random) -> Bed:
    clean = clean_capture()
    return Bed(rng, [draft_of(rng.choice(clean[:2]))], clean[2])


def with_header(headers: Headers, name: str, value: str) -> list[tuple[str, str]]:
    """The fields with one set anew, in its old place where it was there before."""
    others = [pair for pair in headers if pair[0].lower() != name.lower()]
    return [*others, (name, value)]

"""What each session asks, and what it must be answered: by runs in this process that are asked the same."""

from __future__ import annotations

import random
import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field

from replaydisputes.cassette_file import load
from replaydisputes.errors import ReplayDisputesError
from replaydisputes.model import Request, Response
from replaydisputes.playback import Player, Run, Several, runs_of, set_apart
from replaydisputes.playback.advice import SERVED as ADVICE
from replaydisputes.server.asgi import own_error
from replaydisputes.server.session_app import fit_for_the_wire
from replaydisputes.stripe_api.facts import API_ORIGIN
from tests.serve_support import CASSETTES, Got, raw

SERVED = ("close-lost", "close-twice", "close-inquiry", "close-idempotent", "close-evidence-submitted")
RESET = "/_replaydisputes/reset"
_OF_CONNECTIONS = {"connection", "content-length"}


@dataclass(frozen=True, slots=True)
class Ask:
    """One request. fault: what the server is told to answer with, by header."""

    method: str
    path: str
    idempotency_key: str = ""
    fault: str = ""

    def bytes_for(self, key: str) -> bytes:
        named = {"Idempotency-Key": self.idempotency_key, "Replaydisputes-Fault": self.fault}
        return raw(self.method, self.path, *(f"{name}: {text}" for name, text in named.items() if text), key=key)

    def expected_of(self, run: Run) -> Response:
        headers = (("Idempotency-Key", self.idempotency_key),) if self.idempotency_key else ()
        request = Request(self.method, API_ORIGIN + self.path, headers)
        try:
            given = run.fail(self.fault, request) if self.fault else run.answer(request)
        except ReplayDisputesError as error:
            return own_error(501, error)
        return fit_for_the_wire(given, self.method)


@dataclass(slots=True)
class LoadSession:
    """A key, the dispute that only it asks for, and every run that the server's may now be like.

    One as a rule; more where a request got no answer, so that it may have been played or not.
    """

    number: int
    drawn: random.Random
    runs: list[Run]
    disputes: tuple[str, ...]
    used_keys: list[str] = field(default_factory=list)

    @property
    def key(self) -> str:
        return f"sk_test_load{self.number:04}"

    def next_ask(self) -> Ask:
        """Most are about the session's own dispute, the rest about those of the other cassettes, or amiss."""
        chance = self.drawn.random()
        if chance < 0.05:
            return Ask("POST", RESET)
        if chance < 0.08:
            return Ask("GET", f"/v1/charges/ch_none{self.drawn.randrange(9)}")
        path = f"/v1/disputes/{self.drawn.choices(self.disputes, (4, *(1 for _ in self.disputes[1:])))[0]}"
        if chance < 0.11:
            return Ask("GET", path, fault=self.drawn.choice(("server-error", "rate-limit", "lock-timeout")))
        if chance < 0.65:
            return Ask("GET", path)
        return Ask("POST", f"{path}/close", self._idempotency_key())

    def may_have_happened(self, ask: Ask, start: Callable[[], Run]) -> None:
        """No answer came: from now on the server's run may be as before, or one request further."""
        further = [_copy(run, ask, start) for run in self.runs]
        self.runs = list({run.state(): run for run in (*further, *self.runs)}.values())

    def wrong(self, ask: Ask, got: Got, start: Callable[[], Run]) -> str:
        """What is wrong with an answer; nothing where one of the runs gives it. Those that do not are dropped."""
        if ask.path == RESET:
            self.runs, self.used_keys = [start()], []
            return "" if got.status == 200 else f"a reset was answered {got.status}"
        answers = [compared(ask.expected_of(run)) for run in self.runs]
        kept = [run for run, answer in zip(self.runs, answers, strict=True) if answer == compared(got)]
        if kept:
            self.runs = kept
            return ""
        return f"{self.key} {ask}: expected {' or '.join(map(_briefly, answers))}, got {_briefly(compared(got))}"

    def _idempotency_key(self) -> str:
        if self.used_keys and self.drawn.random() < 0.3:
            return self.drawn.choice(self.used_keys)
        self.used_keys.append(f"load-{self.number}-{self.drawn.randrange(10**9)}")
        return self.used_keys[-1]


def _copy(run: Run, ask: Ask, start: Callable[[], Run]) -> Run:
    """A run as far as another, and one request further."""
    other = start()
    if ask.path != RESET:
        other.resume(run.state())
        ask.expected_of(other)
    return other


def sessions(count: int, seed: int) -> tuple[list[LoadSession], Callable[[], Run]]:
    """So many sessions at their beginning, and what begins a run anew."""
    start = runs_of(Several(list(_players())))
    others = tuple(player.dispute_id for player in _players())[1:]
    return [
        LoadSession(number, random.Random(f"{seed} {number}"), [start()], (f"du_1load{number:04}", *others))
        for number in range(count)
    ], start


def _players() -> Iterator[Player]:
    """As `serve --any-dispute` has them: the first answers for every id that is no other's."""
    for name, beside in zip(SERVED, set_apart(SERVED), strict=True):
        yield Player(load(CASSETTES / f"{name}.yaml"), name, any_dispute=not beside, beside=beside, surface=ADVICE)


def _briefly(answer: tuple[int, list[tuple[str, str]], bytes]) -> str:
    status, headers, body = answer
    told = re.findall(rb'"(?:id|status|message)": "[^"]{,80}', body)
    return f"{status} {dict(headers).get('request-id')} {b', '.join(told[:1] + told[-1:]).decode()}"


def compared(answer: Got | Response) -> tuple[int, list[tuple[str, str]], bytes]:
    headers = [(name.lower(), text) for name, text in answer.headers if name.lower() not in _OF_CONNECTIONS]
    return answer.status, headers, answer.body

"""One thread's and one task's work: a cassette drawn, its story told by a client drawn, every answer checked."""

from __future__ import annotations

import asyncio
import json
import random
import time
from collections import Counter
from collections.abc import Awaitable, Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from pathlib import Path

from replaydisputes import replay
from replaydisputes.errors import MismatchError

Told = tuple[int, bytes]
"""Status and body."""
ORIGIN = "https://api.stripe.com/v1/disputes/"
STORY = (("GET", "", 200, "needs_response"), ("POST", "/close", 200, "lost"), ("POST", "/close", 400, None))
AFTERWARDS = ("GET", "", 200, "lost")


class WrongAnswerError(Exception):
    """An answer that is not this worker's own."""


@dataclass(slots=True)
class Soak:
    """What all workers share. `wrong` is what the run is judged by."""

    seed: int
    cassettes: dict[int, Path]
    until: float
    told: Counter[str] = field(default_factory=Counter)
    wrong: list[str] = field(default_factory=list)

    def turns(self) -> Iterator[None]:
        """One at least, however late a worker begins."""
        yield
        while time.monotonic() < self.until and len(self.wrong) < 20:
            yield

    def note(self, worker: str, error: BaseException) -> None:
        self.wrong.append(f"{worker}: {type(error).__name__}: {error}")


@dataclass(frozen=True, slots=True)
class _Turn:
    """One use of one cassette, drawn."""

    amount: int
    path: Path
    dispute: str
    unknown: bool

    @classmethod
    def draw(cls, soak: Soak, drawn: random.Random, worker: str) -> _Turn:
        amount = drawn.choice(list(soak.cassettes))
        own_id = f"du_{worker.replace(' ', '')}x{drawn.randrange(1000)}" if drawn.random() < 0.3 else ""
        return cls(amount, soak.cassettes[amount], own_id, drawn.random() < 0.02)

    def requests(self, dispute: str) -> Iterator[tuple[str, str, int, str | None]]:
        for method, path, status, said in (*STORY, AFTERWARDS):
            yield method, f"{ORIGIN}{dispute}{path}", status, said

    def check(self, dispute: str, told: Told, status: int, said: str | None) -> None:
        """Raises WrongAnswerError where any of status, amount, id is not this cassette's at this point."""
        body = json.loads(told[1])
        got = (told[0], body.get("status"), body.get("amount"), body.get("id"))
        expected = (status, said, self.amount, dispute) if said else (status, None, None, None)
        if got != expected:
            raise WrongAnswerError(f"expected {expected}, got {got}")


def work_in_thread(soak: Soak, number: int, clients: dict[str, Callable[[str, str], Told]]) -> None:
    worker, drawn = f"thread {number}", random.Random(f"{soak.seed} thread {number}")
    with ThreadPoolExecutor(1) as pool:
        for _ in soak.turns():
            try:
                _thread_turn(soak, _Turn.draw(soak, drawn, worker), drawn, clients, pool)
            except BaseException as error:
                soak.note(worker, error)


def _thread_turn(
    soak: Soak,
    turn: _Turn,
    drawn: random.Random,
    clients: dict[str, Callable[[str, str], Told]],
    pool: ThreadPoolExecutor,
) -> None:
    if turn.unknown:
        _expect_mismatch(soak, turn, clients["http.client"])
        return
    with replay(str(turn.path), any_dispute=bool(turn.dispute)) as running:
        dispute = turn.dispute or running.dispute_id
        for method, url, status, said in turn.requests(dispute):
            name = drawn.choice(list(clients))
            call = clients[name]
            told = pool.submit(call, method, url).result() if drawn.random() < 0.2 else call(method, url)
            turn.check(dispute, told, status, said)
            soak.told[name] += 1
            time.sleep(drawn.choice((0, 0.02, 0.2)))


def _expect_mismatch(soak: Soak, turn: _Turn, call: Callable[[str, str], Told]) -> None:
    """What no recording answers is refused, and goes nowhere."""
    try:
        with replay(str(turn.path)):
            call("GET", "https://api.stripe.com/v1/charges/ch_none")
    except MismatchError:
        soak.told["refused"] += 1
        return
    raise WrongAnswerError("a request that nobody recorded was answered")


async def work_in_task(soak: Soak, number: int, clients: dict[str, Callable[[str, str], Awaitable[Told]]]) -> None:
    worker, drawn = f"task {number}", random.Random(f"{soak.seed} task {number}")
    for _ in soak.turns():
        turn = _Turn.draw(soak, drawn, worker)
        try:
            with replay(str(turn.path), any_dispute=bool(turn.dispute)) as running:
                dispute = turn.dispute or running.dispute_id
                for method, url, status, said in turn.requests(dispute):
                    name = drawn.choice(list(clients))
                    call = asyncio.create_task(clients[name](method, url))
                    turn.check(dispute, await call, status, said)
                    soak.told[name] += 1
                    await asyncio.sleep(drawn.choice((0, 0, 0.001, 0.01)))
        except BaseException as error:
            soak.note(worker, error)
            if isinstance(error, asyncio.CancelledError):
                raise

"""One recording cut at one byte, and everything that may not happen then."""

from __future__ import annotations

import random
import re
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

import pytest
import trustme

from replaydisputes.errors import ReplayDisputesError, UnreachableError
from replaydisputes.model import Request
from replaydisputes.recording.quarantine import quarantined
from replaydisputes.recording.recorder import Target, record
from replaydisputes.recording.scenarios import SCENARIOS
from replaydisputes.sandbox import Sandbox
from replaydisputes.stripe_api.facts import API_ORIGIN
from tests.recording_support import KEY, Watched, surroundings
from tests.tls_support import Relay, https_serving, resolve_stripe_to, trust

STRIPE = Target(API_ORIGIN, KEY)
SCENARIO = SCENARIOS["close-twice"]
CLOSES = 2
"""What the scenario asks to be closed: once, and once again to be refused."""


@dataclass
class Tally:
    """How the runs ended."""

    healed: int = 0
    refused: int = 0
    closes_kept: int = 0
    problems: list[str] = field(default_factory=list)


class Cutting:
    """A CA, a directory, and what an undisturbed recording carries and writes."""

    def __init__(self, directory: Path, patch: pytest.MonkeyPatch) -> None:
        self._directory, self._patch = directory, patch
        self._authority = trustme.CA()
        self._certificate = self._authority.issue_cert("api.stripe.com")
        trust(self._authority, directory, patch)
        self._old = self._written(SCENARIOS["close-lost"], Relay(0))
        relay = Relay(0)
        self._new = self._written(SCENARIO, relay)
        self.carried = dict(relay.carried)

    def run(self, drawn: random.Random, tally: Tally) -> None:
        """Cut one recording: at this byte once, or from it on for good."""
        down, lasting = drawn.random() < 0.5, drawn.random() < 0.5
        relay = Relay(0, cut_at=drawn.randrange(self.carried[down]), downwards=down, lasting=lasting)
        path = self._directory / "cut.yaml"
        path.write_bytes(self._old)
        watched = Watched(Sandbox(seed=drawn.randrange(1000)))
        error: ReplayDisputesError | None = None
        with self._listening(watched, relay):
            try:
                record(SCENARIO, STRIPE, path, surroundings())
            except ReplayDisputesError as raised:
                error = raised
        where = f"byte {relay.cut_at} {'down' if down else 'up'}{', for good' if lasting else ''}"
        tally.problems += [f"{where}: {problem}" for problem in self._problems(watched, path.read_bytes(), error)]
        tally.healed += error is None
        tally.refused += error is not None
        tally.closes_kept += sum(len(kept.sent_closes) for kept in quarantined())
        for kept in quarantined():
            kept.path.unlink()

    def _problems(self, watched: Watched, content: bytes, error: ReplayDisputesError | None) -> Iterator[str]:
        if _without_marks(content) != _without_marks(self._new if error is None else self._old):
            yield "the file is neither the old cassette nor the whole new one"
        if error is not None and not isinstance(error, UnreachableError):
            yield f"ended with {type(error).__name__}"
        keys = {request.header("Idempotency-Key") for request in watched.closes}
        if len(keys) > CLOSES or (error is None and len(keys) != CLOSES):
            yield f"{len(keys)} closes of their own"
        noted = {dispute for kept in quarantined() for dispute in kept.sent_closes}
        if error is not None and not {_dispute(request) for request in watched.closes} <= noted:
            yield "a close was sent and is noted nowhere"
        if error is None and noted:
            yield "a finished recording left a capture behind"

    def _written(self, scenario: object, relay: Relay) -> bytes:
        path = self._directory / "undisturbed.yaml"
        path.unlink(missing_ok=True)
        with self._listening(Watched(Sandbox()), relay):
            record(scenario, STRIPE, path, surroundings())  # type: ignore[arg-type] # a Scenario
        return path.read_bytes()

    @contextmanager
    def _listening(self, watched: Watched, relay: Relay) -> Iterator[None]:
        with https_serving(watched, self._certificate) as port, self._patch.context() as patch:
            relay.upstream = port
            with relay.listening() as relay_port:
                resolve_stripe_to(relay_port, patch)
                yield


def _without_marks(content: bytes) -> bytes:
    """A cassette less what the sandbox says it assumes: an answer that it gives again, it gives on an assumption."""
    return re.sub(rb" +Replaydisputes-Assumption:\n +- .*\n|  (?:digest|layout): .*\n", b"", content)


def _dispute(request: Request) -> str:
    return request.url.split("/")[-2]

"""The wire to a sandbox in this process, on a clock of its own: what the assumptions look like where they hold."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from replaydisputes.model import Answerer, Request, Response
from replaydisputes.sandbox import Sandbox

_START = 1_793_610_000
_LATENCY_S = 0.5
_LIMIT = 25

Clock = Callable[[], float]


def assumed_sandbox(clock: Clock) -> Answerer:
    """The sandbox as it is by default, in which calls can meet and be too many. clock: unix seconds."""
    return Sandbox(clock=clock, start_time=_START, latency=_LATENCY_S, rate_limit=_LIMIT)


class Modelled:
    """Seconds pass from call to call, and none while several are sent at once."""

    def __init__(self, make: Callable[[Clock], Answerer] = assumed_sandbox) -> None:
        """make: what answers, by this wire's clock."""
        self._now = float(_START)
        self._answerer = make(lambda: self._now)

    def send(self, request: Request) -> Response:
        response = self._answerer.answer(request)
        self.wait(1)
        return response

    def send_at_once(self, requests: Sequence[Request]) -> list[Response]:
        responses = list(map(self._answerer.answer, requests))
        self.wait(1)
        return responses

    def wait(self, seconds: float) -> None:
        self._now += seconds

"""The wire to a sandbox in this process, on a clock of its own: what the assumptions look like where they hold."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from replaydisputes.model import Answerer, Request, Response
from replaydisputes.sandbox import Sandbox

_START = 1_793_610_000
_LATENCY_S = 0.5
_LIMIT = 25


class Modelled:
    """Seconds pass from call to call, and none while several are sent at once."""

    def __init__(self, changed: Callable[[Answerer], Answerer] = lambda sandbox: sandbox) -> None:
        """changed: given the sandbox, what is to answer in its place."""
        self._now = float(_START)
        sandbox = Sandbox(clock=lambda: self._now, start_time=_START, latency=_LATENCY_S, rate_limit=_LIMIT)
        self._answerer = changed(sandbox)

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

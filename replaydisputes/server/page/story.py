"""One visitor's run through a cassette: its own recorded requests, sent again step by step to the Answerer."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import Any
from urllib.parse import parse_qsl, urlsplit

from replaydisputes.errors import ReplayDisputesError
from replaydisputes.model import Request, Response, without_headers
from replaydisputes.server.page.exhibit import Exhibit

_READS = frozenset({"GET", "HEAD"})


@dataclass(frozen=True, slots=True)
class Exchange:
    """A request and its answer; where nothing is recorded for it, `refusal` is this tool's own report instead."""

    request: Request
    response: Response | None
    refusal: str = ""
    value: Any = None
    """The answer's JSON; None where there is none."""

    @property
    def is_write(self) -> bool:
        return self.request.method not in _READS

    @property
    def is_close(self) -> bool:
        return is_close(self.request)


@dataclass(frozen=True, slots=True)
class Step:
    """What can be done next. is_extra: the cassette ends before it, and holds no answer to it."""

    request: Request
    label: str
    is_close: bool
    is_extra: bool = False


class Story:
    """Reads before the first write are played at once; each step is one write and the reads that follow it."""

    def __init__(self, exhibit: Exhibit, begins_at_s: int) -> None:
        self.exhibit = exhibit
        self._answerer = exhibit.begin(begins_at_s)
        self._script = [interaction.request for interaction in exhibit.cassette.interactions]
        self._position = 0
        self._is_over = False
        self.steps_made = 0
        self.exchanges: list[Exchange] = []
        self._read_on()

    @property
    def next_step(self) -> Step | None:
        """The next recorded write; after the last, a close once more, unless that is what was recorded."""
        if self._position < len(self._script):
            request = self._script[self._position]
            return Step(request, _label(request), is_close(request))
        closes = [one.request for one in self.exchanges if one.is_close]
        if self._is_over or not closes or self._ended_refused():
            return None
        again = replace(closes[-1], headers=without_headers(closes[-1].headers, ["Idempotency-Key"]))
        return Step(again, "Close it again", is_close=True, is_extra=True)

    def advance(self) -> None:
        """Make the next step; nothing where there is none."""
        step = self.next_step
        if step is None:
            return
        self._exchange(step.request)
        self.steps_made += 1
        if step.is_extra:
            self._is_over = True
        else:
            self._position += 1
            self._read_on()

    def _ended_refused(self) -> bool:
        writes = [one for one in self.exchanges if one.is_write]
        last = writes[-1].response
        return last is None or last.status >= 400

    def _read_on(self) -> None:
        while self._position < len(self._script) and self._script[self._position].method in _READS:
            self._exchange(self._script[self._position])
            self._position += 1

    def _exchange(self, request: Request) -> None:
        try:
            response = self._answerer.answer(request)
        except ReplayDisputesError as error:
            self.exchanges.append(Exchange(request, None, str(error)))
        else:
            self.exchanges.append(Exchange(request, response, value=_json_of(response)))


def is_close(request: Request) -> bool:
    return request.method == "POST" and urlsplit(request.url).path.endswith("/close")


def _json_of(response: Response) -> Any:
    """The JSON of a body; None where it is not JSON."""
    try:
        return json.loads(response.body)
    except ValueError:
        return None


def disputes_in(value: Any) -> Iterator[dict[str, Any]]:
    """Every dispute object in an answer, wherever it stands, outermost first."""
    if isinstance(value, dict):
        if value.get("object") == "dispute" and isinstance(value.get("id"), str):
            yield value
        for member in value.values():
            yield from disputes_in(member)
    elif isinstance(value, list):
        for member in value:
            yield from disputes_in(member)


def _label(request: Request) -> str:
    """What a write does, in words; the method and path where it is nothing we know."""
    if is_close(request):
        return "Close dispute"
    names = dict(parse_qsl(request.body.decode("utf-8", "replace"), keep_blank_values=True))
    if any(name.startswith("evidence[") for name in names):
        return "Submit evidence" if names.get("submit", "true") == "true" else "Save evidence"
    if any(name.startswith("metadata[") for name in names):
        return "Set metadata"
    return f"Send {request.method} {urlsplit(request.url).path}"

"""One visitor's run through a cassette: its own recorded requests, sent again step by step to the Answerer."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from dataclasses import dataclass, replace
from itertools import islice
from typing import Any
from urllib.parse import parse_qsl

from replaydisputes.errors import ReplayDisputesError
from replaydisputes.model import Answerer, Request, Response, without_headers
from replaydisputes.server.page.exhibit import Exhibit

_READS = frozenset({"GET", "HEAD"})
_URL = re.compile(r"(?:[A-Za-z][A-Za-z0-9+.-]*://(?P<host>[^/?#]*))?(?P<path>[^?#]*)(?:\?(?P<query>[^#]*))?")
_DEEPEST = 12
"""How far down an answer a dispute is looked for; an event's lies two levels down, an expanded charge's three."""

SHOWN = 60
"""Interactions of a cassette that are shown: a page that holds each exchange whole can hold no more with comfort."""


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


_UNPLAYABLE = (ReplayDisputesError, ValueError)
"""What a player says of a request that it cannot answer, or, of a file of another tool, not even read."""


class _Nobody:
    """Answers for a cassette that cannot be played, by saying why."""

    def __init__(self, error: Exception) -> None:
        self._error = error

    def answer(self, request: Request) -> Response:
        raise self._error


class Story:
    """Reads before the first write are played at once; each step is one write and the reads that follow it."""

    def __init__(self, exhibit: Exhibit, begins_at_s: int) -> None:
        self.exhibit = exhibit
        self._script = [interaction.request for interaction in islice(exhibit.cassette.interactions, SHOWN)]
        self._position = 0
        self._is_over = False
        self.steps_made = 0
        self.exchanges: list[Exchange] = []
        try:
            self._answerer: Answerer = exhibit.begin(begins_at_s)
        except _UNPLAYABLE as error:
            self._answerer, self._script = _Nobody(error), self._script[:1]
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
        except _UNPLAYABLE as error:
            self.exchanges.append(Exchange(request, None, str(error)))
        else:
            self.exchanges.append(Exchange(request, response, value=_json_of(response)))


def is_close(request: Request) -> bool:
    return request.method == "POST" and target_of(request)[1].endswith("/close")


def target_of(request: Request) -> tuple[str, str, str]:
    """Host, path and query of a request as they were sent, of whatever URL another tool wrote."""
    found = _URL.match(request.url)
    return ("", request.url, "") if found is None else (found["host"] or "", found["path"], found["query"] or "")


def _json_of(response: Response) -> Any:
    """The JSON of a body; None where it is not JSON."""
    try:
        return json.loads(response.body)
    except (ValueError, RecursionError):
        return None


def disputes_in(value: Any, depth: int = 0) -> Iterator[dict[str, Any]]:
    """Every dispute object in an answer, wherever it stands, outermost first."""
    if depth > _DEEPEST:
        return
    if isinstance(value, dict):
        if value.get("object") == "dispute" and isinstance(value.get("id"), str):
            yield value
        for member in value.values():
            yield from disputes_in(member, depth + 1)
    elif isinstance(value, list):
        for member in value:
            yield from disputes_in(member, depth + 1)


def _label(request: Request) -> str:
    """What a write does, in words; the method and path where it is nothing we know."""
    if is_close(request):
        return "Close dispute"
    names = dict(parse_qsl(request.body.decode("utf-8", "replace"), keep_blank_values=True))
    if any(name.startswith("evidence[") for name in names):
        return "Submit evidence" if names.get("submit", "true") == "true" else "Save evidence"
    if any(name.startswith("metadata[") for name in names):
        return "Set metadata"
    return f"Send {request.method} {target_of(request)[1]}"

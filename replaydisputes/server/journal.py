"""What one session was asked: the last requests, and how many there were in all."""

from __future__ import annotations

import time
from collections import deque
from collections.abc import Callable
from typing import Literal, NamedTuple

KEPT = 100
_ENTRY_BYTES = 300
_MOST_TARGET, _MOST_PROBLEM = 500, 400
"""Characters kept of each, so that a session's journal stays small; the answer itself tells the whole report."""

Outcome = Literal["answered", "unmatched", "fault"]


class Entry(NamedTuple):
    """One request: without headers and body, as those hold keys and people."""

    at_s: float
    method: str
    target: str
    status: int
    outcome: Outcome
    problem: str


class Room:
    """How many bytes all journals of a server hold together."""

    def __init__(self) -> None:
        self.used = 0


class Journal:
    """Counts by outcome, and the last KEPT requests."""

    def __init__(self, room: Room) -> None:
        self._entries: deque[Entry] = deque()
        self._counts: dict[Outcome, int] = {"answered": 0, "unmatched": 0, "fault": 0}
        self._room = room

    def note(self, method: str, target: str, status: int, outcome: Outcome, problem: str = "") -> None:
        """target: path and query. status: 0 where the connection was cut or held. problem: a report without secrets."""
        self._counts[outcome] += 1
        entry = Entry(time.time(), method, target[:_MOST_TARGET], status, outcome, problem[:_MOST_PROBLEM])
        self._entries.append(entry)
        self._room.used += _size(entry)
        if len(self._entries) > KEPT:
            self._room.used -= _size(self._entries.popleft())

    def forget_requests(self) -> None:
        """Keep the counts alone."""
        self._room.used -= sum(map(_size, self._entries))
        self._entries.clear()

    def told(self, shown: Callable[[str, str], str]) -> dict[str, object]:
        """As JSON values. shown: a line without secrets, from method and target."""
        requests: list[dict[str, object]] = [
            {
                "at": round(entry.at_s, 3),
                "request": shown(entry.method, entry.target),
                "status": entry.status or None,
                "outcome": entry.outcome,
                **({"problem": entry.problem} if entry.problem else {}),
            }
            for entry in self._entries
        ]
        counts = {str(outcome): count for outcome, count in self._counts.items()}
        return {"seen": sum(counts.values()), **counts, "requests": requests}


def _size(entry: Entry) -> int:
    """Bytes, about: a character of these texts takes one to four."""
    return _ENTRY_BYTES + 4 * (len(entry.target) + len(entry.problem))

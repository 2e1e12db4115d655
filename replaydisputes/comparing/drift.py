"""The values a comparison gives."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

DriftKind = Literal[
    "call gone",
    "call added",
    "call moved",
    "request changed",
    "status changed",
    "header gone",
    "header added",
    "header changed",
    "field gone",
    "field added",
    "type changed",
    "value changed",
    "length changed",
    "order changed",
    "body changed",
]


@dataclass(frozen=True, slots=True)
class Drift:
    """One difference. `call`: the call in words; `path`: JSON path, header name or parameter; old and new as shown.

    note: what a reader should know of it beside; mostly empty.
    """

    kind: DriftKind
    call: str
    path: str = ""
    old: str = ""
    new: str = ""
    note: str = ""

    def __str__(self) -> str:
        change = f": {self.old or '(nothing)'} -> {self.new or '(nothing)'}" if self.old or self.new else ""
        note = f" ({self.note})" if self.note else ""
        return f"{self.call}: {self.kind}{' ' + self.path if self.path else ''}{change}{note}"


@dataclass(frozen=True, slots=True)
class Drifts:
    """All differences, in the order of the calls, and the Stripe-Versions of the two recordings ('' unknown)."""

    drifts: tuple[Drift, ...]
    old_version: str = ""
    new_version: str = ""

    def __bool__(self) -> bool:
        return bool(self.drifts)

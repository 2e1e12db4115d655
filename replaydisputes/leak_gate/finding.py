"""What the gate reports: the kind of a secret and where it stands, never the secret."""

from __future__ import annotations

from bisect import bisect_left
from dataclasses import dataclass
from typing import NamedTuple


@dataclass(frozen=True, slots=True)
class Leak:
    """One secret. `line` and `column` count from 1, in bytes of the file.

    masked: at most two characters of the value, and its length.
    encoding: how it was hidden, outermost first, such as `base64, compressed`; empty where it stood in clear.
    """

    kind: str
    line: int
    column: int
    masked: str
    encoding: str = ""


class Match(NamedTuple):
    """A secret in one view: `start` and `end` are offsets into that view's text."""

    start: int
    end: int
    kind: str


def mask(value: bytes) -> str:
    """`j…@g… (24 characters)` for an email, `s… (32 characters)` for the rest, nothing of what is shorter than 6."""
    shown = value.decode("utf-8", "replace")
    local, at, domain = shown.partition("@")
    if len(shown) < 6:
        return f"… ({len(shown)} characters)"
    if at and local and domain:
        return f"{local[0]}…@{domain[0]}… ({len(shown)} characters)"
    return f"{shown[0]}… ({len(shown)} characters)"


def without_overlaps(certain: list[Match], by_place: list[Match]) -> list[Match]:
    """In order of place; of matches that overlap the longest stays, so an id inside a client secret is told once.

    by_place: matches that say only where something stands; they give way to one that fills half of that place.
    """
    kept = _longest(certain)
    starts, placed = [match.start for match in kept], list[Match]()
    for match in _longest(by_place):
        inside = kept[max(bisect_left(starts, match.start) - 1, 0) : bisect_left(starts, match.end)]
        shared = (min(other.end, match.end) - max(other.start, match.start) for other in inside)
        if 2 * max(shared, default=0) < match.end - match.start:
            placed.append(match)
    return sorted([*kept, *placed])


def _longest(matches: list[Match]) -> list[Match]:
    kept: list[Match] = []
    for match in sorted(matches, key=lambda found: (found.start, -found.end)):
        if not kept or match.start >= kept[-1].end:
            kept.append(match)
        elif match.end - match.start > kept[-1].end - kept[-1].start:
            kept[-1] = match
    return kept

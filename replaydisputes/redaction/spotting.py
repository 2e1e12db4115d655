"""Where stand-ins stand in a text, for whoever shows a cassette to people."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import NamedTuple

from replaydisputes.redaction.stand_ins import CANONICAL_FRAGMENT, GROUP_KINDS, STAND_IN
from replaydisputes.stripe_api.times import TIME_FIELDS

_SHORT = rf"{CANONICAL_FRAGMENT}[0-9]{{4,30}}"
_ID = (
    rf"(?<![A-Za-z0-9])[a-z]{{2,12}}(?:_[a-z]{{2,12}})?"
    rf"_(?:1AAAAA{CANONICAL_FRAGMENT}[0-9]{{8}}|1[0-9]{{5}}{CANONICAL_FRAGMENT}(?![0-9])|{_SHORT})"
)
_OTHERS = re.compile(
    rf"(?P<secret>{_ID}_secret_{CANONICAL_FRAGMENT}[0-9]+)|(?P<id>{_ID})"
    r"|(?P<masked>[sr]k(?:cs)?_test_\*{4,}[0-9]{4})|(?P<bare>\[redacted\])"
    r"|(?P<text>%5Bredacted(?:\+|%20)[1-9][0-9]{0,6}%5D)|(?P<email>customer-[1-9][0-9]{0,6}%40example\.invalid)"
    r"|(?P<phone>%2B1555555[0-9]{4,7}(?![0-9]))|(?P<url>https%3A%2F%2Fexample\.invalid%2F[1-9][0-9]{0,6}(?![0-9]))"
    rf'|"(?:{"|".join(sorted(TIME_FIELDS))})"\s*:\s*(?P<time>[1-9][0-9]{{9}})(?![0-9.eE])'
    r"|^(?i:date): (?P<date>.+)$",
    re.MULTILINE,
)
"""What StandIns' own pattern does not find: ids, keys, times, and placeholders in the coding of a form."""

_KINDS = {
    **GROUP_KINDS,
    "secret": "client secret",
    "id": "id",
    "masked": "key",
    "bare": "key",
    "time": "time",
    "date": "time",
}


class Spot(NamedTuple):
    """A stand-in from `start` to before `end`, and the kind of value that it replaced."""

    start: int
    end: int
    kind: str


def stand_ins_in(text: str) -> list[Spot]:
    """Every stand-in that shows by its shape, in order, none within another.

    A time has no shape of its own: it is told by its field, in JSON and in the Date header.
    """
    found = sorted((*_placeholders(text), *_others(text)))
    apart: list[Spot] = []
    for spot in found:
        if not apart or spot.start >= apart[-1].end:
            apart.append(spot)
    return apart


def _placeholders(text: str) -> Iterator[Spot]:
    for found in STAND_IN.finditer(text):
        yield Spot(*found.span(), GROUP_KINDS[found.lastgroup or "text"])


def _others(text: str) -> Iterator[Spot]:
    for found in _OTHERS.finditer(text):
        group = found.lastgroup or "id"
        yield Spot(*found.span(group), _KINDS[group])

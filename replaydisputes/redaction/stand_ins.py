"""What takes the place of a real value: the same value always the same stand-in, numbered by first appearance.

A stand-in stands for itself, which is what makes redacting twice equal to redacting once.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from email.utils import format_datetime, parsedate_to_datetime

CANONICAL_FRAGMENT = "replaydisp"
"""Stands where a real id names its account: one account for all canonical ids."""

CANONICAL_START = 1767225600
"""2026-01-01T00:00:00Z, the moment every canonical recording begins."""

_DAY_S = 86_400
_EARLIEST_S, _LATEST_S = 1_262_304_000, 4_102_444_800
"""2010, before Stripe, to 2100."""

_EMAIL = re.compile(r"[^@\s]+@[^@\s]+\.[^@\s]+\Z")
_IPV4 = re.compile(r"(?:[0-9]{1,3}\.){3}[0-9]{1,3}\Z")
_IPV6 = re.compile(r"(?=.*:.*:)[0-9A-Fa-f:.]{3,45}\Z")
_PHONE = re.compile(r"\+?[0-9][0-9 ().-]{7,20}[0-9]\Z")
_URL = re.compile(r"[a-z][a-z0-9+.-]*://", re.IGNORECASE)

_FORMS: Mapping[str, str] = {
    "email address": "customer-{}@example.invalid",
    "telephone number": "+1555555{:04d}",
    "URL": "https://example.invalid/{}",
    "idempotency key": "idempotency-key-{}",
    "field name": "key_{}",
    "path segment": "redacted-{}",
    "host": "host-{}.invalid",
    "text": "[redacted {}]",
}

STAND_IN = re.compile(
    r"customer-(?P<email>[1-9][0-9]{0,6})@example\.invalid|192\.0\.2\.(?P<ip4>[0-9]{1,3})(?![0-9])|2001:db8::(?P<ip6>[0-9a-f]{1,6})(?![0-9a-f])"
    r"|\+1555555(?P<phone>[0-9]{4,7})(?![0-9])|https://example\.invalid/(?P<url>[1-9][0-9]{0,6})(?![0-9])"
    r"|idempotency-key-(?P<key>[1-9][0-9]{0,6})(?![0-9])|\bkey_(?P<field>[1-9][0-9]{0,6})\b|redacted-(?P<segment>[1-9][0-9]{0,6})(?![0-9])|host-(?P<host>[1-9][0-9]{0,6})\.invalid"
    r"|\[redacted (?P<text>[1-9][0-9]{0,6})\]"
)
"""Any placeholder, anywhere in text."""

_CANONICAL_ID = re.compile(
    rf"(?P<prefix>[a-z]{{2,12}}(?:_[a-z]{{2,12}})?)_(?:1AAAAA{CANONICAL_FRAGMENT}(?P<long>[0-9]{{8}})"
    rf"|1(?P<account>[0-9]{{5}}){CANONICAL_FRAGMENT}(?![0-9])|{CANONICAL_FRAGMENT}(?P<short>[0-9]{{4,30}}))"
)
GROUP_KINDS = {
    "email": "email address",
    "ip4": "IP address",
    "ip6": "IP address",
    "phone": "telephone number",
    "url": "URL",
    "key": "idempotency key",
    "field": "field name",
    "segment": "path segment",
    "host": "host",
    "text": "text",
}


def kind_of_value(value: str) -> str:
    """Which kind of placeholder a denied value gets, judged by the value itself."""
    for kind, shape in (
        ("email address", _EMAIL),
        ("IP address", _IPV4),
        ("IP address", _IPV6),
        ("telephone number", _PHONE),
        ("URL", _URL),
    ):
        if shape.match(value):
            return kind
    return "text"


def canonical_suffix(length: int, number: int) -> str:
    """The canonical part behind an id's prefix, as long as the real one, but of 14 to 40 characters."""
    length = min(max(length, 14), 40)
    if length == 16:
        return f"1{number:05d}{CANONICAL_FRAGMENT}"
    if length == 24:
        return f"1AAAAA{CANONICAL_FRAGMENT}{number:08d}"
    return f"{CANONICAL_FRAGMENT}{number:0{length - len(CANONICAL_FRAGMENT)}d}"


class StandIns:
    """The memory of one redaction: real value to stand-in, and how many of each kind were replaced."""

    def __init__(self) -> None:
        self._given: dict[tuple[str, str], str] = {}
        self._next: Counter[str] = Counter()
        self._reserved: set[tuple[str, int]] = set()
        self._start_s: int | None = None
        self._used: set[tuple[str, str]] = set()

    def counts(self) -> dict[str, int]:
        """Distinct values replaced since `begin`, by kind, most first."""
        counted = Counter("id" if kind.startswith("id ") else kind for kind, _ in self._used)
        return dict(sorted(counted.items(), key=lambda item: (-item[1], item[0])))

    def given(self) -> dict[str, str]:
        """Each real value and its stand-in, of every recording so far; ids whole, with their prefix."""
        whole = ((f"{kind[3:]}_{value}" if kind.startswith("id ") else value) for kind, value in self._given)
        return dict(zip(whole, self._given.values(), strict=True))

    def begin(self, start_s: int | None) -> None:
        """Begin a recording: the unix second that becomes CANONICAL_START, None where the first time met is to."""
        self._start_s = start_s
        self._used.clear()

    def for_value(self, value: str, kind: str | None = None) -> str:
        """The placeholder of a denied value; its kind is judged from the value where none is given."""
        if STAND_IN.fullmatch(value):
            return value
        kind = kind or kind_of_value(value)
        return self._remember(kind, value, lambda number: _spell(kind, value, number))

    def for_id(self, prefix: str, suffix: str) -> str:
        """The canonical id: prefix and length kept, the rest numbered by first appearance under its prefix."""
        if _CANONICAL_ID.fullmatch(f"{prefix}_{suffix}"):
            return f"{prefix}_{suffix}"
        name = f"id {prefix}"
        return self._remember(name, suffix, lambda number: f"{prefix}_{canonical_suffix(len(suffix), number)}")

    def for_time(self, unix_s: int) -> int:
        """The canonical instant: within 12 hours of the start it is the start, else whole days away from it."""
        away_s = unix_s - self._start(unix_s)
        return CANONICAL_START + (away_s + _DAY_S // 2) // _DAY_S * _DAY_S

    def for_day(self, unix_s: int) -> int:
        """The canonical day, for times Stripe gives by the calendar: days apart kept, and the last second of a day."""
        days = unix_s // _DAY_S - self._start(unix_s) // _DAY_S
        end_of_day_s = _DAY_S - 1 if unix_s % _DAY_S == _DAY_S - 1 else 0
        return CANONICAL_START + days * _DAY_S + end_of_day_s

    def reserve(self, text: str) -> None:
        """Keep the numbers of stand-ins already in a text from being given to anybody else."""
        for found in STAND_IN.finditer(text):
            group = found.lastgroup or "text"
            self._reserved.add((GROUP_KINDS[group], int(found[group], 16 if group == "ip6" else 10)))
        for found in _CANONICAL_ID.finditer(text):
            number = found["long"] or found["account"] or found["short"]
            self._reserved.add((f"id {found['prefix']}", int(number)))

    def _start(self, unix_s: int) -> int:
        if self._start_s is None:
            self._start_s = unix_s
        return self._start_s

    def _remember(self, kind: str, value: str, spell: Callable[[int], str]) -> str:
        self._used.add((kind, value))
        known = self._given.get((kind, value))
        if known is None:
            known = self._given[kind, value] = spell(self._take_number(kind))
        return known

    def _take_number(self, kind: str) -> int:
        self._next[kind] += 1
        while (kind, self._next[kind]) in self._reserved:
            self._next[kind] += 1
        return self._next[kind]


def _spell(kind: str, value: str, number: int) -> str:
    if kind == "IP address":
        return f"2001:db8::{number:x}" if ":" in value or number > 254 else f"192.0.2.{number}"
    return _FORMS[kind].format(number)


def is_plausible_time(unix_s: int) -> bool:
    """Whether a number can be a time of Stripe's. What is none would move to where no time is, and again next time."""
    return _EARLIEST_S <= unix_s <= _LATEST_S


def http_date_to_unix(value: str) -> int | None:
    """Unix seconds of an HTTP date (RFC 9110); None where it is not one that can be Stripe's."""
    try:
        unix_s = int(parsedate_to_datetime(value).timestamp())
    except (TypeError, ValueError, OverflowError):
        return None
    return unix_s if is_plausible_time(unix_s) else None


def unix_to_http_date(unix_s: int) -> str:
    return format_datetime(datetime.fromtimestamp(unix_s, UTC), usegmt=True)

"""`clock="now"`: every time in an answer moved by one offset, so that the recording begins when the replay does."""

from __future__ import annotations

import re
from email.utils import formatdate, parsedate_to_datetime
from typing import NamedTuple

from replaydisputes.model import Cassette, Response
from replaydisputes.playback.codings import plain_body
from replaydisputes.playback.matching import Asked
from replaydisputes.playback.slots import BODY, Change, changed, text_of
from replaydisputes.stripe_api.forms import split_key
from replaydisputes.stripe_api.times import RANGE_OPERATORS, TIME_FIELDS

_DAY_S = 86_400
_UNIX_S = "[1-9][0-9]{9}"
"""2001 to 2286: a zero stays a zero, and what no answer can have said is no shifted time."""

_TIME = re.compile(rf'("(?:{"|".join(sorted(TIME_FIELDS))})"[ \t\r\n]*:[ \t\r\n]*)({_UNIX_S})(?![0-9.eE])')
"""A time in JSON with the name before it: inside a string the name's quotes would be escaped."""


class Shift(NamedTuple):
    """One offset in seconds, for all times of a replay.

    days_from_s: where given, the recorded requests name whole days from this second, as redaction has them.
    """

    seconds: int
    days_from_s: int | None = None

    def told(self, response: Response) -> Response:
        """The recorded answer with its times and its Date moved; not one other byte of the body differs."""
        return changed(response, self.changes(response))

    def changes(self, response: Response) -> list[Change]:
        """Every time in an answer, and its Date, with what takes its place."""
        found = [
            Change(BODY, *time.span(2), str(int(time[2]) + self.seconds))
            for time in _TIME.finditer(text_of(plain_body(response)))
        ]
        for at, (name, value) in enumerate(response.headers):
            moment_s = _http_date_to_unix(value) if name.lower() == "date" else None
            if moment_s is not None:
                found.append(Change(at, 0, len(value), formatdate(moment_s + self.seconds, usegmt=True)))
        return found

    def meant(self, asked: Asked) -> Asked:
        """A request in the cassette's times: the code under test knows only moved ones, and asks with them."""
        if not asked.params:
            return asked
        return asked._replace(params=tuple((key, self._earlier(key, value)) for key, value in asked.params))

    def _earlier(self, key: str, value: str) -> str:
        names = [name for name in split_key(key) if name not in RANGE_OPERATORS]
        is_time = bool(names) and names[-1] in TIME_FIELDS and "metadata" not in names
        return str(self.recorded(int(value))) if is_time and re.fullmatch(_UNIX_S, value) else value

    def recorded(self, moved_s: int) -> int:
        """The recorded time that a moved one stands for. So "a week ago" is one, whatever second the code says it."""
        if self.days_from_s is None:
            return moved_s - self.seconds
        away_s = moved_s - self.seconds - self.days_from_s
        return self.days_from_s + (away_s + _DAY_S // 2) // _DAY_S * _DAY_S


def recording_moment(cassette: Cassette) -> int | None:
    """When the recording began, in unix seconds: its first Date, as redaction counts from it, else its first time.

    None for a cassette without any time. Raises CompressedAnswerError.
    """
    for interaction in cassette.interactions:
        date = interaction.response.header("date")
        moment_s = _http_date_to_unix(date) if date else None
        if moment_s is not None:
            return moment_s
    for interaction in cassette.interactions:
        found = _TIME.search(text_of(plain_body(interaction.response)))
        if found:
            return int(found[2])
    return None


def recorded_in_days(cassette: Cassette, away_s: int) -> int | None:
    """The canonical time that is as many whole days from the recording's begin as `away_s` seconds are."""
    moment_s = recording_moment(cassette)
    return None if moment_s is None else moment_s + (away_s + _DAY_S // 2) // _DAY_S * _DAY_S


def shift_to(cassette: Cassette, begins_at_s: int | None) -> Shift | None:
    """The shift that has the recording begin at a unix second; None where there is nothing to shift."""
    moment_s = None if begins_at_s is None else recording_moment(cassette)
    if moment_s is None or begins_at_s is None:
        return None
    return Shift(begins_at_s - moment_s, moment_s if cassette.provenance else None)


def _http_date_to_unix(value: str) -> int | None:
    try:
        return int(parsedate_to_datetime(value).timestamp())
    except (TypeError, ValueError, OverflowError):
        return None

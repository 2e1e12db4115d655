"""The order of calls in a recording whose file has none: by the server's Date, then by the recorder's clock."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from itertools import pairwise

from replaydisputes.importing.calls import Call

BY_CLOCK_ONLY = (
    "the file keeps no order and the answers have no Date; the calls are in the order of the recorder's clock"
)
BY_DATE = "the recorder's clock and the server's Dates disagree; the calls are in the order of the Dates"
UNKNOWN = "the file keeps no order and not every call says when it was made; the calls are as they stand in the file"


def in_order(calls: Sequence[Call]) -> tuple[Sequence[Call], str]:
    """The calls of an unordered file in the order of time, and why that order may be wrong; empty if it is certain.

    A test suite can move the recorder's clock (freezegun, `travel_to`), but not the server's. A Date has whole
    seconds, so the recorder's clock decides within one second, if both agree everywhere else.
    """
    if len(calls) < 2:
        return calls, ""
    clocks = _all([moment_of(call.recorded_at) for call in calls])
    dates = _all([moment_of(call.interaction.response.header("date") or "") for call in calls])
    places = range(len(calls))
    if dates is None:
        if clocks is None:
            return calls, UNKNOWN
        order = sorted(places, key=lambda place: clocks[place])
        return [calls[place] for place in order], BY_CLOCK_ONLY if order != list(places) else ""
    if clocks is None:
        order = sorted(places, key=lambda place: dates[place])
        return [calls[place] for place in order], UNKNOWN if len(set(dates)) < len(dates) else ""
    order = sorted(places, key=lambda place: (dates[place], clocks[place]))
    if all(clocks[one] <= clocks[other] for one, other in pairwise(order)):
        return [calls[place] for place in order], ""
    return [calls[place] for place in sorted(places, key=lambda place: dates[place])], BY_DATE


def moment_of(spelled: str) -> datetime | None:
    """A time as HTTP or as ISO 8601 spells it, in UTC; None for anything else."""
    for read in (datetime.fromisoformat, parsedate_to_datetime):
        try:
            moment = read(spelled.strip())
            return moment.replace(tzinfo=UTC) if moment.tzinfo is None else moment.astimezone(UTC)
        except (ValueError, TypeError, OverflowError):
            continue
    return None


def _all(moments: list[datetime | None]) -> list[datetime] | None:
    known = [moment for moment in moments if moment is not None]
    return known if len(known) == len(moments) else None

"""Times that Stripe gives by the calendar (UTC), not by the second."""

from __future__ import annotations

DAY_S = 86_400


def midnight_after(now: int, days: int) -> int:
    """The first second of the day that many days after today."""
    return (now // DAY_S + days) * DAY_S


def end_of_day_after(now: int, days: int) -> int:
    """The last second of the day that many days after today: when an answer to a dispute is due."""
    return midnight_after(now, days + 1) - 1

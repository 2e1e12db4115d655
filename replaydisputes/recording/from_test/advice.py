"""What to assert in place of a value that only Stripe knew, and that the recording therefore does not hold."""

from __future__ import annotations

import re
from collections.abc import Iterator

from replaydisputes.recording.publishing import Recorded
from replaydisputes.stripe_api.ids import is_dispute_id, is_id

_TIME = re.compile(r"(?<![\w.])[12][0-9]{9}(?![\w.])")
_MOST_NAMED = 8


def what_to_assert_instead(failure: str, made: Recorded) -> list[str]:
    """A line for each stand-in that a failing assertion shows; a real value is never in it.

    failure: the text of the failure, as the test's own report has it.
    """
    lines = [*_of_stand_ins(failure, made), *_of_times(failure, made)]
    return [*lines[:_MOST_NAMED], *([f"… and {len(lines) - _MOST_NAMED} more"] if len(lines) > _MOST_NAMED else [])]


def _of_stand_ins(failure: str, made: Recorded) -> Iterator[str]:
    for stand_in in sorted({stand_in for stand_in in made.redacted.stand_ins.values() if _shows(failure, stand_in)}):
        if is_dispute_id(stand_in):
            yield f"{stand_in} is the dispute's id in the cassette: compare with `dispute_id`, not with a real one."
        elif is_id(stand_in):
            yield f"{stand_in} is an id that Stripe drew: compare it with the same id in another answer."
        else:
            yield (
                f"{stand_in} is in the place of a value that Stripe filled in: assert that there is one, or send one "
                f"yourself, as what a test sends comes back."
            )


def _of_times(failure: str, made: Recorded) -> Iterator[str]:
    bodies = b"\n".join(call.response.body for call in made.cassette.interactions)
    for text in dict.fromkeys(_TIME.findall(failure)):
        if text.encode() in bodies:
            yield f'{text} is a time of the recording: compare it with another time of it, or use clock="now".'


def _shows(text: str, stand_in: str) -> bool:
    return re.search(rf"(?<![A-Za-z0-9]){re.escape(stand_in)}(?![A-Za-z0-9])", text) is not None

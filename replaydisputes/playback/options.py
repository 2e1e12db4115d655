"""The words that a replay can be asked for."""

from __future__ import annotations

from typing import Any, Literal, get_args

from replaydisputes.errors import ReplayDisputesError

OnExhausted = Literal["fail", "repeat"]
OnVersion = Literal["warn", "fail", "ignore"]
Clock = Literal["recorded", "now"]
ON_EXHAUSTED: tuple[OnExhausted, ...] = get_args(OnExhausted)
ON_VERSION: tuple[OnVersion, ...] = get_args(OnVersion)
CLOCKS: tuple[Clock, ...] = get_args(Clock)


class PlaybackOptionError(ReplayDisputesError):
    exit_code = 2

    def __init__(self, option: str, value: object, known: tuple[object, ...]) -> None:
        self.option, self.value, self.known = option, value, known
        super().__init__(f"{option}={value!r} is none of {', '.join(repr(one) for one in known)}")


def check_option(option: str, value: Any, known: tuple[object, ...]) -> None:
    """Raises PlaybackOptionError for a word that is none of those known."""
    if value not in known:
        raise PlaybackOptionError(option, value, known)

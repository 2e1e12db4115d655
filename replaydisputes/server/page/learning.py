"""What the exchanges of a story have told so far: of its disputes, and of what the sandbox assumed."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, NamedTuple

from replaydisputes.server.page.dispute_view import DisputeView, dispute_view
from replaydisputes.server.page.story import Exchange, Story, disputes_in, target_of

_ASSUMPTION = "Replaydisputes-Assumption"


class Known(NamedTuple):
    """The last that was told of a dispute, and the body where the answer was the dispute itself."""

    dispute: dict[str, Any]
    body: bytes | None


class Learnt:
    def __init__(self) -> None:
        self.disputes: dict[str, Known] = {}
        self._assumed: set[str] = set()

    def learn(self, exchange: Exchange) -> None:
        """An event tells what was, so what it says of a dispute counts only where nothing else is known."""
        value, response = exchange.value, exchange.response
        is_event = isinstance(value, dict) and value.get("object") == "event"
        for dispute in disputes_in(value):
            if not is_event or dispute["id"] not in self.disputes:
                body = response.body if response and dispute is value else None
                self.disputes[dispute["id"]] = Known(dispute, body)
        self._assumed.update(_assumptions(exchange))

    def new_assumptions(self, exchange: Exchange) -> list[str]:
        """What was assumed for this answer, and for none before it."""
        return [one for one in _assumptions(exchange) if one not in self._assumed]


def disputes_of(story: Story, now_s: int) -> tuple[DisputeView, ...]:
    """Every dispute as the story has left it, first the one that the next step is about."""
    learnt = Learnt()
    for exchange in story.exchanges:
        learnt.learn(exchange)
    return in_order(story, learnt, now_s)


def in_order(story: Story, learnt: Learnt, now_s: int) -> tuple[DisputeView, ...]:
    subject = _subject(story)
    return tuple(
        dispute_view(learnt.disputes[one].dispute, now_s)
        for one in sorted(learnt.disputes, key=lambda one: one != subject)
    )


def _subject(story: Story) -> str:
    """The id in the path of the next write, else of the last."""
    step = story.next_step
    writes: Sequence[Any] = [step] if step else [one for one in story.exchanges if one.is_write][-1:]
    paths = [target_of(one.request)[1].split("/") for one in writes]
    return paths[0][3] if paths and len(paths[0]) > 3 else ""


def _assumptions(exchange: Exchange) -> list[str]:
    named = exchange.response.header(_ASSUMPTION) if exchange.response else None
    return [one.strip() for one in named.split(",")] if named else []

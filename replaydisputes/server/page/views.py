"""From a story to what a template shows. Everything here is plain text; the template escapes it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from replaydisputes.server.page.dispute_view import DisputeView, Status, status_of
from replaydisputes.server.page.exhibit import Exhibit, FindStandIns
from replaydisputes.server.page.learning import Learnt, in_order
from replaydisputes.server.page.story import SHOWN, Exchange, Step, Story, disputes_in, target_of
from replaydisputes.server.page.wire import Line, request_lines, response_lines
from replaydisputes.server.page.wording import source_in_words, words_of


@dataclass(frozen=True, slots=True)
class ExchangeView:
    """One exchange of the time line. before and after: the dispute's status around a write, None where unknown."""

    number: int
    method: str
    path: str
    http_status: int | None
    outcome: str
    is_write: bool
    before: Status | None
    after: Status | None
    request: tuple[Line, ...]
    response: tuple[Line, ...]
    refusal: str
    assumption: str
    """What the sandbox assumed of Stripe for this answer and for none before it."""

    @property
    def has_moved(self) -> bool:
        return self.before is not None and self.after is not None and self.before != self.after


@dataclass(frozen=True, slots=True)
class StoryView:
    name: str
    proves: str
    source: str
    source_says: str
    stripe_version: str
    disputes: tuple[DisputeView, ...]
    exchanges: tuple[ExchangeView, ...]
    step: Step | None
    steps_made: int
    asks_first: bool
    kinds: tuple[str, ...]
    left_out: int

    @property
    def main(self) -> DisputeView | None:
        """The dispute that the next or the last write is about, else the first."""
        return self.disputes[0] if self.disputes else None

    @property
    def closes_again(self) -> bool:
        """Whether the next step closes what is closed, so that nothing is at stake."""
        return bool(self.step and self.step.is_close and self.main) and not self.asks_first

    @property
    def latest_number(self) -> int:
        """The number of the last write; 0 before the first."""
        return max((one.number for one in self.exchanges if one.is_write), default=0)


def story_view(story: Story, find: FindStandIns, now_s: int) -> StoryView:
    learnt, exchanges = Learnt(), []
    find = _for(story.exhibit, find)
    for number, exchange in enumerate(story.exchanges, start=1):
        exchanges.append(_exchange_view(number, exchange, learnt, find))
        learnt.learn(exchange)
    exhibit, step = story.exhibit, story.next_step
    views = in_order(story, learnt, now_s)
    source, says = source_in_words(exhibit.made_against)
    kinds = {piece.kind for one in exchanges for line in (*one.request, *one.response) for piece in line.pieces}
    return StoryView(
        exhibit.name,
        exhibit.proves,
        source,
        says,
        exhibit.stripe_version,
        views,
        tuple(exchanges),
        step,
        story.steps_made,
        bool(step and step.is_close and views and not views[0].status.is_closed),
        tuple(sorted(kinds - {""})),
        max(0, len(exhibit.cassette.interactions) - SHOWN),
    )


def _for(exhibit: Exhibit, find: FindStandIns) -> FindStandIns:
    """Only redaction's own recordings have canonical times; in any other file a time is a time."""
    if exhibit.made_against:
        return find
    return lambda text: [spot for spot in find(text) if spot[2] != "time"]


def _exchange_view(number: int, exchange: Exchange, learnt: Learnt, find: FindStandIns) -> ExchangeView:
    request, response = exchange.request, exchange.response
    _, path, query = target_of(request)
    told = next(disputes_in(exchange.value), None)
    before = learnt.disputes.get(told["id"]) if told else None
    is_state = told is exchange.value and told is not None
    earlier = before.body if before and is_state and exchange.is_write else None
    return ExchangeView(
        number,
        request.method,
        path + (f"?{query}" if query else ""),
        response.status if response else None,
        _outcome(exchange, told),
        exchange.is_write,
        status_of(before.dispute) if before and is_state else None,
        status_of(told) if told and is_state else None,
        request_lines(request, find),
        response_lines(response, find, earlier) if response else (),
        exchange.refusal,
        ", ".join(learnt.new_assumptions(exchange)),
    )


def _outcome(exchange: Exchange, told: dict[str, Any] | None) -> str:
    """What an exchange came to, in a few words."""
    value = exchange.value
    if exchange.response is None:
        return "Not in the cassette: replaydisputes refuses to make an answer up"
    if isinstance(value, dict) and isinstance(value.get("error"), dict):
        return f"Refused: {value['error'].get('message', '')}"
    if isinstance(value, dict) and value.get("object") == "event":
        return f"Event {value.get('type', '')}"
    if isinstance(value, dict) and value.get("object") == "list":
        count = len(value["data"]) if isinstance(value.get("data"), list) else 0
        return f"List of {count} dispute{'' if count == 1 else 's'}"
    return f"{words_of(str(told.get('status', '')))}" if told else "Answered"

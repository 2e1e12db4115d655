"""From a story to what a template shows. Everything here is plain text; the template escapes it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple
from urllib.parse import urlsplit

from replaydisputes.server.page.dispute_view import DisputeView, Status, dispute_view, status_of
from replaydisputes.server.page.exhibit import Exhibit, FindStandIns, is_superseded
from replaydisputes.server.page.story import Exchange, Step, Story, disputes_in
from replaydisputes.server.page.wire import Line, request_lines, response_lines
from replaydisputes.server.page.wording import source_in_words, words_of

_ASSUMPTION = "Replaydisputes-Assumption"


class _Known(NamedTuple):
    """The last that was told of a dispute, and the body where the answer was the dispute itself."""

    dispute: dict[str, Any]
    body: bytes | None


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


@dataclass(frozen=True, slots=True)
class IndexView:
    """open: stories with a dispute; refused: those without; older: the same at earlier Stripe-Versions."""

    open: tuple[StoryView, ...]
    refused: tuple[StoryView, ...]
    older: tuple[StoryView, ...]
    sources: tuple[tuple[str, str], ...]


def index_view(stories: Sequence[Story], find: FindStandIns, now_s: int) -> IndexView:
    exhibits = [story.exhibit for story in stories]
    views = [(story.exhibit, story_view(story, find, now_s)) for story in stories]
    current = [view for exhibit, view in views if not is_superseded(exhibit, exhibits)]
    return IndexView(
        tuple(view for view in current if view.disputes),
        tuple(view for view in current if not view.disputes),
        tuple(view for exhibit, view in views if is_superseded(exhibit, exhibits)),
        tuple(dict.fromkeys((view.source, view.source_says) for _, view in views)),
    )


def story_view(story: Story, find: FindStandIns, now_s: int) -> StoryView:
    known: dict[str, _Known] = {}
    exchanges = []
    for number, exchange in enumerate(story.exchanges, start=1):
        exchanges.append(_exchange_view(number, exchange, known, _for(story.exhibit, find)))
        _learn(known, exchange)
    exhibit, step = story.exhibit, story.next_step
    subject = _subject(story)
    views = tuple(dispute_view(known[one].dispute, now_s) for one in sorted(known, key=lambda one: one != subject))
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
    )


def _for(exhibit: Exhibit, find: FindStandIns) -> FindStandIns:
    """Only redaction's own recordings have canonical times; in any other file a time is a time."""
    if exhibit.made_against:
        return find
    return lambda text: [spot for spot in find(text) if spot[2] != "time"]


def _subject(story: Story) -> str:
    """The id in the path of the next write, else of the last."""
    step = story.next_step
    writes = [step.request] if step else [one.request for one in story.exchanges if one.is_write][-1:]
    paths = [urlsplit(request.url).path.split("/") for request in writes]
    return paths[0][3] if paths and len(paths[0]) > 3 else ""


def _learn(known: dict[str, _Known], exchange: Exchange) -> None:
    """What an answer tells of disputes. An event tells what was, so it counts only where nothing else is known."""
    value, response = exchange.value, exchange.response
    is_event = isinstance(value, dict) and value.get("object") == "event"
    for dispute in disputes_in(value):
        if not is_event or dispute["id"] not in known:
            known[dispute["id"]] = _Known(dispute, response.body if response and dispute is value else None)


def _exchange_view(number: int, exchange: Exchange, known: dict[str, _Known], find: FindStandIns) -> ExchangeView:
    request, response = exchange.request, exchange.response
    target = urlsplit(request.url)
    told = next(disputes_in(exchange.value), None)
    before = known.get(told["id"]) if told else None
    is_state = told is exchange.value and told is not None
    earlier = before.body if before and is_state and exchange.is_write else None
    return ExchangeView(
        number,
        request.method,
        target.path + (f"?{target.query}" if target.query else ""),
        response.status if response else None,
        _outcome(exchange, told),
        exchange.is_write,
        status_of(before.dispute) if before and is_state else None,
        status_of(told) if told and is_state else None,
        request_lines(request, find),
        response_lines(response, find, earlier) if response else (),
        exchange.refusal,
        (response.header(_ASSUMPTION) or "") if response else "",
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
        count = len(value.get("data") or ())
        return f"List of {count} dispute{'' if count == 1 else 's'}"
    return f"{words_of(str(told.get('status', '')))}" if told else "Answered"

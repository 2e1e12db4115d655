"""The list of all disputes, from the stories of a visit."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from replaydisputes.server.page.dispute_view import DisputeView
from replaydisputes.server.page.exhibit import superseded
from replaydisputes.server.page.learning import disputes_of
from replaydisputes.server.page.story import Story
from replaydisputes.server.page.wording import source_in_words


@dataclass(frozen=True, slots=True)
class Listed:
    """A cassette of the list, and its disputes as the visit has left them."""

    name: str
    proves: str
    disputes: tuple[DisputeView, ...]


@dataclass(frozen=True, slots=True)
class IndexView:
    """open: cassettes with a dispute; refused: those without; older: the same at earlier Stripe-Versions."""

    open: tuple[Listed, ...]
    refused: tuple[Listed, ...]
    older: tuple[Listed, ...]
    sources: tuple[tuple[str, str], ...]


def index_view(stories: Sequence[Story], now_s: int) -> IndexView:
    exhibits = [story.exhibit for story in stories]
    rows = [Listed(one.exhibit.name, one.exhibit.proves, disputes_of(one, now_s)) for one in stories]
    is_old = superseded(exhibits)
    current = [row for row, old in zip(rows, is_old, strict=True) if not old]
    return IndexView(
        tuple(row for row in current if row.disputes),
        tuple(row for row in current if not row.disputes),
        tuple(row for row, old in zip(rows, is_old, strict=True) if old),
        tuple(dict.fromkeys(source_in_words(exhibit.made_against) for exhibit in exhibits)),
    )

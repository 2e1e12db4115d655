"""The whole story as files: a page for each cassette after each of its steps, made by really making them."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from replaydisputes.server.page import rendering
from replaydisputes.server.page.exhibit import Exhibit, FindStandIns
from replaydisputes.server.page.links import ASSETS, ExportedLinks
from replaydisputes.server.page.listing import index_view
from replaydisputes.server.page.story import Story
from replaydisputes.server.page.views import story_view


def exported_files(exhibits: Sequence[Exhibit], find: FindStandIns, now_s: int) -> dict[str, bytes]:
    """Every file of an export by its path in the folder, `/` between. Links are relative, so no server is needed."""
    links = ExportedLinks([exhibit.name for exhibit in exhibits])
    stories = [Story(exhibit, now_s) for exhibit in exhibits]
    made = {links.asset(name): rendering.asset(name) for name in ASSETS}
    made[links.index()] = rendering.index_page(index_view(stories, now_s), links)
    for story in stories:
        made.update(_pages(story, links, find, now_s))
    return made


def _pages(story: Story, links: ExportedLinks, find: FindStandIns, now_s: int) -> Iterator[tuple[str, bytes]]:
    while True:
        view = story_view(story, find, now_s)
        yield links.dispute(view.name, view.steps_made), rendering.dispute_page(view, links)
        if view.asks_first:
            yield links.confirm(view.name, view.steps_made), rendering.confirm_page(view, links)
        if view.step is None:
            return
        story.advance()

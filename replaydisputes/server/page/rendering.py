"""Views to HTML, by Jinja with everything escaped."""

from __future__ import annotations

from functools import lru_cache
from importlib.resources import files
from typing import TYPE_CHECKING

from replaydisputes.errors import MissingExtraError
from replaydisputes.server.page.links import Links
from replaydisputes.server.page.listing import IndexView
from replaydisputes.server.page.views import StoryView

if TYPE_CHECKING:
    from jinja2 import Environment

_PACKAGE = "replaydisputes.server.page"


@lru_cache(maxsize=1)
def environment() -> Environment:
    """Raises MissingExtraError (no Jinja)."""
    try:
        from jinja2 import Environment, PackageLoader, StrictUndefined  # noqa: PLC0415 - an extra, needed only here
    except ImportError as error:
        raise MissingExtraError("the demo page", "server") from error
    return Environment(
        loader=PackageLoader(_PACKAGE),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        auto_reload=False,
    )


def index_page(view: IndexView, links: Links) -> bytes:
    return _page("index.html", links, view=view)


def dispute_page(view: StoryView, links: Links) -> bytes:
    return _page("dispute.html", links, story=view)


def confirm_page(view: StoryView, links: Links) -> bytes:
    """The question before a close, as a page of its own for a browser without scripts."""
    return _page("confirm.html", links, story=view)


def problem_page(status: int, title: str, message: str, links: Links) -> bytes:
    return _page("problem.html", links, status=status, title=title, message=message)


def asset(name: str) -> bytes:
    return files(_PACKAGE).joinpath("assets", name).read_bytes()


def _page(template: str, links: Links, **values: object) -> bytes:
    return environment().get_template(template).render(links=links, **values).encode("utf-8", "backslashreplace")

"""Who sees which history: each browser session has stories of its own, in memory, the longest unused forgotten."""

from __future__ import annotations

import secrets
from collections import OrderedDict
from collections.abc import Sequence
from dataclasses import dataclass, field

from replaydisputes.server.page.exhibit import Exhibit
from replaydisputes.server.page.story import Story

MAX_SESSIONS = 256
_MINUTE_S = 60


@dataclass
class Visit:
    """One browser session. began_at_s: when its recordings begin, so that due dates lie ahead of it."""

    began_at_s: int
    stories: dict[str, Story] = field(default_factory=dict)


def passing_visit(now_s: int) -> Visit:
    """A visit that nobody comes back to."""
    return Visit(now_s // _MINUTE_S * _MINUTE_S)


class Sessions:
    """begun: what has not been touched is alike for all who came in the same minute, so it is made once."""

    def __init__(self, exhibits: Sequence[Exhibit]) -> None:
        self.exhibits = {exhibit.name: exhibit for exhibit in exhibits}
        self._visits: OrderedDict[str, Visit] = OrderedDict()
        self._begun: tuple[int, dict[str, Story]] = (0, {})

    def visit(self, token: str, now_s: int) -> tuple[str, Visit]:
        """The visit of a token; a new one, under a new token, where it is none of ours."""
        if token not in self._visits:
            token = secrets.token_urlsafe(32)
            self._visits[token] = passing_visit(now_s)
            if len(self._visits) > MAX_SESSIONS:
                self._visits.popitem(last=False)
        self._visits.move_to_end(token)
        return token, self._visits[token]

    def look(self, visit: Visit, name: str) -> Story:
        """A story to be read, not changed. Raises KeyError for a name that is not shown."""
        if name in visit.stories:
            return visit.stories[name]
        if self._begun[0] != visit.began_at_s:
            self._begun = visit.began_at_s, {}
        begun = self._begun[1]
        if name not in begun:
            begun[name] = Story(self.exhibits[name], visit.began_at_s)
        return begun[name]

    def own(self, visit: Visit, name: str) -> Story:
        """A story that this visit may take further. Raises KeyError for a name that is not shown."""
        if name not in visit.stories:
            visit.stories[name] = Story(self.exhibits[name], visit.began_at_s)
        return visit.stories[name]

"""Where the page's links lead: to a server, or to the files of an export. Templates know no other addresses."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal, Protocol
from urllib.parse import quote

PREFIX = "/_demo/"
ASSETS = ("page.css", "page.js", "icon.svg")


class Links(Protocol):
    """method: how forms are sent. resets: whether there is a state to be reset."""

    @property
    def method(self) -> Literal["post", "get"]: ...
    @property
    def resets(self) -> bool: ...
    def index(self) -> str: ...
    def asset(self, name: str) -> str: ...
    def dispute(self, name: str, step: int) -> str: ...
    def confirm(self, name: str, step: int) -> str: ...
    def act(self, name: str, step: int) -> str: ...
    def reset(self, name: str) -> str: ...


@dataclass(frozen=True, slots=True)
class ServedLinks:
    """Paths of the server. A name is one segment, even `../mine.yaml`.

    How many steps were made is the session's matter, and only an action names it.
    """

    method: Literal["post", "get"] = "post"
    resets: bool = True

    def index(self) -> str:
        return "/"

    def asset(self, name: str) -> str:
        return f"{PREFIX}assets/{name}"

    def dispute(self, name: str, step: int) -> str:
        return f"{PREFIX}dispute/{quote(name, safe='')}"

    def confirm(self, name: str, step: int) -> str:
        return f"{PREFIX}confirm/{quote(name, safe='')}"

    def act(self, name: str, step: int) -> str:
        """Makes step number `step`, from 0; sent twice, it is made once."""
        return f"{PREFIX}step/{step}/{quote(name, safe='')}"

    def reset(self, name: str) -> str:
        """Of one cassette's history; of all where the name is empty."""
        return f"{PREFIX}reset/{quote(name, safe='')}"


class ExportedLinks:
    """Names of files in one folder: a page for each cassette after each number of steps."""

    method: Literal["post", "get"] = "get"
    resets = False

    def __init__(self, names: Sequence[str]) -> None:
        self._files: dict[str, str] = {}
        for name in names:
            self._files[name] = _file_name(name, set(self._files.values()))

    def index(self) -> str:
        return "index.html"

    def asset(self, name: str) -> str:
        return f"assets/{name}"

    def dispute(self, name: str, step: int) -> str:
        return f"{self._files[name]}.{step}.html" if step else f"{self._files[name]}.html"

    def confirm(self, name: str, step: int) -> str:
        return f"{self._files[name]}.{step}.confirm.html"

    def act(self, name: str, step: int) -> str:
        return f"{self.dispute(name, step + 1)}#latest"

    def reset(self, name: str) -> str:
        return self.dispute(name, 0) if name else self.index()


def _file_name(name: str, taken: set[str]) -> str:
    """Letters, digits, dash and dot, unlike any other in upper or lower case, and none of the index's."""
    plain = re.sub(r"[^a-z0-9.-]+", "-", name.lower()).strip(".-") or "cassette"
    candidates = [plain, *(f"{plain}-{number}" for number in range(2, len(taken) + 4))]
    return next(one for one in candidates if one not in taken | {"index"})

"""Where each value of a JSON text stands, which the standard parser does not tell."""

from __future__ import annotations

import json
import re
from bisect import bisect_right

from replaydisputes.checking.finding import JsonPath

_TOKEN = re.compile(r'"[^"\\]*(?:\\.[^"\\]*)*"|[{}\[\],]|[^\s{}\[\],:"]+')


class JsonIndex:
    """Offsets of the keys and values of a valid JSON text, by path and the other way round."""

    def __init__(self, text: str) -> None:
        self._starts: list[int] = []
        self._paths: list[JsonPath] = []
        self._values: dict[JsonPath, int] = {}
        self._read(text)

    def offset_of(self, path: JsonPath) -> int:
        """Where a value starts; of a path that is not there, the nearest that holds it."""
        while path and path not in self._values:
            path = path[:-1]
        return self._values.get(path, 0)

    def path_at(self, offset: int) -> JsonPath:
        """The path of the key or value that an offset lies in."""
        index = bisect_right(self._starts, offset) - 1
        return self._paths[index] if index >= 0 else ()

    def _read(self, text: str) -> None:
        path: list[str | int | None] = []
        for token in _TOKEN.finditer(text):
            sign = token[0]
            if sign in ("}", "]"):
                path.pop()
            elif sign == ",":
                path[-1] = path[-1] + 1 if isinstance(path[-1], int) else None
            elif path and path[-1] is None:
                path[-1] = json.loads(sign)
                self._add(token.start(), path)
            else:
                self._values[self._add(token.start(), path)] = token.start()
                if sign in ("{", "["):
                    path.append(None if sign == "{" else 0)

    def _add(self, start: int, path: list[str | int | None]) -> JsonPath:
        here = tuple(step for step in path if step is not None)
        self._starts.append(start)
        self._paths.append(here)
        return here

"""Where a recorded answer says back what the client chose, and the answer with this run's choices in these places."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, NamedTuple

from replaydisputes.model import Response
from replaydisputes.playback.codings import plain_body, rewritten

if TYPE_CHECKING:
    from replaydisputes.playback.variables import Variable

BODY = -1
_JSON = re.compile(r'"((?:[^"\\]|\\.)*)"|([{}\[\],:])|[^\s"{}\[\],:]+', re.DOTALL)
_ANY = re.compile(
    r"\[redacted [0-9]+\]|customer-[0-9]+@example\.invalid|192\.0\.2\.[0-9]+|2001:db8::[0-9a-f]+|\+1555555[0-9]{4,7}"
    r"|https://example\.invalid/[0-9]+"
    r"|(?<![A-Za-z0-9_-])(?:redacted-[0-9]+(?![A-Za-z0-9_])|[a-z]{2,12}_[A-Za-z0-9_]*[A-Za-z0-9](?![A-Za-z0-9_]))"
)
"""Any stand-in within a text, and any other word of the form of an id, whole."""

_ONE_PERSONS = re.compile(
    r"customer-[0-9]+@example\.invalid|192\.0\.2\.[0-9]+|2001:db8::[0-9a-f]+|\+1555555[0-9]{4,7}"
    r"|https://example\.invalid/[0-9]+"
)
"""Stand-ins of values that are the same thing wherever they stand: an address, a number, a URL."""


class Slot(NamedTuple):
    """A stretch of an answer's body, or of the value of the header at a position, that stands for variables.

    It is filled if those of the variables that are bound have the same value.
    """

    where: int
    start: int
    end: int
    variables: tuple[Variable, ...]


ByStandIn = Mapping[str, Sequence["Variable"]]


def slots_in(response: Response, by_stand_in: ByStandIn) -> tuple[Slot, ...]:
    """Every slot of an answer, in order."""
    found = [
        Slot(at, start, end, variables)
        for at, (_, value) in enumerate(response.headers)
        for start, end, variables in _tokens(value, 0, by_stand_in)
    ]
    text = text_of(plain_body(response))
    if any(word[0] in by_stand_in for word in _ANY.finditer(text)):
        found += [Slot(BODY, start, end, variables) for start, end, variables in _in_json(text, by_stand_in)]
    return tuple(found)


def text_of(body: bytes) -> str:
    """A body as text in which each position can be counted; `bytes_of` gives the same bytes back."""
    return body.decode("utf-8", "surrogateescape")


def bytes_of(text: str) -> bytes:
    return text.encode("utf-8", "surrogateescape")


class Change(NamedTuple):
    """What is put in the place of a stretch of an answer. text: as it stands in JSON, or in a header."""

    where: int
    start: int
    end: int
    text: str


def in_json(value: str) -> str:
    """A value as it stands inside a JSON string."""
    return json.dumps(value, ensure_ascii=False)[1:-1].encode("utf-8", "backslashreplace").decode("utf-8")


def changed(response: Response, changes: Iterable[Change]) -> Response:
    """The answer with all changes made in one pass, its length true. What is put in is not looked at again."""
    by_place: dict[int, list[Change]] = {}
    for change in changes:
        by_place.setdefault(change.where, []).append(change)
    headers = tuple(
        [
            (name, _with_changes(value, by_place[at])) if at in by_place else (name, value)
            for at, (name, value) in enumerate(response.headers)
        ]
    )
    done = replace(response, headers=headers)
    if BODY not in by_place:
        return done
    return rewritten(done, lambda body: bytes_of(_with_changes(text_of(body), by_place[BODY])))


def _with_changes(text: str, changes: list[Change]) -> str:
    parts: list[str] = []
    position = 0
    for change in sorted(changes):
        if change.start >= position:
            parts += [text[position : change.start], change.text]
            position = change.end
    return "".join([*parts, text[position:]])


_Found = tuple[int, int, tuple["Variable", ...]]


def _in_json(text: str, by_stand_in: ByStandIn) -> Iterator[_Found]:
    """The slots of a JSON body; none where it is not JSON."""
    path: list[str | None] = []
    is_key = False
    for token in _JSON.finditer(text):
        mark = token[2]
        if mark in ("{", "["):
            path.append(None if mark == "[" else "")
            is_key = mark == "{"
        elif mark in ("}", "]"):
            if path:
                path.pop()
            is_key = False
        elif mark == ",":
            is_key = bool(path) and path[-1] is not None
        elif mark == ":":
            is_key = False
        elif token[1] is not None and is_key and path:
            path[-1] = token[1]
            names = tuple([one for one in by_stand_in.get(token[1], ()) if one.kind == "name"])
            if names and "metadata" in path[:-1]:
                yield token.start(1), token.end(1), names
        elif token[1] is not None:
            yield from _leaf(token[1], token.start(1), [one for one in path if one], by_stand_in)


def _leaf(text: str, start: int, path: Sequence[str], by_stand_in: ByStandIn) -> Iterator[_Found]:
    if path and path[0] == "error":
        yield from _tokens(text, start, by_stand_in, is_kind=lambda one: True)
        return
    values = [one for one in by_stand_in.get(text, ()) if one.kind == "value"]
    if values:
        dotted = "." + ".".join(path)
        here = tuple([one for one in values if dotted.endswith(f".{one.path}")])
        everywhere = tuple(values) if _ONE_PERSONS.fullmatch(text) else ()
        if here or everywhere:
            yield start, start + len(text), here or everywhere
        return
    yield from _tokens(text, start, by_stand_in)


def _is_id(variable: Variable) -> bool:
    return variable.kind in ("id", "account")


def _tokens(
    text: str, start: int, by_stand_in: ByStandIn, is_kind: Callable[[Variable], bool] = _is_id
) -> Iterator[_Found]:
    """The stand-ins that are whole words of a text."""
    for word in _ANY.finditer(text):
        variables = tuple([one for one in by_stand_in.get(word[0], ()) if is_kind(one)])
        if variables:
            yield start + word.start(), start + word.end(), variables

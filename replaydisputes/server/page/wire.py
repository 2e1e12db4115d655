"""An exchange as text on the wire, cut into lines and pieces, so that a template can mark stand-ins and changes."""

from __future__ import annotations

import difflib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from replaydisputes.model import Headers, Request, Response, reason_phrase
from replaydisputes.server.page.exhibit import FindStandIns
from replaydisputes.server.page.story import target_of


@dataclass(frozen=True, slots=True)
class Piece:
    """Text of one kind of stand-in; of none where the kind is empty."""

    text: str
    kind: str = ""


@dataclass(frozen=True, slots=True)
class Line:
    """was: what stood in place of a changed line before, empty where nothing did. begins_body: behind the headers."""

    pieces: tuple[Piece, ...]
    changed: bool = False
    was: str = ""
    begins_body: bool = False


def request_lines(request: Request, find: FindStandIns) -> tuple[Line, ...]:
    text, first_of_body = _request_text(request)
    return _lines(text, find, first_of_body, {})


def response_lines(response: Response, find: FindStandIns, before: bytes | None) -> tuple[Line, ...]:
    """before: the body that this one is a later state of, so that what changed is marked; None where there is none."""
    text, first_of_body = _response_text(response)
    return _lines(text, find, first_of_body, {} if before is None else _changes(before, response.body))


def _lines(text: str, find: FindStandIns, first_of_body: int, changes: Mapping[int, str]) -> tuple[Line, ...]:
    """changes: the numbers of changed lines, counted from the first of the body, and what each replaced."""
    pieces: list[list[Piece]] = [[]]
    at = 0
    for start, end, kind in find(text):
        _add(pieces, text[at:start])
        pieces[-1].append(Piece(text[start:end], kind))
        at = end
    _add(pieces, text[at:])
    return tuple(
        Line(tuple(line), number in changes, _value(changes.get(number, "")), begins_body=number == 0)
        for number, line in enumerate(pieces, start=-first_of_body)
    )


def _changes(before: bytes, after: bytes) -> dict[int, str]:
    """The lines of a body, from 0, that were not there before, each with the one in whose place it stands."""
    old, new = _text(before).splitlines(), _text(after).splitlines()
    changes: dict[int, str] = {}
    for tag, i1, i2, j1, j2 in difflib.SequenceMatcher(None, old, new, autojunk=False).get_opcodes():
        if tag in ("replace", "insert"):
            replaced: Sequence[str] = old[i1:i2] if i2 - i1 == j2 - j1 else [""] * (j2 - j1)
            changes.update(zip(range(j1, j2), replaced, strict=True))
    return changes


def _request_text(request: Request) -> tuple[str, int]:
    host, path, query = target_of(request)
    headers = request.headers if request.header("host") else (("Host", host), *request.headers)
    return _message(f"{request.method} {path}{'?' if query else ''}{query} HTTP/1.1", headers, request.body)


def _response_text(response: Response) -> tuple[str, int]:
    reason = response.reason or reason_phrase(response.status)
    return _message(f"HTTP/1.1 {response.status} {reason}".rstrip(), response.headers, response.body)


def _message(first: str, headers: Headers, body: bytes) -> tuple[str, int]:
    """The message, and how many lines stand before its body."""
    head = [first, *(f"{name}: {value}" for name, value in headers), ""]
    return "\n".join([*head, _text(body)]).rstrip("\n"), len(head)


def _text(body: bytes) -> str:
    return body.decode("utf-8", "backslashreplace")


def _add(pieces: list[list[Piece]], text: str) -> None:
    first, *rest = text.split("\n")
    if first:
        pieces[-1].append(Piece(first))
    for line in rest:
        pieces.append([Piece(line)] if line else [])


def _value(line: str) -> str:
    """The value of a line of JSON, without its name and comma."""
    return line.strip().partition(": ")[2].rstrip(",") or line.strip().rstrip(",")
